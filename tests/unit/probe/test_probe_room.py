"""What is left before a limit is reached, and what a snapshot would take of it."""

from __future__ import annotations

import pytest
from fake_machine import FakeCgroup, FakeMachine

from oakum.loop.demo import Settings
from oakum.model.absent import AbsentKind
from oakum.model.budget import Budget
from oakum.model.errors import CallerError
from oakum.model.node import Room
from oakum.probe.node_cost import counting_needs, needs_of
from oakum.probe.room import room_of

MIB = 1 << 20


@pytest.fixture
def machine():
    machine = FakeMachine()
    machine.groups["/shop"] = FakeCgroup(limit_bytes=400 * MIB)
    machine.groups["/shop/api"] = FakeCgroup(limit_bytes=300 * MIB)
    machine.start(("node",), cgroup="/shop/api", anon_bytes=100 * MIB)
    return machine


def test_the_tightest_limit_counts_with_what_its_own_cgroup_holds(machine):
    assert room_of("/shop/api", machine.cgroups, machine.node) == Room(200 * MIB, "the limit of cgroup /shop/api")
    machine.groups["/shop/worker"] = FakeCgroup()
    machine.start(("node",), cgroup="/shop/worker", anon_bytes=150 * MIB)
    assert room_of("/shop/api", machine.cgroups, machine.node) == Room(150 * MIB, "the limit of cgroup /shop")


def test_without_a_limit_the_machine_counts(machine):
    machine.node.left_bytes = 5 * MIB
    assert room_of("/", machine.cgroups, machine.node) == Room(5 * MIB, "this machine's memory")
    machine.node.left_bytes = None
    assert room_of("/", machine.cgroups, machine.node) is None


@pytest.mark.parametrize(
    ("room_bytes", "max_pause_s", "refused"),
    [(2000 * MIB, 15.0, False), (300 * MIB, 15.0, True), (2000 * MIB, 1.0, True), (None, 15.0, True)],
)
def test_a_snapshot_that_does_not_fit_is_too_dear(room_bytes, max_pause_s, refused):
    room = None if room_bytes is None else Room(room_bytes, "a limit")
    found = needs_of(30 * MIB).refusal(room, Budget(max_pause_s), "oakum …")
    assert (found is not None) == refused
    assert found is None or (found.kind is AbsentKind.TOO_DEAR and found.get)


# MB of the heap, objects, MB more and seconds that a snapshot took (docs/node.md).
REFERENCES = [(51, 40_410, 1_121, 6.5), (123, 40_411, 2_715, 18.9), (62, 40_391, 2_478, 5.8), (18, 40_393, 642, 1.1)]
OTHERS = [
    (64, 1_892_000, 865, 19.4),
    (61, 1_913_000, 738, 6.2),
    (65, 1_449_000, 888, 7.9),
    (61, 1_108_000, 610, 8.1),
    (56, 921_000, 1_359, 5.5),
    (66, 260_000, 210, 1.8),
    (63, 212_000, 171, 0.8),
    (62, 107_000, 81, 2.5),
]


@pytest.mark.parametrize(("heap_mb", "objects", "extra_mb", "pause_s"), REFERENCES + OTHERS)
def test_what_a_snapshot_took_is_less_than_foretold_by_bytes_and_by_objects(heap_mb, objects, extra_mb, pause_s):
    by_bytes = needs_of(heap_mb * 10**6)
    by_objects = by_bytes.counted(objects)
    assert extra_mb * 10**6 < by_objects.extra_bytes <= by_bytes.extra_bytes
    assert pause_s < by_objects.pause_s


@pytest.mark.parametrize(("heap_mb", "objects", "extra_mb", "pause_s"), REFERENCES)
def test_few_objects_full_of_references_are_not_let_through_by_their_number(heap_mb, objects, extra_mb, pause_s):
    """Ten arrays of references to five objects took 21 times their size (Node.js 20.20)."""
    room = Room(extra_mb * 10**6, "a limit")
    found = needs_of(heap_mb * 10**6).counted(objects).refusal(room, Budget(60.0), "oakum …")
    assert found is not None
    assert f"in {objects:,} objects" in found.why


