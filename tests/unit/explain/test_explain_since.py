"""What has changed between two scans, series by series."""

from __future__ import annotations

import pytest

from oakum.explain.since import changes, fresh
from oakum.model.kept_scan import Standing
from oakum.model.verdict import VerdictName

THEN_S = 1_000_000.0
HEALTHY, CANNOT_TELL = VerdictName.HEALTHY, VerdictName.CANNOT_TELL
SUSPECT, LEAK = VerdictName.SUSPECT, VerdictName.LEAK


def standing(verdict, rate=None, half=1.0, *, key="a", **told):
    """``half``: of the interval about the rate."""
    interval = None if rate is None else (rate - half, rate + half)
    return Standing(key, told.pop("id", key), verdict, rate_per_s=rate, rate_interval=interval, **told)


def found(now, then, **whole):
    return [(change.name.value, change.id) for change in changes(now, then, then_s=THEN_S, **whole)]


@pytest.mark.parametrize(
    ("was", "now", "name"),
    [
        (None, LEAK, "new-leak"),
        (HEALTHY, LEAK, "new-leak"),
        (CANNOT_TELL, LEAK, "new-leak"),
        (SUSPECT, LEAK, "became-leak"),
        (LEAK, HEALTHY, "ended"),
        (LEAK, SUSPECT, "unsettled"),
        (LEAK, CANNOT_TELL, "unsettled"),
        (None, SUSPECT, "new-suspect"),
        (HEALTHY, SUSPECT, "new-suspect"),
        (None, HEALTHY, "appeared"),
        (None, CANNOT_TELL, "appeared"),
        (LEAK, None, "gone"),
        (HEALTHY, None, "gone"),
        (HEALTHY, CANNOT_TELL, None),
        (SUSPECT, HEALTHY, None),
        (LEAK, LEAK, None),
    ],
)
def test_each_move_has_its_name(was, now, name):
    before, after = ([] if verdict is None else [standing(verdict)] for verdict in (was, now))
    assert found(after, before) == ([] if name is None else [(name, "a")])


@pytest.mark.parametrize(
    ("was", "now", "name"),
    [
        ((10.0, 1.0), (20.0, 1.0), "faster"),
        ((20.0, 1.0), (10.0, 1.0), "slower"),
        ((10.0, 1.0), (12.0, 5.0), None),
        ((10.0, 5.0), (12.0, 1.0), None),
        ((10.0, 1.0), (10.5, 1.0), None),
    ],
)
def test_a_pace_has_changed_only_where_each_rate_is_beyond_what_the_other_scan_held_possible(was, now, name):
    for verdict in (LEAK, SUSPECT):
        told = found([standing(verdict, *now)], [standing(verdict, *was)])
        assert told == ([] if name is None else [(name, "a")])
    assert found([standing(HEALTHY, *now)], [standing(HEALTHY, *was)]) == []


def test_a_rate_without_its_interval_or_in_another_unit_is_not_compared():
    slow, fast = standing(LEAK, 1.0, 0.1), standing(LEAK, 9.0, 0.1)
    bare = Standing("a", "a", LEAK, rate_per_s=9.0)
    percent = Standing("a", "a", LEAK, "percent", rate_per_s=9.0, rate_interval=(8.9, 9.1))
    assert found([fast], [slow]) == [("faster", "a")]
    assert found([bare], [slow]) == found([fast], [bare]) == found([percent], [slow]) == []


@pytest.mark.parametrize(
    ("was", "now", "is_told"),
    [
        ({"kills": 1}, {"kills": 1, "last_kill_s": THEN_S - 1}, False),
        ({"kills": 1}, {"kills": 1, "last_kill_s": THEN_S + 1}, True),
        ({"kills": 0}, {"kills": 1, "last_kill_s": THEN_S - 300}, True),
        ({"kills": 1}, {"kills": 1, "last_kill_s": THEN_S - 300}, False),
        ({"kills": 0}, {"kills": 1, "last_kill_s": THEN_S - 601}, False),
        ({"kills": 1}, {"kills": 1}, False),
        ({"kills": 1}, {"kills": 2}, True),
        (None, {"kills": 1}, True),
        (None, {}, False),
    ],
)
def test_a_kill_is_new_by_its_time_and_where_nobody_tells_that_by_their_count(was, now, is_told):
    before = [] if was is None else [standing(HEALTHY, **was)]
    told = found([standing(HEALTHY, **now)], before)
    assert (("killed", "a") in told) == is_told


