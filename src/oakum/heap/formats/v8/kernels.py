"""Numbers and strings of a snapshot's JSON. `data`: uint8[b], the whole file; every read is checked against its end."""

from __future__ import annotations

import numpy as np
from numba import njit
from numba.extending import register_jitable

BROKEN = -2
WHOLE, TORN, WIDE = 0, 1, 2
"""How a walk over rows ended: all was read, it is broken or cut off, a number needs a wider array."""

MOST_DIGITS = 18
NINE, COMMA, SPACE, LINE, RETURN, TAB, OPEN, CLOSE = 9, 44, 32, 10, 13, 9, 91, 93


DETACHED = 128
IS_DETACHED = 2
"""Of a DOM node: out of the page. Source: v8-profiler.h, EmbedderGraph::Node::Detachedness."""


@register_jitable
def _between(byte):
    """Whether it may stand between two numbers of a flat array."""
    return byte in (COMMA, SPACE, LINE, RETURN, TAB, OPEN)


@njit(cache=True, nogil=True)
def nodes(data, pos, stop, closed, fields, place, most_id, most_size, kind, name, identity, size, degree):
    """(rows read, how it ended) of the numbers from `pos` to `stop`, where the array or a share of its rows ends.

    `closed`: whether it does; else the file ends there, and the number that does is not whole. `place`: int64[6], the
    columns of the five outputs among `fields`, and that of detachedness, which comes behind the type; -1 for none.
    Outputs are of one length, the count that the file promises: more rows, or none that is whole, is broken; a type
    over 127 and more edges than can be counted too. The type of what is detached has the bit DETACHED.
    """
    at_kind, at_name, at_id, at_size, at_degree = place[0], place[1], place[2], place[3], place[4]
    at_detached = place[5]
    row = 0
    column = 0
    while pos < stop:
        value = np.int64(data[np.uint64(pos)]) - 48
        if value < 0 or value > NINE:
            if not _between(value + 48):
                return row, TORN
            pos += 1
            continue
        first = pos
        pos += 1
        while pos < stop:
            digit = np.int64(data[np.uint64(pos)]) - 48
            if digit < 0 or digit > NINE:
                break
            if pos - first == MOST_DIGITS:
                return row, TORN
            value = value * 10 + digit
            pos += 1
        if (pos == stop and not closed) or row == kind.size:
            return row, TORN
        if column == at_kind:
            if value >= DETACHED:
                return row, TORN
            kind[row] = value
        elif column == at_detached:
            if value == IS_DETACHED:
                kind[row] |= DETACHED
        elif column == at_name:
            name[row] = min(value, 0x7FFFFFFE)
        elif column == at_id:
            if value > most_id:
                return row, WIDE
            identity[row] = value
        elif column == at_size:
            if value > most_size:
                return row, WIDE
            size[row] = value
        elif column == at_degree:
            if value > 0x7FFFFFFF:
                return row, TORN
            degree[row] = value
        column += 1
        if column == fields:
            column = 0
            row += 1
    return row, WHOLE if closed and column == 0 else TORN


@njit(cache=True, nogil=True)
def edges(data, pos, stop, closed, fields, place, stride, count, kind, name, target):
    """(rows read, how it ended), as nodes. `place`: int64[3]; `stride`: numbers per node: targets are counted in them.

    A target that is no node of `count`, or a type over 255, is broken.
    """
    at_kind, at_name, at_target = place[0], place[1], place[2]
    row = 0
    column = 0
    while pos < stop:
        value = np.int64(data[np.uint64(pos)]) - 48
        if value < 0 or value > NINE:
            if not _between(value + 48):
                return row, TORN
            pos += 1
            continue
        first = pos
        pos += 1
        while pos < stop:
            digit = np.int64(data[np.uint64(pos)]) - 48
            if digit < 0 or digit > NINE:
                break
            if pos - first == MOST_DIGITS:
                return row, TORN
            value = value * 10 + digit
            pos += 1
        if (pos == stop and not closed) or row == kind.size:
            return row, TORN
        if column == at_kind:
            if value > 255:
                return row, TORN
            kind[row] = value
        elif column == at_name:
            name[row] = min(value, 0x7FFFFFFE)
        elif column == at_target:
            node = value // stride
            if node * stride != value or node >= count:
                return row, TORN
            target[row] = node
        column += 1
        if column == fields:
            column = 0
            row += 1
    return row, WHOLE if closed and column == 0 else TORN


