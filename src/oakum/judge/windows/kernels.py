"""Windows that end now, and how far the floor of each stands above what came before it. Flat arrays in and out.

Each window fills one row: float64[ROW], in the columns below.
"""

from __future__ import annotations

import math

import numpy as np

BLOCKS = 8
PAST = 256
SCALES = 40
LEAST_BINS = 8

# Columns of one scale's row.
WINDOW, GROWTH, LEVEL, RISING, LATE, JUMP, RECENT, HISTORY, EXCESS, RANGE, STEADY, CURVE, BINS, SCORE = range(14)
ROW = 14


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
