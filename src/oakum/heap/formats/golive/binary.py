"""What is read of a Go executable: its table of lines, its variables, and where its code lies.

Source: System V ABI, chapter 4 (sections, symbols); cmd/link/internal/ld of Go for the names of its sections.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

ReadFile = Callable[[int, int], bytes]
"""(offset, size) to that many bytes of the file, fewer where it ends."""

AMD64: Final = 62
_SYMTAB, _NOTHING, _OBJECT = 2, 8, 1
_ROW = np.dtype(
    [("name", "<u4"), ("info", "u1"), ("other", "u1"), ("section", "<u2"), ("value", "<u8"), ("size", "<u8")]
)
MOST_SECTIONS: Final = 1 << 12
MOST_BYTES: Final = 512 << 20
_TABLE: Final = "gopclntab"
_MADE: Final = ("go:", "type:", "go.", "type.", "$", "_")


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    kind: int
    address: int
    offset: int
    size: int
    link: int


@dataclass(frozen=True, slots=True)
class Variable:
    """Of a package. ``address``: as the file wants it."""

    name: str
    address: int
    size: int


@dataclass(frozen=True, slots=True)
class Binary:
    """``loads``: (offset, address, bytes of the file) of what is loaded."""

    machine: int
    sections: tuple[Section, ...]
    loads: tuple[tuple[int, int, int], ...]
    read: ReadFile = field(repr=False)

    def section(self, ending: str) -> Section | None:
        return next((each for each in self.sections if each.name.endswith(ending)), None)

    def lines_table(self) -> tuple[int, bytes] | None:
        """(the address that it wants, the table); None where it has none."""
        found = self.section(_TABLE)
        if found is None or not found.size or found.size > MOST_BYTES:
            return None
        return found.address, self.read(found.offset, found.size)

    def code(self, address: int, size: int) -> bytes:
        """Empty for what is not loaded of the file."""
        for offset, begin, held in self.loads:
            if begin <= address and address + size <= begin + held:
                return self.read(offset + address - begin, size)
        return b""

    def variables(self) -> list[Variable]:
        """Those of packages, ascending by address; what the linker made is left out."""
        table = next((each for each in self.sections if each.kind == _SYMTAB), None)
        if table is None or table.link >= len(self.sections) or table.size > MOST_BYTES:
            return []
        names_of = self.sections[table.link]
        names = self.read(names_of.offset, min(names_of.size, MOST_BYTES))
        raw = self.read(table.offset, table.size)
        rows: NDArray[np.void] = np.frombuffer(raw[: len(raw) // _ROW.itemsize * _ROW.itemsize], _ROW)
        kept = rows[(rows["info"] & 15 == _OBJECT) & (rows["section"] != 0) & (rows["size"] >= 8)]
        found = []
        for row in kept[np.argsort(kept["value"], kind="stable")]:
            begin = int(row["name"])
            name = names[begin : names.find(b"\0", begin)].decode("utf-8", "replace")
            if "." in name and not name.startswith(_MADE) and ".." not in name:
                found.append(Variable(name, int(row["value"]), int(row["size"])))
        return found


def read_binary(read: ReadFile) -> Binary | None:
    """None for what is no ELF file of 64 bits, little-endian."""
    head = read(0, 64)
    if len(head) < 64 or head[:6] != b"\x7fELF\x02\x01":
        return None
    machine = int.from_bytes(head[18:20], "little")
    segments_at, sections_at = struct.unpack_from("<QQ", head, 32)
    segment_bytes, segments, section_bytes, sections, names = struct.unpack_from("<5H", head, 54)
    loads = []
    if segment_bytes == 56:
        raw = read(segments_at, 56 * segments)
        for kind, _, offset, address, _, held, _, _ in struct.iter_unpack("<IIQQQQQQ", raw[: len(raw) // 56 * 56]):
            if kind == 1:
                loads.append((offset, address, held))
    rows = []
    if section_bytes == 64 and sections <= MOST_SECTIONS:
        raw = read(sections_at, 64 * sections)
        rows = list(struct.iter_unpack("<IIQQQQIIQQ", raw[: len(raw) // 64 * 64]))
    texts = read(rows[names][4], rows[names][5]) if names < len(rows) and rows[names][5] < 1 << 20 else b""
    made = []
    for name, kind, _, address, offset, size, link, _, _, _ in rows:
        told = texts[name : texts.find(b"\0", name)].decode("utf-8", "replace")
        made.append(Section(told, kind, address, offset, 0 if kind == _NOTHING else size, link))
    return Binary(machine, tuple(made), tuple(loads), read)