def test_small_objects_cost_less_than_references_in_as_many_bytes():
    needs, room = needs_of(60 * 10**6), Room(2400 * MIB, "a limit")
    assert needs.refusal(room, Budget(30.0), "oakum …") is not None
    assert needs.counted(1_000_000).refusal(room, Budget(30.0), "oakum …") is None
    best = needs.at_best()
    assert all(best.extra_bytes <= needs.counted(many).extra_bytes for many in range(0, 2_000_000, 50_000))
    assert all(best.pause_s <= needs.counted(many).pause_s for many in range(0, 2_000_000, 50_000))


def test_the_demo_has_room_for_both_of_its_snapshots_of_nodejs():
    """Its heap is of 13 MB at its begin and of 32 MB in 918,000 objects at its end; 200 MiB are in use already."""
    room = Room(Settings().node_limit_bytes - 200 * MIB, "a limit")
    for needs in (needs_of(13 * 10**6), needs_of(32 * 10**6), needs_of(32 * 10**6).counted(918_000)):
        assert needs.refusal(room, Budget(20.0), "oakum …") is None


def test_a_count_of_objects_must_fit_too():
    assert counting_needs(64 * 10**6).refusal(Room(450 * MIB, "a limit"), Budget(), "oakum …") is None
    assert counting_needs(64 * 10**6).refusal(Room(200 * MIB, "a limit"), Budget(), "oakum …") is not None
    assert counting_needs(64 * 10**6).refusal(None, Budget(), "oakum …") is not None


def test_a_second_one_is_bounded_by_what_the_first_took():
    first = needs_of(30 * MIB).taken(1.0, 100 * MIB)
    second = needs_of(40 * MIB).after(first)
    assert second.pause_s == pytest.approx(3.0)
    assert second.extra_bytes == pytest.approx(216 * MIB, rel=0.01)
    assert second.refusal(Room(210 * MIB, "a limit"), Budget(), "oakum …") is None
    assert needs_of(40 * MIB).refusal(Room(210 * MIB, "a limit"), Budget(), "oakum …") is not None


@pytest.mark.parametrize(
    ("budget", "words", "more"),
    [
        (Budget(3.0), "most that was allowed", "oakum … --max-pause 7.8s"),
        (Budget(15.0, deadline_s=3.0), "its liveness probe ends it after 3.00 s", "oakum … --deadline 7.8s"),
        (Budget(3.0, deadline_s=10.0), "3.00 s is the most", "oakum … --max-pause 7.8s --deadline 10s"),
        (Budget(3.0, deadline_s=7.0), "3.00 s is the most", "oakum … --max-pause 7s --deadline 7s"),
        (Budget(3.0, 4.0), "probe ends it after 4.00 s", "oakum … --max-pause 7.8s --deadline 7.8s"),
        (Budget(3.0, max_bytes=1 << 30), "3.00 s is the most", "oakum … --max-pause 7.8s --max-bytes 1GiB"),
    ],
)
def test_the_smallest_pause_wins_and_is_named_with_what_would_allow_more(budget, words, more):
    found = needs_of(30 * 10**6).refusal(None, budget, "oakum …")
    assert words in found.why
    assert found.get.endswith(more)
    assert found.get.startswith("give its probe more time") == ("probe" in words)


def test_a_dump_that_could_be_larger_than_allowed_is_too_dear_by_what_the_heap_is():
    room = Room(2000 * MIB, "a limit")
    assert needs_of(30 * MIB).refusal(room, Budget(max_bytes=180 * MIB), "oakum …") is None
    found = needs_of(30 * MIB).refusal(room, Budget(max_bytes=179 * MIB), "oakum …")
    assert found.get == "oakum … --max-bytes 181MiB"


@pytest.mark.parametrize("wrong", [{"max_pause_s": 0.0}, {"deadline_s": -1.0}, {"max_bytes": 0}])
def test_a_budget_that_nothing_can_keep_is_the_callers_mistake(wrong):
    with pytest.raises(CallerError) as told:
        Budget(**wrong)
    assert told.value.next_step
