"""What is asked by remote read: a message of protobuf, in snappy's block format."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from oakum.model.metrics import Matcher, Selected
from oakum.prometheus.remote.grid import Grid

STREAMED: Final = "application/x-streamed-protobuf"
"""The content type of an answer in chunks."""

READ: Final = "/api/v1/read"

_HEADERS: Final = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "Accept": STREAMED,
    "X-Prometheus-Remote-Read-Version": "0.1.0",
}

_STREAMED_XOR_CHUNKS: Final = 1
_KINDS: Final = {"=": 0, "!=": 1, "=~": 2, "!~": 3}
_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")
_LITERAL: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Raw:
    """A question for samples as the server holds them. ``kind``: the content type that an answer must have."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    kind: str


def remote_read(selected: Selected, grid: Grid) -> Raw:
    """All samples from the begin of the first step to the end of the last one."""
    begin, end = grid.start_ms, grid.end_ms
    asked = [Matcher("__name__", "=", selected.metric), *map(_literal, selected.matchers)]
    hints = _number(1, grid.step_ms) + _bytes(2, b"last_over_time") + _number(3, begin) + _number(4, end)
    hints += _number(7, grid.step_ms)
    query = _number(1, begin) + _number(2, end) + b"".join(_bytes(3, _matcher(each)) for each in asked)
    query += _bytes(4, hints)
    return Raw(READ, _HEADERS, packed(_bytes(1, query) + _bytes(2, _varint(_STREAMED_XOR_CHUNKS))), STREAMED)


def _literal(matcher: Matcher) -> Matcher:
    """Prometheus takes an equality with an external label for one with "", although a series may have it itself."""
    if matcher.how != "=" or not matcher.value:
        return matcher
    return Matcher(matcher.label, "=~", _SPECIAL.sub(r"\\\g<0>", matcher.value))


def _matcher(matcher: Matcher) -> bytes:
    kind = _KINDS[matcher.how]
    return _number(1, kind) + _bytes(2, matcher.label.encode()) + _bytes(3, matcher.value.encode())


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value % (1 << 64))


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def packed(message: bytes) -> bytes:
    """Snappy's block format with nothing but literals: what is asked is short."""
    found = bytearray(_varint(len(message)))
    for begin in range(0, len(message), _LITERAL):
        part = message[begin : begin + _LITERAL]
        found += bytes([61 << 2]) + (len(part) - 1).to_bytes(2, "little") + part
    return bytes(found)
