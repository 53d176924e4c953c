"""What of an HPROF file stays. `data`: uint8[b], the whole file.

Every length is checked against the end of the file or of its segment before anything is read by it. Places of `state`
are named below; a walk goes on from state[POS] and ends at state[STOP], at the end of the file, or where something
must be done first: state[ENDED] says what.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numba.extending import register_jitable

from oakum.heap.formats.hprof.scan.kernels import (
    identity,
    object_bytes,
    other_bytes,
    plain_bytes,
    u2,
    u4,
    value_bytes,
)
from oakum.heap.redact.names.kernels import has, put

POS, STOP, SEGMENT_END, ENDED, CLASSES, FIELDS, LEFT, BODY, LENGTH, MODE, KIND, HASHED = range(12)
STATES = 12
"""LEFT … MODE: of a content that is written in several turns: bytes left, its begin, its length, how it is written.
BODY, LENGTH, KIND: of one that is to be hashed first; HASHED: the place of the array whose hash is known.
"""

GOING, DONE, CUT_OFF, BROKEN, SET_FULL, TABLE_FULL, FIRST_INSTANCE, LARGE, LONG = range(9)
"""state[ENDED]: going on after STOP, at the end; the file ends too early, is broken; a table must grow; an instance is
met and no class was told of yet; an instance with a hash is larger than any; an array is so long that it is hashed in
turns.
"""

ID, ABOVE, OWN_BYTES, CLASS_COLUMNS = range(4)
ROW, AT, ROLE, FIELD_COLUMNS = range(4)
INT_HASH, LONG_HASH, NAME, VALUE = range(4)
"""What a field is for: a hash that would tell its text, the name of a thread, the characters of a string."""

TEXTS, ARRAYS, STRINGS_KEPT = range(3)


@register_jitable
def _is(data, at, length, word):
    same = length == word.size
    for step in range(length if same else 0):
        same = same and data[at + step] == word[step]
    return same


@register_jitable
def _has_hash(data, at, length):
    """Whether `hash` is in it, in capitals or not."""
    for here in range(at, at + length - 3):
        if (
            (data[here] | 32) == 104
            and (data[here + 1] | 32) == 97
            and (data[here + 2] | 32) == 115
            and (data[here + 3] | 32) == 104
        ):
            return True
    return False


@register_jitable
def top(data, pos, id_bytes):
    """(tag, begin of the body, end of it, how it ended) of the record at `pos` between segments."""
    size = data.size
    if pos + 9 > size:
        return 0, pos, size, CUT_OFF
    tag = np.int64(data[pos])
    length = u4(data, pos + 5)
    body = pos + 9
    if tag == 0x0C and length == 0 and body < size:
        # Before 1.0.2 a dump over 4 GiB could not say its length. An empty one is followed by a record.
        following = np.int64(data[body])
        if following != 0x2C and following != 0x0C:
            return tag, body, size, GOING
    if length > size - body:
        return tag, body, size, CUT_OFF
    if tag == 0x01 and length < id_bytes:
        return tag, body, body + length, BROKEN
    return tag, body, body + length, GOING


@njit(cache=True, nogil=True)
def find_words(data, state, id_bytes, thread, string, name, value, words, hashes, count, keys):
    """Look through the strings of the file for the ids of some: `words` (int64[4]), and all that speak of a hash."""
    pos = state[POS]
    stop = state[STOP]
    state[ENDED] = GOING
    while pos < stop:
        tag, body, end, ended = top(data, pos, id_bytes)
        if ended != GOING:
            state[ENDED] = ended
            break
        if tag == 0x01:
            at = body + id_bytes
            length = end - at
            which = -1
            if _is(data, at, length, thread):
                which = 0
            elif _is(data, at, length, string):
                which = 1
            elif _is(data, at, length, name):
                which = 2
            elif _is(data, at, length, value):
                which = 3
            if which >= 0:
                words[which] = identity(data, body, id_bytes)
            elif (
                length <= 4096
                and _has_hash(data, at, length)
                and not put(hashes, count, keys, identity(data, body, id_bytes))
            ):
                state[ENDED] = SET_FULL
                break
        pos = end
    state[POS] = pos


@register_jitable
def _keep_class(data, at, id_bytes, names, count, keys):
    """Whether the names of all fields had room."""
    here = at + 1 + 7 * id_bytes + 8
    constants = u2(data, here)
    here += 2
    for _ in range(constants):
        here += 3 + value_bytes(np.int64(data[here + 2]), id_bytes)
    statics = u2(data, here)
    here += 2
    for _ in range(statics):
        if not put(names, count, keys, identity(data, here, id_bytes)):
            return False
        here += id_bytes + 1 + value_bytes(np.int64(data[here + id_bytes]), id_bytes)
    fields = u2(data, here)
    here += 2
    for _ in range(fields):
        if not put(names, count, keys, identity(data, here, id_bytes)):
            return False
        here += id_bytes + 1
    return True


@register_jitable
def _read_class(data, at, id_bytes, row, classes, fields, used, words, hashes, keys):
    """Enter a class into `classes` (int64[c, 3]) and the fields that have a role into `fields` (int64[f, 3]).

    How many there are then, -1 where they have no room.
    """
    here = at + 1 + 7 * id_bytes + 8
    constants = u2(data, here)
    here += 2
    for _ in range(constants):
        here += 3 + value_bytes(np.int64(data[here + 2]), id_bytes)
    statics = u2(data, here)
    here += 2
    for _ in range(statics):
        here += id_bytes + 1 + value_bytes(np.int64(data[here + id_bytes]), id_bytes)
    count = u2(data, here)
    here += 2
    offset = 0
    for _ in range(count):
        name = identity(data, here, id_bytes)
        kind = np.int64(data[here + id_bytes])
        role = -1
        if kind == 10 and has(hashes, keys, name):
            role = INT_HASH
        elif kind == 11 and has(hashes, keys, name):
            role = LONG_HASH
        elif kind == 2 and name == words[2]:
            role = NAME
        elif kind == 2 and name == words[3]:
            role = VALUE
        wide = value_bytes(kind, id_bytes)
        if wide == 0:
            # No JVM reads such a class; what stands in its instances cannot be told.
            return -2
        if role >= 0:
            if used >= fields.shape[0]:
                return -1
            fields[used, ROW] = row
            fields[used, AT] = offset
            fields[used, ROLE] = role
            used += 1
        offset += wide
        here += id_bytes + 1
    classes[row, ID] = identity(data, at + 1, id_bytes)
    classes[row, ABOVE] = identity(data, at + 5 + id_bytes, id_bytes)
    classes[row, OWN_BYTES] = offset
    return used


@register_jitable
def row_of(class_ids, class_id, known_id, known_row):
    """Its row in `class_ids` (int64[c], ascending), -1 for none. What was met lately is kept by some bits."""
    slot = (class_id >> 3) & 1023
    if known_row[slot] == -2 or known_id[slot] != class_id:
        row = np.searchsorted(class_ids, class_id)
        known_id[slot] = class_id
        known_row[slot] = row if row < class_ids.size and class_ids[row] == class_id else -1
    return known_row[slot]


@njit(cache=True, nogil=True)
def survey(data, state, id_bytes, words, special, classes, fields, names, hashes, strings, arrays, counts, keys, told):
    """Find what stays: ids of names of classes, fields, methods and files; the characters of the names of threads.

    `told`: (ids, name_at, value_at) of classes whose instances are looked into, int64[c] each, by id; empty at first,
    and the walk ends at the first instance then. `special`: int64[2], ids of the classes Thread and String.
    `names`, `strings`, `arrays`: sets, `counts`: theirs, int64[3, 1]. What is put there again changes nothing.
    """
    class_ids, name_at, value_at = told
    known_id = np.zeros(1024, np.int64)
    known_row = np.full(1024, -2, np.int64)
    pos = state[POS]
    stop = state[STOP]
    end = state[SEGMENT_END]
    ended = GOING
    while pos < stop:
        if pos >= end:
            tag, body, record_end, ended = top(data, pos, id_bytes)
            if ended != GOING:
                break
            if tag == 0x0C or tag == 0x1C:
                end = record_end
                pos = body
                continue
            if tag == 0x02:
                if record_end - body < 8 + 2 * id_bytes:
                    ended = BROKEN
                    break
                name = identity(data, body + 8 + id_bytes, id_bytes)
                if not put(names, counts[TEXTS], keys, name):
                    ended = SET_FULL
                    break
                for which in range(2):
                    if name != 0 and name == words[which]:
                        special[which] = identity(data, body + 4, id_bytes)
            elif tag == 0x04:
                if record_end - body < 4 * id_bytes + 8:
                    ended = BROKEN
                    break
                kept = True
                for step in range(1, 4):
                    kept = kept and put(names, counts[TEXTS], keys, identity(data, body + step * id_bytes, id_bytes))
                if not kept:
                    ended = SET_FULL
                    break
            pos = record_end
            continue
        length = plain_bytes(data, pos, end, id_bytes)
        if length > 0:
            if data[pos] == 0x21:
                if class_ids.size == 0:
                    ended = FIRST_INSTANCE
                    break
                row = row_of(class_ids, identity(data, pos + 5 + id_bytes, id_bytes), known_id, known_row)
                if row >= 0 and (name_at[row] >= 0 or value_at[row] >= 0):
                    values = pos + 1 + 2 * id_bytes + 8
                    at = values + name_at[row]
                    if name_at[row] >= 0 and at + id_bytes <= pos + length:
                        name = identity(data, at, id_bytes)
                        # Until Java 8 a thread has its characters itself.
                        if not put(strings, counts[STRINGS_KEPT], keys, name) or not put(
                            arrays, counts[ARRAYS], keys, name
                        ):
                            ended = SET_FULL
                            break
                    at = values + value_at[row]
                    if (
                        value_at[row] >= 0
                        and at + id_bytes <= pos + length
                        and has(strings, keys, identity(data, pos + 1, id_bytes))
                        and not put(arrays, counts[ARRAYS], keys, identity(data, at, id_bytes))
                    ):
                        ended = SET_FULL
                        break
            pos += length
            continue
        length = object_bytes(data, pos, end, id_bytes)
        if length > 0:
            if data[pos] == 0x20:
                if not _keep_class(data, pos, id_bytes, names, counts[TEXTS], keys):
                    ended = SET_FULL
                    break
                if state[CLASSES] >= classes.shape[0]:
                    ended = TABLE_FULL
                    break
                used = _read_class(
                    data, pos, id_bytes, state[CLASSES], classes, fields, state[FIELDS], words, hashes, keys
                )
                if used < 0:
                    ended = TABLE_FULL if used == -1 else BROKEN
                    break
                state[FIELDS] = used
                state[CLASSES] += 1
            pos += length
            continue
        length = other_bytes(data, pos, end, id_bytes) if length == 0 else 0
        if length == 0:
            if end == data.size and data[pos] == 0x2C:
                end = pos
                continue
            ended = CUT_OFF if end == data.size else BROKEN
            break
        pos += length
    state[POS] = pos
    state[SEGMENT_END] = end
    state[ENDED] = ended
