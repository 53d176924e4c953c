"""The arithmetic of a verdict: plain loops on flat arrays. Interpreted for one series, compiled for many: one text.

`weigh` goes from bins to all figures. What it asks is in the kernels of each noun: bins, windows, evidence, the floor,
a climb, swings, the shape, earlier lifetimes, a gap, and when the limit is reached.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from oakum.judge.bins.kernels import fold, unload
from oakum.judge.climb.kernels import LAWS, climb
from oakum.judge.earlier.kernels import STRAIGHT_LATE, STRAIGHT_MOST, earlier_climbs, straight_lives
from oakum.judge.evidence.kernels import FACTS, score
from oakum.judge.figures import (
    ABOVE,
    ANSWER,
    BASE,
    BEND,
    CLIMB_S,
    CLIMBS,
    EVIDENCE,
    FLOOR_FIRST,
    FLOOR_LATE,
    FLOOR_NOW,
    FLOOR_S,
    GAIN,
    GAP_AFTER,
    GAP_BEFORE,
    GAP_END,
    GAP_S,
    GAP_SIDES,
    GOES_ON,
    HIGHEST,
    HISTORY_S,
    LAST_THIRD,
    LOADED,
    LOWEST,
    NEW_GROUND,
    ONSET,
    RATE,
    RATE_HIGH,
    RATE_LOW,
    RISEN,
    SHAPE,
    SPAN,
    STEEPEST,
    STRAIGHTS,
)
from oakum.judge.floor.kernels import (
    FINE,
    fine_floor,
    goes_on,
    last_third,
    new_ground,
    rising_quarters,
    robust_line,
    steepest,
)
from oakum.judge.gap.kernels import longest, sides
from oakum.judge.reach.kernels import reach
from oakum.judge.shape.kernels import FLAT, LINEAR, SHORT_S, shape
from oakum.judge.windows.kernels import EXCESS, HISTORY, ROW, SCALES, SCORE, WINDOW, measure

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LAW_BINS = 16
SHAPED_BINS, FEW_BINS = 12, 24
LIKE, WIDER, WIDEST = 1.0, 1.6, 3.0
AGAIN = 1.6


def sighted(bins, born, limit, dead, rows):
    """(first bin of the present lifetime, earlier climbs, straight ones, share that follows the load, rows filled).

    What follows the load is taken out of `bins`, in place; lifetimes that stood at the limit are marked in `dead`, and
    so are those that climbed straight until they were ended.
    """
    first, last, low, high, mean, loads = bins[0], bins[1], bins[2], bins[3], bins[4], bins[5]
    size = first.size
    start = size - 1
    while start > 0 and born[start - 1] == born[size - 1]:
        start -= 1
    climbs = earlier_climbs(low, high, born, start, dead, limit)
    loaded = 0.0
    if loads.max() > loads.min():
        loaded = unload(low, high, mean, loads, first, start)
    straight = straight_lives(bins, born, start, dead)
    usable = np.empty(size, np.bool_)
    for at in range(size):
        usable[at] = not dead[born[at]]
    return start, climbs, straight, loaded, measure(first, last, low, start, usable, rows)


def weigh(
    bins: Floats,
    born: Ints,
    limit: float,
    top_limit: float,
    least_growth: float,
    dead: NDArray[np.bool_],
    known: Floats,
    fresh: Floats,
    foresight: Floats,
    answer: Floats,
) -> None:
    """All figures of a verdict, from bins. Fills `answer` float64[ANSWER]; NaN where there is nothing to say.

    `bins` float64[8, k]: first, last, low, high, mean, load, deepest fall, highest leap. `born` int64[k]: the lifetime.
    `limit`: in force, +inf for none. `top_limit`: what a forecast runs to. `dead` bool[lifetimes]: it was killed for
    its memory. `foresight` float64[6, k]: knots and the most doubt, then corrections per quantile and per doubt.
    """
    first, last, low = bins[0], bins[1], bins[2]
    size = first.size
    for i in range(ANSWER):
        answer[i] = np.nan
    answer[EVIDENCE] = -4.0
    answer[LOWEST], answer[HIGHEST] = np.inf, -np.inf
    at = size - 1
    while at >= 0 and born[at] == born[size - 1]:
        answer[LOWEST] = min(answer[LOWEST], low[at])
        answer[HIGHEST] = max(answer[HIGHEST], bins[3, at])
        at -= 1
    rows = np.empty((SCALES, ROW))
    start, climbs, straight_before, loaded, found = sighted(bins, born, limit, dead, rows)
    answer[CLIMBS], answer[STRAIGHTS], answer[LOADED] = climbs, straight_before, loaded
    fact = np.empty(FACTS)
    lived = last[size - 1] - first[start]
    best, second, chosen = -4.0, -4.0, -1
    for i in range(found):
        rows[i, SCORE] = score(rows[i], limit, least_growth, lived, known, fresh, fact)
        if rows[i, SCORE] > best:
            second, best, chosen = best, rows[i, SCORE], i
        elif rows[i, SCORE] > second:
            second = rows[i, SCORE]
    evidence = 0.5 * (best + second)
    times, floor = np.empty(FINE), np.empty(FINE)
    n = fine_floor(first, last, low, start, times, floor)
    stretch(times, floor, n, last[size - 1], answer)
    answer[LAST_THIRD] = last_third(floor, n)
    rising = floor[n - 1] > floor[0] + 0.02 * abs(floor[0])
    if climbs > 0 and rising:
        evidence = max(evidence, -1.0) + AGAIN * min(climbs, 2)
    elif straight_before > 0 and rising and answer[LAST_THIRD] >= STRAIGHT_LATE:
        evidence = max(evidence, min(max(evidence, -1.0) + AGAIN * min(straight_before, 2), STRAIGHT_MOST))
    answer[EVIDENCE] = evidence
    answer[SPAN] = last[size - 1] - first[start]
    if chosen >= 0:
        answer[CLIMB_S] = rows[chosen, WINDOW]
        answer[ABOVE] = rows[chosen, EXCESS]
        answer[HISTORY_S] = rows[chosen, HISTORY]
    slopes = np.empty(FINE * (FINE - 1) // 2)
    opens = longest(first, last, start)
    if opens >= 0:
        answer[GAP_S], answer[GAP_END] = first[opens] - last[opens - 1], first[opens]
        answer[GAP_BEFORE], answer[GAP_AFTER] = opens - start, size - opens
        answer[GAP_SIDES] = sides(first, last, low, start, opens, least_growth)
    answer[RATE], answer[RATE_LOW], answer[RATE_HIGH] = robust_line(times, floor, 0, n, slopes)
    if math.isfinite(top_limit):
        high = answer[RATE_HIGH]
        answer[NEW_GROUND] = new_ground(first, last, low, bins[3], start)
        answer[STEEPEST] = steepest(first, last, low, start, np.copy(times), np.copy(floor), n, high, slopes)
    if n < 4 or size - start < SHAPED_BINS:
        climbs_now = answer[RATE] > 0 and (evidence > -2.5 or answer[RATE_LOW] > 0)
        answer[SHAPE] = LINEAR if climbs_now else FLAT
        return
    short = answer[SPAN] < SHORT_S
    few = size - start < FEW_BINS and answer[RATE_LOW] > 0
    suspected = evidence > -2.5 or ((short or few) and rising)
    # The law of a climb is read where it shows: what a machine did a week ago says nothing of it.
    near = start
    powers = np.array([1.0, 1.5, 2.0, 2.5, -2.5, -3.5, -5.0])
    bend = 1.0
    tried = np.empty((LAWS, 5))
    if suspected and chosen >= 0 and best > -4.0:
        widest = chosen
        for i in range(chosen):
            if rows[i, SCORE] > best - LIKE and i < widest:
                widest = i
        far = start
        while far < size - LAW_BINS and first[far] < last[size - 1] - WIDEST * rows[widest, WINDOW]:
            far += 1
        near = far
        while near < size - LAW_BINS and first[near] < last[size - 1] - WIDER * rows[widest, WINDOW]:
            near += 1
        if far < near:
            n = fine_floor(first, last, low, far, times, floor)
            _, bend, _, _ = climb(times, floor, n, last[size - 1], powers, tried)
        n = fine_floor(first, last, low, near, times, floor)
    onset, power, base, gain = climb(times, floor, n, last[size - 1], powers, tried)
    # A level before the climb tells a power from doublings; near the end alone, a bend is a power's.
    if bend == 1 and (power > 0 or near == start):
        bend = power
    begin = 0
    if suspected:
        while begin < n - 6 and times[begin] < onset:
            begin += 1
    answer[RATE], answer[RATE_LOW], answer[RATE_HIGH] = robust_line(times, floor, begin, n, slopes)
    answer[ONSET] = onset
    answer[BEND], answer[BASE], answer[GAIN] = power, base, gain
    stretch(times, floor, n, last[size - 1], answer)
    answer[SHAPE] = shape(bins, start, times, floor, n, (onset, power, gain, bend), suspected, loaded, answer)
    answer[GOES_ON] = goes_on(floor, n)
    if gain > 0 and math.isfinite(top_limit):
        reach(bins, near, (onset, power, base, gain), tried, n, top_limit, foresight, answer)


def stretch(times, floor, n, now, answer):
    """What words tell of the floor that a shape is read from; where load was taken out it may lie below nothing."""
    answer[FLOOR_S] = now - times[0]
    answer[FLOOR_NOW] = max(floor[n - 1], 0.0)
    answer[RISEN] = rising_quarters(floor, n)
    answer[FLOOR_FIRST], answer[FLOOR_LATE] = np.inf, np.inf
    for i in range(max(1, n // 8)):
        answer[FLOOR_FIRST] = min(answer[FLOOR_FIRST], max(floor[i], 0.0))
        answer[FLOOR_LATE] = min(answer[FLOOR_LATE], max(floor[n - 1 - i], 0.0))


def judge_columns(
    offset, at, value, load, life, lives, dead, limit, top_limit, least, known, fresh, foresight, begin, end, answers
):
    """`weigh` for the series begin..end-1 of ragged columns; fills answers float64[n, ANSWER].

    `offset` int64[n+1] into at, value, load and life; `lives` int64[n+1] into dead; limit, top_limit, least: [n].
    """
    longest = 1
    for i in range(begin, end):
        longest = max(longest, offset[i + 1] - offset[i])
    bins = np.empty((8, longest))
    born = np.empty(longest, np.int64)
    for i in range(begin, end):
        a, z = offset[i], offset[i + 1]
        if z <= a:
            for j in range(ANSWER):
                answers[i, j] = np.nan
            continue
        k = fold(
            at[a:z],
            value[a:z],
            load[a:z],
            life[a:z],
            bins[0],
            bins[1],
            bins[2],
            bins[3],
            bins[4],
            bins[5],
            bins[6],
            bins[7],
            born,
        )
        own = dead[lives[i] : lives[i + 1]].copy()
        weigh(bins[:, :k], born[:k], limit[i], top_limit[i], least[i], own, known, fresh, foresight, answers[i])
