"""Memory that no holder explains: outside of the objects, or used by nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest
from examples_explain import MIB, SECONDS, growth, holder, series

from oakum.explain import explain
from oakum.model.cause import CauseName
from oakum.model.division import Divided, Division, Part
from oakum.model.policy import Policy
from oakum.model.verdict import Pattern, VerdictName


def division(**parts):
    named = {Part(name.replace("_", "-")): int(size * MIB) for name, size in parts.items()}
    return Division({part: named.get(part, 0) for part in Part}, 4, 0, 1, allocator_read=True)


def told(before, after, *holders, verdict=None):
    """What is explained of a process whose memory went from ``before`` to ``after``, in MiB by part."""
    both = Divided(division(**before), division(**after), SECONDS)
    found = replace(growth(*holders), divided=both)
    return explain("pid/1", verdict or series(), found, sources={}, policy=Policy())


def names(explanation):
    return [cause.name for cause in explanation.causes]


def test_growth_outside_the_objects_is_told_with_its_rate_and_no_holder_is_blamed():
    small = holder(bytes_after=10 * MIB + MIB // 2)
    answer = told({"native": 20, "objects": 30}, {"native": 30, "objects": 30.5}, small)
    assert names(answer) == [CauseName.NATIVE_ALLOCATION]
    assert answer.causes[0].growth_bytes_per_s == pytest.approx(MIB)
    assert answer.verdict.name is VerdictName.SUSPECT
    assert "+1.00 MiB/s of +1.05 MiB/s" in answer.verdict.reasons[0]
    assert answer.verdict.settles


def test_a_long_history_that_leaks_stays_a_leak_with_memory_outside_as_its_cause():
    answer = told({"native": 20}, {"native": 30}, verdict=series(VerdictName.LEAK))
    assert answer.verdict.name is VerdictName.LEAK
    assert names(answer) == [CauseName.NATIVE_ALLOCATION]


def test_a_holder_that_gains_as_much_is_blamed_before_memory_outside():
    answer = told({"native": 20, "objects": 30}, {"native": 26, "objects": 40}, holder())
    assert answer.causes[0].name is not CauseName.NATIVE_ALLOCATION
    assert answer.causes[-1].name is CauseName.NATIVE_ALLOCATION


@pytest.mark.parametrize("gained", [0.5, -3])
def test_what_hardly_grows_outside_is_no_cause(gained):
    assert CauseName.NATIVE_ALLOCATION not in names(told({"native": 20}, {"native": 20 + gained}, holder()))


def test_an_allocator_that_is_not_read_makes_it_less_sure():
    sure = told({"native": 20}, {"native": 30}).causes[0]
    both = Divided(division(other=20), replace(division(other=30), allocator_read=False), SECONDS)
    unsure = explain("pid/1", series(), replace(growth(), divided=both), sources={}, policy=Policy()).causes[0]
    assert unsure.confidence == sure.confidence / 2
    assert any("not glibc's" in row for row in unsure.against)


def test_free_memory_of_a_healthy_program_is_told_and_is_no_leak():
    flat = series(VerdictName.HEALTHY, Pattern.FLAT, 0.0)
    parts = {"objects": 10, "objects_free": 90, "native_free": 20}
    answer = told(parts, parts, verdict=flat)
    assert answer.verdict.name is VerdictName.HEALTHY
    assert names(answer) == [CauseName.FRAGMENTATION]
    assert "no leak" in answer.causes[0].title
    assert not answer.plan.steps


def test_a_program_whose_free_memory_grows_is_at_most_suspect():
    before, after = {"objects": 10, "objects_free": 30}, {"objects": 10, "objects_free": 40}
    answer = told(before, after, verdict=series(VerdictName.LEAK))
    assert answer.verdict.name is VerdictName.SUSPECT
    assert answer.causes[0].name is CauseName.FRAGMENTATION


@pytest.mark.parametrize(("holders", "name"), [((), VerdictName.CANNOT_TELL), ((holder(),), VerdictName.SUSPECT)])
def test_free_memory_that_objects_gave_up_is_left_open_unless_a_holder_grew_meanwhile(holders, name):
    before, after = {"objects": 40, "objects_free": 10}, {"objects": 32, "objects_free": 20}
    answer = told(before, after, *holders, verdict=series(VerdictName.SUSPECT))
    assert answer.verdict.name is name
    assert answer.verdict.settles


def test_many_arenas_of_malloc_are_advised_to_be_bounded():
    parts = division(native=10, native_free=90)
    both = Divided(parts, replace(parts, native_arenas=15), SECONDS)
    flat = series(VerdictName.HEALTHY, Pattern.FLAT, 0.0)
    answer = explain("pid/1", flat, replace(growth(), divided=both), sources={}, policy=Policy())
    assert "MALLOC_ARENA_MAX=2" in answer.causes[0].advice


def test_little_free_memory_is_no_cause():
    assert not names(told({"objects": 10, "objects_free": 4}, {"objects": 10, "objects_free": 4}, verdict=series(
        VerdictName.HEALTHY, Pattern.FLAT, 0.0)))  # fmt: skip


@pytest.mark.parametrize(
    ("objects", "name"),
    [((40, 34), VerdictName.CANNOT_TELL), ((40, 40), VerdictName.SUSPECT), ((40, 39), VerdictName.SUSPECT)],
)
def test_free_memory_that_objects_gave_up_is_left_open(objects, name):
    before, after = ({"objects": size, "objects_free": free} for size, free in zip(objects, (4, 14), strict=True))
    answer = told(before, after)
    assert answer.verdict.name is name
    assert ("gave up 6.00 MiB" in answer.verdict.reasons[0]) is (name is VerdictName.CANNOT_TELL)
