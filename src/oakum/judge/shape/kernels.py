"""The shape of one lifetime: which of twelve patterns it shows. Flat arrays in and out."""

from __future__ import annotations

import math

import numpy as np

from oakum.judge.figures import FALLS, FLOOR_RISE, RHYTHM
from oakum.judge.floor.kernels import climbing
from oakum.judge.swings.kernels import rhythm, teeth

SHORT_S = 600.0

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
