"""Whole investigations of a Go program that serves no profiles: what its memory names, and what it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_go import FakeGo
from fake_machine import FakeMachine
from fake_node import FakeSpools
from living_go import DATA, SESSIONS_AT, LivingGo

from oakum.loop import go_memory
from oakum.loop.go_memory import with_ended
from oakum.loop.investigate import Settings, investigate
from oakum.loop.progress import Silent
from oakum.loop.terms import Terms
from oakum.model.absent import AbsentKind
from oakum.model.growth import HeapGrowth, HolderGrowth, RootKind
from oakum.model.policy import Policy
from oakum.model.target import parse_target
from oakum.model.verdict import VerdictName
from oakum.probe import go_memory as probed


@pytest.fixture
def machine():
    return FakeMachine()


def process(machine, go, *, sessions=18, goroutines=0, readable=True, one=LivingGo.goroutine):
    """``sessions``, ``goroutines``: as many more in each half second; ``one``: what makes each of these."""
    started = machine.start(("/srv/shop/shop",), cgroup="/shop")
    started.executable, started.may_be_read = "/srv/shop/shop", readable
    started.pieces.update(go.pieces())

    def grow():
        go.remember(sessions)
        for _ in range(goroutines):
            one(go)
        started.anon_bytes += 4096 * sessions + 2048 * goroutines
        machine.clock.after(0.5, grow)

    machine.clock.after(0.5, grow)
    return started


def investigated(machine, started, *, inspect=None, capture=True):
    ports = machine.ports(debuggees=FakeGo(machine.clock), spools=FakeSpools())
    settings = Settings.of(watch_s=20.0, interval_s=0.5, terms=Terms(inspect), capture=capture)
    target = parse_target(f"pid/{started.pid}")
    return investigate(target, machine=ports, policy=Policy(), settings=settings, progress=Silent())


def test_the_variable_that_keeps_what_grows_is_named(machine):
    go = LivingGo()
    go.remember(1)
    found = investigated(machine, process(machine, go))
    assert found.verdict.name is VerdictName.LEAK
    first = found.causes[0]
    assert first.holder == "main.sessions"
    assert first.name == "session-state"
    assert "a variable of a package leads to it" in first.why[0]
    assert "--inspect" not in found.plan.steps[0].command
    refused = next(row for row in found.absent if row.what == "what the heap holds")
    assert (refused.kind, "--inspect" in refused.get) == (AbsentKind.NOT_YET, True)
    costs = [row.cost for row in found.evidence if row.origin == "process memory"]
    assert len(costs) == 4
    assert all(cost.pause_s == 0.0 and cost.bytes_read > 0 for cost in costs)


def test_goroutines_of_a_stripped_program_are_named(machine):
    found = investigated(machine, process(machine, LivingGo(stripped=True), sessions=0, goroutines=8))
    assert found.causes[0].holder == "goroutines at chan send in main.ask (fetch.go:15)"
    assert any("stripped" in row.why for row in found.absent)


def test_workers_that_wait_for_work_on_one_channel_may_be_a_pool_that_fills(machine):
    go = LivingGo()
    jobs = go.channel()
    found = investigated(machine, process(machine, go, sessions=0, goroutines=8, one=lambda go: go.receiver(jobs)))
    assert found.verdict.name is VerdictName.SUSPECT
    assert any("as workers of a pool do" in reason for reason in found.verdict.reasons)


@pytest.mark.parametrize(
    ("before", "after", "fills"), [(10, 900, True), (9000, 9100, True), (100, 9000, False), (2000, 3000, False)]
)
def test_many_goroutines_at_one_channel_that_become_many_more_are_no_pool(machine, before, after, fills):
    found = investigated(machine, process(machine, LivingGo(), sessions=0, goroutines=8)).growth
    one = replace(found.holders[0], items_before=before, items_after=after)
    (told,) = go_memory._with_pools(replace(found, holders=(one,)), frozenset({one.name})).holders
    assert bool(told.may_bound) == fills


@pytest.mark.parametrize("element_bytes", [0, 8])
def test_goroutines_each_on_a_channel_of_its_own_and_those_at_a_signal_are_no_pool(machine, element_bytes):
    go = LivingGo()
    signal = go.channel(0)
    one = (lambda go: go.receiver(go.channel())) if element_bytes else (lambda go: go.receiver(signal))
    found = investigated(machine, process(machine, go, sessions=0, goroutines=8, one=one))
    held = found.growth.holders[0]
    assert (held.name, held.may_bound) == ("goroutines at chan receive in main.ask (fetch.go:15)", "")


def test_without_memory_for_the_copy_goroutines_are_told_all_the_same(machine, monkeypatch):
    def refuse(*_):
        raise MemoryError

    monkeypatch.setattr(go_memory, "copied", refuse)
    found = investigated(machine, process(machine, LivingGo(), sessions=0, goroutines=8))
    assert any(row.what == "what the heap holds" and "no memory left" in row.why for row in found.absent)
    assert found.causes[0].holder == "goroutines at chan send in main.ask (fetch.go:15)"


def test_goroutines_that_take_too_long_are_not_told_in_part(machine, monkeypatch):
    monkeypatch.setattr(go_memory, "LONGEST_S", -1.0)
    monkeypatch.setattr(probed, "AT_ONCE", 2)
    found = investigated(machine, process(machine, LivingGo(), sessions=0, goroutines=8))
    assert any("the others were not looked at" in row.why for row in found.absent)


def test_without_memory_for_the_stacks_the_watch_still_answers(machine, monkeypatch):
    def refuse(*_):
        raise MemoryError

    monkeypatch.setattr(go_memory, "standings", refuse)
    found = investigated(machine, process(machine, LivingGo()))
    assert any("no memory left" in row.why for row in found.absent)


def test_a_variable_that_lets_go_is_no_leak(machine):
    go = LivingGo()
    go.remember(40)
    started = process(machine, go)
    machine.clock.after(15.0, lambda: go.put(DATA + SESSIONS_AT, bytes(8)))
    assert investigated(machine, started).verdict.name is not VerdictName.LEAK


def test_who_may_not_be_read_is_told_what_would_permit_it(machine):
    found = investigated(machine, process(machine, LivingGo(), readable=False))
    assert any(row.kind is AbsentKind.NOT_PERMITTED and row.get for row in found.absent)
    assert not found.causes


def test_without_a_capture_no_memory_is_read(machine):
    found = investigated(machine, process(machine, LivingGo()), capture=False)
    assert not [row for row in found.evidence if row.origin == "process memory"]


def test_a_group_whose_members_end_turns_over():
    holder = HolderGrowth(
        "goroutines at select in main.f (f.go:1)", "goroutines", RootKind.FRAME, (), 3, 5, 0, 0, 0, ""
    )
    growth = HeapGrowth(1.0, 0, 0, 0, 0, (), (holder,))
    (told,) = with_ended(growth, {holder.name: frozenset({1, 2, 3})}, frozenset({3, 4, 5, 6, 7})).holders
    assert (told.evicted_items, told.eviction_known) == (2, True)
