"""The sentence about a cgroup and about a process."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.model.process import CgroupLimit, CgroupMemory, ProcessMemory
from oakum.sense.charge import cgroup_fact, process_fact

MIB = 1 << 20
CGROUP = CgroupMemory(
    at_s=100.0,
    path="/shop",
    version=2,
    usage_bytes=50 * MIB,
    anon_bytes=40 * MIB,
    file_bytes=10 * MIB,
    working_set_bytes=45 * MIB,
    swap_bytes=None,
    limits=(CgroupLimit("/shop", 64 * MIB),),
    kills=0,
    pressure_some_us=0,
)


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ((), "no limit"),
        ((CgroupLimit("/shop", 64 * MIB), CgroupLimit("/", 99 * MIB)), "limit 64.0 MiB (its own)"),
        ((CgroupLimit("/shop", 64 * MIB), CgroupLimit("/", 32 * MIB)), "limit 32.0 MiB (of /)"),
        ((CgroupLimit("", 32 * MIB),), "limit 32.0 MiB (of an ancestor)"),
    ],
)
def test_the_tightest_limit_is_told_and_whose_it_is(limits, told):
    title, values = cgroup_fact(CGROUP, replace(CGROUP, limits=limits))
    assert title == f"cgroup /shop: 50.0 MiB charged, 40.0 MiB anonymous, 10.0 MiB page cache; {told}"
    assert values["limits"] == [[limit.path, limit.limit_bytes] for limit in limits]


@pytest.mark.parametrize(
    ("first", "last", "gained", "told"),
    [
        (0, 0, 0, None),
        (2, 2, 0, ", 2 OOM kills so far"),
        (2, 3, 1, ", 3 OOM kills so far, 1 while it was watched"),
        (5, 1, 0, ", 1 OOM kill so far"),
        (None, None, None, None),
        (None, 1, None, ", 1 OOM kill so far"),
    ],
)
def test_kills_are_counted_from_the_first_look_and_unknown_stays_unknown(first, last, gained, told):
    title, values = cgroup_fact(replace(CGROUP, kills=first), replace(CGROUP, kills=last))
    assert values["kills_while_watched"] == gained
    assert title.endswith(told or "limit 64.0 MiB (its own)")


def test_no_pressure_figures_are_no_stall():
    _, values = cgroup_fact(replace(CGROUP, pressure_some_us=None), CGROUP)
    assert values["stalled_us_while_watched"] is None


def test_a_process_without_pss_is_told_without_it():
    memory = ProcessMemory(1.0, 40 * MIB, 50 * MIB, 10 * MIB, swap_bytes=0)
    title, values = process_fact(memory, memory)
    assert title == "the process: 40.0 MiB anonymous, 50.0 MiB resident"
    assert values["pss_bytes"] == [None, None]
