"""Lifetimes: those given, and restarts that a series without them hides."""

from __future__ import annotations

import numpy as np

from oakum.model.errors import DataError
from oakum.model.series import Ending, Floats, Series, WorkloadSeries

FALL_SHARE = 0.6
"""A fall to less than 40 % of the level before, from which memory climbs again, is a restart unless it is a tooth."""


def checked(workload: WorkloadSeries) -> list[Series]:
    """The lifetimes that hold samples. Raises DataError for times that do not increase and values that are none."""
    lifetimes = [lifetime for lifetime in workload.lifetimes if len(lifetime)]
    for lifetime in lifetimes:
        if lifetime.at_s.shape != lifetime.value.shape or lifetime.at_s.ndim != 1:
            raise DataError(f"{workload.id}: times and values differ in number", next_step="oakum scan --help")
        if np.any(np.diff(lifetime.at_s) <= 0) or not np.all(np.isfinite(lifetime.at_s)):
            raise DataError(f"{workload.id}: times do not increase", next_step="sort the rows by series and time")
        if not np.all(np.isfinite(lifetime.value)) or np.any(lifetime.value < 0):
            raise DataError(f"{workload.id}: a value is negative or not a number", next_step="leave those rows out")
    return lifetimes


def split(lifetime: Series) -> list[Series]:
    """A lifetime cut where memory fell like a restart: once or a few times; falls again and again are a collector's."""
    value = lifetime.value
    falls = np.flatnonzero(value[1:] < (1 - FALL_SHARE) * value[:-1]) + 1
    deep = [int(at) for at in falls if value[at] <= np.min(value[: int(at)]) * 1.3 and at >= 4 and value.size - at >= 1]
    if not deep or len(deep) > max(2, value.size // 40):
        return [lifetime]
    edges = [0, *deep, value.size]
    return [_part(lifetime, first, last) for first, last in zip(edges, edges[1:], strict=False)]


def _part(lifetime: Series, first: int, last: int) -> Series:
    whole = last == len(lifetime)
    return Series(
        lifetime.at_s[first:last],
        lifetime.value[first:last],
        None if lifetime.limit is None else lifetime.limit[first:last],
        None if lifetime.load is None else lifetime.load[first:last],
        started_s=lifetime.started_s if first == 0 else float(lifetime.at_s[first]),
        ended_s=lifetime.ended_s if whole else float(lifetime.at_s[last - 1]),
        ending=lifetime.ending if whole else Ending.UNKNOWN,
    )


def last_limit(lifetime: Series) -> float | None:
    """The limit in force, None where there is none."""
    if lifetime.limit is None or not lifetime.limit.size or not np.isfinite(lifetime.limit[-1]):
        return None
    return float(lifetime.limit[-1])


def repeated_climbs(lifetimes: list[Series]) -> int:
    """How many earlier lifetimes ended near their top after climbing by half: the sign of a leak that kills."""
    return sum(_climbed(lifetime.value) for lifetime in lifetimes[:-1])


def _climbed(value: Floats) -> bool:
    if value.size < 8:
        return False
    early = float(np.median(value[: max(2, value.size // 4)]))
    late = float(np.median(value[-max(2, value.size // 8) :]))
    return late > 1.5 * early and late > 0.9 * float(value.max())
