"""Lifetimes that can be judged."""

from __future__ import annotations

import numpy as np

from oakum.model.errors import DataError
from oakum.model.series import Floats, Series, WorkloadSeries


def checked(workload: WorkloadSeries) -> list[Series]:
    """The lifetimes that hold samples. Raises DataError for times that do not increase and values that are none."""
    lifetimes = [lifetime for lifetime in workload.lifetimes if len(lifetime)]
    after_s = -np.inf
    for lifetime in lifetimes:
        check(workload.id, lifetime, after_s)
        after_s = float(lifetime.at_s[-1])
    return lifetimes


def check(name: str, lifetime: Series, after_s: float) -> None:
    """Raises DataError unless times increase, from ``after_s`` on, and values are numbers from 0 on."""
    at_s, value = lifetime.at_s, lifetime.value
    if at_s.shape != value.shape or at_s.ndim != 1:
        raise DataError(f"{name}: times and values differ in number", next_step="oakum scan --help")
    if not np.all(np.isfinite(at_s)) or at_s[0] <= after_s or np.any(np.diff(at_s) <= 0):
        raise DataError(f"{name}: times do not increase", next_step="sort the rows by series and time")
    if not np.all(np.isfinite(value)) or np.any(value < 0):
        raise DataError(f"{name}: a value is negative or not a number", next_step="leave those rows out")


def loads(lifetime: Series) -> Floats:
    """Requests per second, 0 where none is known; a hole in it is bridged."""
    if lifetime.load is None:
        return np.zeros(len(lifetime))
    good = np.isfinite(lifetime.load)
    if good.all():
        return lifetime.load
    if not good.any():
        return np.zeros(len(lifetime))
    return np.interp(lifetime.at_s, lifetime.at_s[good], lifetime.load[good])
