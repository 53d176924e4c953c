"""The arithmetic of a verdict: plain loops on flat arrays. Interpreted for one series, compiled for many: one text.

A *bin* is some consecutive samples of one lifetime: their first and last time (seconds), least, greatest and mean
value, mean load, deepest fall and highest leap between two samples, and the lifetime's number. `fold` makes bins of
samples; everything after it sees bins only. Units: seconds and the unit of the series.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from oakum.judge.floor.kernels import (
    FINE,
    climbing,
    clipped,
    fine_floor,
    goes_on,
    last_third,
    new_ground,
    rising_quarters,
    robust_line,
    steepest,
)
from oakum.judge.gap.kernels import longest, sides

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TICK_S = 1 / 64
PER_OCTAVE = 128
OCTAVES = 48

BLOCKS = 8
PAST = 256
SCALES = 40
LAWS = 190
LEAST_BINS, LAW_BINS = 8, 16
SHAPED_BINS, FEW_BINS = 12, 24
SHORT_S = 600.0
LIKE, WIDER, WIDEST = 1.0, 1.6, 3.0
AGAIN = 1.6
LATER = math.log(1.2)

STRAIGHT_BINS, STRAIGHT_S, STRAIGHT_GAIN, STRAIGHT_QUARTER = 16, 72_000.0, 0.25, 0.22
"""Of an earlier life that climbed straight to its end: bins, seconds, shares that it and its quarters gain."""

STRAIGHT_MOST = 1.0
"""Evidence that such lives make of what has less by itself: a suspicion. Nobody was killed."""

STRAIGHT_LATE = 0.1
"""And only beside a climb that goes on: its last third gains so much of it."""

# Columns of one scale's row.
WINDOW, GROWTH, LEVEL, RISING, LATE, JUMP, RECENT, HISTORY, EXCESS, RANGE, STEADY, CURVE, BINS, SCORE = range(14)
ROW = 14

# What `weigh` answers.
(
    EVIDENCE,
    SPAN,
    FLOOR_NOW,
    RATE,
    RATE_LOW,
    RATE_HIGH,
    ONSET,
    CLIMB_S,
    ABOVE,
    HISTORY_S,
    RISEN,
    CLIMBS,
    FALLS,
    RHYTHM,
    LOADED,
    BEND,
    REACH_5,
    REACH_10,
    REACH_50,
    REACH_90,
    REACH_95,
    SHAPE,
    FLOOR_RISE,
    FLOOR_S,
    BASE,
    GAIN,
    FLOOR_FIRST,
    FLOOR_LATE,
    LOWEST,
    HIGHEST,
    STEEPEST,
    GAP_S,
    GAP_END,
    GAP_BEFORE,
    GAP_AFTER,
    GAP_SIDES,
    GOES_ON,
    NEW_GROUND,
    LAST_THIRD,
    STRAIGHTS,
) = range(40)
ANSWER = 40


def fold(at, value, load, life, first, last, low, high, mean, loads, fall, leap, born):
    """Samples into bins that grow coarser with age; returns how many. Bins never hold samples of two lifetimes.

    `at` float64[n], ascending; `life` int64[n], from 0 on. Outputs are float64[n], `born` int64[n]: the lifetime.
    What is a seconds old is kept to about a/64. Bins are aligned to powers of two ticks since at[0]: samples one by
    one, in chunks or all at once give the same bins.
    """
    n = at.size
    newest = math.floor((at[n - 1] - at[0]) / TICK_S)
    edges = np.empty(OCTAVES, np.int64)
    for level in range(OCTAVES):
        width = 1 << level
        edges[level] = ((newest - PER_OCTAVE * width) // (2 * width)) * (2 * width)
    level = OCTAVES - 1
    here = -1
    stamp = np.int64(-1)
    stamped_level = -1
    count = 0
    for i in range(n):
        tick = math.floor((at[i] - at[0]) / TICK_S)
        while level > 0 and edges[level - 1] <= tick:
            level -= 1
        label = (tick >> level) << level
        if here < 0 or label != stamp or level != stamped_level or life[i] != born[here]:
            here += 1
            first[here], low[here], high[here] = at[i], value[i], value[i]
            mean[here], loads[here], fall[here], leap[here] = 0.0, 0.0, 0.0, 0.0
            born[here] = life[i]
            count = 0
            stamp, stamped_level = label, level
        last[here] = at[i]
        low[here] = min(low[here], value[i])
        high[here] = max(high[here], value[i])
        count += 1
        mean[here] += (value[i] - mean[here]) / count
        loads[here] += (load[i] - loads[here]) / count
        if i > 0 and life[i - 1] == life[i]:
            fall[here] = max(fall[here], value[i - 1] - value[i])
            leap[here] = max(leap[here], value[i] - value[i - 1])
    return here + 1


def unload(low, high, mean, loads, first, start):
    """Take out what follows the load: in place; returns the share of the variance that it explained, 0 for nothing.

    Memory is fitted as level + slope·load + drift·time over the bins of the present lifetime, so that a leak under a
    growing load keeps its drift.
    """
    n = first.size - start
    if n < 12:
        return 0.0
    middle_t, middle_x, middle_y = 0.0, 0.0, 0.0
    for j in range(start, first.size):
        middle_t += first[j] / n
        middle_x += loads[j] / n
        middle_y += mean[j] / n
    tt, xx, yy, tx, ty, xy = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(start, first.size):
        t, x, y = first[j] - middle_t, loads[j] - middle_x, mean[j] - middle_y
        tt += t * t
        xx += x * x
        yy += y * y
        tx += t * x
        ty += t * y
        xy += x * y
    if xx <= 0 or yy <= 0 or tt <= 0:
        return 0.0
    left = xx - tx * tx / tt
    rest = yy - ty * ty / tt
    if left <= 1e-9 * xx or rest <= 0:
        return 0.0
    slope = (xy - tx * ty / tt) / left
    explained = slope * slope * left / rest
    if slope <= 0 or explained < 0.3:
        return 0.0
    least = loads[start]
    for j in range(start, first.size):
        least = min(least, loads[j])
    for j in range(first.size):
        gone = slope * (loads[j] - least)
        low[j] -= gone
        high[j] -= gone
        mean[j] -= gone
    return explained


def measure(first, last, low, start, usable, rows):
    """Rows of `one_scale` for windows that end now, each 0.7 of the one before; returns how many.

    `start`: the first bin of the present lifetime. `usable` bool[bins]: what of the past may teach what is normal.
    """
    size = first.size
    now = last[size - 1]
    life = now - first[start]
    blocks = np.empty(PAST)
    found = 0
    window = life * (1 + 1e-7)
    for _ in range(SCALES):
        if life <= 0:
            break
        opened = now - window
        inside = size
        while inside > start and first[inside - 1] >= opened:
            inside -= 1
        if size - inside < LEAST_BINS:
            break
        if one_scale(first, last, low, usable, inside, now, window, blocks, rows[found]):
            found += 1
        window *= 0.7071067811865476
    return found


def one_scale(first, last, low, usable, inside, now, window, blocks, row):
    """The last eight blocks of time beside all that came before them; False where too many blocks are empty.

    A block's value is the least in it: teeth shorter than a block are gone, and what is compared is memory that was
    never given back. `EXCESS`: how far the last block stands above the highest level that the past kept up for as
    long as a block. `inside`: the first bin of the window.
    """
    size = first.size
    width = window / BLOCKS
    opened = now - window
    floor = np.full(BLOCKS, np.inf)
    for at in range(inside, size):
        block = min(int((first[at] - opened) / width), BLOCKS - 1)
        floor[block] = min(floor[block], low[at])
    holes = 0
    for block in range(BLOCKS):
        if not math.isfinite(floor[block]):
            holes += 1
            if block == 0:
                return False
            floor[block] = floor[block - 1]
    if holes > BLOCKS // 4:
        return False
    growth = floor[BLOCKS - 1] - floor[0]
    jump, rising = 0.0, 0
    slope, centre = 0.0, 0.0
    for block in range(BLOCKS):
        centre += floor[block] / BLOCKS
        slope += (block - (BLOCKS - 1) / 2) * floor[block]
        if block:
            step = floor[block] - floor[block - 1]
            jump = max(jump, step)
            if step > 0.02 * abs(growth):
                rising += 1
    slope /= BLOCKS * (BLOCKS * BLOCKS - 1) / 12
    bend, bend_scale = 0.0, 0.0
    for block in range(BLOCKS):
        away = block - (BLOCKS - 1) / 2
        square = away * away - (BLOCKS * BLOCKS - 1) / 12
        bend += square * (floor[block] - centre - slope * away)
        bend_scale += square * square
    bend /= bend_scale
    ceiling, bottom, begun = kept_up(first, last, low, usable, inside, width)
    count = past_blocks(first, low, usable, inside, opened, width, begun, blocks)
    steady = 0.0
    if count > 1:
        moves = np.empty(count - 1)
        for block in range(count - 1):
            moves[block] = abs(blocks[block] - blocks[block + 1])
        moves.sort()
        steady = moves[min(count - 2, int(0.9 * (count - 1)))]
    known = math.isfinite(ceiling)
    row[WINDOW] = window
    row[GROWTH] = growth
    row[LEVEL] = floor[BLOCKS - 1]
    row[RISING] = rising
    row[LATE] = (floor[BLOCKS - 1] - 0.5 * (floor[3] + floor[4])) / growth if growth > 0 else 0.0
    row[JUMP] = jump / growth if growth > 0 else 1.0
    row[RECENT] = (floor[BLOCKS - 1] - floor[BLOCKS - 3]) / growth if growth > 0 else 0.0
    row[HISTORY] = opened - begun if known else 0.0
    row[EXCESS] = floor[BLOCKS - 1] - ceiling if known else growth
    row[RANGE] = ceiling - bottom if known else 0.0
    row[STEADY] = steady
    row[CURVE] = bend * (BLOCKS - 1) * (BLOCKS - 1) / (4 * growth) if growth > 0 else 0.0
    row[BINS] = size - inside
    return True


def kept_up(first, last, low, usable, inside, width):
    """(ceiling, bottom, begun): the highest level kept up for `width` before the window, the least, since when.

    -inf, +inf where there is no past.
    """
    ceiling, bottom, begun = -np.inf, np.inf, np.inf
    left, keeper = 0, 0
    held = np.inf
    since = 0.0
    fresh = True
    for at in range(inside):
        if not usable[at]:
            fresh = True
            continue
        if fresh:
            left, held, since, fresh = at, np.inf, first[at], False
        begun = min(begun, first[at])
        if low[at] <= held:
            held, keeper = low[at], at
        while left < at and first[left] < last[at] - width:
            left += 1
        if keeper < left:
            held = np.inf
            for again in range(left, at + 1):
                if low[again] <= held:
                    held, keeper = low[again], again
        if last[at] - since >= 0.9 * width or at == inside - 1:
            ceiling = max(ceiling, held)
        bottom = min(bottom, low[at])
    return ceiling, bottom, begun


def past_blocks(first, low, usable, inside, opened, width, begun, blocks):
    """The least of each block before the window, the newest first; empty ones are left out. Returns how many."""
    count = 0
    edge = opened - width
    least = np.inf
    at = inside - 1
    while at >= 0 and count < blocks.size:
        if usable[at]:
            if first[at] < edge:
                if math.isfinite(least):
                    blocks[count] = least
                    count += 1
                    least = np.inf
                    if count >= blocks.size:
                        break
                edge -= width * (int((edge - first[at]) / width) + 1)
            least = min(least, low[at])
        at -= 1
    if math.isfinite(least) and count < blocks.size and begun <= edge + 0.5 * width:
        blocks[count] = least
        count += 1
    return count


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


def bent(u, law):
    """How far a climb has come at share u of its time: u^law, or exponential with -law doublings' worth; 0 before."""
    if u <= 0:
        return 0.0
    return u**law if law > 0 else math.expm1(min(-law * u, 60.0)) / math.expm1(-law)


