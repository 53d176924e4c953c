"""Least squares over trailing windows, all at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oakum.model.series import Floats


def trailing(at: Floats, moments: Floats, length_s: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First sample and end (exclusive) of each window (moment - length, moment]."""
    first = np.searchsorted(at, moments - length_s, side="right").astype(np.int64)
    last = np.searchsorted(at, moments, side="right").astype(np.int64)
    return first, last


def lines(
    at: Floats, value: Floats, first: NDArray[np.int64], last: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """Slope per second, mean and R² of the least-squares line through each window; NaN for fewer than two samples.

    By prefix sums: O(samples + windows). Times and values are centred first, so the sums stay small.
    """
    if at.size == 0:
        nothing = np.full(first.size, np.nan)
        return nothing, nothing, nothing
    x, y = (at - at[0]) / 3600.0, value - float(np.mean(value))
    x = x - float(np.mean(x))
    count = (last - first).astype(np.float64)
    sum_x, sum_y, sum_xx, sum_xy, sum_yy = (_between(part, first, last) for part in (x, y, x * x, x * y, y * y))
    with np.errstate(divide="ignore", invalid="ignore"):
        var_x = sum_xx - sum_x**2 / count
        var_y = sum_yy - sum_y**2 / count
        cov = sum_xy - sum_x * sum_y / count
        good = (count >= 2) & (var_x > 0)
        slope = np.where(good, cov / var_x / 3600.0, np.nan)
        # A window without variance is no trend: R² is 0 there.
        r2 = np.where(good & (var_y > 1e-12 * np.maximum(sum_yy, 1.0)), cov**2 / (var_x * var_y), 0.0)
        mean = np.where(count > 0, sum_y / count + float(np.mean(value)), np.nan)
    return slope, mean, r2


def middles(at: Floats, first: NDArray[np.int64], last: NDArray[np.int64]) -> Floats:
    """Mean time of each window."""
    with np.errstate(divide="ignore", invalid="ignore"):
        middle: Floats = _between(at - at[0], first, last) / (last - first) + at[0]
    return middle


def _between(part: Floats, first: NDArray[np.int64], last: NDArray[np.int64]) -> Floats:
    sums = np.concatenate(([0.0], np.cumsum(part)))
    out: Floats = sums[last] - sums[first]
    return out
