"""The floor of one lifetime: the least of each stretch of it, its slope, and whether it climbs. Flat arrays in and out.

A stretch counts with the least value in it: what a collector gives back before the stretch ends is no part of it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FINE = 48
"""So many stretches at most."""


def clipped(value, least, most):
    return min(max(value, least), most)


def fine_floor(first: Floats, last: Floats, low: Floats, start: int, times: Floats, floor: Floats) -> int:
    """The least of up to FINE equal stretches of the present lifetime; returns how many. Empty ones are left out."""
    size = first.size
    begun = first[start]
    span = last[size - 1] - begun
    if span <= 0:
        times[0], floor[0] = last[size - 1], low[size - 1]
        return 1
    pieces = max(1, min(FINE, (size - start) // 3))
    count, held = 0, -1
    for at in range(start, size):
        piece = min(int((first[at] - begun) / span * pieces), pieces - 1)
        if piece != held:
            floor[count], times[count] = low[at], first[at]
            count += 1
            held = piece
        elif low[at] < floor[count - 1]:
            floor[count - 1], times[count - 1] = low[at], first[at]
    return count


def robust_line(times, floor, begin, end, slopes):
    """(slope, low, high): Theil 1950, Sen 1968 with a 90 % interval; `slopes`: room for all pairs.

    The interval's variance is inflated by the residuals' autocorrelation (Hamed and Rao 1998, first lag).
    """
    k = end - begin
    if k < 3:
        slope = (floor[end - 1] - floor[begin]) / (times[end - 1] - times[begin]) if k == 2 else 0.0
        return slope, min(0.0, slope), max(0.0, slope)
    pairs = 0
    for i in range(begin, end):
        for j in range(i + 1, end):
            slopes[pairs] = (floor[j] - floor[i]) / (times[j] - times[i])
            pairs += 1
    slopes[:pairs].sort()
    slope = 0.5 * (slopes[(pairs - 1) // 2] + slopes[pairs // 2])
    middle = 0.0
    for i in range(begin, end):
        middle += (floor[i] - slope * (times[i] - times[begin])) / k
    power, lagged, before = 0.0, 0.0, 0.0
    for i in range(begin, end):
        rest = floor[i] - slope * (times[i] - times[begin]) - middle
        power += rest * rest
        lagged += rest * before
        before = rest
    rho = clipped(lagged / power, 0.0, 0.9) if power > 0 else 0.0
    deviation = 1.645 * math.sqrt(k * (k - 1) * (2 * k + 5) / 18 * (1 + rho) / (1 - rho))
    lower = int(max(0.0, math.floor((pairs - deviation) / 2)))
    upper = int(min(pairs - 1.0, math.ceil((pairs + deviation) / 2)))
    return slope, slopes[lower], slopes[upper]


def climbing(floor, n):
    """Whether the floor climbs without a doubt: the least of six stretches, the start-up left out."""
    begin = n // 4
    if n - begin < 6:
        return False
    least = np.full(6, np.inf)
    for i in range(begin, n):
        piece = (i - begin) * 6 // (n - begin)
        least[piece] = min(least[piece], floor[i])
    up = 0
    for i in range(6):
        for j in range(i + 1, 6):
            up += 1 if least[j] > least[i] else -1
    return up >= 11 and least[5] - least[0] > 0.05 * abs(least[0])


def rising_quarters(floor, n):
    """In how many of four quarters the floor rose."""
    if n < 5:
        return 0
    rose = 0
    for quarter in range(4):
        if floor[(quarter + 1) * (n - 1) // 4] > floor[quarter * (n - 1) // 4]:
            rose += 1
    return rose
