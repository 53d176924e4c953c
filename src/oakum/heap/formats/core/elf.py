"""The parts of an ELF file that a core is read by: bytes in, values out, every place checked against the file.

Sources: System V ABI, chapters 4 and 5 (headers, sections, symbols, notes); fs/binfmt_elf.c of Linux (elf_core_dump,
fill_files_note) for NT_PRSTATUS, NT_PRPSINFO and NT_FILE. 64-bit, little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.model.errors import DataError

CORE_FILE: Final = 4
MACHINES: Final = {62: "x86-64", 183: "AArch64"}
_STACK_POINTER: Final = {62: 19, 183: 31}
_REGISTERS: Final = {62: 27, 183: 34}
_REGISTERS_AT: Final = 112
"""Where pr_reg begins in struct elf_prstatus."""

_PT_LOAD, _PT_NOTE = 1, 4
_NT_PRSTATUS, _NT_PRPSINFO, _NT_FILE = 1, 3, 0x46494C45
_NUMBERED_ELSEWHERE: Final = 0xFFFF
MOST_SEGMENTS, MOST_NOTE_BYTES, MOST_FILES = 1 << 20, 256 << 20, 1 << 17
HIGHEST: Final = 1 << 47
"""Addresses from here on are the kernel's own."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Memory ``[start, start + memory_bytes)``; ``file_bytes`` of it stand at ``offset`` of the file."""

    start: int
    memory_bytes: int
    offset: int
    file_bytes: int
    readable: bool
    writable: bool
    executable: bool

    @property
    def end(self) -> int:
        return self.start + self.memory_bytes


@dataclass(frozen=True, slots=True)
class Mapped:
    """A part of a file that was mapped."""

    start: int
    end: int
    offset: int
    path: str


@dataclass(frozen=True, slots=True)
class Thread:
    """``registers``: int64[r]."""

    number: int
    stack_pointer: int
    registers: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Notes:
    """``whole``: whether they could be read to their end. ``command``: its first words, as the kernel keeps them."""

    threads: tuple[Thread, ...] = ()
    files: tuple[Mapped, ...] = ()
    command: str = ""
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Header:
    """``segments``: what is loaded, ascending by address. ``cut_bytes``: what the file should hold behind its end."""

    kind: int
    machine: int
    segments: tuple[Segment, ...]
    note_places: tuple[tuple[int, int], ...]
    cut_bytes: int


def is_core(begin: bytes) -> bool:
    """Of any architecture."""
    if len(begin) < 20 or begin[:4] != b"\x7fELF":
        return False
    return int.from_bytes(begin[16:18], "big" if begin[5] == 2 else "little") == CORE_FILE


def read_header(data: NDArray[np.uint8]) -> Header:
    """Raises DataError for what is no ELF file of 64 bits, and for tables that lie outside of it."""
    head = data[:64].tobytes()
    if len(head) < 64 or head[:4] != b"\x7fELF":
        raise broken("its header is cut off")
    if head[4] != 2 or head[5] != 1:
        raise broken("it is of a 32-bit or big-endian machine; read are x86-64 and AArch64")
    kind, machine = struct.unpack_from("<HH", head, 16)
    table_at, sections_at = struct.unpack_from("<QQ", head, 32)
    row_bytes, rows = struct.unpack_from("<HH", head, 54)
    if rows == _NUMBERED_ELSEWHERE:
        raw = data[sections_at : sections_at + 64].tobytes() if sections_at < data.size else b""
        rows = struct.unpack_from("<I", raw, 44)[0] if len(raw) == 64 else 0
    if row_bytes != 56 or not 0 < rows <= MOST_SEGMENTS or table_at > data.size or rows > (data.size - table_at) // 56:
        raise broken("its table of segments lies outside of the file")
    raw = data[table_at : table_at + rows * 56].tobytes()
    segments, notes, cut = [], [], 0
    for what, flags, offset, start, _, held, size, _ in struct.iter_unpack("<IIQQQQQQ", raw):
        if what == _PT_NOTE and held:
            notes.append((offset, held))
        if what in {_PT_LOAD, _PT_NOTE}:
            cut = max(cut, offset + held - data.size)
        if what != _PT_LOAD or start >= HIGHEST or size > HIGHEST - start:
            continue
        there = max(0, min(held, size, data.size - offset))
        segments.append(Segment(start, size, offset, there, bool(flags & 4), bool(flags & 2), bool(flags & 1)))
    return Header(kind, machine, _checked(segments, data.size), tuple(notes), max(0, cut))


def _checked(segments: list[Segment], file_bytes: int) -> tuple[Segment, ...]:
    """Ascending by address."""
    ordered = sorted(segments, key=lambda row: row.start)
    if any(before.end > after.start for before, after in zip(ordered, ordered[1:], strict=False)):
        raise broken("its segments overlap")
    if sum(segment.file_bytes for segment in ordered) > file_bytes:
        # Else a small file could say that it holds any amount of memory.
        raise broken("its segments share bytes of the file")
    return tuple(ordered)


def broken(why: str) -> DataError:
    return DataError("this core cannot be read", why=why, next_step="file CORE")


def read_notes(data: NDArray[np.uint8], header: Header) -> Notes:
    """What can be read of them; none of it is trusted."""
    threads: list[Thread] = []
    files: tuple[Mapped, ...] = ()
    command, whole = "", bool(header.note_places)
    for offset, size in header.note_places:
        there = max(0, min(size, data.size - offset, MOST_NOTE_BYTES))
        whole &= there == size
        for kind, body in _rows(data[offset : offset + there].tobytes()):
            if kind == _NT_PRSTATUS:
                threads += _thread(body, header.machine)
            elif kind == _NT_PRPSINFO:
                command = body[56:136].split(b"\0")[0].decode("utf-8", "replace").strip()
            elif kind == _NT_FILE:
                files = _files(body)
    return Notes(tuple(threads), files, command, whole)


def _rows(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """(kind, body) of the notes of the kernel and of gdb."""
    at = 0
    while at + 12 <= len(raw):
        name, size, kind = struct.unpack_from("<III", raw, at)
        begin = at + 12 + -(-name // 4) * 4
        end = begin + size
        if end > len(raw):
            return
        if raw[at + 12 : at + 12 + name].rstrip(b"\0") == b"CORE":
            yield kind, raw[begin:end]
        at = begin + -(-size // 4) * 4


def _thread(body: bytes, machine: int) -> list[Thread]:
    count = _REGISTERS.get(machine, 0)
    if not count or len(body) < _REGISTERS_AT + 8 * count:
        return []
    registers = np.frombuffer(body, np.int64, count, _REGISTERS_AT)
    number = int.from_bytes(body[32:36], "little")
    return [Thread(number, int(registers[_STACK_POINTER[machine]]), registers)]


def _files(body: bytes) -> tuple[Mapped, ...]:
    if len(body) < 16:
        return ()
    count, page = struct.unpack_from("<QQ", body)
    if count > min(MOST_FILES, (len(body) - 16) // 24) or page > 1 << 20:
        return ()
    names = body[16 + 24 * count :].split(b"\0")
    found = []
    for at in range(min(count, len(names))):
        start, end, offset = struct.unpack_from("<QQQ", body, 16 + 24 * at)
        if start < end <= HIGHEST and offset < HIGHEST:
            found.append(Mapped(start, end, offset * page, names[at].decode("utf-8", "replace")))
    return tuple(sorted(found, key=lambda row: row.start))
