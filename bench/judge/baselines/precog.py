"""PrecogMF, after Jindal, Staab, Kulkarni, Podolskiy, Cardoso and Gerndt 2021 (ICSOC workshops; arXiv 2106.08938).

Trained once on history, then asked about the samples since. Both are reduced to medians of five minutes and
smoothed by a median of one hour. Change points are the outliers of the first difference. A trend is a line with
R² above 0.8 over six hours or more that begins at a change point; it alarms when it rises, reaches the limit within
seven days, and is both longer and steeper than what training knew. The maximum filter then asks that the last
window lies above the trained maximum. Settings are the published ones. This is our own implementation in numpy.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bench.judge.baselines.mannkendall import gridded
from bench.judge.baselines.windows import lines
from bench.judge.case import Case
from bench.judge.detector import Answers, only_alarms
from oakum.model.series import Floats

HOUR = 3600.0
LEAST_TREND_S = 6 * HOUR
LEAST_R2 = 0.8
CRITICAL_S = 7 * 24 * HOUR
LEAST_PERCENT = 40.0
FULL_PERCENT = 95.0
OUTLIER = 3.5
TOP = 10
SMOOTHING = 12
TRAINED_SHARE = 0.25
"""Without a history of its own, the first quarter of the window is the history."""


@dataclass(frozen=True, slots=True)
class _Trained:
    """``trends``: duration and slope of each; ``longest`` and ``steepest`` of them; ``highest``: level in percent."""

    trends: tuple[tuple[float, float], ...]
    longest: float
    steepest: float
    highest: float


class PrecogMF:
    name = "PrecogMF"
    least_step_s = HOUR

    def answers(self, case: Case, at_s: Floats) -> Answers:
        began = time.perf_counter()
        alarm = np.zeros(at_s.size, bool)
        limit = case.truth.limit
        if limit is not None:
            at, value, _ = case.flat()
            percent = np.minimum(100.0 * value / limit, 100.0)
            learned = max(case.eval_from_s, float(at[0]) + TRAINED_SHARE * float(at[-1] - at[0]))
            cut = int(np.searchsorted(at, learned))
            if 2 <= cut < at.size:
                trained = train(*smooth(at[:cut], percent[:cut]))
                alarm = _asked(trained, at[cut:], percent[cut:], at_s)
        return only_alarms(at_s, alarm, np.full(at_s.size, np.nan), time.perf_counter() - began)


def _asked(trained: _Trained, at: Floats, percent: Floats, moments: Floats) -> NDArray[np.bool_]:
    grid, level = smooth(at, percent)
    out = np.zeros(moments.size, bool)
    for number, moment in enumerate(moments.tolist()):
        raw = int(np.searchsorted(at, moment, side="right"))
        known = int(np.searchsorted(grid, moment, side="right"))
        if known >= 2 and raw and percent[raw - 1] >= LEAST_PERCENT:
            out[number] = alarmed(trained, grid[:known], level[:known])
    return out


def smooth(at: Floats, percent: Floats) -> tuple[Floats, Floats]:
    grid, level = gridded(at, percent)
    padded = np.concatenate([np.full(SMOOTHING - 1, np.nan), level])
    return grid, np.nanmedian(sliding_window_view(padded, SMOOTHING), axis=1)


def change_points(grid: Floats, level: Floats) -> NDArray[np.int64]:
    """Where the absolute difference is an outlier; six hours apart; the first and the last sample are always there."""
    jumps = np.abs(np.diff(level))
    away = jumps - np.median(jumps)
    spread = float(np.median(np.abs(away)))
    # A spread of 0 makes every change infinite, as published.
    outliers = np.abs(away) > OUTLIER / 0.6745 * spread if spread > 0 else away != 0
    kept = [0]
    for index in (np.flatnonzero(outliers) + 1).tolist():
        if grid[index] - grid[kept[-1]] >= LEAST_TREND_S:
            kept.append(index)
    if kept[-1] != level.size - 1:
        kept.append(level.size - 1)
    return np.array(kept, np.int64)


def train(grid: Floats, level: Floats) -> _Trained:
    """Normal trends: the best one from each change point on that ended before the training did."""
    highest = float(np.median(np.sort(level)[-TOP:]))
    trends: list[tuple[float, float]] = []
    if grid.size > 2:
        points = change_points(grid, level)
        for number, start in enumerate(points[:-1].tolist()):
            best = _best(grid, level, start, points[number + 1 :])
            if best is not None:
                trends.append(best)
    longest = max([LEAST_TREND_S, *(duration for duration, _ in trends)])
    steepest = max([0.0, *(slope for _, slope in trends)])
    return _Trained(tuple(trends), longest, steepest, highest)


def _best(grid: Floats, level: Floats, start: int, ends: NDArray[np.int64]) -> tuple[float, float] | None:
    first = np.full(ends.size, start, np.int64)
    slope, _, r2 = lines(grid, level, first, ends + 1)
    duration = grid[ends] - grid[start]
    best: tuple[float, float, float, int] | None = None
    for one in np.flatnonzero((r2 > LEAST_R2) & (duration >= LEAST_TREND_S)).tolist():
        found = (float(r2[one]), float(duration[one]), float(slope[one]), int(ends[one]))
        if (best is None and found[2] > 0) or (
            best is not None and all(a >= b for a, b in zip(found, best, strict=True))
        ):
            best = found
    if best is None or best[3] >= grid.size - 1 or (100.0 - level[best[3]]) / best[2] > CRITICAL_S:
        return None
    return best[1], best[2]


def alarmed(trained: _Trained, grid: Floats, level: Floats) -> bool:
    if grid[-1] - grid[0] < LEAST_TREND_S:
        return False
    points = change_points(grid, level)
    starts = points[:-1]
    slope, _, r2 = lines(grid, level, starts, np.full(starts.size, grid.size, np.int64))
    duration = grid[-1] - grid[starts]
    with np.errstate(divide="ignore", invalid="ignore"):
        exit_s = np.where(slope > 0, (100.0 - level[-1]) / slope, np.inf)
    trends = (r2 > LEAST_R2) & (duration >= LEAST_TREND_S) & (exit_s <= CRITICAL_S)
    worse = (slope >= trained.steepest) & (duration >= trained.longest)
    for known_duration, known_slope in trained.trends:
        worse |= (slope >= known_slope) & (duration >= known_duration)
    if not bool(np.any(trends & worse)):
        return False
    last = np.sort(level[starts[-1] :])[-TOP:]
    return bool(np.all((last >= FULL_PERCENT) | (last >= trained.highest)))
