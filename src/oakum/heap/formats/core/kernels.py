"""The loops over a core's heaps. Every read of `words` (int64[n], the file) is checked.

Heaps are extents, ascending by address: `low`, `high` (int64[h], addresses), `place` (int64[h], index into `words` of
`low`), `granule` (int64[h + 1], where its granules of 16 bytes begin in `flags`). `flags`: uint8, START where a chunk
begins, USED, REACHED, POINTED at by one that is lost, TYPED by a pointer to it. `before`: int32[pages of 256 granules],
the last granule with START at or before the page's first, -1 for none.
"""

from __future__ import annotations

import numpy as np
from numba import njit

START, USED, REACHED, POINTED, TYPED = 1, 2, 4, 8, 16
PAGE = 256
ZEROS, TEXT, POINTERS, DATA = 0, 1, 2, 3


@njit(cache=True, nogil=True)
def follows(words, index, left):
    """Whether a chunk of at most `left` bytes stands at an index: its size, 0 for none."""
    if index < 0 or index + 1 >= words.size:
        return 0
    head = words[index + 1]
    length = head & ~7
    if length < 32 or length & 15 or head & 2 or length > left:
        return 0
    return length


@njit(cache=True, nogil=True)
def chain(words, index, left, wanted):
    """How many chunks follow each other from an index on, at most `wanted`; `wanted` where they end with `left`."""
    steps = 0
    while steps < wanted:
        length = follows(words, index, left)
        if length == 0:
            return steps
        steps += 1
        index += length >> 3
        left -= length
        if left < 32:
            return wanted
    return steps


@njit(cache=True, nogil=True)
def lay_out(words, index, left, flags, granule, totals):
    """Mark the chunks of one heap: from `words[index]`, for `left` bytes; its first granule is `granule`.

    `totals`: int64[6]: used chunks, their bytes, free ones, their bytes, the top's, lost bytes. Where no chunk stands,
    the next place with six in a row is looked for.
    """
    previous, previous_length = -1, 0
    while left >= 16:
        length = follows(words, index, left)
        used = 1
        if length:
            used = words[index + 1] & 1
        if previous >= 0:
            if used:
                flags[previous] |= USED
                totals[0] += 1
                totals[1] += previous_length
            else:
                totals[2] += 1
                totals[3] += previous_length
            previous = -1
        if length == 0:
            if left <= 64:
                return
            skipped = 16
            while left - skipped >= 64 and chain(words, index + (skipped >> 3), left - skipped, 6) < 6:
                skipped += 16
            if left - skipped < 64:
                skipped = left
            totals[5] += skipped
            index += skipped >> 3
            granule += skipped >> 4
            left -= skipped
            continue
        if granule >= flags.size:
            return
        flags[granule] |= START
        if length == left:
            totals[4] += length
            return
        previous, previous_length = granule, length
        index += length >> 3
        granule += length >> 4
        left -= length


@njit(cache=True, nogil=True)
def index_pages(flags, before):
    """Fill `before`."""
    last = -1
    for page in range(before.size):
        begin = page * PAGE
        if begin < flags.size and flags[begin] & START:
            last = begin
        before[page] = last
        for at in range(begin, min(begin + PAGE, flags.size)):
            if flags[at] & START:
                last = at


@njit(cache=True, nogil=True)
def extent_of(low, high, address):
    """The heap that holds an address, -1 for none."""
    left, right = 0, low.size
    while left < right:
        middle = (left + right) >> 1
        if low[middle] <= address:
            left = middle + 1
        else:
            right = middle
    left -= 1
    return left if left >= 0 and address < high[left] else -1


