"""Objects and references of an HPROF file. `data`: uint8[b], the whole file; the scan has seen that they are whole."""

from __future__ import annotations

import numpy as np
from numba import njit
from numba.extending import register_jitable

from oakum.heap.formats.hprof.scan.kernels import identity, u4

PAGE_BITS, WORD_BITS = 9, 5
PAGE_WORDS = 16
"""Ids are found by a map of bits, one for each place that an object may begin at: see find."""


@njit(cache=True, nogil=True)
def pages_met(ids, shift, out):
    """How many times the page changes from one id to the next; each is put into `out` (int64[]) while it has room."""
    found = 0
    last = 0
    for i in range(ids.size):
        page = ids[i] >> (shift + PAGE_BITS)
        if i == 0 or page != last:
            if found < out.size:
                out[found] = page
            found += 1
            last = page
    return found


@njit(cache=True, nogil=True)
def directory(pages, shift, buckets):
    """int32[buckets + 1]: where the pages of each bucket begin. `pages`: int64[p], ascending."""
    starts = np.zeros(buckets + 1, np.int32)
    base = pages[0] >> shift
    for i in range(pages.size):
        starts[(pages[i] >> shift) - base + 1] += 1
    for bucket in range(buckets):
        starts[bucket + 1] += starts[bucket]
    return starts


@register_jitable
def _ones(bits):
    """How many of the 32 lower bits are set."""
    bits = bits - ((bits >> 1) & 0x55555555)
    bits = (bits & 0x33333333) + ((bits >> 2) & 0x33333333)
    bits = (bits + (bits >> 4)) & 0x0F0F0F0F
    return ((bits * 0x01010101) & 0xFFFFFFFF) >> 24


@njit(cache=True, nogil=True)
def set_bits(ids, pages, shift, words):
    """Enter ids into `words`, and how many stand before each word into its upper half. Returns how many there are.

    An id that is there already is counted once.
    """
    slot = -1
    last = 0
    for i in range(ids.size):
        page = ids[i] >> (shift + PAGE_BITS)
        if slot < 0 or page != last:
            slot = np.searchsorted(pages, page)
            last = page
        place = ids[i] >> shift
        words[slot * PAGE_WORDS + ((place >> WORD_BITS) & (PAGE_WORDS - 1))] |= 1 << (place & 31)
    before = 0
    for at in range(words.size):
        bits = words[at]
        words[at] = bits | (before << 32)
        before += _ones(bits)
    return before


@njit(cache=True, nogil=True)
def find_all(pages, starts, bucket_shift, shift, words, wanted):
    """int32[k]: the place of each of `wanted` (int64[k]) among all ids in ascending order, -1 if it is not there.

    A word has a bit for each of 32 places, 1 << shift apart, and in its upper half how many ids come before it; 16 are
    a page. `pages`: int64[p], ascending, those that hold any id, with their `directory` (`starts`, `bucket_shift`).
    The search stands here and in fill_references as it is, for it is short: as a function that takes arrays it would
    cost twenty times as much, in counting references to them.
    """
    out = np.empty(wanted.size, np.int32)
    base = pages[0] >> bucket_shift
    buckets = starts.size - 1
    for i in range(wanted.size):
        place = wanted[i] >> shift
        page = place >> PAGE_BITS
        bucket = (page >> bucket_shift) - base
        out[i] = -1
        if bucket < 0 or bucket >= buckets or place << shift != wanted[i]:
            continue
        low = np.int64(starts[bucket])
        high = np.int64(starts[bucket + 1])
        while low < high:
            middle = (low + high) >> 1
            if pages[middle] < page:
                low = middle + 1
            else:
                high = middle
        if low < pages.size and pages[low] == page:
            word = words[low * PAGE_WORDS + ((place >> WORD_BITS) & (PAGE_WORDS - 1))]
            bit = place & 31
            if (word >> bit) & 1:
                out[i] = (word >> 32) + _ones(word & ((1 << bit) - 1))
    return out


