"""When connections began, against the start of those that hold them."""

from __future__ import annotations

import pytest

from oakum.explain.starts import starts
from oakum.model.admission import Instance

NOON = 1_700_000_000.0
POD = Instance("pod/shop/web-1", NOON)


def said(began, *, after_s=21_600.0, by=POD):
    return starts("web as app", [(NOON + at_s, by) for at_s in began], NOON + after_s)


def test_all_that_began_with_their_pod_are_a_pool_and_not_growth():
    found = said([2.0 + at for at in range(37)])
    assert found.sentence == (
        "all 37 connections of web as app began within 38 s of the start of pod/shop/web-1 at 2023-11-14 22:13:20 UTC"
    )
    assert (found.grows, found.facts["soon"]) == (False, 37)


def test_those_that_came_over_hours_grow():
    found = said([600.0 * at for at in range(36)])
    assert found.grows
    assert found.sentence.startswith("36 connections of web as app came over 5 h 50 min, in each quarter of the time")
    assert found.sentence.endswith(": it grows")


def test_a_peak_that_opened_more_once_is_not_growth():
    found = said([*range(10), *(10_000.0 + at for at in range(10))])
    assert not found.grows
    assert "10 of them within 2 min of the start" in found.sentence


def test_a_few_that_were_replaced_since_do_not_make_a_pool_grow():
    found = said([*range(19), 9000.0])
    assert found.sentence.startswith("19 of 20 connections of web as app began within 2 min of the start of pod")


def test_a_young_process_is_too_young():
    found = said([5.0 * at for at in range(20)], after_s=100.0)
    assert not found.grows
    assert "too young to tell a pool from growth" in found.sentence


def test_of_several_pods_the_last_start_is_told():
    pods = [Instance(f"pod/shop/web-{at}", NOON + 60 * at) for at in range(3)]
    found = starts("web as app", [(each.started_s + at, each) for each in pods for at in range(4)], NOON + 9000)
    assert "of the start of its 3 pods, the last of them at 2023-11-14 22:15:20 UTC" in found.sentence


@pytest.mark.parametrize(
    ("began", "by"),
    [
        (range(4), POD),
        (range(-100, 0), POD),
        (range(10), Instance("pid 3")),
    ],
    ids=["few", "before it was there", "start not told"],
)
def test_nothing_is_said_where_starts_say_nothing(began, by):
    assert said(list(began), by=by) is None
