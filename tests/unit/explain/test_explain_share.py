"""Growth that is explained, and what is left."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import pytest
from examples_explain import MIB, growth, holder, series

from oakum.explain import explain
from oakum.explain.share import shared
from oakum.model.cause import Cause, CauseName
from oakum.model.policy import Policy
from oakum.model.verdict import Pattern, VerdictName


def cause(per_s, *evidence, name=CauseName.GLOBAL):
    return Cause(name, 0.8, "it grew", "held", 1, per_s, evidence=evidence or ("growth",))


def test_shares_are_of_the_measured_rate_and_the_rest_is_said():
    told, accounted = shared((cause(0.5 * MIB), cause(0.2 * MIB)), MIB)
    assert [row.share for row in told] == [0.5, 0.2]
    assert accounted.share == pytest.approx(0.7)
    assert accounted.unexplained_bytes_per_s == pytest.approx(0.3 * MIB)


def test_the_same_memory_seen_twice_counts_once():
    _, accounted = shared((cause(0.6 * MIB), cause(0.7 * MIB, "mappings", "chunks")), MIB)
    assert accounted.share == pytest.approx(0.7)


def test_what_grows_with_the_load_is_the_same_memory_that_holders_hold():
    load = cause(MIB, "connections", name=CauseName.LOAD_GROWTH)
    told, accounted = shared((cause(0.4 * MIB), replace(load, growth_bytes_per_s=0.3 * MIB)), MIB)
    assert [row.share for row in told] == [0.4, 0.3]
    assert accounted.share == pytest.approx(0.4)
    assert shared((cause(0.4 * MIB), load), 2 * MIB)[1].share == pytest.approx(0.5)


def test_no_more_is_explained_than_was_measured():
    told, accounted = shared((cause(5 * MIB),), MIB)
    assert told[0].share == 1.0
    assert accounted.unexplained_bytes_per_s == 0


@pytest.mark.parametrize("odd", [cause(nan), cause(MIB, name=CauseName.PAGE_CACHE)])
def test_what_is_no_part_of_the_curve_has_no_share(odd):
    told, accounted = shared((odd,), MIB)
    assert told[0].share is None
    assert accounted.explained_bytes_per_s == 0


@pytest.mark.parametrize("rate", [None, 0.0, -5.0, nan])
def test_where_nothing_grows_nothing_is_to_be_explained(rate):
    assert shared((cause(MIB),), rate)[1] is None


def test_an_explanation_carries_it():
    told = explain("pid/1", series(), growth(holder(bytes_after=14 * MIB)), sources={}, policy=Policy())
    assert told.accounted.share == pytest.approx(0.4)
    calm = explain("pid/1", series(VerdictName.HEALTHY, Pattern.FLAT, 0.0), None, sources={}, policy=Policy())
    assert calm.accounted is None


def test_another_reading_of_a_holder_has_no_share_of_its_own():
    told, accounted = shared((cause(MIB), replace(cause(MIB), instead_of=CauseName.TIMER)), MIB)
    assert [row.share for row in told] == [1.0, None]
    assert told[1].growth_bytes_per_s == MIB
    assert accounted.share == 1.0


def test_more_than_was_measured_is_told_as_all_of_it():
    found = explain("pid/1", series(), growth(holder(bytes_after=22 * MIB)), sources={}, policy=Policy()).causes[0]
    assert found.share == 1.0
    assert "that is all of the process's measured growth" in found.why
