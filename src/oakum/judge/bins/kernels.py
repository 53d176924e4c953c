"""Bins of samples, and what of them follows the load. Flat arrays in and out.

A *bin* is some consecutive samples of one lifetime: their first and last time (seconds), least, greatest and mean
value, mean load, deepest fall and highest leap between two samples, and the lifetime's number. `fold` makes bins of
samples; everything after it sees bins only. Units: seconds and the unit of the series.
"""

from __future__ import annotations

import math

import numpy as np

TICK_S = 1 / 64
PER_OCTAVE = 128
OCTAVES = 48


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