def test_what_a_partial_scan_did_not_read_is_neither_gone_nor_new():
    here, there = [standing(HEALTHY)], [standing(LEAK, key="b")]
    assert found(here, there) == [("appeared", "a"), ("gone", "b")]
    assert found(here, there, whole_now=False) == [("appeared", "a")]
    assert found(here, there, whole_then=False) == [("gone", "b")]
    assert found([standing(HEALTHY, kills=1)], [], whole_then=False) == []
    # That it leaks now is told all the same.
    assert found([standing(LEAK)], [], whole_then=False) == [("new-leak", "a")]


def test_what_is_there_and_could_not_be_judged_is_not_gone():
    assert found([], [standing(LEAK)], unread={"a"}) == []


def test_of_what_is_muted_nothing_is_told_but_that_it_was_killed():
    muted = standing(LEAK, muted=True, kills=1, last_kill_s=THEN_S + 1)
    assert found([muted], [standing(HEALTHY)]) == [("killed", "a")]


def test_workers_of_one_service_are_as_bad_as_the_worst_of_them():
    then = [standing(HEALTHY, id="pid/1"), standing(SUSPECT, id="pid/2")]
    now = [standing(LEAK, id="pid/9"), standing(HEALTHY, id="pid/8"), standing(LEAK, id="pid/7", muted=True)]
    assert found(now, then) == [("became-leak", "pid/9")]
    assert found(now[1:], then[:1]) == [], "a muted one does not stand for the others"


def test_a_kill_of_any_worker_of_a_service_is_told_whichever_stands_for_it():
    then = [standing(LEAK, id="pid/1", kills=1, last_kill_s=THEN_S - 900), standing(HEALTHY, id="pid/2", kills=1)]
    calm = standing(HEALTHY, id="pid/2", kills=2, last_kill_s=THEN_S + 9)
    now = [standing(LEAK, id="pid/1", kills=1, last_kill_s=THEN_S - 900), calm]
    (change,) = changes(now, then, then_s=THEN_S)
    assert (change.name.value, change.id) == ("killed", "pid/1")
    assert (change.now.kills, change.now.last_kill_s) == (3, THEN_S + 9)
    assert fresh(now, [change]) == {"pid/1"}
    assert found(then, then) == []


def test_a_kill_just_before_a_scan_that_did_not_read_it_is_no_news():
    late = standing(HEALTHY, kills=1, last_kill_s=THEN_S - 300)
    assert found([late], [], whole_then=False) == []
    assert found([late], []) == [("killed", "a"), ("appeared", "a")]


def test_the_worst_change_comes_first_and_of_two_the_faster():
    then = [standing(SUSPECT, key="b"), standing(LEAK, key="d")]
    now = [standing(LEAK, 1.0, key="b"), standing(LEAK, 2.0, key="a"), standing(LEAK, 3.0, key="c")]
    assert found(now, then) == [("new-leak", "c"), ("new-leak", "a"), ("became-leak", "b"), ("gone", "d")]


def test_fresh_is_what_got_worse_or_is_new_and_not_healthy():
    then = [standing(LEAK, key="old"), standing(SUSPECT, key="worse"), standing(LEAK, key="ended")]
    now = [
        standing(LEAK, key="old"),
        standing(LEAK, key="worse", id="w1"),
        standing(HEALTHY, key="worse", id="w2"),
        standing(HEALTHY, key="ended"),
        standing(HEALTHY, key="new"),
        standing(CANNOT_TELL, key="unsure"),
        standing(HEALTHY, key="killed", kills=1),
    ]
    told = changes(now, then, then_s=THEN_S)
    assert fresh(now, told) == {"w1", "unsure", "killed"}
