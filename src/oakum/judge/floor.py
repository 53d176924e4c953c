"""The floor: what remains after each garbage collection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oakum.model.series import Floats

TOOTH_SHARE = 0.25
"""A fall of more than this share of the whole range, within a few samples, is the end of a tooth."""

TRIFLE_SHARE = 0.02
"""A fall of less than this share of the level is the allocator's, not a collector's."""


@dataclass(frozen=True, slots=True, eq=False)
class Floor:
    """``at_s``, ``value``: float64[k]. ``teeth``: how often memory fell back. ``spread``: robust noise."""

    at_s: Floats
    value: Floats
    teeth: int
    spread: float


def floor_of(at_s: Floats, value: Floats, *, points: int) -> Floor:
    """The lowest sample of each block of time; a block is longer than one and a half teeth. O(n)."""
    steps = np.diff(value)
    spread = 1.4826 * float(np.median(np.abs(steps - np.median(steps)))) if steps.size else 0.0
    teeth = _teeth(value, spread)
    blocks = points
    if teeth.size >= 3:
        period_s = float(np.median(np.diff(at_s[teeth])))
        blocks = int(min(points, max(4, (at_s[-1] - at_s[0]) / (1.5 * period_s))))
    blocks = max(1, min(blocks, value.size // 2 if value.size >= 16 else value.size))
    edges = np.linspace(at_s[0], at_s[-1], blocks + 1)
    block = np.clip(np.searchsorted(edges, at_s, side="right") - 1, 0, blocks - 1)
    order = np.lexsort((value, block))
    first = np.flatnonzero(np.diff(block[order], prepend=-1))
    lowest = np.sort(order[first])
    return Floor(at_s[lowest], value[lowest], int(teeth.size), spread)


def _teeth(value: Floats, spread: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Indexes of samples right after a deep fall."""
    if value.size < 8:
        return np.empty(0, np.int64)
    low, high = np.percentile(value, (1, 99))
    deep = max(TOOTH_SHARE * min(high - low, _local_range(value)), 8 * spread, TRIFLE_SHARE * float(np.median(value)))
    if deep <= 0:
        return np.empty(0, np.int64)
    found: list[int] = []
    since = 0
    for index in range(1, value.size):
        # A fall within three samples: slower ones follow the load, not a collector.
        if value[max(since, index - 3) : index].max(initial=-np.inf) - value[index] > deep:
            found.append(index)
            since = index
    return np.array(found, np.int64)


def _local_range(value: Floats) -> float:
    """The range around the trend: a steep climb must not hide small teeth."""
    u = np.linspace(0.0, 1.0, value.size)
    slope, start = np.polyfit(u, value, 1)
    rest = value - start - slope * u
    low, high = np.percentile(rest, (1, 99))
    return float(high - low)
