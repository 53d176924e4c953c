"""Small ELF cores, byte by byte: one mapped program with a vtable, its data, a heap of glibc's malloc, a stack."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PAGE = 4096
PROGRAM, CODE, DATA = 0x40_0000, 0x40_1000, 0x40_2000
HEAP, STACK, ARENA = 0x1000_0000, 0x7FFE_0000, 3 * (64 << 20)
VTABLE, DESCRIPTION, NAME = PROGRAM + 0x110, PROGRAM + 0x200, PROGRAM + 0x300
STACK_POINTER = STACK + 2048
PATH = "/opt/shop/server"


@dataclass(frozen=True, slots=True)
class Block:
    """``size``: with what malloc adds. ``words``: what was written to it, from its begin on."""

    size: int
    used: bool = True
    words: Sequence[int] = ()
    text: bytes = b""


def heap(blocks: Sequence[Block], *, end: int | None = None) -> bytes:
    """Chunks one behind the other and a top, up to ``end`` bytes or a whole page."""
    total = sum(block.size for block in blocks)
    end = end or -(-(total + 64) // PAGE) * PAGE
    out = bytearray(end)
    at, before = 0, 1
    for block in (*blocks, Block(end - total)):
        struct.pack_into("<Q", out, at + 8, block.size | before)
        body = struct.pack(f"<{len(block.words)}Q", *block.words) + block.text
        out[at + 16 : at + 16 + len(body)] = body
        at, before = at + block.size, int(block.used)
    return bytes(out)


def given(blocks: Sequence[Block], number: int, base: int = HEAP) -> int:
    """The address that malloc gave out for one of them."""
    return base + sum(block.size for block in blocks[:number]) + 16


@dataclass
class Core:
    """``globals_``, ``stack``: words by their offset in the page. ``more``: other writable memory by address."""

    blocks: Sequence[Block]
    globals_: Mapping[int, int] = field(default_factory=dict)
    stack: Mapping[int, int] = field(default_factory=dict)
    registers: Mapping[int, int] = field(default_factory=dict)
    more: Mapping[int, bytes] = field(default_factory=dict)
    notes: bool = True
    machine: int = 62
    named: bool = True
    """Whether the class has run-time type information."""

    pad: int = 0
    """Bytes in front of the first segment: gdb aligns them to nothing."""

    def _segments(self) -> list[tuple[int, int, bytes, int]]:
        """(address, flags, bytes, bytes in memory)."""
        constants = page({0x108: DESCRIPTION if self.named else 0, 0x110: CODE + 16, 0x208: NAME})
        constants[0x300:0x310] = b"N4shop7SessionE\0"
        rows = [
            (PROGRAM, 4, bytes(constants), PAGE),
            (CODE, 5, b"", PAGE),
            (DATA, 6, bytes(page(self.globals_)), PAGE),
            (STACK, 6, bytes(page(self.stack)), PAGE),
        ]
        if self.blocks:
            whole = heap(self.blocks)
            rows.append((HEAP, 6, whole, len(whole)))
        rows += [(address, 6, data, len(data)) for address, data in self.more.items()]
        return sorted(rows)

    def _notes(self) -> bytes:
        status = bytearray(336)
        struct.pack_into("<I", status, 32, 4242)
        for number, word in {19: STACK_POINTER, **self.registers}.items():
            struct.pack_into("<Q", status, 112 + 8 * number, word)
        info = bytearray(136)
        info[56:72] = b"/opt/shop/server"
        rows = [(PROGRAM, CODE, 0), (CODE, DATA, 1), (DATA, DATA + PAGE, 2)]
        files = struct.pack("<QQ", len(rows), PAGE) + b"".join(struct.pack("<QQQ", *row) for row in rows)
        files += f"{PATH}\0".encode() * len(rows)
        return note(1, bytes(status)) + note(3, bytes(info)) + note(0x46494C45, files)

    def data(self) -> bytes:
        segments, notes = self._segments(), self._notes() if self.notes else b""
        count = len(segments) + bool(notes)
        at = -(-(64 + 56 * count + len(notes)) // PAGE) * PAGE + self.pad
        table, body = b"", b""
        if notes:
            table += struct.pack("<IIQQQQQQ", 4, 0, 64 + 56 * count, 0, 0, len(notes), 0, 1)
        for address, flags, data, size in segments:
            table += struct.pack("<IIQQQQQQ", 1, flags, at + len(body), address, 0, len(data), size, 1)
            body += data
        head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
        head += struct.pack("<HHIQQQIHHHHHH", 4, self.machine, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0)
        return (head + table + notes).ljust(at, b"\0") + body


def page(words: Mapping[int, int]) -> bytearray:
    out = bytearray(PAGE)
    for at, word in words.items():
        struct.pack_into("<Q", out, at, word)
    return out


def note(kind: int, body: bytes) -> bytes:
    return struct.pack("<III", 5, len(body), kind) + b"CORE\0\0\0\0" + body.ljust(-(-len(body) // 4) * 4, b"\0")


def program(symbols: Mapping[str, tuple[int, int]], kind: int = 1) -> bytes:
    """An ELF file with these symbols: name to (address, size); mapped at PROGRAM from its begin on.

    ``kind``: 1 data objects, 2 functions.
    """
    names, rows = b"\0", struct.pack("<IBBHQQ", 0, 0, 0, 0, 0, 0)
    for name, (value, size) in symbols.items():
        rows += struct.pack("<IBBHQQ", len(names), kind, 0, 1, value, size)
        names += name.encode() + b"\0"
    loads = struct.pack("<IIQQQQQQ", 1, 4, 0, 0, 0, 3 * PAGE, 3 * PAGE, PAGE)
    at = 64 + len(loads)
    sections = struct.pack("<IIQQQQIIQQ", *(0,) * 10)
    sections += struct.pack("<IIQQQQIIQQ", 0, 2, 0, 0, at, len(rows), 2, 0, 8, 24)
    sections += struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, at + len(rows), len(names), 0, 0, 1, 0)
    table = at + len(rows) + len(names)
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    head += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, table, 0, 64, 56, 1, 64, 3, 2)
    return head + loads + rows + names + sections
