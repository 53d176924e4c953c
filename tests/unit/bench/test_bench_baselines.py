from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from bench.judge.baselines import Increase, PrecogMF, PredictLinear, every_one
from bench.judge.baselines.mannkendall import _inflation, _ranks, deviates, gridded, sen
from bench.judge.baselines.precog import alarmed, change_points, train
from bench.judge.baselines.windows import lines, trailing
from bench.judge.case import Case, Truth
from bench.judge.detector import LEAK

from oakum.model.series import Series, WorkloadSeries

HOUR = 3600.0


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def case(at, value, limit=100.0, truth=None):
    series = WorkloadSeries("x", (Series(at, value),))
    return Case("x", "tune", series, truth or Truth("idle", limit=limit), float(at[0]))


def slow_deviate(window):
    """The textbook, with two loops and ties counted one by one."""
    n = len(window)
    s = sum(np.sign(window[j] - window[i]) for i in range(n) for j in range(i + 1, n))
    _, counts = np.unique(window, return_counts=True)
    variance = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in counts)) / 18
    return 0.0 if variance == 0 else (s - np.sign(s)) / np.sqrt(variance)


def test_mann_kendall_equals_the_textbook(rng):
    windows = np.round(rng.normal(size=(20, 30)) + np.linspace(0, 1, 30), 1)
    windows[0] = 3.0
    assert deviates(windows, corrected=False) == pytest.approx([slow_deviate(one) for one in windows])


def test_sen_is_the_median_of_all_pairs(rng):
    windows = rng.normal(size=(7, 15))
    for window, slope in zip(windows, sen(windows), strict=True):
        pairs = [(window[j] - window[i]) / (j - i) for i in range(15) for j in range(i + 1, 15)]
        assert slope == pytest.approx(np.median(pairs))


def test_ranks_share_ties():
    assert _ranks(np.array([[2.0, 1.0, 2.0, 3.0]])).tolist() == [[2.5, 1.0, 2.5, 4.0]]


def test_hamed_rao_equals_its_formula(rng):
    windows = np.cumsum(rng.normal(size=(4, 25)), axis=1)
    for window, got in zip(windows, _inflation(windows), strict=True):
        n = window.size
        rest = window - sen(window[None])[0] * np.arange(n)
        ranks = np.argsort(np.argsort(rest)) + 1.0
        ranks -= ranks.mean()
        total = 0.0
        for lag in range(1, n):
            r = float(np.dot(ranks[lag:], ranks[:-lag]) / np.dot(ranks, ranks))
            if abs(r) > 1.959964 / np.sqrt(n):
                total += (n - lag) * (n - lag - 1) * (n - lag - 2) * r
        assert got == pytest.approx(1 + 2 / (n * (n - 1) * (n - 2)) * total)


def test_lines_by_prefix_sums_equal_polyfit(rng):
    at = np.sort(rng.uniform(1.7e9, 1.7e9 + 9e4, 300))
    value = rng.normal(size=300) * 1e8 + 5e9 + (at - at[0]) * 1e3
    first, last = trailing(at, at[50::25], 2e4)
    slope, _, r2 = lines(at, value, first, last)
    for number, (a, b) in enumerate(zip(first, last, strict=True)):
        want = np.polyfit(at[a:b] - at[a], value[a:b], 1)[0]
        assert slope[number] == pytest.approx(want, rel=1e-6)
        assert r2[number] == pytest.approx(np.corrcoef(at[a:b], value[a:b])[0, 1] ** 2, abs=1e-6)


def test_predict_linear_alarms_a_day_ahead():
    at = np.arange(0.0, 40 * HOUR, 300.0)
    answers = PredictLinear().answers(case(at, 20 + at / HOUR), at[::12])
    # 100 is reached after 80 hours: a day ahead is hour 56, beyond the end.
    assert not np.any(answers.name == LEAK)
    faster = PredictLinear().answers(case(at, 20 + 2 * at / HOUR), at[::12])
    alarms = faster.at_s[faster.name == LEAK]
    assert alarms[0] == pytest.approx(17 * HOUR, abs=1.01 * HOUR) or alarms[0] == pytest.approx(16 * HOUR, abs=HOUR)
    assert faster.forecast[20, 2] == pytest.approx(20 * HOUR, rel=1e-6)


def test_increase_takes_a_fall_for_a_reset():
    at = np.arange(0.0, 2 * HOUR, 60.0)
    falling = Increase().answers(case(at, 50 - at / HOUR), at[10:])
    assert np.all(falling.name == LEAK)
    flat = Increase().answers(case(at, np.full(at.size, 50.0)), at[10:])
    assert not np.any(flat.name == LEAK)


def test_the_grid_holds_what_it_has_not_seen_again():
    grid, level = gridded(np.array([0.0, 10.0, 20.0, 1000.0]), np.array([1.0, 5.0, 3.0, 9.0]))
    assert level.tolist() == [3.0, 3.0, 3.0, 9.0]
    assert np.diff(grid).tolist() == [300.0] * 3


def test_change_points_are_six_hours_apart_and_hold_the_ends():
    grid = np.arange(600) * 300.0
    level = 50 + 0.01 * np.sin(np.arange(600.0))
    level[200:] += 5
    level[230:] += 5
    points = change_points(grid, level)
    assert points[0] == 0
    assert points[-1] == 599
    assert 200 in points
    assert all(b - a >= 72 for a, b in pairwise(points[:-1]))


def test_precog_knows_the_trends_of_its_training(rng):
    grid = np.arange(1440) * 300.0
    day = np.abs(np.mod(grid / (24 * HOUR), 1.0) - 0.5)
    trained = train(grid, 40 + 20 * day + rng.normal(scale=0.05, size=grid.size))
    flat = 41 + rng.normal(scale=0.05, size=300)
    assert not alarmed(trained, grid[:300], flat)
    leak = np.concatenate([flat, 45 + np.linspace(0, 45, 300)])
    assert alarmed(train(grid, 40 + rng.normal(scale=0.05, size=grid.size)), grid[:600], leak)


def test_every_baseline_answers_every_moment(rng):
    at = np.arange(0.0, 36 * HOUR, 600.0)
    leak = case(at, 50 + at / HOUR + rng.normal(scale=0.2, size=at.size))
    for detector in every_one():
        answers = detector.answers(leak, leak.times(HOUR))
        assert answers.name.size == answers.at_s.size == len(answers.pattern)
        unlimited = case(at, 1e9 + at, limit=None)
        assert detector.answers(unlimited, unlimited.times(HOUR)).name.size
    assert PrecogMF().least_step_s == HOUR
