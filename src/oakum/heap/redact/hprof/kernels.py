"""What of an HPROF file stays, and the file with the rest filled. `data`: uint8[b], the whole file.

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
from oakum.heap.redact.kernels import copy, fill, fill_name, filler_of, hash_bytes, permuted
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

LONG_BYTES = 1 << 22
LONGEST_NAME = 1 << 16
"""Of a longer string that names nothing, its begin is hashed."""

ID, ABOVE, OWN_BYTES, CLASS_COLUMNS = range(4)
ROW, AT, ROLE, FIELD_COLUMNS = range(4)
INT_HASH, LONG_HASH, NAME, VALUE = range(4)
"""What a field is for: a hash that would tell its text, the name of a thread, the characters of a string."""

TEXTS, ARRAYS, STRINGS_KEPT = range(3)
REPLACED_ARRAYS, REPLACED_BYTES, KEPT_ARRAYS, KEPT_BYTES = 0, 12, 24, 25
REPLACED_NAMES, REPLACED_NAME_BYTES, KEPT_NAMES, KEPT_NAME_BYTES = 26, 27, 28, 29
REPLACED_HASHES, REPLACED_HASH_BYTES, UNKNOWN, UNKNOWN_BYTES = 30, 31, 32, 33
TALLIES = 34
"""Of the tally: arrays and bytes by type of element, then single figures."""

COPIED, CONTENT, CHARACTERS, NAMED = -1, 0, 2, 3
"""How the rest of a content is written. CONTENT + 1: characters of one byte."""


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
def _top(data, pos, id_bytes):
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
        tag, body, end, ended = _top(data, pos, id_bytes)
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
def _row_of(class_ids, class_id, known_id, known_row):
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
            tag, body, record_end, ended = _top(data, pos, id_bytes)
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
                row = _row_of(class_ids, identity(data, pos + 5 + id_bytes, id_bytes), known_id, known_row)
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


@register_jitable
def _poured(data, state, out, put_at, hashed):
    """Write on what was begun, as far as `out` has room; how far it is filled then. `hashed`: uint64[1]."""
    some = min(state[LEFT], out.size - put_at)
    begin = state[LENGTH] - state[LEFT]
    mode = state[MODE]
    if mode == COPIED:
        at = state[BODY] + begin
        copy(out, put_at, data, at, some)
    elif mode == NAMED:
        fill_name(out, put_at, hashed[0], begin, begin + some, state[LENGTH])
    else:
        fill(out, put_at, hashed[0], begin, begin + some, state[LENGTH], mode)
    state[LEFT] -= some
    return put_at + some


@register_jitable
def _begin(state, mode, body, length):
    state[MODE] = mode
    state[BODY] = body
    state[LENGTH] = length
    state[LEFT] = length


@register_jitable
def _with_hashes(data, out, put_at, pos, length, id_bytes, hash_at, first, last, keys, tally):
    """Copy an instance, its hashes permuted; zero, which is none yet, stays. `hash_at`: int64[h, 2], (place, bytes)."""
    copy(out, put_at, data, pos, length)
    values = 1 + 2 * id_bytes + 8
    for row in range(first, last):
        at = values + hash_at[row, 0]
        wide = hash_at[row, 1]
        if at + wide > length:
            continue
        word = np.uint64(0)
        for step in range(wide):
            word = (word << np.uint64(8)) | np.uint64(data[pos + at + step])
        if word == np.uint64(0):
            continue
        made = permuted(keys[13, 0], keys[13, 1], word, wide)
        for step in range(wide):
            shift = np.uint64(8 * (wide - 1 - step))
            out[put_at + at + step] = np.int64((made >> shift) & np.uint64(255))
        tally[REPLACED_HASHES] += 1
        tally[REPLACED_HASH_BYTES] += wide


@njit(cache=True, nogil=True)
def rewrite(data, state, id_bytes, out, hashed, names, arrays, class_ids, hash_from, hash_at, keys, tally):
    """Write the file with its contents filled to `out` (uint8[]) until that is full; how many bytes were written.

    `names`, `arrays`: what survey kept. `class_ids`: int64[c], ascending; of the class in row i the rows hash_from[i] …
    hash_from[i + 1] - 1 of `hash_at` (int64[h, 2]: place among its values, bytes) are permuted.
    """
    known_id = np.zeros(1024, np.int64)
    known_row = np.full(1024, -2, np.int64)
    size = data.size
    pos = state[POS]
    end = state[SEGMENT_END]
    written = 0
    ended = GOING
    while True:
        if state[LEFT] > 0:
            written = _poured(data, state, out, written, hashed)
            if state[LEFT] > 0:
                break
            continue
        if pos >= size:
            ended = DONE
            break
        if pos >= end:
            tag, body, record_end, ended = _top(data, pos, id_bytes)
            if ended != GOING:
                break
            segment = tag == 0x0C or tag == 0x1C
            # The head, and of a string its id.
            head = 9 + (id_bytes if tag == 0x01 else 0)
            if segment:
                end = record_end
            if head > out.size - written:
                if segment:
                    end = pos
                break
            copy(out, written, data, pos, head)
            written += head
            at = pos + head
            if segment:
                pos = at
                continue
            length = record_end - at
            if tag == 0x01:
                kept = has(names, keys, identity(data, body, id_bytes))
                tally[KEPT_NAMES if kept else REPLACED_NAMES] += 1
                tally[KEPT_NAME_BYTES if kept else REPLACED_NAME_BYTES] += length
                if not kept and length > 0:
                    hashed[0] = hash_bytes(keys[12, 0], keys[12, 1], data, at, min(length, LONGEST_NAME))
                _begin(state, COPIED if kept else NAMED, at, length)
            elif 0x02 <= tag <= 0x07 or 0x0A <= tag <= 0x0E or tag == 0x2C:
                # Numbers and ids.
                _begin(state, COPIED, at, length)
            else:
                tally[UNKNOWN] += 1
                tally[UNKNOWN_BYTES] += length
                if length > 0:
                    hashed[0] = hash_bytes(keys[12, 0], keys[12, 1], data, at, min(length, LONGEST_NAME))
                _begin(state, NAMED, at, length)
            pos = record_end
            continue
        length = plain_bytes(data, pos, end, id_bytes)
        if length > 0 and data[pos] == 0x23:
            head = 1 + id_bytes + 9
            content = length - head
            kind = np.int64(data[pos + head - 1])
            if head > out.size - written:
                break
            stays = has(arrays, keys, identity(data, pos + 1, id_bytes))
            if content > LONG_BYTES and not stays and state[HASHED] != pos:
                state[BODY] = pos + head
                state[LENGTH] = content
                state[KIND] = kind
                ended = LONG
                break
            copy(out, written, data, pos, head)
            written += head
            if stays:
                tally[KEPT_ARRAYS] += 1
                tally[KEPT_BYTES] += content
                _begin(state, COPIED, pos + head, content)
            elif content > 0:
                tally[REPLACED_ARRAYS + kind] += 1
                tally[REPLACED_BYTES + kind] += content
                if state[HASHED] != pos:
                    hashed[0] = filler_of(keys, kind, data, pos + head, content)
                mode = CONTENT
                if kind == 8 or kind == 4:
                    mode = CONTENT + 1
                elif kind == 5:
                    mode = CHARACTERS
                _begin(state, mode, pos + head, content)
            pos += length
            continue
        if length > 0:
            row = np.int64(-1)
            if data[pos] == 0x21:
                row = _row_of(class_ids, identity(data, pos + 5 + id_bytes, id_bytes), known_id, known_row)
            if row >= 0 and hash_from[row + 1] > hash_from[row]:
                if length > out.size - written:
                    if written == 0:
                        ended = LARGE
                    break
                first, last = hash_from[row], hash_from[row + 1]
                _with_hashes(data, out, written, pos, length, id_bytes, hash_at, first, last, keys, tally)
                written += length
            elif length <= out.size - written:
                copy(out, written, data, pos, length)
                written += length
            else:
                _begin(state, COPIED, pos, length)
            pos += length
            continue
        length = object_bytes(data, pos, end, id_bytes)
        if length == 0:
            length = other_bytes(data, pos, end, id_bytes)
        if length <= 0:
            if end == size and data[pos] == 0x2C:
                end = pos
                continue
            ended = CUT_OFF if end == size else BROKEN
            break
        _begin(state, COPIED, pos, length)
        pos += length
    state[POS] = pos
    state[SEGMENT_END] = end
    state[ENDED] = ended
    return written
