"""Numbers and strings of a snapshot's JSON. `data`: uint8[b], the whole file; every read is checked against its end."""

from __future__ import annotations

import numpy as np
from numba import njit
from numba.extending import register_jitable

END, BROKEN = -1, -2
MOST_DIGITS = 18


@register_jitable
def number(data, pos):
    """(value, place after it) of the next number of a flat array; END at the closing bracket, BROKEN if neither."""
    size = data.size
    while pos < size:
        byte = data[pos]
        if 48 <= byte <= 57:
            break
        if byte == 93:
            return END, pos + 1
        if byte != 44 and byte != 32 and byte != 10 and byte != 13 and byte != 9 and byte != 91:
            return BROKEN, pos
        pos += 1
    value = 0
    digits = 0
    while pos < size:
        byte = data[pos]
        if byte < 48 or byte > 57:
            break
        digits += 1
        if digits > MOST_DIGITS:
            return BROKEN, pos
        value = value * 10 + (np.int64(byte) - 48)
        pos += 1
    if pos >= size or digits == 0:
        return BROKEN, pos
    return value, pos


@njit(cache=True, nogil=True)
def nodes(data, pos, fields, place, kind, name, identity, size, degree):
    """(rows read, place after the array or BROKEN). `place`: int64[5], the columns of the five outputs among `fields`.

    Outputs are of one length, the count that the file promises: more rows, or none that is whole, is broken; a type
    over 255 and more edges than can be counted too.
    """
    row = 0
    column = 0
    while True:
        value, pos = number(data, pos)
        if value == END:
            return row, pos if column == 0 else BROKEN
        if value == BROKEN or row == kind.size:
            return row, BROKEN
        if column == place[0]:
            if value > 255:
                return row, BROKEN
            kind[row] = value
        elif column == place[1]:
            name[row] = min(value, 0x7FFFFFFE)
        elif column == place[2]:
            identity[row] = value
        elif column == place[3]:
            size[row] = value
        elif column == place[4]:
            if value > 0x7FFFFFFF:
                return row, BROKEN
            degree[row] = value
        column += 1
        if column == fields:
            column = 0
            row += 1


@njit(cache=True, nogil=True)
def edges(data, pos, fields, place, stride, count, kind, name, target):
    """(rows read, place after the array or BROKEN). `place`: int64[3]; `stride`: numbers per node: targets are counted
    in them. A target that is no node of `count`, or a type over 255, is broken.
    """
    row = 0
    column = 0
    while True:
        value, pos = number(data, pos)
        if value == END:
            return row, pos if column == 0 else BROKEN
        if value == BROKEN or row == kind.size:
            return row, BROKEN
        if column == place[0]:
            if value > 255:
                return row, BROKEN
            kind[row] = value
        elif column == place[1]:
            name[row] = min(value, 0x7FFFFFFE)
        elif column == place[2]:
            node = value // stride
            if value % stride != 0 or node >= count:
                return row, BROKEN
            target[row] = node
        column += 1
        if column == fields:
            column = 0
            row += 1


@njit(cache=True, nogil=True)
def numbers(data, pos, out):
    """(how many, place after the array or BROKEN). `out`: int64[]; what does not fit is passed over."""
    found = 0
    while True:
        value, pos = number(data, pos)
        if value == END:
            return found, pos
        if value == BROKEN:
            return found, BROKEN
        if found < out.size:
            out[found] = value
        found += 1


@njit(cache=True, nogil=True)
def strings(data, pos, begin, end):
    """(how many, place to go on, whether the array is closed). Contents between the quotes, escapes as they stand.

    `begin`, `end`: int64[], filled until they are full, the array is closed, or the file ends.
    """
    found = 0
    size = data.size
    while found < begin.size:
        while pos < size and data[pos] != 34 and data[pos] != 93:
            pos += 1
        if pos >= size:
            return found, size, False
        if data[pos] == 93:
            return found, pos + 1, True
        at = pos + 1
        while at < size and data[at] != 34:
            at += 2 if data[at] == 92 else 1
        if at >= size:
            return found, size, False
        begin[found] = pos + 1
        end[found] = at
        found += 1
        pos = at + 1
    return found, pos, False


@njit(cache=True, nogil=True)
def value_end(data, pos):
    """The place after any JSON value, -1 if the file ends before it does. Brackets are counted, strings passed over."""
    size = data.size
    depth = 0
    while pos < size:
        byte = data[pos]
        if byte == 34:
            pos += 1
            while pos < size and data[pos] != 34:
                pos += 2 if data[pos] == 92 else 1
            pos += 1
            if depth == 0:
                return pos if pos <= size else -1
            continue
        if byte == 91 or byte == 123:
            depth += 1
        elif byte == 93 or byte == 125:
            if depth == 0:
                return pos
            depth -= 1
            if depth == 0:
                return pos + 1
        elif byte == 44 and depth == 0:
            return pos
        pos += 1
    return -1


@njit(cache=True, nogil=True)
def weak_tables(data, begin, end, wanted):
    """int64[k]: of names like `… pair in WeakMap (table @7)` the number, else -1. `wanted`: int32[k], strings."""
    out = np.full(wanted.size, -1, np.int64)
    for i in range(wanted.size):
        first = begin[wanted[i]]
        at = end[wanted[i]] - 1
        if at - first < 20 or data[at] != 41:
            continue
        at -= 1
        value = 0
        scale = 1
        digits = 0
        while at > first and 48 <= data[at] <= 57 and digits < MOST_DIGITS:
            value += (np.int64(data[at]) - 48) * scale
            scale *= 10
            digits += 1
            at -= 1
        # "(table @" before the digits.
        if (
            digits > 0
            and at - first > 8
            and data[at] == 64
            and data[at - 1] == 32
            and data[at - 2] == 101
            and data[at - 3] == 108
            and data[at - 4] == 98
            and data[at - 5] == 97
            and data[at - 6] == 116
        ):
            out[i] = value
    return out
