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

FEW = 6
"""So many stretches at least, where there are as many bins: three would tell neither a slope nor a bend."""

LATELY_S = 3600.0
"""What climbs for less than this shows in no slope of a day."""

LATELY_BINS = 3
"""In a quarter of it: fewer are a moment."""

HALF_BINS = 8
"""The late half of a lifetime speaks by itself from so many bins on."""


def clipped(value, least, most):
    return min(max(value, least), most)


def fine_floor(first: Floats, last: Floats, low: Floats, start: int, times: Floats, floor: Floats) -> int:
    """The least of up to FINE equal stretches of the present lifetime; returns how many. Empty ones are left out.

    A stretch has three bins, or fewer where that would leave less than FEW of them.
    """
    size = first.size
    begun = first[start]
    span = last[size - 1] - begun
    if span <= 0:
        times[0], floor[0] = last[size - 1], low[size - 1]
        return 1
    bins = size - start
    pieces = max(1, min(FINE, max(bins // 3, min(bins, FEW))))
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


def sixths(floor, n, least):
    """The least of six stretches, the start-up left out: fills `least` float64[6]; False where there are too few."""
    begin = n // 4
    if n - begin < 6:
        return False
    for piece in range(6):
        least[piece] = np.inf
    for i in range(begin, n):
        piece = (i - begin) * 6 // (n - begin)
        least[piece] = min(least[piece], floor[i])
    return True


def climbing(floor, n):
    """Whether the floor climbs without a doubt: the least of six stretches, the start-up left out."""
    least = np.empty(6)
    if not sixths(floor, n, least):
        return False
    up = 0
    for i in range(6):
        for j in range(i + 1, 6):
            up += 1 if least[j] > least[i] else -1
    return up >= 11 and least[5] - least[0] > 0.05 * abs(least[0])


def goes_on(floor, n):
    """What the last three of the six stretches gain over what the first three do: 1.5 for a line, less for a bend."""
    least = np.empty(6)
    if not sixths(floor, n, least):
        return 0.0
    early, late = least[2] - least[0], least[5] - least[2]
    if early <= 0:
        return 1.5 if late > 0 else 0.0
    return late / early


def last_third(floor, n):
    """What the last third gained, as a share of all that the floor did; 1 where it did not slow down, or fell."""
    if n < FEW:
        return 1.0
    first, middle = floor[(n - 1) // 3], floor[2 * (n - 1) // 3]
    gain = floor[n - 1] - floor[0]
    if gain <= 0 or middle - first > first - floor[0]:
        return 1.0
    return (floor[n - 1] - middle) / gain


def rising_quarters(floor, n):
    """In how many of four quarters the floor rose."""
    if n < 5:
        return 0
    rose = 0
    for quarter in range(4):
        if floor[(quarter + 1) * (n - 1) // 4] > floor[quarter * (n - 1) // 4]:
            rose += 1
    return rose


def steepest(first, last, low, start, times, floor, n, high, slopes):
    """The steepest climb of the floor, per second, that the samples do not rule out; +inf where they rule out none.

    The upper bound of the slope's 90 % interval, or all of the floor's ups and downs over the time if that is less;
    of the whole lifetime or of its late half, whichever rules out more. `times`, `floor`: float64[FINE], of the whole
    lifetime on entry, `n` of them; they are written over. `high`: their slope's upper bound. O(bins + FINE² log FINE).
    """
    size = first.size
    bound = bound_of(last[size - 1] - first[start], floor, n, high)
    half = start
    while half < size and first[half] < 0.5 * (first[start] + last[size - 1]):
        half += 1
    if size - half >= HALF_BINS:
        late = fine_floor(first, last, low, half, times, floor)
        _, _, high = robust_line(times, floor, 0, late, slopes)
        bound = min(bound, bound_of(last[size - 1] - first[half], floor, late, high))
    return bound


def new_ground(first, last, low, high, start):
    """How fast the last bin came to stand above all that was before it, per second; 0 where it does not.

    Of the last LATELY_S and of a quarter of it, whichever is faster: what climbs since then bends no slope of a day.
    What came back is not counted, nor a window without as long a past. O(bins).
    """
    size = first.size
    fastest, window = 0.0, LATELY_S
    for least_bins in (1, LATELY_BINS):
        opened = last[size - 1] - window
        highest, before, at = -np.inf, 0.0, start
        while at < size and last[at] <= opened:
            highest = max(highest, high[at])
            before = last[at] - first[start]
            at += 1
        if size - at >= least_bins and before >= window - LATELY_S / 60:
            fastest = max(fastest, (low[size - 1] - highest) / window)
        window /= 4
    return fastest


def bound_of(span, floor, n, high):
    """The upper bound `high` of a slope, or all ups and downs over `span` seconds if less; +inf of too few points."""
    if n < 3 or span <= 0:
        return np.inf
    least, most = np.inf, -np.inf
    for i in range(n):
        least, most = min(least, floor[i]), max(most, floor[i])
    return max(0.0, min(high, (most - least) / span))