def unbent(x, law):
    """The share of time at which a climb has come to x: the inverse of `bent`."""
    return x ** (1.0 / law) if law > 0 else math.log1p(x * math.expm1(-law)) / -law


def climb(times, floor, n, now, powers, tried):
    """(onset, law, start, gain) by least squares: flat until the onset, then gain·u^power, u = 1 now.

    Onset and power are tried jointly: a later onset and a smaller power draw nearly the same line. O(n² · powers).
    `tried` float64[LAWS, 5]: all of them that climb, with the logarithm of their squares in front; a row that was
    not needed is +inf there.
    """
    best, chosen, count = np.inf, -1, 0
    tiny = n * (1e-5 * (abs(floor[0]) + abs(floor[n - 1]))) ** 2
    stride = max(1, n // 20)
    tried[:, 0] = np.inf
    for at in range(0, max(1, n - 4), stride):
        begun = times[at]
        span = now - begun
        if span <= 0:
            break
        for which in range(powers.size):
            phi_sum, y_sum, cross, square, total = 0.0, 0.0, 0.0, 0.0, 0.0
            for i in range(n):
                phi = bent((times[i] - begun) / span, powers[which])
                y = floor[i] - floor[0]
                phi_sum += phi
                y_sum += y
                cross += phi * y
                square += phi * phi
                total += y * y
            weight = square - phi_sum * phi_sum / n
            if weight <= 1e-12:
                continue
            slope = (cross - phi_sum * y_sum / n) / weight
            if slope <= 0:
                continue
            level = (y_sum - slope * phi_sum) / n
            error = max(total - y_sum * y_sum / n - slope * slope * weight, 0.0) + tiny
            # Schwarz 1978: a line from the start needs neither an onset nor a power. Half of the points count.
            extra = (0.3 if at else 0.0) + (1.0 if which else 0.0)
            worth = error * math.exp(2 * extra * math.log(n) / n)
            if count < LAWS and worth > 0:
                row = tried[count]
                row[0], row[1], row[2], row[3], row[4] = math.log(worth), begun, powers[which], level + floor[0], slope
                count += 1
            if worth < best:
                best, chosen = worth, count - 1
    if chosen < 0:
        return times[0], 1.0, floor[0], 0.0
    return tried[chosen, 1], tried[chosen, 2], tried[chosen, 3], tried[chosen, 4]


def settled(times, floor, n):
    """(gain, taken back, left): the share of the rise that a saturating curve explains beyond a line, its late share.

    Least squares of 1-exp(-u/tau), or of a ramp up to a bound, beside a line; `gain` is positive where the curve fits
    better. `left`: the share of the squares that the best curve leaves unexplained.
    """
    if n < 8:
        return 0.0, 1.0, 1.0
    best, late, line, whole = np.inf, 1.0, np.inf, 0.0
    span = max(times[n - 1] - times[0], 1e-9)
    for which in range(12):
        tau = (0.0, 0.03, 0.07, 0.15, 0.3, 0.5, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)[which]
        phi_sum, y_sum, cross, square, total = 0.0, 0.0, 0.0, 0.0, 0.0
        for i in range(n):
            u = (times[i] - times[0]) / span
            phi = u if which == 0 else min(u / tau, 1.0) if which > 5 else 1.0 - math.exp(-u / tau)
            y = floor[i] - floor[0]
            phi_sum += phi
            y_sum += y
            cross += phi * y
            square += phi * phi
            total += y * y
        weight = square - phi_sum * phi_sum / n
        if weight <= 1e-12:
            continue
        slope = (cross - phi_sum * y_sum / n) / weight
        whole = total - y_sum * y_sum / n
        error = max(whole - slope * slope * weight, 0.0)
        if which == 0:
            line = error
        elif error < best and slope > 0:
            best, late = error, 0.0
            if which <= 5:
                late = (math.exp(-0.7 / tau) - math.exp(-1.0 / tau)) / (1.0 - math.exp(-1.0 / tau))
    if not math.isfinite(best) or line <= 0 or whole <= 0:
        return 0.0, 1.0, 1.0
    return 1.0 - best / line, late, best / whole


def one_step(floor, n):
    """(share of the squares that one step explains, its height): the best split of the floor into two levels."""
    total, square = 0.0, 0.0
    for i in range(n):
        total += floor[i] - floor[0]
        square += (floor[i] - floor[0]) ** 2
    foresight = square - total * total / n
    if foresight <= 0 or n < 6:
        return 0.0, 0.0
    best, height, before = 0.0, 0.0, 0.0
    for i in range(n - 2):
        before += floor[i] - floor[0]
        if i < 1:
            continue
        left, right = before / (i + 1), (total - before) / (n - i - 1)
        between = (i + 1) * (n - i - 1) / n * (right - left) ** 2
        if between > best:
            best, height = between, right - left
    return best / foresight, height


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


(
    FLAT,
    WARM_UP,
    LINEAR,
    ACCELERATING,
    EXPONENTIAL,
    SAWTOOTH,
    RISING_SAWTOOTH,
    STEP,
    SPIKE,
    PERIODIC,
    LOAD_DRIVEN,
    SHRINKING,
) = range(12)


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


def shape(bins, start, times, floor, n, law, evidence, loaded, answer):
    """Which of the twelve patterns the present lifetime shows.

    `start`: its first bin. `law`: onset, power and gain of the climb, and the law of its longer past.
    `evidence`: whether it is a leak or may be one.
    """
    first, last, low, high, mean = bins[0], bins[1], bins[2], bins[3], bins[4]
    size = first.size
    onset, power, gain, bend = law
    now = last[size - 1]
    top, bottom, level = -np.inf, np.inf, 0.0
    for at in range(start, size):
        top, bottom = max(top, high[at]), min(bottom, low[at])
        level += mean[at] / (size - start)
    rise = 0.0
    edge = max(1, n // 8)
    for i in range(edge):
        rise += (floor[n - 1 - i] - floor[i]) / edge
    reach = top - bottom
    busy, latest, idle, lowest, spent, steps = 0.0, first[start], 0.0, first[start], 0.0, 0.0
    for at in range(start, size):
        until = first[at + 1] if at + 1 < size else last[at]
        spent += until - first[at]
        if mean[at] > bottom + 0.3 * reach:
            busy += until - first[at]
            latest = until
        if mean[at] < bottom + 0.5 * reach:
            idle += until - first[at]
            lowest = until
        if at > start:
            steps += abs(mean[at] - mean[at - 1]) / (size - start)
    duty = busy / spent if spent > 0 else 1.0
    trifle = reach < max(0.03 * abs(level), 1e-12)
    falls, middle, swing, toothed = teeth(bins, start, (onset, power, gain if evidence else 0.0), level)
    answer[FALLS] = falls
    answer[FLOOR_RISE] = rise
    answer[RHYTHM] = rhythm(first, last, mean, start, np.empty(120))
    if evidence:
        if toothed:
            return RISING_SAWTOOTH
        if now - first[start] < SHORT_S:
            # Minutes are a start: one that bends is a warm-up until more is known.
            better, late, _ = settled(times, floor, n)
            if better > 0.25 and late < 0.25:
                return WARM_UP
        if bend == 1:
            return LINEAR
        return ACCELERATING if bend > 0 else EXPONENTIAL
    if loaded >= 0.5:
        return LOAD_DRIVEN
    if trifle:
        return FLAT
    if toothed:
        return RISING_SAWTOOTH if climbing(floor, n) else SAWTOOTH
    stepped, up = one_step(floor, n)
    better, late, left = settled(times, floor, n)
    if stepped > 0.85 and abs(up) > 0.4 * reach and 1 - stepped < left:
        return STEP
    slack = 0.05 * (now - first[start])
    # It stood low at the start only.
    up_soon = low[start] < bottom + 0.3 * reach and idle < 0.2 * spent and lowest - first[start] <= idle + slack
    if (better > 0.5 and late < 0.2 and rise > 0.3 * reach) or up_soon:
        return WARM_UP
    comes_back = falls >= 2 and not 0.35 < middle < 0.65 and swing > max(0.25 * reach, 0.05 * abs(level))
    if answer[RHYTHM] > 0.45 or comes_back:
        return PERIODIC
    # Start-up memory that is given back stands high at the start only.
    begun = high[start] > bottom + 0.7 * reach and latest - first[start] <= busy + 2 * slack
    if rise < -0.4 * reach or (begun and duty < 0.5):
        return SHRINKING
    if duty < 0.12 and mean[size - 1] <= bottom + 0.3 * reach:
        return SPIKE
    if abs(rise) < 0.25 * reach and abs(rise) < 0.1 * abs(level):
        return FLAT
    if rise < 0:
        return SHRINKING
    if better > 0.25 and late < 0.2:
        return WARM_UP
    if stepped > 0.6:
        return STEP
    return WARM_UP if better > 0.1 else LINEAR


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


def reach(bins, start, law, tried, n, limit, foresight, answer):
    """Seconds from now until the top of the swings meets the limit, if the climb goes on along its law.

    Nothing is said where laws that fit as well say all sorts of times. Its first tenth is never later than that law,
    and the middle by a fifth at most: many climbs of the bench end just before the limit, and this one may not.
    """
    first, high = bins[0], bins[3]
    now = bins[1, first.size - 1]
    knots = foresight.shape[1] - 1
    since = now - 0.25 * (now - first[start])
    middle = ahead(first, high, start, now, since, law, limit)
    if not math.isfinite(middle):
        return
    seen = answer[CLIMB_S] if math.isfinite(answer[CLIMB_S]) else max(now - law[0], 1e-9)
    doubt = 0.0
    if middle > 0:
        doubt, middle = agreed(first, high, start, now, since, tried, n, limit, middle)
        if doubt > foresight[0, knots]:
            return
    for i in range(5):
        shift = corrected(foresight, i, seen, middle, doubt)
        answer[REACH_5 + i] = middle * math.exp(min(shift, 0.0) if i < 2 else min(shift, LATER) if i == 2 else shift)


def agreed(first, high, start, now, since, tried, n, limit, middle):
    """(logarithm of the ninth tenth over the first, the middle) of what all laws say, each weighing as it fits.

    A law weighs as its squares say, with a third of `n` points: neighbours resemble each other.
    """
    best = tried[:, 0].min()
    count, total = 0, 0.0
    weight, left = np.empty(LAWS), np.empty(LAWS)
    for i in range(LAWS):
        if not math.isfinite(tried[i, 0]):
            break
        share = math.exp(-(n / 6.0) * (tried[i, 0] - best))
        if share < 0.01:
            continue
        one = ahead(first, high, start, now, since, (tried[i, 1], tried[i, 2], tried[i, 3], tried[i, 4]), limit)
        if math.isfinite(one) and one > 0:
            weight[count], left[count] = share, one
            count += 1
            total += share
    if count == 0:
        return 0.0, middle
    passed, low, half, far = 0.0, -1.0, -1.0, -1.0
    for i in np.argsort(left[:count]):
        passed += weight[i] / total
        low = left[i] if low < 0 and passed >= 0.1 else low
        half = left[i] if half < 0 and passed >= 0.5 else half
        far = left[i] if far < 0 and passed >= 0.9 else far
    return math.log(max(far, half) / low), half


def ahead(first, high, start, now, since, law, limit):
    """Seconds from now until the limit along one law; NaN where it never gets there."""
    onset, power, base, gain = law
    size = first.size
    span = max(now - onset, 1e-9)
    above = 0.0
    for at in range(start, size):
        if first[at] >= since:
            above = max(above, high[at] - base - gain * bent((first[at] - onset) / span, power))
    room = limit - 0.9 * above - base
    if high[size - 1] >= limit:
        return 0.0
    if room <= gain:
        steep = power if power > 0 else -power * math.exp(-power) / math.expm1(-power)
        return max(0.0, (limit - high[size - 1]) / (gain * steep / span))
    if gain <= 1e-12 * room:
        return math.nan
    return (unbent(room / gain, power) - 1.0) * span


def corrected(foresight, quantile, seen, middle, doubt):
    """How far, as a logarithm, the truth lies from the law's answer: by how long the climb was seen beside it, and by
    how far laws that fit as well lie apart.
    """
    knots = foresight.shape[1] - 1
    if middle <= 0:
        return 0.0
    x = clipped(math.log(seen / middle), foresight[0, 0], foresight[0, knots - 1])
    at = 1
    while at < knots - 1 and foresight[0, at] < x:
        at += 1
    share = (x - foresight[0, at - 1]) / (foresight[0, at] - foresight[0, at - 1])
    low, high = foresight[1 + quantile, at - 1], foresight[1 + quantile, at]
    return low + share * (high - low) + foresight[1 + quantile, knots] * doubt


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
