"""Whether runs get shorter, told by ranks."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.model.lifetimes_trend import MOST_LIVES, SURE, Tendency, lasted, trend_of
from oakum.model.series import Ending, Series

TIMES = st.lists(st.floats(0.5, 1e6), min_size=5, max_size=30)


def test_four_runs_make_no_trend():
    assert trend_of([40.0, 30.0, 20.0, 10.0]) is None


def test_runs_that_last_shorter_each_time_are_told_with_their_figures():
    trend = trend_of([600.0, 300.0, 240.0, 120.0, 60.0])
    assert trend.tendency is Tendency.SHORTER
    assert trend.tau == -1.0
    assert trend.words == (
        "its runs last shorter and shorter: 10 min, 5 min, 4 min, 2 min, 1 min (5 runs, Kendall's tau -1.00)"
    )
    assert trend.facts() == {"tendency": "shorter", "lives": 5, "tau": -1.0, "chance": pytest.approx(0.0137, abs=1e-3)}


def test_one_odd_run_decides_nothing():
    assert trend_of([600.0, 500.0, 400.0, 5000.0, 300.0, 250.0, 200.0, 100.0]).tendency is Tendency.SHORTER
    told = trend_of([6.0, 10.0, 7.0, 7.0, 12.0, 11.0])
    assert told.tendency is Tendency.NEITHER
    assert told.words == ""


def test_only_the_latest_count_and_longer_is_told_too():
    trend = trend_of([*np.linspace(9000, 1000, 300).tolist(), *np.linspace(10, 500, MOST_LIVES).tolist()])
    assert trend.tendency is Tendency.LONGER
    assert len(trend.lasted_s) == MOST_LIVES


@pytest.mark.parametrize("lives", [5, 6, 7])
def test_chance_alone_is_seldom_called_a_trend(lives):
    """All orders of runs that differ: each as likely as the other."""
    orders = list(permutations(map(float, range(1, lives + 1))))
    shorter = sum(trend_of(order).tendency is Tendency.SHORTER for order in orders)
    assert 0 < shorter / len(orders) <= SURE


@given(TIMES)
def test_the_other_way_round_is_the_other_tendency(times):
    there, back = trend_of(times), trend_of(times[::-1])
    assert there.tau == pytest.approx(-back.tau)
    assert there.chance == back.chance
    assert {there.tendency, back.tendency} in ({Tendency.NEITHER}, {Tendency.SHORTER, Tendency.LONGER})


@given(st.floats(0.5, 1e6), st.integers(5, 40))
def test_runs_that_last_alike_have_no_trend(seconds, lives):
    trend = trend_of([seconds] * lives)
    assert (trend.tendency, trend.tau, trend.chance) == (Tendency.NEITHER, 0.0, 0.5)


def test_the_life_that_runs_is_no_run_that_is_over():
    at = np.array([100.0, 160.0])
    over = Series(at, at, started_s=90.0, ended_s=170.0, ending=Ending.EXITED)
    unknown = Series(at + 100, at, ending=Ending.OOM_KILLED)
    runs = Series(at + 200, at)
    assert lasted([over, unknown, runs]) == [80.0, 60.0]
    assert lasted([over, unknown]) == [80.0, 60.0]
