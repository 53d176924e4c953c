"""Records of an HPROF file. `data`: uint8[b], the whole file; ids are 4 or 8 bytes, numbers big-endian.

Every length is checked against the end of its segment, by division, before anything is read by it.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numba.extending import register_jitable

POS, FULL, CUT_OFF, LOST_BYTES, SEGMENTS, STRINGS, RECORDS = range(7)
"""Of the state of outline."""

OBJECTS, ROOTS, LOST, BROKEN, ALL_IDS = range(5)
"""Of the tally of a share of segments."""


@register_jitable
def u2(data, at):
    return (np.int64(data[at]) << 8) | np.int64(data[at + 1])


@register_jitable
def u4(data, at):
    # Unsigned places are not looked at for counting from the end: four loads become one.
    at = np.uint64(at)
    high = (np.int64(data[at]) << 24) | (np.int64(data[at + np.uint64(1)]) << 16)
    return high | (np.int64(data[at + np.uint64(2)]) << 8) | np.int64(data[at + np.uint64(3)])


@register_jitable
def identity(data, at, id_bytes):
    """An id as a signed number: equal ids stay equal. ``id_bytes`` is 4 or 8; no branch: it is read for every slot."""
    high = u4(data, at) & -(id_bytes >> 3)
    return (high << 32) | u4(data, at + id_bytes - 4)


@register_jitable
def value_bytes(kind, id_bytes):
    """Bytes of a value in the file; 0 for a type that there is not."""
    if kind == 2:
        return id_bytes
    if kind == 4 or kind == 8:
        return 1
    if kind == 5 or kind == 9:
        return 2
    if kind == 6 or kind == 10:
        return 4
    if kind == 7 or kind == 11:
        return 8
    return 0


@register_jitable
def class_bytes(data, at, end, id_bytes):
    """Length of a class's record from its tag, -1 if it does not end before `end` or holds a type that there is not."""
    here = at + 1 + 7 * id_bytes + 8
    if here + 2 > end:
        return -1
    constants = u2(data, here)
    here += 2
    for _ in range(constants):
        if here + 3 > end:
            return -1
        wide = value_bytes(np.int64(data[here + 2]), id_bytes)
        here += 3 + wide
        if wide == 0:
            return -1
    if here + 2 > end:
        return -1
    statics = u2(data, here)
    here += 2
    for _ in range(statics):
        if here + id_bytes + 1 > end:
            return -1
        wide = value_bytes(np.int64(data[here + id_bytes]), id_bytes)
        here += id_bytes + 1 + wide
        if wide == 0:
            return -1
    if here + 2 > end:
        return -1
    here += 2 + u2(data, here) * (id_bytes + 1)
    return here - at if here <= end else -1


@register_jitable
def root_bytes(tag, id_bytes):
    """Length of a root's record from its tag, 0 for a tag that is no root's. From 0x89 on they are Android's."""
    if tag == 0xFF or tag == 0x05 or tag == 0x07:
        return 1 + id_bytes
    if tag == 0x01:
        return 1 + 2 * id_bytes
    if tag == 0x02 or tag == 0x03 or tag == 0x08 or tag == 0x8E:
        return 1 + id_bytes + 8
    if tag == 0x04 or tag == 0x06:
        return 1 + id_bytes + 4
    if tag == 0x89 or tag == 0x8A or tag == 0x8B or tag == 0x8C or tag == 0x8D or tag == 0x90:
        return 1 + id_bytes
    return 0


@register_jitable
def object_bytes(data, at, end, id_bytes):
    """Length of an object's record from its tag, -1 if it does not end before `end`, 0 for no object's tag."""
    tag = np.int64(data[at])
    if tag == 0x21:
        head = 1 + 2 * id_bytes + 8
        if at + head > end:
            return -1
        length = u4(data, at + 1 + 2 * id_bytes + 4)
        return head + length if length <= end - at - head else -1
    if tag == 0x22:
        head = 1 + 2 * id_bytes + 8
        if at + head > end:
            return -1
        items = u4(data, at + 1 + id_bytes + 4)
        return head + items * id_bytes if items <= (end - at - head) // id_bytes else -1
    if tag == 0x23:
        head = 1 + id_bytes + 9
        if at + head > end:
            return -1
        items = u4(data, at + 1 + id_bytes + 4)
        wide = value_bytes(np.int64(data[at + head - 1]), id_bytes)
        if wide == 0:
            return -1
        return head + items * wide if items <= (end - at - head) // wide else -1
    if tag == 0xC3:
        head = 1 + id_bytes + 9
        return head if at + head <= end else -1
    if tag == 0x20:
        return class_bytes(data, at, end, id_bytes)
    return 0


