"""Lifetimes that can be judged."""

from __future__ import annotations

import numpy as np

from oakum.model.errors import DataError
from oakum.model.series import FAR_S, MOST, Floats, Series, WorkloadSeries

LEAST_LOAD, MOST_LOAD = 1e-9, 1e15
"""Requests per second: less is none, more is a mistake. Their squares are still numbers."""


def checked(workload: WorkloadSeries) -> list[Series]:
    """The lifetimes that hold samples. Raises DataError for times that do not increase and values that are none."""
    lifetimes = [lifetime for lifetime in workload.lifetimes if len(lifetime)]
    after_s = -np.inf
    for lifetime in lifetimes:
        check(workload.id, lifetime, after_s)
        after_s = float(lifetime.at_s[-1])
    return lifetimes


def check(name: str, lifetime: Series, after_s: float) -> None:
    """Raises DataError unless times are seconds that increase, from ``after_s`` on, and values are sizes from 0 on."""
    at_s, value = lifetime.at_s, lifetime.value
    beside = [given for given in (lifetime.limit, lifetime.load) if given is not None and given.size]
    if at_s.ndim != 1 or any(given.shape != at_s.shape for given in (value, *beside)):
        raise DataError(f"{name}: times and values differ in number", next_step="oakum scan --help")
    if not np.all(np.isfinite(at_s)) or at_s[0] <= after_s or np.any(np.diff(at_s) <= 0):
        raise DataError(f"{name}: times do not increase", next_step="sort the rows by series and time")
    if np.any(np.abs(at_s[[0, -1]]) >= FAR_S):
        raise DataError(
            f"{name}: its times are not epoch seconds",
            why="they are as large as milliseconds or finer",
            next_step="divide them by 1000, 1e6 or 1e9",
        )
    if not np.all(np.isfinite(value)) or np.any(value < 0):
        raise DataError(f"{name}: a value is negative or not a number", next_step="leave those rows out")
    if np.any(value > MOST):
        raise DataError(f"{name}: a value is too large to be memory", next_step="look at the unit of the values")


def loads(lifetime: Series) -> Floats:
    """Requests per second, 0 where none is known; a hole in it is bridged, and what no service serves is a hole."""
    if lifetime.load is None or not lifetime.load.size:
        return np.zeros(len(lifetime))
    good = np.abs(lifetime.load) < MOST_LOAD
    if not good.any():
        return np.zeros(len(lifetime))
    load = lifetime.load if good.all() else np.interp(lifetime.at_s, lifetime.at_s[good], lifetime.load[good])
    return np.where(np.abs(load) < LEAST_LOAD, 0.0, load)
