"""Which strings of a snapshot are names, and the file with the others filled. `data`: uint8[b], the whole file.

A walk goes on from state[POS] and ends at state[STOP] or later, at the end of a part, or of the file. `roles`: uint8[],
two bits for each string: whether it is the name of something, whether it is that of a property.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numba.extending import register_jitable

from oakum.heap.redact.kernels import copy, fill_name, hash_bytes

POS, STOP, ENDED, COLUMN, ROW, TYPE, NAME, EDGES, TABLES, TABLE, INDEX, DEPTH, LEFT, BODY, LENGTH, MODE = range(16)
STATES = 16
"""COLUMN … EDGES: of the row that is read; TABLES: how many were met, TABLE: the next; INDEX: of a string. DEPTH: of
brackets. LEFT … MODE: of a string that is written in several turns.
"""

GOING, DONE, CUT_OFF, BROKEN, TABLE_FULL = range(5)
NAMES, PROPERTIES = 1, 2
FIRST, LAST, CLASS, TABLE_COLUMNS = range(4)
"""Of a table: its first edge, the one after its last, the string that its class is called by."""

REPLACED, REPLACED_BYTES, KEPT, KEPT_BYTES, ELSEWHERE, ELSEWHERE_BYTES = range(6)
TALLIES = 6

MOST_DIGITS = 18
LONGEST_PROPERTY = 128
"""No code is written with longer names; longer ones are data: addresses, tokens, texts."""

LONGEST_HASHED = 1 << 16
COPIED, NAMED = -1, 3
QUOTE, BACKSLASH, COMMA, OPEN, CLOSE, MINUS = 34, 92, 44, 91, 93, 45


@register_jitable
def _blank(byte):
    return byte == 32 or byte == 10 or byte == 13 or byte == 9


@register_jitable
def _mark(roles, index, role):
    if 0 <= index < roles.size * 4:
        roles[index >> 2] |= role << (2 * (index & 3))


@register_jitable
def role_of(roles, index):
    return (np.int64(roles[index >> 2]) >> (2 * (index & 3))) & 3 if 0 <= index < roles.size * 4 else 0


@register_jitable
def _number(data, pos):
    """(value, place after it, how it ended) of the number or of the bracket that comes next; -1 for the bracket."""
    size = data.size
    while pos < size and (_blank(data[pos]) or data[pos] == COMMA):
        pos += 1
    value = np.int64(0)
    ended = GOING
    if pos >= size:
        ended = CUT_OFF
    elif data[pos] == CLOSE:
        value = np.int64(-1)
        pos += 1
    else:
        first = pos
        while pos < size and 48 <= data[pos] <= 57 and pos - first <= MOST_DIGITS:
            value = value * 10 + np.int64(data[pos]) - 48
            pos += 1
        if pos >= size:
            ended = CUT_OFF
        elif pos == first or pos - first > MOST_DIGITS:
            ended = BROKEN
    return value, pos, ended


@njit(cache=True, nogil=True)
def mark_nodes(data, state, fields, place, named, objects, least, roles, tables):
    """Names of nodes of the types in `named` (bool[256]) are kept. `place`: int64[3], where type, name and edge count
    are among `fields`. Nodes of the type `objects` with `least` edges or more go into `tables` (int64[t, 3]).
    """
    pos = state[POS]
    stop = state[STOP]
    column = state[COLUMN]
    ended = GOING
    while pos < stop:
        if column == 0 and state[TABLES] >= tables.shape[0]:
            ended = TABLE_FULL
            break
        value, pos, ended = _number(data, pos)
        if ended != GOING:
            break
        if value < 0:
            ended = DONE if column == 0 else BROKEN
            break
        if column == place[0]:
            state[TYPE] = value
        elif column == place[1]:
            state[NAME] = value
        elif column == place[2]:
            if value > data.size:
                ended = BROKEN
                break
            begin = state[EDGES]
            state[EDGES] += value
            state[LEFT] = begin
        column += 1
        if column == fields:
            column = 0
            state[ROW] += 1
            if 0 <= state[TYPE] < 256 and named[state[TYPE]]:
                _mark(roles, state[NAME], NAMES)
            if state[TYPE] == objects and state[EDGES] - state[LEFT] >= least:
                tables[state[TABLES], FIRST] = state[LEFT]
                tables[state[TABLES], LAST] = state[EDGES]
                tables[state[TABLES], CLASS] = state[NAME]
                state[TABLES] += 1
    state[POS] = pos
    state[COLUMN] = column
    state[ENDED] = ended


@njit(cache=True, nogil=True)
def mark_edges(data, state, fields, place, named, properties, plain, tables, count, roles):
    """Names of edges of the types in `named` are kept, those of the type `properties` as such; but not the names in a
    table of the class `plain`: they are its keys. `place`: int64[2], the columns of type and name. `tables`:
    int64[count, 3], ascending.
    """
    pos = state[POS]
    stop = state[STOP]
    column = state[COLUMN]
    ended = GOING
    while pos < stop:
        value, pos, ended = _number(data, pos)
        if ended != GOING:
            break
        if value < 0:
            ended = DONE if column == 0 else BROKEN
            break
        if column == place[0]:
            state[TYPE] = value
        elif column == place[1]:
            state[NAME] = value
        column += 1
        if column == fields:
            column = 0
            row = state[ROW]
            state[ROW] += 1
            while state[TABLE] < count and tables[state[TABLE], LAST] <= row:
                state[TABLE] += 1
            if state[TYPE] == properties:
                table = state[TABLE]
                inside = table < count and tables[table, FIRST] <= row and tables[table, CLASS] == plain
                if not inside:
                    _mark(roles, state[NAME], PROPERTIES)
            elif 0 <= state[TYPE] < 256 and named[state[TYPE]]:
                _mark(roles, state[NAME], NAMES)
    state[POS] = pos
    state[COLUMN] = column
    state[ENDED] = ended


@register_jitable
def _string_end(data, pos):
    """Place of the quote that ends the string whose content begins at `pos`; the size of the file where none does."""
    size = data.size
    while pos < size and data[pos] != QUOTE:
        pos += 2 if data[pos] == BACKSLASH else 1
    return min(pos, size)


@njit(cache=True, nogil=True)
def count_strings(data, state, word, found):
    """Walk over the array of strings; found[0] is the first that is `word`. state[INDEX]: how many there are."""
    pos = state[POS]
    stop = state[STOP]
    size = data.size
    ended = GOING
    while pos < stop:
        while pos < size and (_blank(data[pos]) or data[pos] == COMMA):
            pos += 1
        if pos >= size:
            ended = CUT_OFF
            break
        if data[pos] == CLOSE:
            pos += 1
            ended = DONE
            break
        if data[pos] != QUOTE:
            ended = BROKEN
            break
        end = _string_end(data, pos + 1)
        if end >= size:
            ended = CUT_OFF
            break
        if found[0] < 0 and end - pos - 1 == word.size:
            same = True
            for step in range(word.size):
                same = same and data[pos + 1 + step] == word[step]
            if same:
                found[0] = state[INDEX]
        state[INDEX] += 1
        pos = end + 1
    state[POS] = pos
    state[ENDED] = ended


@njit(cache=True, nogil=True)
def skip(data, state):
    """Walk over any JSON value: brackets are counted, strings passed over."""
    pos = state[POS]
    stop = state[STOP]
    size = data.size
    depth = state[DEPTH]
    ended = GOING
    while pos < stop:
        byte = data[pos]
        if byte == QUOTE:
            pos = _string_end(data, pos + 1)
            if pos >= size:
                ended = CUT_OFF
                break
            if depth == 0:
                pos += 1
                ended = DONE
                break
        elif byte == OPEN or byte == 123:
            depth += 1
        elif byte == CLOSE or byte == 125:
            depth -= 1
            if depth <= 0:
                pos += 1 if depth == 0 else 0
                ended = DONE
                break
        elif byte == COMMA and depth == 0:
            ended = DONE
            break
        pos += 1
    state[POS] = pos
    state[DEPTH] = depth
    state[ENDED] = ended


@register_jitable
def _among(data, begin, length, words, ends):
    """Whether it is one of `words` (uint8[]), each of which ends at one of `ends` (int64[])."""
    first = 0
    found = False
    for end in ends:
        if end - first == length:
            same = True
            for step in range(length):
                same = same and data[begin + step] == words[first + step]
            found = found or same
        first = end
    return found


@register_jitable
def _is_source(data, begin, length):
    """A script that is called by its own source: ``data:text/javascript,…``."""
    return (
        length > 5
        and data[begin] == 100
        and data[begin + 1] == 97
        and data[begin + 2] == 116
        and data[begin + 3] == 97
        and data[begin + 4] == 58
    )


@register_jitable
def _tail(data, begin, end):
    """How many of the last bytes stay: of `… pair in WeakMap (table @7)` what readers ask for, the number; else 0."""
    at = end - 1
    tail = 0
    if at > begin and data[at] == 41:
        at -= 1
        digits = 0
        while at > begin and 48 <= data[at] <= 57 and digits < MOST_DIGITS:
            at -= 1
            digits += 1
        # " (table @" before the digits.
        if (
            digits > 0
            and at - begin > 16
            and data[at] == 64
            and data[at - 1] == 32
            and data[at - 2] == 101
            and data[at - 3] == 108
            and data[at - 4] == 98
            and data[at - 5] == 97
            and data[at - 6] == 116
            and data[at - 7] == 40
        ):
            tail = end - (at - 7)
    return tail


@njit(cache=True, nogil=True)
def rewrite(data, state, out, hashed, keys, roles, words, ends, naming, tally):
    """Copy from state[POS] to state[STOP] to `out` until that is full, strings filled; how many bytes were written.

    `naming`: whether these are the snapshot's own strings: of those, names stay as they are, and what V8 calls things
    whose names are contents (`words`, `ends`). `hashed`: uint64[1].
    """
    pos = state[POS]
    stop = state[STOP]
    size = data.size
    written = 0
    ended = GOING
    while True:
        if state[LEFT] > 0:
            some = min(state[LEFT], out.size - written)
            begin = state[LENGTH] - state[LEFT]
            if state[MODE] == COPIED:
                at = state[BODY] + begin
                copy(out, written, data, at, some)
            else:
                fill_name(out, written, hashed[0], begin, begin + some, state[LENGTH])
            written += some
            state[LEFT] -= some
            if state[LEFT] > 0:
                break
            if state[DEPTH] > 0:
                # Behind a filler, what stays of its end.
                state[BODY] += state[LENGTH]
                state[LENGTH] = state[DEPTH]
                state[LEFT] = state[DEPTH]
                state[MODE] = COPIED
                state[DEPTH] = 0
            continue
        if pos >= stop:
            ended = DONE
            break
        if written >= out.size:
            break
        byte = data[pos]
        out[written] = byte
        written += 1
        pos += 1
        if byte != QUOTE:
            continue
        end = _string_end(data, pos)
        if end >= size or end >= stop:
            ended = BROKEN
            break
        length = end - pos
        role = role_of(roles, state[INDEX]) if naming else 0
        kept = role & NAMES > 0 or (role & PROPERTIES > 0 and length <= LONGEST_PROPERTY)
        kept = kept and not _is_source(data, pos, length)
        tail = _tail(data, pos, end) if kept else 0
        kept = kept and tail == 0
        if naming and not kept and tail == 0:
            kept = _among(data, pos, length, words, ends)
        if naming:
            state[INDEX] += 1
            tally[KEPT if kept else REPLACED] += 1
            tally[KEPT_BYTES] += length if kept else tail
            tally[REPLACED_BYTES] += 0 if kept else length - tail
        else:
            tally[ELSEWHERE] += 1
            tally[ELSEWHERE_BYTES] += length
        state[MODE] = COPIED
        state[BODY] = pos
        state[LENGTH] = length
        if not kept and length > 0:
            hashed[0] = hash_bytes(keys[14, 0], keys[14, 1], data, pos, min(length, LONGEST_HASHED))
            state[MODE] = NAMED
            state[LENGTH] = length - tail
            state[DEPTH] = tail
        state[LEFT] = state[LENGTH]
        # The quote that ends it is no begin of another.
        pos = end
        if state[LEFT] == 0:
            if written >= out.size:
                state[LEFT] = 1
                state[BODY] = pos
                state[LENGTH] = 1
                state[MODE] = COPIED
            else:
                out[written] = QUOTE
                written += 1
            pos += 1
            continue
        # It is written with what stays.
        if state[DEPTH] > 0:
            state[DEPTH] += 1
        elif state[MODE] == COPIED:
            state[LENGTH] += 1
            state[LEFT] += 1
        else:
            state[DEPTH] = 1
        pos += 1
    state[POS] = pos
    state[ENDED] = ended
    return written
