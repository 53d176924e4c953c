"""Protobuf's wire format, read from bytes that nobody vouches for.

Source: protobuf.dev, "Encoding": a field is a varint key (number × 8 + type), then a varint (0), 8 bytes (1), a length
and so many bytes (2), or 4 bytes (5).
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.model.errors import DataError

LONGEST_VARINT = 10
WORD = 1 << 64


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """(unsigned value, place after it). Raises DataError where it does not end."""
    if at < len(data) and data[at] < 0x80:
        return data[at], at + 1
    value = 0
    for place in range(at, min(at + LONGEST_VARINT, len(data))):
        byte = data[place]
        value |= (byte & 0x7F) << 7 * (place - at)
        if byte < 0x80:
            return value % WORD, place + 1
    raise broken("a number does not end")


def fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(number of the field, a number or its bytes), as they stand. Raises DataError for what is no message."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
            yield key >> 3, value
            continue
        size = {1: 8, 5: 4}.get(kind, -1)
        if kind == 2:
            size, at = varint(data, at)
        if size < 0 or size > len(data) - at:
            raise broken("a field is cut off" if size >= 0 else f"a field is of type {kind}, which there is not")
        if kind == 2:
            yield key >> 3, data[at : at + size]
        at += size


def numbers(value: int | memoryview) -> list[int]:
    """A repeated number: one, or many packed."""
    if isinstance(value, int):
        return [value]
    found, at = [], 0
    while at < len(value):
        number, at = varint(value, at)
        found.append(number)
    return found


def signed(value: int) -> int:
    return value - WORD if value >= WORD // 2 else value


def broken(why: str) -> DataError:
    return DataError("this heap profile is broken", why=why, next_step="go tool pprof -raw FILE")
