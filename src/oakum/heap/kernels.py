"""The loops over memory: flat arrays in, flat arrays out. Every read is checked against its array by `index_of`.

Addresses are int64. A memory image is `words` (int64[n]) with pieces `start`, `end` (addresses) and `offset` (bytes
into `words`), ascending. `slots` (int32) holds for every 16-byte granule of every piece the node that begins there, or
-1; `slot_base` (int64[pieces]) is where a piece's granules begin.
"""

from __future__ import annotations

import numpy as np
from numba import njit

POOL_HEAD = 48

COUNTS = 1 << 33
"""Objects have fewer references: those that never die count 2**32 - 1 (CPython 3.12 on). Most addresses are above."""

FEW_COUNTS = 1 << 16
"""What has fewer references is not asked whether that is an address: nothing is mapped so low."""


@njit(cache=True, nogil=True)
def index_of(words, start, end, offset, address):
    """Index into words of an 8-aligned address, -1 where nothing was copied."""
    if address & 7 or address < start[0]:
        return -1
    low, high = 0, start.size
    while high - low > 1:
        middle = (low + high) >> 1
        if start[middle] <= address:
            low = middle
        else:
            high = middle
    if address + 8 > end[low]:
        return -1
    index = (offset[low] + address - start[low]) >> 3
    return index if index < words.size else -1


@njit(cache=True, nogil=True)
def slot_of(start, end, slot_base, slots, address):
    """Index into slots of a 16-aligned address, -1 where nothing was copied."""
    if address & 15 or address < start[0]:
        return -1
    low, high = 0, start.size
    while high - low > 1:
        middle = (low + high) >> 1
        if start[middle] <= address:
            low = middle
        else:
            high = middle
    if address >= end[low]:
        return -1
    index = slot_base[low] + ((address - start[low]) >> 4)
    return index if index < slots.size else -1


@njit(cache=True, nogil=True)
def fetch(words, start, end, offset, addresses):
    """The word at each address, 0 where nothing was copied. O(n log pieces)."""
    out = np.zeros(addresses.size, np.int64)
    for i in range(addresses.size):
        at = index_of(words, start, end, offset, addresses[i])
        if at >= 0:
            out[i] = words[at]
    return out


