"""The loops over a frame of remote read: flat arrays in, flat arrays out. Every read is checked against its end.

`data`: uint8[n], bytes that nobody vouches for. `plain.py` says the same in plain Python.
Sources: prompb/remote.proto, prompb/types.proto and tsdb/chunkenc/xor.go of github.com/prometheus/prometheus.
"""

from __future__ import annotations

import numpy as np
from numba import njit

XOR, HISTOGRAMS = 1, (2, 3)
STALE = 0x7FF0000000000002
FARTHEST_MS = 1 << 53
LONGEST_MS = 1 << 55
NEVER = -(1 << 62)
NO_FAULT, CUT, TIME, BITS, ENCODING = 0, 1, 2, 3, 4

POLYNOMIAL = 0x82F63B78


def compiled(loop):
    """Kept beside it; compiled anew in each process where nothing can be written."""
    try:
        return njit(cache=True, nogil=True)(loop)
    except RuntimeError:
        return njit(nogil=True)(loop)


def _table():
    found = np.zeros(256, np.int64)
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (POLYNOMIAL if value & 1 else 0)
        found[byte] = value
    return found


TABLE = _table()
FULL = np.uint64(0xFFFFFFFFFFFFFFFF)
ONE = np.uint64(1)


@compiled
def checksum(data):
    """CRC-32C (Castagnoli) of all of it."""
    value = 0xFFFFFFFF
    for at in range(data.size):
        value = TABLE[(value ^ np.int64(data[at])) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


@compiled
def varint(data, at, end):
    """(value, place after it); the place is -1 where it ends neither before `end` nor within ten bytes.

    Of the value the lower 63 bits: what is larger is neither a length nor a time.
    """
    value = np.int64(0)
    for shift in range(0, 70, 7):
        if at >= end:
            return np.int64(0), np.int64(-1)
        byte = np.int64(data[at])
        at += 1
        if shift < 63:
            value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, np.int64(at)
    return np.int64(0), np.int64(-1)


@compiled
def field(data, at, end):
    """(number, where its bytes begin, -1 for a number; where they end, or the number; place after it, -1 if cut)."""
    key, at = varint(data, at, end)
    if at < 0:
        return 0, np.int64(-1), np.int64(0), np.int64(-1)
    kind = key & 7
    if kind == 0:
        value, at = varint(data, at, end)
        return key >> 3, np.int64(-1), value, at
    if kind == 2:
        size, at = varint(data, at, end)
        if at < 0 or size > end - at:
            return 0, np.int64(-1), np.int64(0), np.int64(-1)
        return key >> 3, at, at + size, at + size
    size = np.int64(8 if kind == 1 else 4)
    if (kind != 1 and kind != 5) or size > end - at:
        return 0, np.int64(-1), np.int64(0), np.int64(-1)
    return 0, np.int64(-1), np.int64(0), at + size


@compiled
def tables(data, labels, chunks):
    """How many series, labels and chunks there are; the first is -1 for what is no message. O(n).

    `labels`: int64[any, 5], filled as far as it goes: number of the series, where the name begins and ends, and the
    value. `chunks`: int64[any, 4]: number of the series, encoding, where the data begin and end.
    """
    series, label, chunk = np.int64(0), np.int64(0), np.int64(0)
    at, end = np.int64(0), np.int64(data.size)
    while at < end:
        number, begin, stop, at = field(data, at, end)
        if at < 0:
            return np.int64(-1), label, chunk
        if number != 1 or begin < 0:
            continue
        here = begin
        while here < stop:
            what, first, last, here = field(data, here, stop)
            if here < 0:
                return np.int64(-1), label, chunk
            if first < 0 or (what != 1 and what != 2):
                continue
            a, b, c, d, kind = first, first, first, first, np.int64(0)
            inner = first
            while inner < last:
                which, from_, to, inner = field(data, inner, last)
                if inner < 0:
                    return np.int64(-1), label, chunk
                if what == 1 and from_ >= 0 and which == 1:
                    a, b = from_, to
                elif what == 1 and from_ >= 0 and which == 2:
                    c, d = from_, to
                elif what == 2 and from_ < 0 and which == 3:
                    kind = to
                elif what == 2 and from_ >= 0 and which == 4:
                    a, b = from_, to
            if what == 1:
                if label < labels.shape[0]:
                    labels[label, 0], labels[label, 1], labels[label, 2] = series, a, b
                    labels[label, 3], labels[label, 4] = c, d
                label += 1
            else:
                if chunk < chunks.shape[0]:
                    chunks[chunk, 0], chunks[chunk, 1], chunks[chunk, 2], chunks[chunk, 3] = series, kind, a, b
                chunk += 1
        series += 1
    return series, label, chunk


@compiled
def taken(data, bit, count):
    """`count` bits, at most 64, from `bit` on, the first the highest. The caller has seen that they are there."""
    value = np.uint64(0)
    while count > 0:
        left = 8 - (bit & 7)
        some = min(left, count)
        piece = (np.uint64(data[bit >> 3]) >> np.uint64(left - some)) & ((ONE << np.uint64(some)) - ONE)
        value = (value << np.uint64(some)) | piece
        bit += some
        count -= some
    return value


@compiled
def keep(now, value, start_ms, step_ms, at_ms, bits):
    """Enters a sample into the cell of its step, if it is the last one of it so far."""
    if value == np.uint64(STALE):
        return
    cell = (now - start_ms + step_ms - 1) // step_ms
    if 0 <= cell < at_ms.size and now >= at_ms[cell]:
        at_ms[cell] = now
        bits[cell] = value


@compiled
def chunk_kept(data, begin, end, start_ms, step_ms, at_ms, bits):
    """One XOR chunk: two bytes of how many, then differences bit by bit. Returns the fault, 0 for none."""
    if end - begin < 2:
        return CUT
    count = (np.int64(data[begin]) << 8) | np.int64(data[begin + 1])
    if count == 0:
        return NO_FAULT
    folded, here = varint(data, begin + 2, end)
    if here < 0 or end - here < 8:
        return CUT
    if folded > FARTHEST_MS:
        return TIME
    now = (folded >> 1) ^ -(folded & 1)
    value = taken(data, here * 8, 64)
    here += 8
    keep(now, value, start_ms, step_ms, at_ms, bits)
    if count == 1:
        return NO_FAULT
    delta, here = varint(data, here, end)
    if here < 0:
        return CUT
    if delta >= 1 << 62:  # less than nought: its highest bit is not read
        delta = delta - (1 << 62) - (1 << 62)
    bit, last = here * 8, np.int64(end) * 8
    leading, width = np.int64(0), np.int64(0)
    for number in range(1, count):
        if number > 1:
            ones = 0
            while ones < 4:
                if bit >= last:
                    return CUT
                one = (data[bit >> 3] >> (7 - (bit & 7))) & 1
                bit += 1
                if one == 0:
                    break
                ones += 1
            if ones > 0:
                size = 14 if ones == 1 else 17 if ones == 2 else 20 if ones == 3 else 64
                if last - bit < size:
                    return CUT
                raw = taken(data, bit, size)
                bit += size
                # Half of the range and one more are above nought, but for a whole word.
                negative = raw > (ONE << np.uint64(size - 1)) or (size == 64 and raw >> np.uint64(63) == ONE)
                if negative:
                    raw = ((FULL >> np.uint64(64 - size)) - raw) + ONE
                if raw > np.uint64(LONGEST_MS):
                    return TIME
                delta += -np.int64(raw) if negative else np.int64(raw)
        if delta > LONGEST_MS or delta < -LONGEST_MS:
            return TIME
        now += delta
        if now > FARTHEST_MS or now < -FARTHEST_MS:
            return TIME
        if bit >= last:
            return CUT
        changed = (data[bit >> 3] >> (7 - (bit & 7))) & 1
        bit += 1
        if changed:
            if bit >= last:
                return CUT
            anew = (data[bit >> 3] >> (7 - (bit & 7))) & 1
            bit += 1
            if anew:
                if last - bit < 11:
                    return CUT
                leading = np.int64(taken(data, bit, 5))
                width = np.int64(taken(data, bit + 5, 6))
                bit += 11
                if width == 0:
                    width = np.int64(64)
                if leading + width > 64:
                    return BITS
            elif width == 0:
                return BITS
            if last - bit < width:
                return CUT
            value ^= taken(data, bit, width) << np.uint64(64 - leading - width)
            bit += width
        keep(now, value, start_ms, step_ms, at_ms, bits)
    return NO_FAULT


@compiled
def kept(data, chunks, start_ms, step_ms, at_ms, bits):
    """The last sample of each step, out of chunks in any order that may overlap. Returns the fault, 0 for none.

    `chunks`: int64[any, 4] as of `tables`, of one series. Cell i holds what is within a step up to
    start + i * step. `at_ms`: int64[m], NEVER where there is nothing yet; `bits`: uint64[m], the value.
    Of one time the last told stays.
    """
    for row in range(chunks.shape[0]):
        kind, begin, end = chunks[row, 1], chunks[row, 2], chunks[row, 3]
        if kind == HISTOGRAMS[0] or kind == HISTOGRAMS[1]:
            continue
        if kind != XOR:
            return ENCODING
        fault = chunk_kept(data, begin, end, start_ms, step_ms, at_ms, bits)
        if fault != NO_FAULT:
            return fault
    return NO_FAULT
