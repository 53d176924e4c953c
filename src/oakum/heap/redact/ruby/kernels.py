"""Lines of a Ruby dump with their contents filled, in place. `data`: uint8[b], whole lines; every read is checked.

A key stands as a word: its first eight bytes, the first lowest, as in the format's own kernels.
"""

from __future__ import annotations

from numba import njit

from oakum.heap.formats.ruby.kernels import text_end, word_of
from oakum.heap.redact.kernels import fill_name, hash_bytes

REPLACED, REPLACED_BYTES, KEPT, KEPT_BYTES = range(4)
TALLIES = 4
STRINGS = 14
ONE = 49
VALUE = 0x65756C6176
LONGEST_HASHED = 1 << 16


@njit(cache=True, nogil=True)
def rewrite(data, keys, kept, tally):
    """-1, or the place of the line that is no whole object. `kept`: int64[], ascending, keys whose texts are names.

    Every other text is filled, and every digit of another number that a key `value` has.
    """
    pos, size = 0, data.size
    while pos < size:
        end = pos
        while end < size and data[end] != 10:
            end += 1
        begin = pos
        pos = end + 1
        while begin < end and (data[begin] == 32 or data[begin] == 13):
            begin += 1
        if begin == end:
            continue
        if data[begin] != 123:
            return begin
        depth, at, stays, whole, wants_key, is_value = 1, begin + 1, False, False, True, False
        while at < end:
            byte = data[at]
            if byte == 34:
                stop = text_end(data, at + 1, end)
                if stop < 0:
                    break
                length = stop - at - 1
                if depth == 1 and wants_key:
                    word = word_of(data, at + 1, stop)
                    stays = False
                    for name in kept:
                        stays = stays or name == word
                    is_value = word == VALUE
                    wants_key = False
                elif stays:
                    tally[KEPT] += 1
                    tally[KEPT_BYTES] += length
                else:
                    tally[REPLACED] += 1
                    tally[REPLACED_BYTES] += length
                    if length > 0:
                        first, second = keys[STRINGS, 0], keys[STRINGS, 1]
                        hashed = hash_bytes(first, second, data, at + 1, min(length, LONGEST_HASHED))
                        fill_name(data, at + 1, hashed, 0, length, length)
                at = stop
            elif byte == 123 or byte == 91:
                depth += 1
            elif byte == 125 or byte == 93:
                depth -= 1
                if depth == 0:
                    whole = byte == 125
                    break
            elif byte == 44 and depth == 1:
                wants_key = True
            elif is_value and 48 <= byte <= 57:
                data[at] = ONE
            at += 1
        if not whole:
            return begin
        at += 1
        while at < end:
            if data[at] != 32 and data[at] != 13:
                return begin
            at += 1
    return -1
