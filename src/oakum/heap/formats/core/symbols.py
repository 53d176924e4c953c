"""Names of a mapped file: its tables of symbols, and whether it is still the file that was mapped.

Source: System V ABI, chapters 4 (sections, symbols) and 5 (notes); the note of GNU ld's --build-id.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.native.rust_names import rust_name
from oakum.heap.formats.native.vtables import demangled

_SYMTAB, _DYNSYM, _NOTE = 2, 11, 7
_ROW = np.dtype(
    [("name", "<u4"), ("info", "u1"), ("other", "u1"), ("section", "<u2"), ("value", "<u8"), ("size", "<u8")]
)
OBJECTS, FUNCTIONS = (1,), (2, 10)
"""Kinds of symbols: data, and functions (10: chosen when the program starts)."""

MOST_SECTIONS, LONGEST = 1 << 16, 400


@dataclass(frozen=True, slots=True)
class Load:
    """A part of the file that is loaded: ``vaddr`` is where it wants to be."""

    offset: int
    vaddr: int
    file_bytes: int
    memory_bytes: int


@dataclass(slots=True)
class Symbols:
    """``value``, ``size``: uint64[s], ascending by value. ``stripped``: only what it exports."""

    loads: tuple[Load, ...] = ()
    build: bytes = b""
    build_at: int = 0
    stripped: bool = True
    value: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    size: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    _name: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, np.uint32))
    _names: bytes = b""

    def name(self, vaddr: int) -> str:
        """Of the object that holds an address, "" for none."""
        at = int(np.searchsorted(self.value, np.uint64(max(0, vaddr)), side="right")) - 1
        if at < 0 or vaddr >= int(self.value[at]) + max(1, int(self.size[at])):
            return ""
        begin = int(self._name[at])
        end = self._names.find(b"\0", begin, begin + LONGEST)
        return self._names[begin:end].decode("utf-8", "replace") if end > begin else ""


def read_symbols(data: bytes, kinds: tuple[int, ...] = OBJECTS) -> Symbols:
    """Empty where it is no ELF file of 64 bits, or where its tables lie outside of it."""
    if len(data) < 64 or data[:6] != b"\x7fELF\x02\x01":
        return Symbols()
    sections = _sections(data)
    tables = {kind: row for row in sections for kind in (row[0],) if kind in {_SYMTAB, _DYNSYM}}
    found = Symbols(_loads(data), *_build(data, sections), stripped=_SYMTAB not in tables)
    chosen = tables.get(_SYMTAB) or tables.get(_DYNSYM)
    if chosen is None:
        return found
    _, _, offset, size, link = chosen
    if link >= len(sections):
        return found
    rows = np.frombuffer(data, _ROW, size // _ROW.itemsize, offset)
    _, _, names_at, names_bytes, _ = sections[link]
    wanted = np.isin(rows["info"] & 15, kinds) & (rows["section"] != 0) & (rows["name"] < names_bytes)
    rows = rows[wanted]
    rows = rows[np.argsort(rows["value"], kind="stable")]
    found.value, found.size = rows["value"].copy(), rows["size"].copy()
    found._name, found._names = rows["name"].copy(), data[names_at : names_at + names_bytes]  # noqa: SLF001
    return found


def written(symbol: str) -> str:
    """``_ZN4shopL5tableE`` as ``shop::table``, a function without its parameters; a name of C as it is.

    What rustc wrote is told as its source has it.
    """
    rust = rust_name(symbol)
    if rust:
        return rust
    if not symbol.startswith("_Z"):
        return symbol
    plain = symbol[2:].removeprefix("L")
    told = demangled(plain, whole=False)
    return symbol if told == plain else told


def _sections(data: bytes) -> list[tuple[int, int, int, int, int]]:
    """(kind, address, offset, bytes, link) of those that lie in the file."""
    (at,) = struct.unpack_from("<Q", data, 40)
    row_bytes, rows = struct.unpack_from("<HH", data, 58)
    if row_bytes != 64 or rows > MOST_SECTIONS or at > len(data) or rows > (len(data) - at) // 64:
        return []
    found = []
    for _, kind, _, address, offset, size, link, _, _, _ in struct.iter_unpack(
        "<IIQQQQIIQQ", data[at : at + 64 * rows]
    ):
        inside = kind != 8 and offset <= len(data) and size <= len(data) - offset
        found.append((kind if inside else 0, address, offset if inside else 0, size if inside else 0, link))
    return found


def _loads(data: bytes) -> tuple[Load, ...]:
    (at,) = struct.unpack_from("<Q", data, 32)
    row_bytes, rows = struct.unpack_from("<HH", data, 54)
    if row_bytes != 56 or at > len(data) or rows > (len(data) - at) // 56:
        return ()
    found = []
    for kind, _, offset, vaddr, _, held, size, _ in struct.iter_unpack("<IIQQQQQQ", data[at : at + 56 * rows]):
        if kind == 1 and vaddr + size < 1 << 62:
            found.append(Load(offset, vaddr, held, size))
    return tuple(found)


def _build(data: bytes, sections: list[tuple[int, int, int, int, int]]) -> tuple[bytes, int]:
    """(the note that tells the build, the address that it wants); (b"", 0) where there is none."""
    for kind, address, offset, size, _ in sections:
        if kind == _NOTE and size >= 16:
            raw = data[offset : offset + min(size, 256)]
            name, held, what = struct.unpack_from("<III", raw)
            if what == 3 and raw[12:16] == b"GNU\0" and 16 + held <= len(raw) and name == 4:
                return raw[: 16 + held], address
    return b"", 0
