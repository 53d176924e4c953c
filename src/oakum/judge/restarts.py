"""Lifetimes that can be judged, and the limit in force."""

from __future__ import annotations

import numpy as np

from oakum.model.errors import DataError
from oakum.model.series import Series, WorkloadSeries


def checked(workload: WorkloadSeries) -> list[Series]:
    """The lifetimes that hold samples. Raises DataError for times that do not increase and values that are none."""
    lifetimes = [lifetime for lifetime in workload.lifetimes if len(lifetime)]
    last_s = -np.inf
    for lifetime in lifetimes:
        if lifetime.at_s.shape != lifetime.value.shape or lifetime.at_s.ndim != 1:
            raise DataError(f"{workload.id}: times and values differ in number", next_step="oakum scan --help")
        if not np.all(np.isfinite(lifetime.at_s)) or lifetime.at_s[0] <= last_s or np.any(np.diff(lifetime.at_s) <= 0):
            raise DataError(f"{workload.id}: times do not increase", next_step="sort the rows by series and time")
        if not np.all(np.isfinite(lifetime.value)) or np.any(lifetime.value < 0):
            raise DataError(f"{workload.id}: a value is negative or not a number", next_step="leave those rows out")
        last_s = float(lifetime.at_s[-1])
    return lifetimes


def last_limit(lifetime: Series) -> float | None:
    """The limit in force, None where there is none; a limit of zero is none."""
    if lifetime.limit is None or not lifetime.limit.size:
        return None
    limit = float(lifetime.limit[-1])
    return limit if np.isfinite(limit) and limit > 0 else None
