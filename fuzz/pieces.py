"""A dump taken to pieces that can be dropped, doubled, swapped and put together again."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from itertools import groupby

Piece = tuple[str, bytes]
"""Where it belongs, and its bytes."""

TOKEN = re.compile(rb'"(?:\\.|[^"\\])*"|-?\d+(?:\.\d+)?|\s+|[^\s"\d]', re.DOTALL)
HEAP = {0x0C, 0x1C}
WIDE = {2: 8, 4: 1, 5: 2, 6: 4, 7: 8, 8: 1, 9: 2, 10: 4, 11: 8}
BLOCK = 16
SECTION = struct.Struct("<8sQII")
"""Of a census: name, bytes, checksum, nothing."""


def pieces_of(reader: str, data: bytes) -> list[Piece]:
    """Never fails: what does not look like that format comes in blocks."""
    if reader == "hprof":
        return list(hprof_pieces(data))
    if reader == "census":
        return list(_census_pieces(data))
    if reader in {"v8", "ruby"}:
        return [("token", found) for found in TOKEN.findall(data)]
    return list(_blocks(data))


def joined(reader: str, pieces: Iterable[Piece]) -> bytes:
    """Objects of an HPROF file that stand together become one segment with the length that they have, and what is of
    one section of a census becomes that section, with its checksum.
    """
    out = []
    for room, group in groupby(pieces, key=lambda piece: piece[0]):
        body = b"".join(piece for _, piece in group)
        if (reader, room) == ("hprof", "heap"):
            body = struct.pack(">BII", 0x1C, 0, len(body)) + body
        elif reader == "census" and room.startswith("section "):
            head = SECTION.pack(room.removeprefix("section ").encode(), len(body), zlib.crc32(body), 0)
            body = head + body + bytes(-len(body) % 8)
        out.append(body)
    return b"".join(out)


def _census_pieces(data: bytes) -> Iterator[Piece]:
    yield "head", data[:16]
    at = 16
    while at + SECTION.size <= len(data):
        name, size, _, _ = SECTION.unpack_from(data, at)
        at += SECTION.size
        room = "section " + name.rstrip(b"\0").decode("ascii", "replace")
        body = data[at : at + size]
        for begin in range(0, len(body), BLOCK):
            yield room, body[begin : begin + BLOCK]
        at += len(body) + -len(body) % 8


def _blocks(data: bytes) -> Iterator[Piece]:
    for at in range(0, len(data), BLOCK):
        yield "block", data[at : at + BLOCK]


def hprof_pieces(data: bytes) -> Iterator[Piece]:
    """Ids of eight bytes are taken for granted: what has others comes in larger pieces."""
    at = data.find(b"\0") + 13
    yield "head", data[:at]
    while at + 9 <= len(data):
        end = min(len(data), at + 9 + int.from_bytes(data[at + 5 : at + 9], "big"))
        if data[at] in HEAP:
            yield from _heap_pieces(data[at + 9 : end])
        else:
            yield "record", data[at:end]
        at = end
    if at < len(data):
        yield "rest", data[at:]


def _heap_pieces(body: bytes) -> Iterator[Piece]:
    at = 0
    while at < len(body):
        try:
            wide = _heap_bytes(body, at)
        except struct.error:
            wide = len(body) - at
        wide = max(1, min(wide, len(body) - at))
        yield "heap", body[at : at + wide]
        at += wide


def _heap_bytes(body: bytes, at: int) -> int:
    """Raises struct.error where the body is too short to tell."""
    tag = body[at]
    if tag == 0x21:
        wide: int = 25 + struct.unpack_from(">I", body, at + 21)[0]
    elif tag == 0x22:
        wide = 25 + 8 * struct.unpack_from(">I", body, at + 9 + 4)[0]
    elif tag == 0x23:
        count, kind = struct.unpack_from(">IB", body, at + 13)
        wide = 18 + WIDE.get(kind, 1) * count
    elif tag == 0x20:
        wide = _class_bytes(body, at)
    else:
        wide = {0x01: 17, 0x02: 17, 0x03: 17, 0x08: 17, 0x04: 13, 0x06: 13, 0xFE: 13}.get(tag, 9)
    return wide


def _class_bytes(body: bytes, at: int) -> int:
    here = at + 1 + 7 * 8 + 8
    (constants,) = struct.unpack_from(">H", body, here)
    here += 2
    for _ in range(constants):
        here += 3 + WIDE.get(struct.unpack_from(">B", body, here + 2)[0], 1)
    (statics,) = struct.unpack_from(">H", body, here)
    here += 2
    for _ in range(statics):
        here += 9 + WIDE.get(struct.unpack_from(">B", body, here + 8)[0], 1)
    (fields,) = struct.unpack_from(">H", body, here)
    return here + 2 + 9 * int(fields) - at
