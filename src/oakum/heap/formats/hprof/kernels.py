"""HPROF records, objects and references. `data`: uint8[b], the whole file; ids are 4 or 8 bytes, numbers big-endian.

Every length is checked against the end of its segment, by division, before anything is read by it.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numba.extending import register_jitable

POS, SEGMENT_END, FULL, CUT_OFF, LOST_BYTES, OBJECTS, STRINGS, RECORDS, ROOTS = range(9)


@register_jitable
def u2(data, at):
    return (np.int64(data[at]) << 8) | np.int64(data[at + 1])


@register_jitable
def u4(data, at):
    high = (np.int64(data[at]) << 24) | (np.int64(data[at + 1]) << 16)
    return high | (np.int64(data[at + 2]) << 8) | np.int64(data[at + 3])


@register_jitable
def identity(data, at, id_bytes):
    """An id as a signed number: equal ids stay equal."""
    if id_bytes == 4:
        return u4(data, at)
    return (u4(data, at) << 32) | u4(data, at + 4)


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
def scan(data, state, id_bytes, object_id, object_at, string_id, string_at, record_at, root_at):
    """Find every record from state[POS] on, until the end or until an array is full; then call again.

    `state`: int64[9]: where to go on, whether an array is full, whether the file ends too early, bytes that were lost;
    then how many of each were found, from 0 with each call. Objects are classes, instances and arrays,
    by their id and the place of their tag. `record_at`: places of class names, frames and traces. What cannot be told
    is passed over up to the end of its segment, and its bytes are counted as lost.
    """
    size = data.size
    pos, segment_end = state[POS], state[SEGMENT_END]
    objects = strings = records = roots = 0
    full = 0
    lost = state[LOST_BYTES]
    while True:
        if objects == object_id.size or strings == string_id.size or records == record_at.size or roots == root_at.size:
            full = 1
            break
        if pos < segment_end:
            tag = np.int64(data[pos])
            length = object_bytes(data, pos, segment_end, id_bytes)
            if length > 0:
                object_id[objects] = identity(data, pos + 1, id_bytes)
                object_at[objects] = pos
                objects += 1
                pos += length
                continue
            if length == 0:
                length = root_bytes(tag, id_bytes)
                if length > 0 and pos + length <= segment_end:
                    root_at[roots] = pos
                    roots += 1
                    pos += length
                    continue
                if tag == 0xFE and pos + 5 + id_bytes <= segment_end:
                    pos += 5 + id_bytes
                    continue
            # Broken, or cut off with the file: what follows in this segment cannot be found.
            lost += segment_end - pos
            if segment_end == size:
                state[CUT_OFF] = 1
                pos = size
                break
            pos = segment_end
            continue
        if pos >= size:
            break
        if pos + 9 > size:
            lost += size - pos
            state[CUT_OFF] = 1
            pos = size
            break
        tag = np.int64(data[pos])
        length = u4(data, pos + 5)
        body = pos + 9
        if tag == 0x0C or tag == 0x1C:
            pos = body
            # A segment of 0 bytes that is not the last: before 1.0.2 a dump over 4 GiB could not say its length.
            segment_end = body + length
            if tag == 0x0C and length == 0:
                segment_end = size
            if segment_end > size:
                state[CUT_OFF] = 1
                segment_end = size
            continue
        if length > size - body:
            lost += size - pos
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
    state[SEGMENT_END] = segment_end
    state[FULL] = full
    state[OBJECTS] = objects
    state[STRINGS] = strings
    state[RECORDS] = records
    state[ROOTS] = roots
    state[LOST_BYTES] = lost


@njit(cache=True, nogil=True)
def directory(ids, shift, buckets):
    """int32[buckets + 1]: where the ids of each bucket begin. `ids`: int64[n], ascending."""
    starts = np.zeros(buckets + 1, np.int32)
    base = ids[0] >> shift
    for i in range(ids.size):
        starts[(ids[i] >> shift) - base + 1] += 1
    for bucket in range(buckets):
        starts[bucket + 1] += starts[bucket]
    return starts


@register_jitable
def find(ids, starts, shift, wanted):
    """The place of an id among `ids`, -1 if it is not there."""
    if wanted < ids[0] or wanted > ids[-1]:
        return -1
    bucket = (wanted >> shift) - (ids[0] >> shift)
    low = int(starts[bucket])
    high = int(starts[bucket + 1])
    while low < high:
        middle = (low + high) >> 1
        if ids[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    if low < ids.size and ids[low] == wanted:
        return low
    return -1


@njit(cache=True, nogil=True)
def find_all(ids, starts, shift, wanted):
    """int32[k]: find for each of `wanted` (int64[k])."""
    out = np.empty(wanted.size, np.int32)
    for i in range(wanted.size):
        out[i] = find(ids, starts, shift, wanted[i])
    return out


@njit(cache=True, nogil=True)
def describe(data, at, id_bytes, class_ids, starts, shift, class_kind, primitive_kind):
    """(kind: int32[n], items: int64[n]) of objects at `at`; items is -1 for what is no array.

    `class_kind`: int32[c + 1], the kind of each class in the order of `class_ids`; the last is that of class objects.
    `primitive_kind`: int32[12], by type.
    """
    kind = np.empty(at.size, np.int32)
    items = np.empty(at.size, np.int64)
    for i in range(at.size):
        pos = at[i]
        tag = data[pos]
        if tag == 0x21:
            index = find(class_ids, starts, shift, identity(data, pos + 1 + id_bytes + 4, id_bytes))
            kind[i] = class_kind[index] if index >= 0 else -1
            items[i] = -1
        elif tag == 0x22:
            index = find(class_ids, starts, shift, identity(data, pos + 1 + id_bytes + 8, id_bytes))
            kind[i] = class_kind[index] if index >= 0 else -1
            items[i] = u4(data, pos + 1 + id_bytes + 4)
        elif tag == 0x20:
            kind[i] = class_kind[-1]
            items[i] = -1
        else:
            kind[i] = primitive_kind[data[pos + 1 + id_bytes + 8] & 15]
            items[i] = u4(data, pos + 1 + id_bytes + 4)
    return kind, items


@njit(cache=True, nogil=True)
def least_gaps(ids, kind, items, kinds):
    """int64[kinds]: the least distance from an object that is no array to the next of any kind; 2**62 if unknown."""
    least = np.full(kinds, 1 << 62, np.int64)
    for i in range(ids.size - 1):
        if items[i] < 0 and kind[i] >= 0:
            gap = ids[i + 1] - ids[i]
            if 0 < gap < least[kind[i]]:
                least[kind[i]] = gap
    return least


@njit(cache=True, nogil=True)
def squeezed(ids, kind, items, is_reference):
    """How many arrays of references are followed by an object so closely that eight bytes for each cannot be."""
    found = 0
    for i in range(ids.size - 1):
        if items[i] >= 4 and kind[i] >= 0 and is_reference[kind[i]] and ids[i + 1] - ids[i] < 16 + 8 * items[i]:
            found += 1
    return found


@njit(cache=True, nogil=True)
def shallow_sizes(kind, items, element, head, instance):
    """int64[n]. `element`, `instance`: int64[kinds], bytes of an array's element and of an instance."""
    size = np.empty(kind.size, np.int64)
    for i in range(kind.size):
        if items[i] >= 0:
            size[i] = (head + items[i] * (element[kind[i]] if kind[i] >= 0 else 4) + 7) & ~7
        else:
            size[i] = instance[kind[i]] if kind[i] >= 0 else 16
    return size


