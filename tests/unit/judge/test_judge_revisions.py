"""Which rollout a growth began with: pods of several revisions, one after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oakum.explain.rollback import rollback
from oakum.judge import judge, rollout_of
from oakum.model.series import Ending, Metric, Scope, Series, WorkloadSeries
from oakum.model.verdict import Pattern, VerdictName

ACCUSED = {VerdictName.LEAK, VerdictName.SUSPECT}
MIB = 2.0**20
HOUR_S = 3600.0
BEGIN_S = 1.7e9


def chain(*lives):
    """``lives``: (revision, hours, MiB at its begin, MiB per hour)."""
    chance, found, at_s = np.random.default_rng(7), [], BEGIN_S
    for number, (revision, hours, level, per_h) in enumerate(lives):
        times = at_s + np.arange(0.0, hours * HOUR_S, 60.0)
        value = (level + per_h * (times - at_s) / HOUR_S) * MIB + chance.normal(0, 0.2 * MIB, times.size)
        ending = Ending.RUNNING if number == len(lives) - 1 else Ending.REPLACED
        found.append(Series(times, value, np.full(times.size, 2048 * MIB), revision=revision, ending=ending))
        at_s += hours * HOUR_S
    return WorkloadSeries("deploy/shop/cart/app", tuple(found), "bytes", Scope.CONTAINER, Metric.RSS)


def saturating(number):
    """Six hours of a cache that is full after three."""
    times = BEGIN_S + (6 * number + np.arange(0.0, 6.0, 1 / 60)) * HOUR_S
    value = (100 + 300 * (1 - np.exp(-(times - times[0]) / HOUR_S))) * MIB
    return Series(times, value + np.random.default_rng(number).normal(0, 0.2 * MIB, times.size))


def rollout(*lives):
    series = chain(*lives)
    return rollout_of(series, judge(series))


def test_it_began_with_the_rollout_whose_pods_grow_and_those_before_did_not():
    found = rollout(("cart-a", 12, 100, 0), ("cart-b", 12, 100, 40))
    assert (found.revision, found.before, found.began, found.since) == ("cart-b", "cart-a", True, 0)
    assert found.at_s == BEGIN_S + 12 * HOUR_S
    assert "it began with the rollout of cart-b at 2023-11-15 10:13:20Z" in str(found)
    (step,) = rollback(found, "deploy/shop/cart").steps
    # Without a number kubectl takes whichever revision was the last: it may never have run.
    assert step.command.startswith("kubectl -n shop rollout undo deployment/cart --to-revision=$(kubectl -n shop get ")
    assert "get replicaset cart-a -o" in step.command


def test_a_rollout_that_did_not_end_it_is_counted_and_the_way_back_is_to_those_before():
    found = rollout(("cart-a", 12, 100, 0), ("cart-b", 24, 100, 40), ("cart-c", 24, 100, 40))
    assert (found.revision, found.before, found.began, found.since) == ("cart-b", "cart-a", True, 1)
    assert str(found).endswith("; 1 rollout since did not end it")
    (step,) = rollback(found, "deploy/shop/cart").steps
    assert step.title == "Roll back to the revision that did not grow (cart-a)"


@pytest.mark.parametrize("hours", [4, 8, 23])
def test_climbs_that_rollouts_end_each_night_are_no_rhythm(hours):
    found = judge(chain(("cart-a", 24, 100, 40), ("cart-b", 24, 100, 40), ("cart-c", hours, 100, 40)))
    assert (found.name in ACCUSED, found.pattern) == (True, Pattern.LINEAR)
    assert "2 earlier lifetimes climbed straight until it was ended, and nobody was killed" in found.reasons


@pytest.mark.parametrize("hours", [3, 8, 20])
def test_who_was_mended_is_healthy_again_whatever_the_days_before_did(hours):
    """It warms up for some minutes, and is flat then."""
    before = chain(("cart-a", 24, 400, 20), ("cart-a", 24, 400, 20))
    times = BEGIN_S + 48 * HOUR_S + np.arange(0.0, hours * HOUR_S, 60.0)
    value = (400 + 40 * (1 - np.exp(-(times - times[0]) / (0.3 * HOUR_S)))) * MIB
    last = Series(times, value + np.random.default_rng(3).normal(0, 0.2 * MIB, times.size), revision="cart-b")
    ended = [replace(life, ending=Ending.REPLACED) for life in before.lifetimes]
    series = replace(before, lifetimes=(*ended, last))
    found = judge(series)
    assert found.name is not VerdictName.LEAK
    assert hours < 8 or found.name is VerdictName.HEALTHY
    assert rollout_of(series, found) is None


def test_shifts_that_climb_with_the_traffic_of_their_morning_are_healthy():
    """Pods of six to four, whose traffic rises from four to four."""

    def shift(day, until_h):
        hours = np.arange(6.0, until_h, 1 / 60)
        value = (300 + 150 * (1 - np.cos((hours - 4) / 24 * 2 * np.pi))) * MIB
        noise = np.random.default_rng(day).normal(0, 0.2 * MIB, hours.size)
        return Series(BEGIN_S + (24 * day + hours) * HOUR_S, value + noise, ending=Ending.REPLACED)

    lives = (shift(0, 16), shift(1, 16), replace(shift(2, 14), ending=Ending.RUNNING))
    assert judge(WorkloadSeries("x", lives)).name is not VerdictName.LEAK


def test_one_calm_life_of_a_revision_does_not_speak_for_the_others():
    """Those before grew for half a day, and stood still for half an hour in another place."""
    found = rollout(("cart-a", 12, 100, 40), ("cart-a", 0.5, 100, 0), ("cart-b", 12, 100, 40))
    assert found is None or not found.began


def test_a_start_that_saturates_in_each_life_is_no_climb_until_the_end():
    lives = [saturating(number) for number in range(3)]
    assert judge(WorkloadSeries("x", tuple(lives))).name is not VerdictName.LEAK


def test_what_grew_before_is_older_and_nothing_is_gained_by_going_back():
    found = rollout(("cart-a", 12, 100, 30), ("cart-b", 12, 100, 40))
    assert (found.revision, found.began) == ("cart-b", False)
    assert found.rate_per_s == pytest.approx(30 * MIB / HOUR_S, rel=0.1)
    assert not rollback(found, "deploy/shop/cart").steps


def test_several_runs_of_one_revision_are_judged_together():
    found = rollout(("cart-a", 6, 100, 0), ("cart-a", 6, 100, 0), ("cart-b", 12, 100, 40))
    assert (found.before, found.seen_s) == ("cart-a", pytest.approx(12 * HOUR_S, abs=120))


@pytest.mark.parametrize(
    "lives",
    [
        [("cart-a", 24, 100, 40)],
        [("", 12, 100, 0), ("", 12, 100, 40)],
        [("cart-a", 0.05, 100, 0), ("cart-b", 24, 100, 40)],
        [("cart-a", 12, 100, 40), ("cart-b", 12, 100, 0)],
        [("cart-a", 12, 100, 0), ("cart-b", 12, 100, 0)],
    ],
    ids=["one revision", "no revisions", "seen too short before", "ended with it", "none grows"],
)
def test_nothing_is_said_where_nothing_is_known(lives):
    assert rollout(*lives) is None
    assert not rollback(None, "deploy/shop/cart").steps
