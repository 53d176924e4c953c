"""What the machine is said to allow: each fact has a value, or why it has none and what would get it."""

from __future__ import annotations

import os

import pytest

from oakum.host import facts
from oakum.host.facts import machine_bytes, machine_facts
from oakum.model.absent import Absent


def found(name):
    return {fact.name: fact.finding for fact in machine_facts()}[name]


def test_every_fact_is_told_once_with_a_value_or_a_reason():
    told = machine_facts()
    assert len({fact.name for fact in told}) == len(told) == 9
    for fact in told:
        if isinstance(fact.finding, Absent):
            assert fact.finding.why
            assert fact.finding.get
        else:
            assert fact.finding.strip()


def test_the_machines_memory_is_that_of_the_kernel():
    assert machine_bytes() == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(("uid", "told"), [(0, "all of them (root)"), (1000, None)])
def test_only_root_sees_the_processes_of_other_users(monkeypatch, uid, told):
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    finding = found("processes of other users")
    assert finding == told if told else isinstance(finding, Absent)


def test_the_capability_to_trace_beats_every_setting(monkeypatch):
    monkeypatch.setattr(facts, "_effective", lambda: {"SYS_PTRACE"})
    assert found("memory of other processes") == "readable (CAP_SYS_PTRACE)"
    monkeypatch.setattr(facts, "_effective", set)
    finding = found("memory of other processes")
    assert "SYS_PTRACE" in finding.get if isinstance(finding, Absent) else finding.endswith("the user is the same")


def test_capabilities_are_those_of_this_process():
    with open("/proc/self/status", encoding="ascii") as file:  # noqa: PTH123
        bits = next(int(line.split()[1], 16) for line in file if line.startswith("CapEff:"))
    assert ("SYS_PTRACE" in facts._effective()) == bool(bits >> 19 & 1)
    assert ("SYS_ADMIN" in facts._effective()) == bool(bits >> 21 & 1)
