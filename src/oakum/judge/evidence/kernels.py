"""The evidence of one window: which facts speak, and what they weigh together. A row of ``windows`` in."""

from __future__ import annotations

import math

from oakum.judge.floor.kernels import clipped
from oakum.judge.windows.kernels import (
    BINS,
    CURVE,
    EXCESS,
    GROWTH,
    HISTORY,
    JUMP,
    LATE,
    LEVEL,
    RANGE,
    RECENT,
    RISING,
    STEADY,
    WINDOW,
)

NOTHING, LONG_PAST, SHORT_PAST = range(3)
FACTS = 16


def facts(row, limit, least_growth, lived, fact):
    """Which facts speak at one scale: fills `fact` float64[FACTS] and returns LONG_PAST, SHORT_PAST, or NOTHING.

    The past is long where it is as long as the window. `limit`: +inf for none. `least_growth`: what is less is
    nobody's problem. `lived`: seconds since the lifetime began. Facts are in the order of the weights: weights.py.
    """
    growth, level, excess, window = row[GROWTH], row[LEVEL], row[EXCESS], row[WINDOW]
    if growth <= least_growth or excess <= 0 or level <= 0 or row[RISING] < 5 or row[JUMP] >= 0.6:
        return NOTHING
    limited = math.isfinite(limit) and limit > 0
    capacity = limit if limited else 1.6 * level
    near = level / capacity - 0.6 if limited else 0.0
    bins = math.log(row[BINS] / 16.0)
    fold = clipped(math.log(level / max(level - growth, 0.02 * level)), 0.0, 0.5)
    if row[HISTORY] >= window:
        if excess < 0.15 * (row[RANGE] + 0.01 * level) or excess < 0.25 * growth:
            return NOTHING
        fact[0] = clipped(math.log(excess / capacity), -6.0, -3.0)
        fact[1] = clipped(math.log(excess / growth), -1.4, 0.0)
        fact[2] = clipped(math.log(row[HISTORY] / window), 0.0, 3.0)
        fact[3] = clipped(math.log(row[HISTORY] / 86400.0), 0.2, 1.8)
        fact[4] = clipped(row[RISING], 5.0, 7.0)
        fact[5] = -clipped(row[JUMP], 0.13, 0.25)
        fact[6] = -clipped(row[JUMP], 0.25, 0.6)
        fact[7] = clipped(row[RECENT], -0.2, 0.5)
        fact[8] = clipped(bins, 0.0, 0.7)
        fact[9] = clipped(bins, 0.7, 2.2)
        moved = math.log(growth / max(row[STEADY], 0.002 * level))
        fact[10] = clipped(moved, -2.0, 0.0)
        fact[11] = fold
        fact[12] = clipped(near, 0.0, 0.2)
        fact[13] = clipped(bins, -0.7, 0.0)
        fact[14] = clipped(math.log(window / 3600.0), -2.5, 0.0)
        fact[15] = clipped(moved, 0.0, 2.0)
        return LONG_PAST
    size = math.log(growth / capacity)
    fact[0] = clipped(size, -6.0, -3.0)
    fact[1] = clipped(size, -3.0, 0.0)
    fact[2] = clipped(row[LATE], -0.2, 0.8)
    fact[3] = clipped(row[RECENT], -0.2, 0.5)
    fact[4] = -clipped(row[JUMP], 0.13, 0.3)
    fact[5] = -clipped(row[JUMP], 0.3, 0.6)
    fact[6] = clipped(row[CURVE], -1.0, 0.0)
    fact[7] = clipped(bins, 0.0, 2.2)
    fact[8] = clipped(math.log(window / 3600.0), -1.0, 0.3)
    fact[9] = clipped(math.log(lived / window), 0.0, 1.0)
    fact[10] = fold
    fact[11] = clipped(near, 0.0, 0.2)
    fact[12] = clipped(near, 0.2, 0.4)
    fact[13] = clipped(math.log(window / 3600.0), -2.5, -1.0)
    return SHORT_PAST


def score(row, limit, least_growth, lived, known, fresh, fact):
    """The evidence of one scale, in logits; -4 for none. `known`, `fresh`: weights of the facts, then a constant."""
    which = facts(row, limit, least_growth, lived, fact)
    if which == NOTHING:
        return -4.0
    weight = known if which == LONG_PAST else fresh
    count = weight.size - 1
    logit = weight[count]
    for i in range(count):
        logit += weight[i] * fact[i]
    return logit
