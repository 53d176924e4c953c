"""Earlier lifetimes: which of them climbed until they ended. Flat arrays in and out."""

from __future__ import annotations

import math

import numpy as np

STRAIGHT_BINS, STRAIGHT_S, STRAIGHT_GAIN, STRAIGHT_QUARTER = 16, 72_000.0, 0.25, 0.22
"""Of an earlier life that climbed straight to its end: bins, seconds, shares that it and its quarters gain."""

STRAIGHT_MOST = 1.0
"""Evidence that such lives make of what has less by itself: a suspicion. Nobody was killed."""

STRAIGHT_LATE = 0.1
"""And only beside a climb that goes on: its last third gains so much of it."""


def earlier_climbs(low, high, born, start, dead, limit):
    """How many earlier lifetimes climbed until they were killed, or until they stood at the limit."""
    climbs = 0
    at = 0
    while at < start:
        end = at
        while end + 1 < start and born[end + 1] == born[at]:
            end += 1
        if end - at >= 7:
            quarter = (end - at + 1) // 4
            early, late = np.inf, np.inf
            for i in range(at, at + quarter):
                early = min(early, low[i])
            for i in range(end - quarter + 1, end + 1):
                late = min(late, low[i])
            full = math.isfinite(limit) and high[end] >= 0.95 * limit
            if late > early + 0.1 * abs(late) and (dead[born[at]] or full):
                climbs += 1
                dead[born[at]] = True
        at = end + 1
    return climbs


def straight_lives(bins, born, start, dead):
    """How many other lifetimes climbed straight until their end, which are marked in `dead` too: who is started anew
    each night leaks each day.
    """
    lives, at = 0, 0
    while at < start:
        end = at
        while end + 1 < start and born[end + 1] == born[at]:
            end += 1
        if not dead[born[at]] and straight(bins[0], bins[1], bins[2], bins[3], at, end):
            lives += 1
            dead[born[at]] = True
        at = end + 1
    return lives


def straight(first, last, low, high, at, end):
    """Whether the life of bins `at` to `end` climbed from quarter to quarter by much, unbent, and ended at its top.

    A start that saturates gains little in its last quarter, a wave comes down before the end. Who lives for a shift
    alone climbs with the traffic of its morning: a life of most of a day is asked for.
    """
    lived = last[end] - first[at]
    if end - at + 1 < STRAIGHT_BINS or lived < STRAIGHT_S:
        return False
    quarters = np.full(4, np.inf)
    top, bottom = -np.inf, np.inf
    for i in range(at, end + 1):
        part = min(int((first[i] - first[at]) / lived * 4), 3)
        quarters[part] = min(quarters[part], low[i])
        top, bottom = max(top, high[i]), min(bottom, low[i])
    gained = quarters[3] - quarters[0]
    if gained < STRAIGHT_GAIN * abs(quarters[3]) or gained < 0.5 * (top - bottom):
        return False
    for i in range(3):
        if quarters[i + 1] - quarters[i] < STRAIGHT_QUARTER * gained:
            return False
    return low[end] >= top - 0.15 * (top - bottom)