@njit(cache=True, nogil=True)
def numbers(data, pos, stop, out):
    """(how many, how it ended) of the numbers from `pos` to the bracket at `stop`. `out`: int64[]; what does not fit is
    passed over.
    """
    found = 0
    while pos < stop:
        value = np.int64(data[np.uint64(pos)]) - 48
        if value < 0 or value > NINE:
            if not _between(value + 48):
                return found, TORN
            pos += 1
            continue
        first = pos
        pos += 1
        while pos < stop:
            digit = np.int64(data[np.uint64(pos)]) - 48
            if digit < 0 or digit > NINE:
                break
            if pos - first == MOST_DIGITS:
                return found, TORN
            value = value * 10 + digit
            pos += 1
        if found < out.size:
            out[found] = value
        found += 1
    return found, WHOLE


@njit(cache=True, nogil=True)
def count_loose(offsets, kind, name, types, table_of, ids):
    """How many edges settle will take out of their rows."""
    weak, shortcut, internal = types[0], types[1], types[2]
    tables = table_of.size
    loosely = 0
    for node in range(offsets.size - 1):
        for edge in range(offsets[node], offsets[node + 1]):
            if (
                kind[edge] == weak
                or (kind[edge] == shortcut and node != 0)
                or (kind[edge] == internal and name[edge] < tables and table_of[name[edge]] == ids[node])
            ):
                loosely += 1
    return loosely


@njit(cache=True, nogil=True)
def settle(offsets, kind, name, target, types, strengths, table_of, ids, loose_source, loose_target, loose_strength):
    """Push rows together so that they hold the edges that count; the others go apart. Returns how many are left.

    `types`: int64[3], what weak edges, shortcuts and internal edges are called in `kind`, -1 for none; `strengths`:
    uint8[3], of Strength, for each of them. Shortcuts of node 0, the root, mark the application's global objects: they
    count. `table_of`: int64[strings], the id of the weak table that a name speaks of, else -1: what a table holds
    together with a key counts for the key alone. An element's index may be in the billions: it is no name.
    """
    weak, shortcut, internal = types[0], types[1], types[2]
    tables = table_of.size
    put = np.int64(0)
    loosely = 0
    begin = np.int64(offsets[0])
    for node in range(offsets.size - 1):
        end = np.int64(offsets[node + 1])
        for edge in range(begin, end):
            if (
                kind[edge] == weak
                or (kind[edge] == shortcut and node != 0)
                or (kind[edge] == internal and name[edge] < tables and table_of[name[edge]] == ids[node])
            ):
                loose_source[loosely] = node
                loose_target[loosely] = target[edge]
                of = 0 if kind[edge] == weak else 1 if kind[edge] == shortcut else 2
                loose_strength[loosely] = strengths[of]
                loosely += 1
            else:
                kind[put] = kind[edge]
                name[put] = name[edge]
                target[put] = target[edge]
                put += 1
        offsets[node + 1] = put
        begin = end
    return put


@njit(cache=True, nogil=True)
def mark_names(kind, name, named, used):
    """Set `used` (bool[strings + 1]) at the names of nodes of a class: `named` (bool[256]) says it of each type."""
    for node in range(kind.size):
        if named[kind[node]]:
            used[min(name[node], used.size - 1)] = True


@njit(cache=True, nogil=True)
def classify(kind, name, named, rows, out):
    """Fill `out` (int32[n]): `rows` (int32[strings]) of the name of nodes of a class, the type of the others."""
    for node in range(kind.size):
        out[node] = rows[name[node]] if named[kind[node]] and name[node] < rows.size else np.int32(kind[node])


@njit(cache=True, nogil=True)
def targets_of_named(offsets, kind, name, target, wanted_kind, wanted_name):
    """int32[n]: where the last edge of each node of that type and name leads, -1 where it has none. O(m)."""
    found = np.full(offsets.size - 1, -1, np.int32)
    for node in range(offsets.size - 1):
        for edge in range(offsets[node], offsets[node + 1]):
            if name[edge] == wanted_name and kind[edge] == wanted_kind:
                found[node] = target[edge]
    return found


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
