"""Kernels of shapes and slopes beside slow twins that say the same in as few words as possible."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.judge.climb.kernels import LAWS, bent, climb, unbent
from oakum.judge.floor.kernels import climbing, robust_line
from oakum.judge.reach.kernels import agreed, ahead
from oakum.judge.shape.kernels import one_step
from oakum.judge.swings.kernels import rhythm, teeth

POWERS = np.array([1.0, 1.5, 2.0, 2.5, -2.5, -3.5, -5.0])
LEVELS = st.lists(st.integers(-1000, 1000), min_size=6, max_size=40)


def squares(values):
    middle = sum(values) / len(values)
    return sum((value - middle) ** 2 for value in values)


@given(LEVELS)
def test_one_step_is_the_best_of_all_splits(levels):
    floor = np.array(levels, np.float64)
    share, height = one_step(floor, floor.size)
    whole = squares(levels)
    if whole <= 1e-9:
        assert (share, height) == (0.0, 0.0)
        return
    left = {at: squares(levels[:at]) + squares(levels[at:]) for at in range(2, len(levels) - 1)}
    assert share == pytest.approx(1 - min(left.values()) / whole, abs=1e-9)
    heights = [
        sum(levels[at:]) / (len(levels) - at) - sum(levels[:at]) / at
        for at, rest in left.items()
        if rest <= min(left.values()) + 1e-7 * whole
    ]
    assert any(height == pytest.approx(one, abs=1e-6) for one in heights)


@given(LEVELS, st.integers(0, 2**31))
def test_a_robust_line_has_the_median_of_all_slopes_between_its_bounds(levels, seed):
    times = np.cumsum(np.random.default_rng(seed).uniform(1, 100, len(levels)))
    floor = np.array(levels, np.float64)
    room = np.empty(len(levels) * (len(levels) - 1) // 2)
    slope, low, high = robust_line(times, floor, 0, len(levels), room)
    slopes = [
        (levels[j] - levels[i]) / (times[j] - times[i]) for i in range(len(levels)) for j in range(i + 1, len(levels))
    ]
    assert slope == pytest.approx(statistics.median(slopes), abs=1e-12)
    assert min(slopes) <= low <= slope <= high <= max(slopes)


@given(LEVELS, st.integers(0, 2**31))
def test_a_climb_is_the_least_squares_of_all_onsets_and_laws(levels, seed):
    times = np.cumsum(np.random.default_rng(seed).uniform(1, 100, len(levels)))
    floor, now, n = np.array(levels, np.float64), times[-1] + 1.0, len(levels)
    onset, law, start, gain = climb(times, floor, n, now, POWERS, np.empty((LAWS, 5)))
    best, found = np.inf, None
    tiny = n * (1e-5 * (abs(floor[0]) + abs(floor[-1]))) ** 2
    for at in range(0, max(1, n - 4), max(1, n // 20)):
        for power in POWERS:
            share = np.maximum((times - times[at]) / (now - times[at]), 0)
            drawn = share**power if power > 0 else np.expm1(-power * share) / np.expm1(-power)
            fit = np.linalg.lstsq(np.column_stack([np.ones(n), drawn]), floor, rcond=None)[0]
            if fit[1] <= 1e-9:
                continue
            error = float(np.sum((floor - fit[0] - fit[1] * drawn) ** 2)) + tiny
            worth = error * n ** (2 * ((0.3 if at else 0.0) + (1.0 if power != 1 else 0.0)) / n)
            if worth < best * (1 - 1e-9):
                best, found = worth, (times[at], power, fit[0], fit[1], drawn)
    if found is None:
        assert gain <= 1e-6
        return
    share = np.array([bent((moment - onset) / (now - onset), law) for moment in times])
    told = float(np.sum((floor - start - gain * share) ** 2)) + tiny
    worth = told * n ** (2 * ((0.3 if onset != times[0] else 0.0) + (1.0 if law != 1 else 0.0)) / n)
    assert worth == pytest.approx(best, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("law", POWERS)
@pytest.mark.parametrize("since", [0.0, 0.4])
def test_a_climb_without_noise_gives_its_law_back(law, since):
    times = np.arange(48.0)
    begun = times[int(since * 48) // 2 * 2]
    share = np.array([bent((moment - begun) / (47.0 - begun), law) for moment in times])
    onset, found, start, gain = climb(times, 100 + 50 * share, 48, 47.0, POWERS, np.empty((LAWS, 5)))
    assert (onset, found) == (begun, law)
    assert (start, gain) == (pytest.approx(100.0, abs=0.01), pytest.approx(50.0, abs=0.01))


@given(st.floats(0.01, 1.0), st.sampled_from(POWERS.tolist()))
def test_a_climb_bent_and_unbent_is_where_it_was(share, law):
    assert unbent(bent(share, law), law) == pytest.approx(share, rel=1e-9)


@given(st.lists(st.integers(-1000, 1000), min_size=20, max_size=200), st.integers(0, 2**31))
def test_rhythm_is_the_highest_autocorrelation_after_the_first_dip(levels, seed):
    mean = np.array(levels, np.float64)
    first = np.cumsum(np.random.default_rng(seed).uniform(1, 100, mean.size))
    last = first + 0.5
    told = rhythm(first, last, mean, 0, np.empty(120))
    moments = first[0] + (last[-1] - first[0]) * np.arange(120) / 119
    grid = mean[np.minimum(np.searchsorted(last, moments), mean.size - 1)]
    rest = grid - np.polyval(np.polyfit(np.arange(120.0), grid, 1), np.arange(120.0))
    power = float(rest @ rest)
    stair = np.polyfit(np.arange(120.0), grid, 1)[0] * 120 / mean.size
    if power <= 0.25 * 120 * stair**2 + 1e-6:
        return
    alike = [float(rest[:-lag] @ rest[lag:]) / power * 120 / (120 - lag) for lag in range(3, 80)]
    dips = [index for index, one in enumerate(alike) if one < -0.15]
    after = max([0.0, *alike[dips[0] :]]) if dips else 0.0
    near = any(abs(one + 0.15) < 1e-6 for one in alike)
    assert near or told == pytest.approx(after, abs=1e-6)


def test_a_sine_has_a_rhythm_and_a_line_has_none():
    first = np.arange(300.0)
    wave = np.sin(2 * np.pi * first / 60)
    assert rhythm(first, first + 1, wave, 0, np.empty(120)) > 0.9
    assert rhythm(first, first + 1, 3 * first, 0, np.empty(120)) < 0.3


def test_a_floor_that_climbs_is_told_from_one_that_wavers():
    assert climbing(np.arange(48.0) + 10, 48)
    assert not climbing(10 + np.sin(np.arange(48.0)), 48)
    assert not climbing(100 - np.arange(48.0), 48)


@pytest.mark.parametrize("count", [5, 40])
def test_even_teeth_are_a_collectors_and_jobs_are_not(count):
    at = np.arange(400.0)
    even, jobs = (at * count / 400) % 1, ((at * count / 400) % 1 < 0.15) * 1.0
    for value, expected in ((10 + 5 * even, True), (10 + 5 * jobs, False)):
        moves = np.diff(value, prepend=value[0])
        bins = np.stack([at, at, value, value, value, 0 * at, np.maximum(-moves, 0), np.maximum(moves, 0)])
        falls, _, _, told = teeth(bins, 0, (0.0, 1.0, 0.0), float(value.mean()))
        assert told == expected
        assert falls == pytest.approx(count, abs=1)


@given(st.integers(0, 2**31))
def test_laws_that_fit_as_well_but_say_other_times_are_doubt_and_worse_ones_are_not(seed):
    rng = np.random.default_rng(seed)
    now, limit = 6000.0, 400.0
    first = np.arange(0.0, now, 60.0)
    line = (0.0, 1.0, 0.0, 100.0)
    late = (now - rng.uniform(200, 2000), 1.0, 60.0, 40.0)
    high = np.full(first.size, 1.0)
    times = [ahead(first, high, 0, now, now - 1, law, limit) for law in (line, late)]
    tried = np.full((LAWS, 5), np.inf)
    tried[0], tried[1] = (0.0, *line), (0.0, *late)
    doubt, middle = agreed(first, high, 0, now, now - 1, tried, 48, limit, times[0])
    assert doubt == pytest.approx(math.log(max(times) / min(times)))
    assert middle in times
    tried[1, 0] = 3.0
    assert agreed(first, high, 0, now, now - 1, tried, 48, limit, times[0]) == (0.0, times[0])
