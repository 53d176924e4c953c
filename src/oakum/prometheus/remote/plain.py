"""A frame of remote read, in plain Python: the twin of ``kernels.py``, and faster for a few samples.

It says the same, function by function, and knows nothing of the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

STALE: Final = 0x7FF0000000000002
"""The NaN by which a scrape tells that a series is gone."""

FARTHEST_MS: Final = 1 << 53
LONGEST_MS: Final = 1 << 55
"""Between two samples, and between two such."""

NEVER: Final = -(1 << 62)
"""The time of a cell without a sample."""

FAULTS: Final = (
    "",
    "a chunk is cut off",
    "a sample is of a time that there is not",
    "a value has more than 64 bits, or goes on before one began",
    "its chunks are of an encoding that is not known here",
)
"""What a number of ``kept`` means; 0 is none."""

_WORD: Final = 1 << 64
_POLYNOMIAL: Final = 0x82F63B78
_SIZES: Final = (0, 14, 17, 20, 64)


class _Fault(Exception):  # noqa: N818  (it never leaves this file)
    """Carries its number."""


def _table() -> list[int]:
    found = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ _POLYNOMIAL if value & 1 else value >> 1
        found.append(value)
    return found


_TABLE: Final = _table()


def checksum(data: NDArray[np.uint8]) -> int:
    """CRC-32C (Castagnoli) of all of it."""
    value = 0xFFFFFFFF
    for byte in data.tobytes():
        value = _TABLE[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ 0xFFFFFFFF


def tables(data: NDArray[np.uint8], labels: NDArray[np.int64], chunks: NDArray[np.int64]) -> tuple[int, int, int]:
    """As ``kernels.tables``."""
    raw, series, label, chunk = data.tobytes(), 0, 0, 0
    try:
        for number, begin, stop in _fields(raw, 0, len(raw)):
            if number != 1 or begin < 0:
                continue
            for what, first, last in _fields(raw, begin, stop):
                if first < 0 or what not in {1, 2}:
                    continue
                told = {(which, at >= 0): (at, to) for which, at, to in _fields(raw, first, last)}
                none = (first, first)
                if what == 1:
                    if label < len(labels):
                        labels[label] = series, *told.get((1, True), none), *told.get((2, True), none)
                    label += 1
                else:
                    if chunk < len(chunks):
                        chunks[chunk] = series, told.get((3, False), (0, 0))[1], *told.get((4, True), none)
                    chunk += 1
            series += 1
    except _Fault:
        series = -1
    return series, label, chunk


def _fields(raw: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(number, begin, end) of bytes, (number, -1, value) of a number; 8 and 4 bytes are passed over."""
    while at < end:
        key, at = _varint(raw, at, end)
        kind = key & 7
        if kind == 0:
            value, at = _varint(raw, at, end)
            yield key >> 3, -1, value
            continue
        size = {1: 8, 5: 4}.get(kind, _WORD)
        if kind == 2:
            size, at = _varint(raw, at, end)
        if size > end - at:
            raise _Fault
        if kind == 2:
            yield key >> 3, at, at + size
        at += size


def _varint(raw: bytes, at: int, end: int) -> tuple[int, int]:
    for place in range(at, min(at + 10, end)):
        if raw[place] < 0x80:
            parts = raw[at : place + 1]
            value = sum((byte & 0x7F) << 7 * number for number, byte in enumerate(parts))
            return value % (_WORD // 2), place + 1
    raise _Fault(1)


def kept(
    data: NDArray[np.uint8],
    chunks: NDArray[np.int64],
    start_ms: int,
    step_ms: int,
    at_ms: NDArray[np.int64],
    bits: NDArray[np.uint64],
) -> int:
    """As ``kernels.kept``."""
    raw = data.tobytes()
    for _, kind, begin, end in chunks.tolist():
        if kind in {2, 3}:
            continue
        if kind != 1:
            return 4
        try:
            for now, value in _samples(raw[begin:end]):
                cell = -((start_ms - now) // step_ms)
                if value != STALE and 0 <= cell < len(at_ms) and now >= at_ms[cell]:
                    at_ms[cell], bits[cell] = now, value
        except _Fault as fault:
            return int(fault.args[0])
    return 0


class _Bits:
    def __init__(self, raw: bytes) -> None:
        self._whole, self._left = int.from_bytes(raw, "big"), 8 * len(raw)

    def take(self, count: int) -> int:
        if count > self._left:
            raise _Fault(1)
        self._left -= count
        return self._whole >> self._left & (1 << count) - 1


def _samples(raw: bytes) -> Iterator[tuple[int, int]]:
    """(milliseconds, the value's 64 bits) of an XOR chunk, as far as it goes. Raises ``_Fault``."""
    if len(raw) < 2:
        raise _Fault(1)
    count = int.from_bytes(raw[:2], "big")
    if not count:
        return
    now, value, at = _first(raw)
    yield now, value
    if count == 1:
        return
    delta, at = _varint(raw, at, len(raw))
    delta -= _WORD // 2 if delta >= _WORD // 4 else 0
    bits, window = _Bits(raw[at:]), (0, 0)
    for number in range(1, count):
        if number > 1:
            delta += _change(bits)
        now += delta
        if abs(delta) > LONGEST_MS or abs(now) > FARTHEST_MS:
            raise _Fault(2)
        if bits.take(1):
            window = _window(bits) if bits.take(1) else window
            leading, width = window
            if not width or leading + width > 64:
                raise _Fault(3)
            value ^= bits.take(width) << 64 - leading - width
        yield now, value


def _first(raw: bytes) -> tuple[int, int, int]:
    """The first sample, and where what follows it begins."""
    folded, at = _varint(raw, 2, len(raw))
    if len(raw) - at < 8:
        raise _Fault(1)
    if folded > FARTHEST_MS:
        raise _Fault(2)
    return folded >> 1 ^ -(folded & 1), int.from_bytes(raw[at : at + 8], "big"), at + 8


def _window(bits: _Bits) -> tuple[int, int]:
    """How many bits stand before those that changed, and how many these are."""
    both = bits.take(11)
    return both >> 6, both & 63 or 64


def _change(bits: _Bits) -> int:
    """By how much the time to the next sample differs from the one before, in milliseconds."""
    ones = 0
    while ones < 4 and bits.take(1):
        ones += 1
    size = _SIZES[ones]
    if not size:
        return 0
    told = bits.take(size)
    if told > 1 << size - 1 or (size == 64 and told >> 63):
        told -= 1 << size
    if abs(told) > LONGEST_MS:
        raise _Fault(2)
    return told
