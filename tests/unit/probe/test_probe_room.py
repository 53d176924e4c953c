"""What is left before a limit is reached, and what a snapshot would take of it."""

from __future__ import annotations

import pytest
from fake_machine import FakeCgroup, FakeMachine

from oakum.model.absent import AbsentKind
from oakum.probe.node_cost import needs_of
from oakum.probe.room import Room, room_of

MIB = 1 << 20


@pytest.fixture
def machine():
    machine = FakeMachine()
    machine.groups["/shop"] = FakeCgroup(limit_bytes=400 * MIB)
    machine.groups["/shop/api"] = FakeCgroup(limit_bytes=300 * MIB)
    machine.start(("node",), cgroup="/shop/api", anon_bytes=100 * MIB)
    return machine


def test_the_tightest_limit_counts_with_what_its_own_cgroup_holds(machine):
    assert room_of("/shop/api", machine.cgroups, 1 << 40) == Room(200 * MIB, "the limit of cgroup /shop/api")
    machine.groups["/shop/worker"] = FakeCgroup()
    machine.start(("node",), cgroup="/shop/worker", anon_bytes=150 * MIB)
    assert room_of("/shop/api", machine.cgroups, 1 << 40) == Room(150 * MIB, "the limit of cgroup /shop")


def test_without_a_limit_the_machine_counts(machine):
    assert room_of("/", machine.cgroups, 5 * MIB) == Room(5 * MIB, "this machine's memory")
    assert room_of("/", machine.cgroups, None) is None


@pytest.mark.parametrize(
    ("room_bytes", "max_pause_s", "refused"),
    [(1000 * MIB, 15.0, False), (300 * MIB, 15.0, True), (1000 * MIB, 1.0, True), (None, 15.0, False)],
)
def test_a_snapshot_that_does_not_fit_is_too_dear(room_bytes, max_pause_s, refused):
    room = None if room_bytes is None else Room(room_bytes, "a limit")
    found = needs_of(30 * MIB).refusal(room, max_pause_s, "oakum …")
    assert (found is not None) == refused
    assert found is None or (found.kind is AbsentKind.TOO_DEAR and found.get)


def test_a_second_one_is_bounded_by_what_the_first_took():
    first = needs_of(30 * MIB).taken(1.0, 100 * MIB)
    second = needs_of(40 * MIB).after(first)
    assert second.pause_s == pytest.approx(3.0)
    assert second.extra_bytes == pytest.approx(216 * MIB, rel=0.01)
    assert second.refusal(Room(210 * MIB, "a limit"), 15.0, "oakum …") is None
    assert needs_of(40 * MIB).refusal(Room(210 * MIB, "a limit"), 15.0, "oakum …") is not None