@njit(cache=True, nogil=True)
def count_references(data, at, id_bytes, kind, field_starts, field_at, field_strength, class_node, extra_node):
    """(int64[n + 2], how many weak ones): at most so many edges of each node, summed up; the last row is left empty.

    `field_starts`: int64[kinds + 1]; `field_at`: int32[], bytes from the begin of an instance's values, ascending;
    `field_strength`: uint8[], 0 for those that count. `class_node`: int32[kinds], the node that an instance's class is,
    -1 where that edge is left out. `extra_node`: int32[x], ascending, the source of each edge that stands in no object.
    """
    offsets = np.empty(at.size + 2, np.int64)
    offsets[0] = 0
    extra = 0
    weak = 0
    for i in range(at.size):
        pos = at[i]
        tag = data[pos]
        degree = 0
        if tag == 0x21:
            body = pos + 1 + 2 * id_bytes + 8
            length = u4(data, body - 4)
            for j in range(field_starts[kind[i]], field_starts[kind[i] + 1]):
                if field_at[j] + id_bytes <= length and identity(data, body + field_at[j], id_bytes) != 0:
                    if field_strength[j]:
                        weak += 1
                    else:
                        degree += 1
        elif tag == 0x22:
            body = pos + 1 + 2 * id_bytes + 8
            for j in range(u4(data, pos + 1 + id_bytes + 4)):
                if identity(data, body + j * id_bytes, id_bytes) != 0:
                    degree += 1
        if (tag == 0x21 or tag == 0x22) and class_node[kind[i]] >= 0:
            degree += 1
        while extra < extra_node.size and extra_node[extra] == i:
            degree += 1
            extra += 1
        offsets[i + 1] = offsets[i] + degree
    offsets[at.size + 1] = offsets[at.size]
    return offsets, weak