@njit(cache=True, nogil=True)
def outline(data, state, segment_begin, segment_end, string_id, string_at, record_at):
    """Find segments and what stands between them from state[POS] on, until the end or an array is full; call again.

    `state`: int64[7]: where to go on, whether an array is full, whether the file ends too early, bytes that were lost;
    then how many of each were found, from 0 with each call; state[SEGMENTS] holds the width of ids at first.
    `record_at`: places of class names, frames and traces.
    """
    size = data.size
    pos = state[POS]
    id_bytes = state[SEGMENTS]
    segments = strings = records = 0
    full = 0
    while pos < size:
        if segments == segment_begin.size or strings == string_id.size or records == record_at.size:
            full = 1
            break
        if pos + 9 > size:
            state[LOST_BYTES] += size - pos
            state[CUT_OFF] = 1
            pos = size
            break
        tag = np.int64(data[pos])
        length = u4(data, pos + 5)
        body = pos + 9
        if tag == 0x0C or tag == 0x1C:
            # A segment of 0 bytes that is not the last: before 1.0.2 a dump over 4 GiB could not say its length.
            end = size if tag == 0x0C and length == 0 else body + length
            if end > size:
                state[CUT_OFF] = 1
                end = size
            segment_begin[segments] = body
            segment_end[segments] = end
            segments += 1
            pos = end
            continue
        if length > size - body:
            state[LOST_BYTES] += size - pos
            state[CUT_OFF] = 1
            pos = size
            break
        if tag == 0x01 and length >= id_bytes:
            string_id[strings] = identity(data, body, id_bytes)
            string_at[strings] = pos
            strings += 1
        elif tag == 0x02 or tag == 0x04 or tag == 0x05:
            record_at[records] = pos
            records += 1
        pos = body + length
    state[POS] = pos
    state[FULL] = full
    state[SEGMENTS] = segments
    state[STRINGS] = strings
    state[RECORDS] = records


@register_jitable
def plain_bytes(data, at, end, id_bytes):
    """Length of an instance's or an array's record, 0 for another's and for one that does not end before `end`.

    One way through for all: a function of many exits would count references to `data` at each call, which two threads
    cannot do at once.
    """
    tag = np.int64(data[at])
    instance = tag == 0x21
    objects = tag == 0x22
    known = instance or objects or tag == 0x23
    head = 1 + id_bytes + 9 if tag == 0x23 else 1 + 2 * id_bytes + 8
    fits = known and at + head <= end
    # Of an instance the length in bytes, of an array how many elements it has.
    place = at + 1 + id_bytes + 4 if not instance else at + 1 + 2 * id_bytes + 4
    items = u4(data, place) if fits else 0
    kind = np.int64(data[at + head - 1]) if fits and tag == 0x23 else 8
    wide = id_bytes if objects else value_bytes(kind, id_bytes)
    return head + items * wide if fits and wide > 0 and items <= (end - at - head) // max(wide, 1) else 0


@njit(cache=True, nogil=True)
def survey(data, begin, end, id_bytes, tally):
    """Count what segments hold. `begin`, `end`: int64[s]; `tally`: zeros int64[5].

    Objects are classes, instances and arrays. What cannot be told is passed over up to the end of its segment: its
    bytes are lost, and tally[BROKEN] says whether that was at the end of the file. tally[ALL_IDS]: all ids, or-ed.
    """
    ids = 0
    for segment in range(begin.size):
        pos = begin[segment]
        stop = end[segment]
        while pos < stop:
            length = plain_bytes(data, pos, stop, id_bytes)
            if length == 0:
                length = object_bytes(data, pos, stop, id_bytes)
            if length > 0:
                ids |= identity(data, pos + 1, id_bytes)
                tally[OBJECTS] += 1
                pos += length
                continue
            length = other_bytes(data, pos, stop, id_bytes) if length == 0 else 0
            if length == 0:
                tally[LOST] += stop - pos
                if stop == data.size:
                    tally[BROKEN] = 1
                break
            if data[pos] != 0xFE:
                tally[ROOTS] += 1
            pos += length
    tally[ALL_IDS] = ids


@register_jitable
def other_bytes(data, pos, stop, id_bytes):
    """Length of a root's record or of the mark of an Android heap, 0 for neither and for one that is cut off."""
    length = root_bytes(np.int64(data[pos]), id_bytes)
    if length == 0 and data[pos] == 0xFE:
        length = 5 + id_bytes
    return length if pos + length <= stop else 0


@njit(cache=True, nogil=True)
def collect(data, begin, end, id_bytes, object_id, object_at, root_at):
    """Fill in what survey counted: id and place of each object, the place of each root, in the order of the file."""
    objects = roots = 0
    for segment in range(begin.size):
        pos = begin[segment]
        stop = end[segment]
        while pos < stop:
            length = plain_bytes(data, pos, stop, id_bytes)
            if length == 0:
                length = object_bytes(data, pos, stop, id_bytes)
            if length > 0:
                object_id[objects] = identity(data, pos + 1, id_bytes)
                object_at[objects] = pos
                objects += 1
                pos += length
                continue
            length = other_bytes(data, pos, stop, id_bytes) if length == 0 else 0
            if length == 0:
                break
            if data[pos] != 0xFE:
                root_at[roots] = pos
                roots += 1
            pos += length
