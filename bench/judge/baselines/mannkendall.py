"""Mann-Kendall with the slope of Theil and Sen over a trailing window, and the correction of Hamed and Rao.

Mann 1945, Kendall 1975; Sen 1968; Hamed and Rao 1998. All windows of a series at once.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bench.judge.case import Case
from bench.judge.detector import Answers, only_alarms
from oakum.model.series import Floats

GRID_S = 300.0
WINDOW = 72
CRITICAL = 1.959964
BLOCK = 256
LEAST = 12


@dataclass(frozen=True, slots=True)
class MannKendall:
    """Medians of five minutes, six hours, at 5 %. ``ahead_s``: the line must reach the limit in that time too."""

    title: str
    corrected: bool = False
    ahead_s: float = 0.0
    least_step_s: float = 0.0

    @property
    def name(self) -> str:
        return self.title

    def answers(self, case: Case, at_s: Floats) -> Answers:
        began = time.perf_counter()
        at, value, _ = case.flat()
        grid, level = gridded(at, value)
        size = min(WINDOW, level.size)
        alarm = np.zeros(at_s.size, bool)
        score = np.full(at_s.size, np.nan)
        if size >= LEAST:
            windows = sliding_window_view(level, size)
            z = deviates(windows, corrected=self.corrected)
            # A moment sees the last block that was complete by then.
            which = np.searchsorted(grid, at_s, side="right") - size
            seen = which >= 0
            z_then = np.where(seen, z[np.maximum(which, 0)], 0.0)
            alarm = z_then > CRITICAL
            score = z_then
            if self.ahead_s:
                alarm &= self._reaches(case, windows, which, alarm)
        return only_alarms(at_s, alarm, score, time.perf_counter() - began)

    def _reaches(
        self, case: Case, windows: Floats, which: NDArray[np.int64], asked: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        out = np.zeros(which.size, bool)
        if case.truth.limit is None or not asked.any():
            return out
        needed, back = np.unique(which[asked], return_inverse=True)
        chosen = windows[needed]
        slope = sen(chosen)
        middle = np.median(chosen, axis=1)
        steps = (chosen.shape[1] - 1) / 2 + self.ahead_s / GRID_S
        out[asked] = (middle + slope * steps > case.truth.limit)[back]
        return out


def gridded(at: Floats, value: Floats) -> tuple[Floats, Floats]:
    """The median of each block of five minutes and the block's end; an empty block repeats the one before."""
    block = np.floor((at - at[0]) / GRID_S).astype(np.int64)
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    middles = np.array([float(np.median(part)) for part in np.split(value, starts[1:])])
    every = np.arange(int(block[-1]) + 1)
    held = np.searchsorted(block[starts], every, side="right") - 1
    return at[0] + (every + 1) * GRID_S, middles[held]


def deviates(windows: Floats, *, corrected: bool = False) -> Floats:
    """The normal deviate of each window: float64[windows], positive for a rise."""
    return np.concatenate(
        [_deviate(windows[start : start + BLOCK], corrected=corrected) for start in range(0, len(windows), BLOCK)]
    )


def _deviate(windows: Floats, *, corrected: bool) -> Floats:
    n = windows.shape[1]
    s = np.zeros(len(windows))
    for lag in range(1, n):
        s += np.sign(windows[:, lag:] - windows[:, :-lag]).sum(axis=1)
    variance = (n * (n - 1) * (2 * n + 5) - _ties(windows)) / 18.0
    if corrected:
        variance = variance * np.maximum(_inflation(windows), 1e-3)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (s - np.sign(s)) / np.sqrt(variance)
    return np.where(variance > 0, z, 0.0)


def _ties(windows: Floats) -> Floats:
    """The sum of t (t - 1) (2 t + 5) over groups of equal values."""
    ordered = np.sort(windows, axis=1)
    n = windows.shape[1]
    total = np.zeros(len(windows))
    length = np.ones(len(windows))
    for index in range(1, n + 1):
        same = ordered[:, index] == ordered[:, index - 1] if index < n else np.zeros(len(windows), bool)
        total += np.where(same, 0.0, length * (length - 1) * (2 * length + 5))
        length = np.where(same, length + 1, 1.0)
    return total


def sen(windows: Floats) -> Floats:
    """The median of all pairwise slopes, per step of the grid."""
    first, second = np.triu_indices(windows.shape[1], 1)
    gap = (second - first).astype(np.float64)
    parts = [
        np.median((part[:, second] - part[:, first]) / gap, axis=1)
        for part in np.array_split(windows, max(1, math.ceil(len(windows) / BLOCK)))
    ]
    return np.concatenate(parts)


def _inflation(windows: Floats) -> Floats:
    """Hamed and Rao: what autocorrelation of the ranks of the detrended values does to the variance."""
    n = windows.shape[1]
    rest = windows - sen(windows)[:, None] * np.arange(n)
    ranks = _ranks(rest)
    ranks = ranks - ranks.mean(axis=1, keepdims=True)
    power = (ranks**2).sum(axis=1)
    total = np.zeros(len(windows))
    for lag in range(1, n):
        with np.errstate(divide="ignore", invalid="ignore"):
            r = (ranks[:, lag:] * ranks[:, :-lag]).sum(axis=1) / power
        strong = np.abs(np.nan_to_num(r)) > CRITICAL / math.sqrt(n)
        total += np.where(strong, (n - lag) * (n - lag - 1) * (n - lag - 2) * np.nan_to_num(r), 0.0)
    factor: Floats = 1 + 2.0 / (n * (n - 1) * (n - 2)) * total
    return factor


def _ranks(values: Floats) -> Floats:
    """Ranks by row; equal values share their mean rank."""
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=1)
    n = values.shape[1]
    place = np.broadcast_to(np.arange(n, dtype=np.float64), values.shape)
    new = np.concatenate([np.ones((len(values), 1), bool), np.diff(ordered, axis=1) != 0], axis=1)
    first = np.maximum.accumulate(np.where(new, place, 0.0), axis=1)
    ends = np.concatenate([new[:, 1:], np.ones((len(values), 1), bool)], axis=1)
    last = np.minimum.accumulate(np.where(ends, place, n)[:, ::-1], axis=1)[:, ::-1]
    out = np.empty_like(values)
    np.put_along_axis(out, order, (first + last) / 2 + 1, axis=1)
    return out