@njit(cache=True, nogil=True)
def ids_of(pages, shift, words, nodes):
    """int64[k]: the id at each place. `nodes`: int64[k], all of them places of ids. O(k log p)."""
    out = np.empty(nodes.size, np.int64)
    for i in range(nodes.size):
        low = 0
        high = words.size
        while high - low > 1:
            middle = (low + high) >> 1
            if words[middle] >> 32 <= nodes[i]:
                low = middle
            else:
                high = middle
        left = nodes[i] - (words[low] >> 32)
        bit = 0
        while True:
            if (words[low] >> bit) & 1:
                if left == 0:
                    break
                left -= 1
            bit += 1
        page = pages[low // PAGE_WORDS]
        out[i] = ((page << PAGE_BITS) | ((low % PAGE_WORDS) << WORD_BITS) | bit) << shift
    return out


@njit(cache=True, nogil=True)
def describe(data, at, id_bytes, first, last, class_ids, class_kind, primitive_kind, kind, items):
    """Fill kind (int32[n]) and items (int64[n]) of the objects first … last - 1; items is -1 for what is no array.

    `class_ids`: int64[c], ascending. `class_kind`: int32[c + 1], the kind of each, last that of class objects.
    `primitive_kind`: int32[17], by type; its last is of objects whose class the file does not hold.
    """
    # What classes were met lately, by some bits of their ids.
    known_id = np.zeros(1024, np.int64)
    known_kind = np.full(1024, -1, np.int32)
    for i in range(first, last):
        pos = np.int64(at[i])
        tag = data[pos]
        items[i] = -1
        if tag == 0x20:
            kind[i] = class_kind[-1]
            continue
        if tag != 0x21:
            items[i] = u4(data, pos + 1 + id_bytes + 4)
        if tag == 0x21 or tag == 0x22:
            class_id = identity(data, pos + 1 + id_bytes + (4 if tag == 0x21 else 8), id_bytes)
            slot = (class_id >> 3) & 1023
            if known_kind[slot] < 0 or known_id[slot] != class_id:
                known_id[slot] = class_id
                row = np.searchsorted(class_ids, class_id)
                there = row < class_ids.size and class_ids[row] == class_id
                known_kind[slot] = class_kind[row] if there else primitive_kind[16]
            kind[i] = known_kind[slot]
        else:
            kind[i] = primitive_kind[data[pos + 1 + id_bytes + 8] & 15]


@njit(cache=True, nogil=True)
def gaps(pages, shift, words, kind, items, is_reference, least):
    """Lower `least` (int64[kinds]) to the least distance from an object that is no array to the next of any kind.

    Returns how many arrays of references are followed by an object so closely that eight bytes for each cannot be.
    """
    close = 0
    node = -1
    before = 0
    for at in range(words.size):
        bits = words[at] & 0xFFFFFFFF
        base = (pages[at // PAGE_WORDS] << PAGE_BITS) | ((at % PAGE_WORDS) << WORD_BITS)
        bit = 0
        while bits:
            if bits & 1:
                here = (base | bit) << shift
                if node >= 0:
                    gap = here - before
                    of = kind[node]
                    if items[node] < 0:
                        if 0 < gap < least[of]:
                            least[of] = gap
                    elif items[node] >= 4 and is_reference[of] and gap < 16 + 8 * items[node]:
                        close += 1
                node += 1
                before = here
            bits >>= 1
            bit += 1
    return close


@njit(cache=True, nogil=True)
def shallow_sizes(kind, items, element, head, instance, size):
    """Fill size[n]. `element`, `instance`: int64[kinds], bytes of an array's element and of an instance."""
    for i in range(kind.size):
        if items[i] >= 0:
            size[i] = (head + items[i] * element[kind[i]] + 7) & ~7
        else:
            size[i] = instance[kind[i]]


@njit(cache=True, nogil=True)
def count_references(
    data, at, id_bytes, first, last, kind, field_starts, field_at, field_strength, class_node, offsets
):
    """Put at most so many edges as each of the nodes first … last - 1 has into offsets[node + 1]: how many weak ones.

    `field_starts`: int64[kinds + 1]; `field_at`: int32[], bytes from the begin of an instance's values, ascending;
    `field_strength`: uint8[], 0 for those that count. `class_node`: int32[kinds], the node that an instance's class is,
    -1 where that edge is left out.
    """
    weak = 0
    for i in range(first, last):
        pos = np.int64(at[i])
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
        offsets[i + 1] = degree
    return weak


@njit(cache=True, nogil=True)
def sum_up(offsets, extra_node):
    """From degrees to where rows begin. `extra_node`: int32[x], the source of each edge that stands in no object."""
    offsets[0] = 0
    for i in range(extra_node.size):
        offsets[extra_node[i] + 1] += 1
    for i in range(offsets.size - 1):
        offsets[i + 1] += offsets[i]


@njit(cache=True, nogil=True)
def fill_references(
    data,
    at,
    id_bytes,
    first,
    last,
    kind,
    field_starts,
    field_at,
    field_strength,
    class_node,
    extra_node,
    extra_target,
    pages,
    starts,
    bucket_shift,
    shift,
    words,
    offsets,
    targets,
    loose_source,
    loose_target,
    loose_strength,
):
    """Fill the rows of the nodes first … last - 1: (references to what is not there, where the rows end, weak ones).

    Ids that are no object's are left out, so rows are pushed together and `offsets` is made anew. The order of a row:
    an instance's fields or an array's elements, its class, then `extra_target` (by `extra_node`, ascending).
    """
    put = np.int64(offsets[first])
    extra = np.searchsorted(extra_node, first)
    loosely = 0
    dangling = 0
    base = pages[0] >> bucket_shift
    buckets = starts.size - 1
    for i in range(first, last):
        offsets[i] = put
        pos = np.int64(at[i])
        tag = data[pos]
        body = pos + 1 + 2 * id_bytes + 8
        field = field_starts[kind[i]]
        slots = 0
        length = 0
        if tag == 0x21:
            slots = field_starts[kind[i] + 1] - field
            length = u4(data, body - 4)
        elif tag == 0x22:
            slots = u4(data, pos + 1 + id_bytes + 4)
        for j in range(slots):
            begin = j * id_bytes
            strength = 0
            if tag == 0x21:
                begin = np.int64(field_at[field + j])
                strength = field_strength[field + j]
                if begin + id_bytes > length:
                    continue
            wanted = identity(data, body + begin, id_bytes)
            if wanted == 0:
                continue
            place = wanted >> shift
            page = place >> PAGE_BITS
            bucket = (page >> bucket_shift) - base
            if bucket < 0 or bucket >= buckets or place << shift != wanted:
                dangling += 1
                continue
            low = np.int64(starts[bucket])
            high = np.int64(starts[bucket + 1])
            while low < high:
                middle = (low + high) >> 1
                if pages[middle] < page:
                    low = middle + 1
                else:
                    high = middle
            if low >= pages.size or pages[low] != page:
                dangling += 1
                continue
            word = words[low * PAGE_WORDS + ((place >> WORD_BITS) & (PAGE_WORDS - 1))]
            bit = place & 31
            if not (word >> bit) & 1:
                dangling += 1
                continue
            target = (word >> 32) + _ones(word & ((1 << bit) - 1))
            if strength:
                loose_source[loosely] = i
                loose_target[loosely] = target
                loose_strength[loosely] = strength
                loosely += 1
            else:
                targets[put] = target
                put += 1
        if (tag == 0x21 or tag == 0x22) and class_node[kind[i]] >= 0:
            targets[put] = class_node[kind[i]]
            put += 1
        while extra < extra_node.size and extra_node[extra] == i:
            targets[put] = extra_target[extra]
            put += 1
            extra += 1
    return dangling, put, loosely


@njit(cache=True, nogil=True)
def move_rows(offsets, targets, first, last, begin, end, to):
    """Move the edges begin … end - 1, of the nodes first … last - 1, down to `to`."""
    for edge in range(end - begin):
        targets[to + edge] = targets[begin + edge]
    for i in range(first, last):
        offsets[i] -= begin - to


@njit(cache=True, nogil=True)
def slots_of(data, pos, id_bytes, field, fields, field_at, field_strength, slots, wanted):
    """How many slots of one object may be references that count: their numbers (int32[]) and ids (int64[]) are filled.

    `pos`: the place of its tag. `field`, `fields`: where the fields of its class begin and end, `slots` among them or
    in its array. O(slots).
    """
    found = 0
    tag = data[pos]
    body = pos + 1 + 2 * id_bytes + 8
    if tag == 0x21:
        length = u4(data, body - 4)
        for j in range(field, fields):
            if field_at[j] + id_bytes <= length and not field_strength[j]:
                slots[found] = j
                wanted[found] = identity(data, body + np.int64(field_at[j]), id_bytes)
                found += wanted[found] != 0
    elif tag == 0x22:
        for j in range(u4(data, pos + 1 + id_bytes + 4)):
            slots[found] = j
            wanted[found] = identity(data, body + j * id_bytes, id_bytes)
            found += wanted[found] != 0
    return found


@njit(cache=True, nogil=True)
def count_arrays(data, at, kind, codes, reached, starts):
    """Where the arrays of each type begin when they are listed by type. `starts`: zeros int64[types + 1].

    `codes`: uint8[kinds], the type of a kind's elements, 0 for what is no array of values. Of those that roots hold
    (`reached`: bool[n]) and whose values are in the file.
    """
    for i in range(kind.size):
        code = codes[kind[i]]
        if code and reached[i] and data[at[i]] == 0x23:
            starts[code + 1] += 1
    for code in range(starts.size - 1):
        starts[code + 1] += starts[code]


@njit(cache=True, nogil=True)
def list_arrays(data, at, kind, codes, reached, put, nodes):
    """Fill `nodes` (int32[]) with what count_arrays counted; `put`: its starts, given up."""
    for i in range(kind.size):
        code = codes[kind[i]]
        if code and reached[i] and data[at[i]] == 0x23:
            nodes[put[code]] = i
            put[code] += 1


@njit(cache=True, nogil=True)
def contents_of(data, at, id_bytes, nodes, wide, begin, length):
    """Fill `begin` and `length` with where the values of arrays stand. `wide`: bytes of a value."""
    for i in range(nodes.size):
        pos = np.int64(at[nodes[i]])
        begin[i] = pos + 1 + id_bytes + 9
        length[i] = u4(data, pos + 1 + id_bytes + 4) * wide