@njit(cache=True, nogil=True)
def fill_references(
    data,
    at,
    id_bytes,
    kind,
    field_starts,
    field_at,
    field_strength,
    class_node,
    extra_node,
    extra_target,
    extra_name,
    field_name,
    class_name,
    ids,
    starts,
    shift,
    offsets,
    targets,
    names,
    loose_source,
    loose_target,
    loose_strength,
):
    """Fill the rows that count_references made room for: (references to what is not there, edges, weak ones).

    Ids that are no object's are left out, so rows are pushed together and `offsets` is made anew.
    """
    put = 0
    extra = 0
    loosely = 0
    dangling = 0
    for i in range(at.size):
        offsets[i] = put
        pos = at[i]
        tag = data[pos]
        if tag == 0x21:
            body = pos + 1 + 2 * id_bytes + 8
            length = u4(data, body - 4)
            for j in range(field_starts[kind[i]], field_starts[kind[i] + 1]):
                if field_at[j] + id_bytes > length:
                    continue
                wanted = identity(data, body + field_at[j], id_bytes)
                if wanted == 0:
                    continue
                target = find(ids, starts, shift, wanted)
                if target < 0:
                    dangling += 1
                elif field_strength[j]:
                    loose_source[loosely] = i
                    loose_target[loosely] = target
                    loose_strength[loosely] = field_strength[j]
                    loosely += 1
                else:
                    targets[put] = target
                    names[put] = field_name[j]
                    put += 1
        elif tag == 0x22:
            body = pos + 1 + 2 * id_bytes + 8
            for j in range(u4(data, pos + 1 + id_bytes + 4)):
                wanted = identity(data, body + j * id_bytes, id_bytes)
                if wanted == 0:
                    continue
                target = find(ids, starts, shift, wanted)
                if target < 0:
                    dangling += 1
                    continue
                targets[put] = target
                names[put] = -1 - j
                put += 1
        if (tag == 0x21 or tag == 0x22) and class_node[kind[i]] >= 0:
            targets[put] = class_node[kind[i]]
            names[put] = class_name
            put += 1
        while extra < extra_node.size and extra_node[extra] == i:
            targets[put] = extra_target[extra]
            names[put] = extra_name[extra]
            put += 1
            extra += 1
    offsets[at.size] = put
    return dangling, put, loosely
