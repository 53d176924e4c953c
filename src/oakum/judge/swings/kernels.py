"""Swings of one lifetime: a rhythm, and the teeth of a collector. Flat arrays in and out."""

from __future__ import annotations

import math

import numpy as np

from oakum.judge.climb.kernels import bent


def rhythm(first, last, mean, start, grid):
    """The highest autocorrelation of the detrended level at a lag after its first dip, at most two thirds of the life.

    `grid`: float64[k], room for the resampled level.
    """
    k = grid.size
    size = first.size
    begun, now = first[start], last[size - 1]
    if size - start < 16 or now <= begun:
        return 0.0
    at = start
    for i in range(k):
        moment = begun + (now - begun) * i / (k - 1)
        while at < size - 1 and last[at] < moment:
            at += 1
        grid[i] = mean[at]
    middle, slope = 0.0, 0.0
    for i in range(k):
        middle += grid[i] / k
    for i in range(k):
        slope += (i - (k - 1) / 2) * (grid[i] - middle)
    slope /= k * (k * k - 1) / 12
    power = 0.0
    for i in range(k):
        grid[i] -= middle + slope * (i - (k - 1) / 2)
        power += grid[i] * grid[i]
    # A straight line in bins is a staircase, and stairs have a rhythm.
    stair = slope * max(k / (size - start), 0.1)
    if power <= 0.2 * k * stair * stair:
        return 0.0
    best, dipped = 0.0, False
    for lag in range(3, k * 2 // 3):
        alike = 0.0
        for i in range(k - lag):
            alike += grid[i] * grid[i + lag]
        alike = alike / power * k / (k - lag)
        dipped = dipped or alike < -0.15
        if dipped:
            best = max(best, alike)
    return best


def teeth(bins, start, law, level):
    """(falls, middle, reach, toothed): how a collector shows once the climb is taken out.

    A collector's teeth fill the space between floor and top evenly: `middle`, the mean level as a share of `reach`
    above the floor, is near a half and all heights are seen. A job is away most of the time, a process that is
    restarted stands high, a machine that is on or off is rarely between. `falls`: bins with a fall of 0.3 of the reach
    between two samples; leaps are few, and falls are most of the way down. Teeth shorter than a step leap as often
    as they fall: then only their number and height tell them from noise. `level`: what heights are measured by.
    """
    first, last, low, high, mean, fall, leap = bins[0], bins[1], bins[2], bins[3], bins[4], bins[6], bins[7]
    size = first.size
    onset, power, gain = law
    k = size - start
    under, over, rest = np.empty(k), np.empty(k), np.empty(k)
    span = max(last[size - 1] - onset, 1e-9)
    for at in range(start, size):
        line = gain * bent((first[at] - onset) / span, power) if gain != 0 else 0.0
        under[at - start], over[at - start], rest[at - start] = low[at] - line, high[at] - line, mean[at] - line
    under.sort()
    over.sort()
    bottom = under[int(0.03 * (k - 1))]
    reach = over[math.ceil(0.97 * (k - 1))] - bottom
    if reach <= 0:
        return 0, 0.0, 0.0, False
    falls, leaps, middle, between, spent = 0, 0, 0.0, 0.0, 0.0
    fallen, leapt, down = 0.0, 0.0, 0.0
    for at in range(start, size):
        lasts = (first[at + 1] if at + 1 < size else last[at]) - first[at]
        height = (rest[at - start] - bottom) / reach
        spent += lasts
        middle += lasts * height
        if 0.33 < height < 0.67:
            between += lasts
        if fall[at] > 0.3 * reach:
            falls += 1
            fallen += fall[at]
        if leap[at] > 0.3 * reach:
            leaps += 1
            leapt += leap[at]
        if at > start:
            down += max(rest[at - start - 1] - rest[at - start], 0.0)
    if spent <= 0:
        return falls, 0.0, reach, False
    middle /= spent
    even = 0.4 < middle < 0.6 and between > 0.28 * spent
    if falls < 3 or not even:
        return falls, middle, reach, False
    if leaps <= falls / 2:
        return falls, middle, reach, reach > 0.04 * abs(level) and fallen > 0.27 * down + 0.4 * leapt * down / fallen
    return falls, middle, reach, falls > 0.12 * k and reach > 0.15 * abs(level)
