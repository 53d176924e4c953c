"""Chunks and frames of remote read as a server writes them, bit by bit; and what it makes of a request."""

from __future__ import annotations

import struct

POLYNOMIAL = 0x82F63B78


def bits_of(value: float) -> int:
    return struct.unpack(">Q", struct.pack(">d", value))[0]


def uvarint(value: int) -> bytes:
    found = b""
    while value > 0x7F:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])


def zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def xor_chunk(samples: list[tuple[int, int]]) -> bytes:
    """``samples``: (milliseconds, the value's 64 bits)."""
    text = ""

    def put(value: int, size: int) -> None:
        nonlocal text
        text += format(value & ((1 << size) - 1), f"0{size}b")

    delta, window = 0, None
    for number, (now, value) in enumerate(samples):
        if number == 0:
            for byte in uvarint(zigzag(now)):
                put(byte, 8)
            put(value, 64)
        else:
            before, last = samples[number - 1]
            change, delta = now - before - delta, now - before
            if number == 1:
                for byte in uvarint(delta % (1 << 64)):
                    put(byte, 8)
            elif change == 0:
                put(0, 1)
            else:
                for head, size in (("10", 14), ("110", 17), ("1110", 20), ("1111", 64)):
                    if size == 64 or -(1 << size - 1) < change <= 1 << size - 1:
                        text += head
                        put(change, size)
                        break
            window = _value(value ^ last, window, put)
    text += "0" * (-len(text) % 8)
    return len(samples).to_bytes(2, "big") + bytes(int(text[at : at + 8], 2) for at in range(0, len(text), 8))


def _value(change, window, put):
    if not change:
        put(0, 1)
        return window
    put(1, 1)
    leading = min(31, 64 - change.bit_length())
    trailing = (change & -change).bit_length() - 1
    if window and leading >= window[0] and trailing >= window[1]:
        put(0, 1)
        put(change >> window[1], 64 - sum(window))
        return window
    put(1, 1)
    put(leading, 5)
    put(64 - leading - trailing, 6)
    put(change >> trailing, 64 - leading - trailing)
    return leading, trailing


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return uvarint(number << 3) + uvarint(value % (1 << 64))
    return uvarint(number << 3 | 2) + uvarint(len(value)) + value


def series_of(labels: dict[str, str], chunks: list[bytes], encoding: int = 1) -> bytes:
    """A ChunkedSeries."""
    found = b"".join(
        field(1, field(1, name.encode()) + field(2, value.encode())) for name, value in sorted(labels.items())
    )
    for chunk in chunks:
        found += field(2, field(1, -1) + field(2, 2) + field(3, encoding) + field(4, chunk))
    return found


def frame(*series: bytes) -> bytes:
    """A ChunkedReadResponse in its frame."""
    message = b"".join(field(1, each) for each in series) + field(2, 0)
    return uvarint(len(message)) + crc32c(message).to_bytes(4, "big") + message


def crc32c(data: bytes) -> int:
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (POLYNOMIAL if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def unpacked(block: bytes) -> bytes:
    """Of snappy's block format, literals alone."""
    _, at = _varint(block, 0)
    found = b""
    while at < len(block):
        assert block[at] == 61 << 2
        size = int.from_bytes(block[at + 1 : at + 3], "little") + 1
        found += block[at + 3 : at + 3 + size]
        at += 3 + size
    return found


def message(data: bytes) -> dict[int, list]:
    """By number of the field, the values in their order."""
    found: dict[int, list] = {}
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        value, at = _varint(data, at)
        if key & 7 == 2:
            value, at = data[at : at + value], at + value
        found.setdefault(key >> 3, []).append(value)
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at