@njit(cache=True, nogil=True)
def find_blocks(words, start, end, offset, wanted, pool_bytes):
    """Allocated pymalloc blocks: (address, size, address of pool) of each.

    A pool is known by its head (Objects/obmalloc.c: struct pool_header): all of it must agree. Blocks on the free list
    and those never handed out are left out. `wanted`: bool[pieces].
    """
    room = 0
    for piece in range(start.size):
        if wanted[piece]:
            room += (end[piece] - start[piece]) // pool_bytes + 1
    pools = np.empty(room, np.int64)
    found = 0
    total = 0
    for piece in range(start.size):
        if not wanted[piece]:
            continue
        pool = (start[piece] + pool_bytes - 1) // pool_bytes * pool_bytes
        while pool + pool_bytes <= end[piece]:
            at = (offset[piece] + pool - start[piece]) >> 3
            count = words[at] & 0xFFFFFFFF
            free = words[at + 1]
            size_index = (words[at + 4] >> 32) & 0xFFFFFFFF
            next_offset = words[at + 5] & 0xFFFFFFFF
            last_offset = (words[at + 5] >> 32) & 0xFFFFFFFF
            size = (size_index + 1) * 16
            if (
                size_index < 32
                and last_offset == pool_bytes - size
                and next_offset > POOL_HEAD
                and next_offset <= last_offset + size
                and (next_offset - POOL_HEAD) % size == 0
                and count > 0
                and count <= (pool_bytes - POOL_HEAD) // size
                and (free == 0 or (free >= pool + POOL_HEAD and free < pool + pool_bytes))
            ):
                pools[found] = pool
                found += 1
                total += (next_offset - POOL_HEAD) // size
            pool += pool_bytes
    address = np.empty(total, np.int64)
    sizes = np.empty(total, np.int32)
    kept = 0
    is_free = np.zeros(pool_bytes // 16, np.bool_)
    for index in range(found):
        pool = pools[index]
        at = index_of(words, start, end, offset, pool)
        size = (((words[at + 4] >> 32) & 0xFFFFFFFF) + 1) * 16
        blocks = ((words[at + 5] & 0xFFFFFFFF) - POOL_HEAD) // size
        is_free[:] = False
        free = words[at + 1]
        steps = 0
        # The list may be torn: a link that leaves the pool or is off the grid ends it.
        while free != 0 and steps <= blocks:
            place = free - pool - POOL_HEAD
            if place < 0 or place >= blocks * size or place % size != 0:
                break
            is_free[place // size] = True
            free = words[at + ((free - pool) >> 3)]
            steps += 1
        for block in range(blocks):
            if not is_free[block]:
                address[kept] = pool + POOL_HEAD + block * size
                sizes[kept] = size
                kept += 1
    return address[:kept].copy(), sizes[:kept].copy(), pools[:found].copy()


@njit(cache=True, nogil=True)
def _type_of(types, pointer):
    """Index of a type's address in `types` (ascending), -1 if it is none."""
    low, high = 0, types.size
    while low < high:
        middle = (low + high) >> 1
        if types[middle] < pointer:
            low = middle + 1
        else:
            high = middle
    return low if low < types.size and types[low] == pointer else -1


@njit(cache=True, nogil=True)
def _type_behind(words, start, end, offset, types, at):
    """Index of the type of an object whose head is word `at`, -1 where none is: a count of references, then its type.

    No count is an address. A block that is given out anew shows the type of what stood in it, behind the first pointer
    that is written; two types in a row are a table of types, as a module's state is.
    """
    count = words[at]
    if count <= 0 or count >= COUNTS:
        return -1
    index = _type_of(types, words[at + 1])
    if index < 0 or count < FEW_COUNTS:
        return index
    return -1 if index_of(words, start, end, offset, count & ~7) >= 0 or _type_of(types, count) >= 0 else index


@njit(cache=True, nogil=True)
def find_heads(words, start, end, offset, address, sizes, types, heads):
    """Where in each block an object's head is, and of which type: (bytes from the block's begin, index), -1 for raw.

    `heads`: int32[types], how many bytes stand before the head of that type's objects (0, 16 or 32).
    """
    shift = np.zeros(address.size, np.int32)
    kind = np.full(address.size, -1, np.int32)
    for i in range(address.size):
        at = index_of(words, start, end, offset, address[i])
        if at < 0:
            continue
        for before in (0, 16, 32):
            if before + 16 > sizes[i]:
                break
            index = _type_behind(words, start, end, offset, types, at + (before >> 3))
            if index >= 0 and heads[index] == before:
                shift[i] = before
                kind[i] = index
                break
    return shift, kind


@njit(cache=True, nogil=True)
def mark(start, end, slot_base, slots, address, first):
    """Enter nodes first, first + 1, … at their addresses. Returns how many had no place of their own."""
    lost = 0
    for i in range(address.size):
        slot = slot_of(start, end, slot_base, slots, address[i])
        if slot < 0 or slots[slot] >= 0:
            lost += 1
        else:
            slots[slot] = first + i
    return lost


@njit(cache=True, nogil=True)
def look_up(start, end, slot_base, slots, addresses):
    """The node that begins at each address, -1 where none does."""
    out = np.full(addresses.size, -1, np.int32)
    for i in range(addresses.size):
        slot = slot_of(start, end, slot_base, slots, addresses[i])
        if slot >= 0:
            out[i] = slots[slot]
    return out


@njit(cache=True, nogil=True)
def find_strays(words, start, end, offset, slot_base, slots, begin, size, types):
    """Addresses that words of the extents point at, where an object stands that is no node yet. Each is given once.

    `begin`, `size`: int64[k], the extents to read.
    """
    out = np.empty(1024, np.int64)
    found = 0
    for i in range(begin.size):
        at = index_of(words, start, end, offset, begin[i])
        if at < 0 or size[i] < 8 or index_of(words, start, end, offset, begin[i] + size[i] - 8) < 0:
            continue
        for j in range(at, at + (size[i] >> 3)):
            pointer = words[j]
            if pointer & 15 or pointer < start[0]:
                continue
            slot = slot_of(start, end, slot_base, slots, pointer)
            if slot < 0 or slots[slot] >= 0:
                continue
            there = index_of(words, start, end, offset, pointer)
            if there < 0 or there + 1 >= words.size:
                continue
            if _type_behind(words, start, end, offset, types, there) < 0:
                continue
            # Entered at once as -2 - …: seen, not yet a node, so that a million pointers to it give one address.
            if slots[slot] == -2:
                continue
            slots[slot] = -2
            if found == out.size:
                grown = np.empty(found * 2, np.int64)
                grown[:found] = out
                out = grown
            out[found] = pointer
            found += 1
    return out[:found].copy()


@njit(cache=True, nogil=True)
def _stale(source_kind, target_kind, source_bytes, target_bytes, word):
    """Whether a word of one raw block that leads to another is only left over.

    The free list leaves its link in a block's first word. Tables that malloc holds (over 512 bytes) belong to the
    object that owns them; of raw blocks only a deque's (66 words) leads on to one, by its last word.
    """
    if source_kind >= 0 or target_kind >= 0:
        return False
    return word == 0 or (target_bytes > 512 and not (source_bytes == 528 and word == 65))


@njit(cache=True, nogil=True)
def count_edges(words, start, end, offset, slot_base, slots, begin, size, kind, skip):
    """Out-degree of each node. `skip`: int64[n, 2], two addresses within the extents that hold no owning reference."""
    degree = np.zeros(begin.size, np.int64)
    for i in range(begin.size):
        at = index_of(words, start, end, offset, begin[i])
        if at < 0 or size[i] < 8 or index_of(words, start, end, offset, begin[i] + size[i] - 8) < 0:
            continue
        for j in range(size[i] >> 3):
            here = begin[i] + 8 * j
            if here == skip[i, 0] or here == skip[i, 1]:
                continue
            slot = slot_of(start, end, slot_base, slots, words[at + j])
            if (
                slot >= 0
                and slots[slot] >= 0
                and slots[slot] != i
                and not _stale(kind[i], kind[slots[slot]], size[i], size[slots[slot]], j)
            ):
                degree[i] += 1
    return degree


@njit(cache=True, nogil=True)
def fill_edges(words, start, end, offset, slot_base, slots, begin, size, kind, skip, edge_offsets):
    """Targets of the edges counted by count_edges, in memory order."""
    targets = np.empty(edge_offsets[-1], np.int32)
    for i in range(begin.size):
        put = edge_offsets[i]
        last = edge_offsets[i + 1]
        at = index_of(words, start, end, offset, begin[i])
        if put == last or at < 0:
            continue
        for j in range(size[i] >> 3):
            here = begin[i] + 8 * j
            if here == skip[i, 0] or here == skip[i, 1]:
                continue
            slot = slot_of(start, end, slot_base, slots, words[at + j])
            if (
                slot >= 0
                and slots[slot] >= 0
                and slots[slot] != i
                and put < last
                and not _stale(kind[i], kind[slots[slot]], size[i], size[slots[slot]], j)
            ):
                targets[put] = slots[slot]
                put += 1
    return targets


@njit(cache=True, nogil=True)
def word_of_edges(words, start, end, offset, slot_base, slots, begin, size, head, edge_offsets, targets):
    """int32[m]: which word of its source's block each edge stands in, -1 for one that no word of it says.

    Rows hold their edges in memory order, as fill_edges made them. `head`: int64[n], where the word is that names an
    object's type and is no edge; 0 for raw blocks.
    """
    out = np.full(targets.size, -1, np.int32)
    for i in range(begin.size):
        put, last = edge_offsets[i], edge_offsets[i + 1]
        at = index_of(words, start, end, offset, begin[i])
        if put == last or at < 0 or size[i] < 8 or index_of(words, start, end, offset, begin[i] + size[i] - 8) < 0:
            continue
        for j in range(size[i] >> 3):
            if put == last:
                break
            slot = slot_of(start, end, slot_base, slots, words[at + j])
            if slot >= 0 and slots[slot] == targets[put] and begin[i] + 8 * j != head[i]:
                out[put] = j
                put += 1
    return out


@njit(cache=True, nogil=True)
def find_frames(
    words,
    start,
    end,
    slot_base,
    slots,
    offset,
    wanted,
    pools,
    pool_bytes,
    kind,
    code_kind,
    dict_kind,
    code_at,
    globals_at,
    tag,
):
    """Addresses where a word of kind `code` and a word of kind `dict` stand as in a frame; pools are passed over.

    `pools`: int64[p], ascending. `code_at`, `globals_at`: bytes from the frame's begin.
    `tag`: bits of the code's word that are none of its address.
    """
    out = np.empty(256, np.int64)
    found = 0
    for piece in range(start.size):
        if not wanted[piece]:
            continue
        base = offset[piece] >> 3
        address = start[piece]
        while address < end[piece]:
            if address % pool_bytes == 0:
                at = np.searchsorted(pools, address)
                if at < pools.size and pools[at] == address:
                    address += pool_bytes
                    continue
            index = base + ((address + code_at - start[piece]) >> 3)
            if address + code_at + 8 <= end[piece] and address + globals_at + 8 <= end[piece]:
                slot = slot_of(start, end, slot_base, slots, words[index] & ~tag)
                if slot >= 0 and slots[slot] >= 0 and kind[slots[slot]] == code_kind:
                    index = base + ((address + globals_at - start[piece]) >> 3)
                    slot = slot_of(start, end, slot_base, slots, words[index])
                    if slot >= 0 and slots[slot] >= 0 and kind[slots[slot]] == dict_kind:
                        if found == out.size:
                            grown = np.empty(found * 2, np.int64)
                            grown[:found] = out
                            out = grown
                        out[found] = address
                        found += 1
            address += 8
    return out[:found].copy()
