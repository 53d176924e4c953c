"""Filler: what stands in the place of a content, of the same length, by a keyed hash.

SipHash-2-4 (Aumasson, Bernstein: SipHash, a fast short-input PRF; 2012) in 64-bit words. All words are uint64, their
sums wrap round. `data`: uint8[b]. `keys`: uint64[domains, 2]: contents of different domains have different fillers.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numba.extending import register_jitable

V0, V1 = np.uint64(0x736F6D6570736575), np.uint64(0x646F72616E646F6D)
V2, V3 = np.uint64(0x6C7967656E657261), np.uint64(0x7465646279746573)
S13, S16, S17, S21, S32 = np.uint64(13), np.uint64(16), np.uint64(17), np.uint64(21), np.uint64(32)
R13, R16, R17, R21 = np.uint64(51), np.uint64(48), np.uint64(47), np.uint64(43)
S4, S8, S24, S40, S48, S56 = np.uint64(4), np.uint64(8), np.uint64(24), np.uint64(40), np.uint64(48), np.uint64(56)
U0, U1, U2, U3, U4, U5, U6, U7 = (np.uint64(step) for step in range(8))
DIGIT, END, ONE_WORD = np.uint64(15), np.uint64(0xFF), np.uint64(8)
SIX = np.uint64(63)

ROUNDS = 6
SHORT = 8
"""Contents of so many bytes or fewer are permuted: no two of them meet."""

HEXADECIMAL = 16
"""Digits of a hash. Texts of so many characters or more are filled with them, so that they can be read."""

MARK = 126
"""Fillers of names begin with a tilde: no name of a program does."""

LEAST_MARKED = 4
NAME_PERIOD = 10


@register_jitable
def _round(a, b, c, d):
    a = a + b
    c = c + d
    b = ((b << S13) | (b >> R13)) ^ a
    d = ((d << S16) | (d >> R16)) ^ c
    a = (a << S32) | (a >> S32)
    c = c + b
    a = a + d
    b = ((b << S17) | (b >> R17)) ^ c
    d = ((d << S21) | (d >> R21)) ^ a
    c = (c << S32) | (c >> S32)
    return a, b, c, d


@register_jitable
def _ended(a, b, c, d, last):
    d = d ^ last
    a, b, c, d = _round(a, b, c, d)
    a, b, c, d = _round(a, b, c, d)
    a = a ^ last
    c = c ^ END
    a, b, c, d = _round(a, b, c, d)
    a, b, c, d = _round(a, b, c, d)
    a, b, c, d = _round(a, b, c, d)
    a, b, c, d = _round(a, b, c, d)
    return a ^ b ^ c ^ d


@register_jitable
def hash_word(first, second, word):
    """uint64: of eight bytes, given as a word."""
    a, b, c, d = first ^ V0, second ^ V1, first ^ V2, second ^ V3
    d = d ^ word
    a, b, c, d = _round(a, b, c, d)
    a, b, c, d = _round(a, b, c, d)
    return _ended(a ^ word, b, c, d, ONE_WORD << S56)


@register_jitable
def hash_bytes(first, second, data, begin, length):
    """uint64: of data[begin : begin + length], which the caller has seen to be there."""
    a, b, c, d = first ^ V0, second ^ V1, first ^ V2, second ^ V3
    at = np.uint64(begin)
    for _ in range(length >> 3):
        # Unsigned places are not looked at for counting from the end: eight loads become one.
        word = np.uint64(data[at]) | (np.uint64(data[at + U1]) << S8) | (np.uint64(data[at + U2]) << S16)
        word |= (np.uint64(data[at + U3]) << S24) | (np.uint64(data[at + U4]) << S32)
        word |= (np.uint64(data[at + U5]) << S40) | (np.uint64(data[at + U6]) << S48)
        word |= np.uint64(data[at + U7]) << S56
        d = d ^ word
        a, b, c, d = _round(a, b, c, d)
        a, b, c, d = _round(a, b, c, d)
        a = a ^ word
        at = at + S8
    last = np.uint64(length & 255) << S56
    for step in range(length & 7):
        last |= np.uint64(data[at + np.uint64(step)]) << np.uint64(8 * step)
    return _ended(a, b, c, d, last)


@njit(cache=True, nogil=True)
def begin_hash(keys, domain, words):
    """`words`: uint64[4], what `hash_on` and `end_hash` go on with: a long content is hashed in turns."""
    words[0], words[1] = keys[domain, 0] ^ V0, keys[domain, 1] ^ V1
    words[2], words[3] = keys[domain, 0] ^ V2, keys[domain, 1] ^ V3


@njit(cache=True, nogil=True)
def hash_on(words, data, begin, end):
    """From `begin` to `end`, a multiple of eight bytes."""
    a, b, c, d = words[0], words[1], words[2], words[3]
    at = np.uint64(begin)
    for _ in range((end - begin) >> 3):
        word = np.uint64(data[at]) | (np.uint64(data[at + U1]) << S8) | (np.uint64(data[at + U2]) << S16)
        word |= (np.uint64(data[at + U3]) << S24) | (np.uint64(data[at + U4]) << S32)
        word |= (np.uint64(data[at + U5]) << S40) | (np.uint64(data[at + U6]) << S48)
        word |= np.uint64(data[at + U7]) << S56
        d = d ^ word
        a, b, c, d = _round(a, b, c, d)
        a, b, c, d = _round(a, b, c, d)
        a = a ^ word
        at = at + S8
    words[0], words[1], words[2], words[3] = a, b, c, d


@njit(cache=True, nogil=True)
def end_hash(words, data, begin, length):
    """uint64: `begin`: of the last bytes, fewer than eight; `length`: of the whole content."""
    last = np.uint64(length & 255) << S56
    for step in range(length & 7):
        last |= np.uint64(data[begin + step]) << np.uint64(8 * step)
    return _ended(words[0], words[1], words[2], words[3], last)


@register_jitable
def permuted(first, second, word, length):
    """uint64: another number of so many bytes, 1 to 8; no other number becomes the same. A Feistel network."""
    half = np.uint64(4 * length)
    mask = (U1 << half) - U1
    left = word >> half
    right = word & mask
    for step in range(ROUNDS):
        told = right | (np.uint64(step) << S32) | (np.uint64(length) << S40)
        left, right = right, left ^ (hash_word(first, second, told) & mask)
    return (left << half) | right


@register_jitable
def _hexadecimal(hashed, digit):
    value = np.int64((hashed >> (S4 * np.uint64(digit))) & DIGIT)
    return value + 48 if value < 10 else value + 87


@register_jitable
def filler_of(keys, domain, data, begin, length):
    """uint64: what `fill` makes the filler of a content from: a permutation of a short one, the hash of another."""
    first, second = keys[domain, 0], keys[domain, 1]
    word = U0
    for step in range(length if length <= SHORT else 0):
        word = (word << S8) | np.uint64(data[begin + step])
    short = length <= SHORT
    return permuted(first, second, word, length) if short else hash_bytes(first, second, data, begin, length)


@register_jitable
def copy(out, at, data, begin, length):
    """data[begin : begin + length] to `out` from `at` on; the caller has seen that both have it."""
    to, source = np.uint64(at), np.uint64(begin)
    for step in range(length):
        # Unsigned, as in hash_bytes: many bytes are copied at once.
        out[to + np.uint64(step)] = data[source + np.uint64(step)]


@register_jitable
def _go_on(out, at, done, length):
    """Of `length` bytes from `at` on the first `done`, a period or all, are there: write them again and again."""
    while done < length:
        some = min(done, length - done)
        copy(out, at + done, out, at, some)
        done += some


@register_jitable
def fill(out, at, hashed, begin, end, length, wide):
    """Write bytes `begin` … `end` - 1 of the filler of a content of `length` bytes to `out` (uint8[]) from `at` on.

    `wide`: bytes of a character, 1 or 2, or 0 where it holds none.
    """
    readable = wide > 0 and length >= HEXADECIMAL * wide
    # After so many bytes it begins again: those are copied.
    period = HEXADECIMAL * wide if readable else SHORT
    first = min(end - begin, period)
    for step in range(first):
        place = begin + step
        if readable:
            # Characters of two bytes have their higher one first.
            high = wide == 2 and place & 1 == 0
            out[at + step] = 0 if high else _hexadecimal(hashed, (place >> (wide - 1)) & 15)
        else:
            shift = 8 * (min(length, SHORT) - 1 - (place & 7))
            out[at + step] = np.int64((hashed >> np.uint64(shift)) & END)
    _go_on(out, at, first, end - begin)


@register_jitable
def _character(hashed, step):
    """One of 64, ASCII: letters, digits, - and _."""
    value = np.int64((hashed >> np.uint64(6 * step)) & SIX)
    if value < 26:
        return value + 65
    if value < 52:
        return value + 71
    if value < 62:
        return value - 4
    return 45 if value == 62 else 95


@register_jitable
def fill_name(out, at, hashed, begin, end, length):
    """As `fill`, for a text that must stay one: ASCII, and a mark where there is room for it."""
    marked = 1 if length >= LEAST_MARKED else 0
    first = min(end - begin, NAME_PERIOD + 1)
    for step in range(first):
        place = begin + step
        out[at + step] = MARK if place < marked else _character(hashed, (place - marked) % NAME_PERIOD)
    # The mark is not of the period.
    marks = 1 if marked > begin else 0
    _go_on(out, at + marks, first - marks, end - begin - marks)


@njit(cache=True, nogil=True)
def fill_content(keys, domain, data, wide, out):
    """The filler of all of `data` into `out`, of the same length; `wide` as for `fill`, -1 for a name."""
    if data.size == 0:
        return
    if wide < 0:
        hashed = hash_bytes(keys[domain, 0], keys[domain, 1], data, 0, data.size)
        fill_name(out, 0, hashed, 0, data.size, data.size)
        return
    hashed = filler_of(keys, domain, data, 0, data.size)
    fill(out, 0, hashed, 0, data.size, data.size, wide)


@njit(cache=True, nogil=True)
def hashed_content(keys, domain, data):
    """uint64: SipHash-2-4 of all of `data`."""
    return hash_bytes(keys[domain, 0], keys[domain, 1], data, 0, data.size)
