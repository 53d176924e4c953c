"""An HPROF file with its contents filled. `data`: uint8[b], the whole file; `state`: as of the walks before.

Written in turns, as far as there is room: what was begun is gone on with.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numba.extending import register_jitable

from oakum.heap.formats.hprof.scan.kernels import identity, object_bytes, other_bytes, plain_bytes
from oakum.heap.redact.hprof.kernels import (
    BODY,
    BROKEN,
    CUT_OFF,
    DONE,
    ENDED,
    GOING,
    HASHED,
    KIND,
    LARGE,
    LEFT,
    LENGTH,
    LONG,
    MODE,
    POS,
    SEGMENT_END,
    row_of,
    top,
)
from oakum.heap.redact.kernels import copy, fill, fill_name, filler_of, hash_bytes, permuted
from oakum.heap.redact.names.kernels import has

LONG_BYTES = 1 << 22
LONGEST_NAME = 1 << 16
"""Of a longer string that names nothing, its begin is hashed."""

REPLACED_ARRAYS, REPLACED_BYTES, KEPT_ARRAYS, KEPT_BYTES = 0, 12, 24, 25
REPLACED_NAMES, REPLACED_NAME_BYTES, KEPT_NAMES, KEPT_NAME_BYTES = 26, 27, 28, 29
REPLACED_HASHES, REPLACED_HASH_BYTES, UNKNOWN, UNKNOWN_BYTES = 30, 31, 32, 33
TALLIES = 34
"""Of the tally: arrays and bytes by type of element, then single figures."""

COPIED, CONTENT, CHARACTERS, NAMED = -1, 0, 2, 3
"""How the rest of a content is written. CONTENT + 1: characters of one byte."""


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
            tag, body, record_end, ended = top(data, pos, id_bytes)
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
                row = row_of(class_ids, identity(data, pos + 5 + id_bytes, id_bytes), known_id, known_row)
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