@njit(cache=True, nogil=True)
def chunk_of(words, low, high, place, granule, flags, before, address):
    """(granule, index into words, bytes) of the chunk in use that was given out with this address inside; -1 for none.

    The head of a chunk is not what was given out: malloc's own lists lead there.
    """
    heap = extent_of(low, high, address)
    if heap < 0:
        return -1, 0, 0
    own = granule[heap] + ((address - low[heap]) >> 4)
    if own >= flags.size:
        return -1, 0, 0
    at = own
    page = own // PAGE * PAGE
    while at >= page and not flags[at] & START:
        at -= 1
    if at < page:
        at = before[own // PAGE]
    if at < granule[heap] or not flags[at] & USED:
        return -1, 0, 0
    within = (at - granule[heap]) << 4
    index = place[heap] + (within >> 3)
    length = follows_used(words, index, high[heap] - low[heap] - within)
    offset = address - low[heap] - within
    if offset < 16 or offset >= length:
        return -1, 0, 0
    return at, index, length


@njit(cache=True, nogil=True)
def follows_used(words, index, left):
    """The bytes of a chunk that was laid out, a mapping of its own too; 0 where the file does not hold its head."""
    if index < 0 or index + 1 >= words.size:
        return 0
    told = words[index + 1] & ~7
    if words[index + 1] & 2 and told % 4096 == 4080:
        told += 16
    return told if 32 <= told <= left else 0


@njit(cache=True, nogil=True)
def grown(stack):
    out = np.empty(2 * stack.size, np.int64)
    out[: stack.size] = stack
    return out


@njit(cache=True, nogil=True)
def spread(words, low, high, place, granule, flags, before, stack):
    """Follow every word of the chunk on the stack, and of what is found: (chunks, bytes, pointers, stack).

    `stack`: int64[], pairs of an index into words and bytes; one pair stands on it.
    """
    count, total, pointers, depth = 0, 0, 0, 2
    lowest, highest = low[0], high[high.size - 1]
    while depth:
        depth -= 2
        index, length = stack[depth], stack[depth + 1]
        count += 1
        total += length
        end = min(index + (length >> 3), words.size)
        for at in range(index + 2, end):
            address = words[at]
            if address < lowest or address >= highest:
                continue
            found, where, size = chunk_of(words, low, high, place, granule, flags, before, address)
            if found < 0:
                continue
            pointers += 1
            if flags[found] & REACHED:
                continue
            flags[found] |= REACHED
            if depth + 2 > stack.size:
                stack = grown(stack)
            stack[depth], stack[depth + 1] = where, size
            depth += 2
    return count, total, pointers, stack


@njit(cache=True, nogil=True)
def trace(roots, words, low, high, place, granule, flags, before, begin, size, least, rows):
    """Reach all that roots lead to: words of `roots` from the index `begin[i]` on, `size[i]` of them (int64[r]).

    `rows`: int64[4, k]: (index of the root's word, chunks, bytes, the address it leads to) of those that lead to
    `least` bytes or more which no root before led to. Returns (rows filled, chunks, bytes, pointers).
    """
    stack = np.empty(1 << 12, np.int64)
    filled, chunks, total, pointers = 0, 0, 0, 0
    if low.size == 0:
        return filled, chunks, total, pointers
    lowest, highest = low[0], high[high.size - 1]
    for root in range(begin.size):
        for at in range(max(0, begin[root]), min(begin[root] + size[root], roots.size)):
            address = roots[at]
            if address < lowest or address >= highest:
                continue
            found, where, length = chunk_of(words, low, high, place, granule, flags, before, address)
            if found < 0:
                continue
            pointers += 1
            if flags[found] & REACHED:
                continue
            flags[found] |= REACHED
            stack[0], stack[1] = where, length
            more, held, followed, stack = spread(words, low, high, place, granule, flags, before, stack)
            chunks += more
            total += held
            pointers += followed
            if held >= least and filled < rows.shape[1]:
                rows[0, filled], rows[1, filled], rows[2, filled], rows[3, filled] = at, more, held, address
                filled += 1
    return filled, chunks, total, pointers


@njit(cache=True, nogil=True)
def point(words, low, high, place, granule, flags, before):
    """Set POINTED for each lost chunk that another lost chunk leads to."""
    if low.size == 0:
        return
    lowest, highest = low[0], high[high.size - 1]
    for heap in range(low.size):
        for own in range(granule[heap], min(granule[heap + 1], flags.size)):
            if flags[own] & (START | USED | REACHED) != START | USED:
                continue
            within = (own - granule[heap]) << 4
            index = place[heap] + (within >> 3)
            length = follows_used(words, index, high[heap] - low[heap] - within)
            for at in range(index + 2, min(index + (length >> 3), words.size)):
                address = words[at]
                if lowest <= address < highest:
                    found, _, _ = chunk_of(words, low, high, place, granule, flags, before, address)
                    if found >= 0 and found != own and not flags[found] & REACHED:
                        flags[found] |= POINTED


@njit(cache=True, nogil=True)
def slot_for(keys, key):
    """Where a key stands in an open table (int64[2**k], 0 is free), or may stand; -1 where the table is full."""
    mask = keys.size - 1
    at = ((((key >> 3) & 0x3FFFFFFF) * 0x9E3779B1) >> 13) & mask
    for _ in range(128):
        if keys[at] == key or keys[at] == 0:
            return at
        at = (at + 1) & mask
    return -1


@njit(cache=True, nogil=True)
def first_words(words, place, granule, flags, begin, end, keys):
    """Count first words of chunks in use that lie in the ranges `begin`, `end` (ascending): `keys`, int64[2, 2**k]."""
    for heap in range(place.size):
        for own in range(granule[heap], min(granule[heap + 1], flags.size)):
            if flags[own] & (START | USED) != START | USED:
                continue
            index = place[heap] + ((own - granule[heap]) << 1)
            if index + 2 >= words.size:
                continue
            word = words[index + 2]
            if word and extent_of(begin, end, word) >= 0:
                slot = slot_for(keys[0], word)
                if slot >= 0:
                    keys[0, slot] = word
                    keys[1, slot] += 1


@njit(cache=True, nogil=True)
def beside(words, low, high, place, granule, flags, before, begin, end, keys):
    """Count what stands behind pointers to the begin of chunks in use, in chunks in use: words of the ranges `begin`,
    `end` (ascending). `keys`: int64[2, 2**k]. O(words of the heaps).
    """
    if low.size == 0 or begin.size == 0:
        return
    least, most = begin[0], end[end.size - 1]
    for heap in range(low.size):
        for own in range(granule[heap], min(granule[heap + 1], flags.size)):
            if flags[own] & (START | USED) != START | USED:
                continue
            within = (own - granule[heap]) << 4
            index = place[heap] + (within >> 3)
            length = follows_used(words, index, high[heap] - low[heap] - within)
            for at in range(index + 2, min(index + (length >> 3), words.size - 1)):
                word = words[at + 1]
                if word < least or word >= most or word & 7 or extent_of(begin, end, word) < 0:
                    continue
                found, _, _ = chunk_of(words, low, high, place, granule, flags, before, words[at])
                if found >= 0 and words[at] & 15 == 0:
                    slot = slot_for(keys[0], word)
                    if slot >= 0:
                        keys[0, slot] = word
                        keys[1, slot] += 1


@njit(cache=True, nogil=True)
def fits(room, size):
    """Whether malloc gave so much room for `size` bytes."""
    return room == 24 if size <= 24 else size <= room < size + 16


@njit(cache=True, nogil=True)
def typed(words, low, high, place, granule, flags, before, tables, sizes, out):
    """Set TYPED for chunks in use that a pointer beside one of `tables` leads to, and that have room for its type.

    `tables`, `sizes`: int64[v], ascending by table. `out`: int64[2, v]: chunks and bytes of each.
    """
    if low.size == 0 or tables.size == 0:
        return
    least, most = tables[0], tables[tables.size - 1]
    for heap in range(low.size):
        for own in range(granule[heap], min(granule[heap + 1], flags.size)):
            if flags[own] & (START | USED) != START | USED:
                continue
            within = (own - granule[heap]) << 4
            index = place[heap] + (within >> 3)
            length = follows_used(words, index, high[heap] - low[heap] - within)
            for at in range(index + 2, min(index + (length >> 3), words.size - 1)):
                word = words[at + 1]
                if word < least or word > most:
                    continue
                row = np.searchsorted(tables, word)
                if tables[row] != word:
                    continue
                found, _, room = chunk_of(words, low, high, place, granule, flags, before, words[at])
                if found < 0 or flags[found] & TYPED or words[at] & 15:
                    continue
                if fits(room - 8, sizes[row]) or fits(room - 8, sizes[row] + 16):
                    flags[found] |= TYPED
                    out[0, row] += 1
                    out[1, row] += room


@njit(cache=True, nogil=True)
def content(words, index, length):
    """What the first 64 bytes of a chunk look like."""
    end = min(index + 2 + min(8, (length - 8) >> 3), words.size)
    zeros, pointers, texts, seen = 0, 0, 0, 0
    for at in range(index + 2, end):
        word = words[at]
        seen += 1
        if word == 0:
            zeros += 1
            continue
        if word & 7 == 0 and 0x10000 <= word < 1 << 47:
            pointers += 1
        printable = 0
        for shift in range(0, 64, 8):
            byte = (word >> shift) & 255
            if 32 <= byte < 127 or 9 <= byte <= 13:
                printable += 1
        if printable >= 7 or (seen == 1 and printable >= 3 and word & 255 >= 32):
            texts += 1
    if zeros == seen:
        return ZEROS
    if 2 * texts >= seen - zeros:
        return TEXT
    return POINTERS if 2 * pointers >= seen - zeros else DATA


@njit(cache=True, nogil=True)
def key_of(words, index, length, vtables):
    """What a chunk is grouped by: its table of virtual functions, where it has a known one; else its size, odd."""
    if index + 2 < words.size and vtables.size:
        word = words[index + 2]
        at = np.searchsorted(vtables, word)
        if at < vtables.size and vtables[at] == word:
            return word
    return length | 1


@njit(cache=True, nogil=True)
def group(words, low, high, place, granule, flags, vtables, keys):
    """Count chunks in use that are not TYPED by key: `keys`: int64[3, 2**k]: key, chunks, bytes.

    What finds no slot is in none.
    """
    for heap in range(low.size):
        for own in range(granule[heap], min(granule[heap + 1], flags.size)):
            if flags[own] & (START | USED | TYPED) != START | USED:
                continue
            within = (own - granule[heap]) << 4
            index = place[heap] + (within >> 3)
            length = follows_used(words, index, high[heap] - low[heap] - within)
            key = key_of(words, index, length, vtables)
            slot = slot_for(keys[0], key)
            if slot >= 0:
                keys[0, slot] = key
                keys[1, slot] += 1
                keys[2, slot] += length


@njit(cache=True, nogil=True)
def gather_lost(words, low, high, place, granule, flags, before, vtables, keys, rounds):
    """Group lost chunks by key; what only they lead to goes with them.

    `keys`: int64[9, 2**k]: key, chunks, bytes, chunks and bytes with what they lead to, then four counts of contents.
    `rounds` 0: those that nothing leads to. 1: what is left, which leads to itself in circles.
    """
    stack = np.empty(1 << 12, np.int64)
    for heap in range(low.size):
        for own in range(granule[heap], min(granule[heap + 1], flags.size)):
            if flags[own] & (START | USED | REACHED) != START | USED:
                continue
            if rounds == 0 and flags[own] & POINTED:
                continue
            within = (own - granule[heap]) << 4
            index = place[heap] + (within >> 3)
            length = follows_used(words, index, high[heap] - low[heap] - within)
            if length == 0:
                continue
            flags[own] |= REACHED
            stack[0], stack[1] = index, length
            count, total, _, stack = spread(words, low, high, place, granule, flags, before, stack)
            key = key_of(words, index, length, vtables)
            slot = slot_for(keys[0], key)
            if slot >= 0:
                keys[0, slot] = key
                keys[1, slot] += 1
                keys[2, slot] += length
                keys[3, slot] += count
                keys[4, slot] += total
                keys[5 + content(words, index, length), slot] += 1
