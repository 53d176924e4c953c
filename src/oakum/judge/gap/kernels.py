"""A gap in the samples of one lifetime, and whether it climbs on both sides of it. Flat arrays in and out.

What happened in a gap is not known: it may have been restarted there. So each side is looked at by itself.
"""

from __future__ import annotations

import numpy as np

from oakum.judge.floor.kernels import FINE, fine_floor, goes_on, rising_quarters, robust_line

SHARE = 0.25
"""Of the time that was looked at, a longer hole is a gap: a window with three empty blocks of eight tells nothing."""

WIDER = 3.0
"""Than the other pauses between samples, on average."""

LEAST_SIDE = 6
"""Bins: with fewer, one side tells no climb."""

RISES = 0.15
"""A share of its level: a side that gained less does not climb. As in a first hour, which has no past either."""

SHAPED, BENT = 12, 0.5
"""From so many stretches on, a side whose later half gains less than so much of what its first half did saturates."""

BEFORE, AFTER = 1, 2


def longest(first, last, start):
    """The number of the bin after the gap, from bin `start` on; -1 where there is none.

    `first`, `last` float64[bins]: times of a bin's first and last sample, ascending. O(bins).
    """
    size = first.size
    count, total, widest, found = 0, 0.0, 0.0, -1
    for at in range(start + 1, size):
        pause = first[at] - last[at - 1]
        total += pause
        count += 1
        if pause > widest:
            widest, found = pause, at
    if count < 2 or widest <= SHARE * (last[size - 1] - first[start]):
        return -1
    return found if widest > WIDER * (total - widest) / (count - 1) else -1


def climbs(first, last, low, begin, end, least_growth):
    """Whether the floor of the bins begin..end-1 climbs clearly: by its slope's 90 % interval, most of the time."""
    if end - begin < LEAST_SIDE:
        return False
    times, floor = np.empty(FINE), np.empty(FINE)
    n = fine_floor(first[:end], last[:end], low[:end], begin, times, floor)
    slope, lowest, _ = robust_line(times, floor, 0, n, np.empty(FINE * (FINE - 1) // 2))
    gain = slope * (last[end - 1] - first[begin])
    if n >= SHAPED and goes_on(floor, n) < BENT:
        return False
    return lowest > 0 and rising_quarters(floor, n) >= 3 and gain > max(least_growth, RISES * abs(floor[n - 1]))


def sides(first, last, low, start, opens, least_growth):
    """BEFORE where it climbs before the gap, plus AFTER where it climbs after it. `opens`: the first bin after it."""
    found = 0
    if climbs(first, last, low, start, opens, least_growth):
        found += BEFORE
    if climbs(first, last, low, opens, first.size, least_growth):
        found += AFTER
    return found
