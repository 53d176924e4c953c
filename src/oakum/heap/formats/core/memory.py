"""The memory of a core by address: what the core holds of it, then what the mapped files do."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.core.elf import Header, Mapped, Notes, Segment
from oakum.heap.formats.core.symbols import FUNCTIONS, OBJECTS, Symbols, read_symbols

Files = Callable[[str], bytes]
"""The contents of a file by the path that the core has of it; empty where it is not to be had."""

BEYOND_DATA = 64 << 20
"""At most so far behind the last mapping of a file stands its .bss."""


@dataclass(slots=True)
class CoreMemory:
    """``data``: uint8[b], the file. ``files``: asked for each path once, and only where a name is wanted."""

    data: NDArray[np.uint8]
    header: Header
    notes: Notes
    files: Files
    changed: list[str] = field(default_factory=list)
    _starts: list[int] = field(init=False)
    _mapped_starts: list[int] = field(init=False)
    _contents: dict[str, bytes] = field(default_factory=dict)
    _symbols: dict[tuple[str, tuple[int, ...]], tuple[Symbols, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._starts = [segment.start for segment in self.header.segments]
        self._mapped_starts = [mapped.start for mapped in self.notes.files]

    def segment_of(self, address: int) -> Segment | None:
        at = bisect_right(self._starts, address) - 1
        segments = self.header.segments
        return segments[at] if at >= 0 and address < segments[at].end else None

    def mapped_of(self, address: int) -> Mapped | None:
        at = bisect_right(self._mapped_starts, address) - 1
        files = self.notes.files
        return files[at] if at >= 0 and address < files[at].end else None

    def read(self, address: int, size: int, /) -> bytes:
        """At most ``size`` bytes; shorter, or empty, where neither the core nor a file has them."""
        kept = self.kept(address, size)
        if kept:
            return kept
        mapped = self.mapped_of(address)
        if mapped is None:
            return b""
        content = self._content(mapped.path)
        at = mapped.offset + address - mapped.start
        return content[at : at + min(size, mapped.end - address)]

    def kept(self, address: int, size: int) -> bytes:
        """Of the core alone."""
        segment = self.segment_of(address)
        if segment is None or address >= segment.start + segment.file_bytes:
            return b""
        at = segment.offset + address - segment.start
        return self.data[at : at + min(size, segment.start + segment.file_bytes - address)].tobytes()

    def executable(self, address: int) -> bool:
        segment = self.segment_of(address)
        return segment.executable if segment is not None else self.mapped_of(address) is not None

    def constant(self, address: int) -> bool:
        segment = self.segment_of(address)
        return self.mapped_of(address) is not None and (segment is None or not segment.executable)

    def place(self, address: int) -> str:
        """``server+0x3d50``."""
        mapped = self.mapped_of(address)
        if mapped is None:
            return f"{address:#x}"
        return f"{mapped.path.rpartition('/')[2]}+{address - mapped.start + mapped.offset:#x}"

    def owner(self, address: int) -> Mapped | None:
        """The file whose data an address is of; its .bss is not mapped from it, and follows what is."""
        found = self.mapped_of(address)
        if found is not None:
            return found
        at = bisect_right(self._mapped_starts, address) - 1
        if at < 0:
            return None
        last = self.notes.files[at]
        # .bss begins where the data end, page by page: nothing may stand between.
        segment = self.segment_of(address)
        near = segment is not None and segment.start == last.end and address - last.end < BEYOND_DATA
        return last if near else None

    def symbol(self, address: int) -> str:
        """As it is written in the file's table, "" for none."""
        return self._name(address, OBJECTS)

    def function(self, address: int) -> str:
        """As ``symbol``, of the function that begins at an address or holds it."""
        return self._name(address, FUNCTIONS)

    def _name(self, address: int, kinds: tuple[int, ...]) -> str:
        mapped = self.owner(address)
        if mapped is None:
            return ""
        symbols, bias = self.symbols(mapped, kinds)
        return symbols.name(address - bias)

    def says(self, text: bytes) -> bool:
        """Whether a text stands in the file of the program, which is the first that is mapped."""
        files = self.notes.files
        return bool(files) and text in self._content(files[0].path)

    def symbols(self, mapped: Mapped, kinds: tuple[int, ...] = OBJECTS) -> tuple[Symbols, int]:
        """(names, what is added to their addresses); no names where the file is another one by now."""
        key = mapped.path, kinds
        if key not in self._symbols:
            found = read_symbols(self._content(mapped.path), kinds)
            bias = _bias(found, [row for row in self.notes.files if row.path == mapped.path])
            if bias is None:
                found, bias = Symbols(), 0
            told = self.kept(bias + found.build_at, len(found.build)) if found.build else b""
            if told and told != found.build:
                if mapped.path not in self.changed:
                    self.changed.append(mapped.path)
                found = Symbols()
            self._symbols[key] = found, bias
        return self._symbols[key]

    def _content(self, path: str) -> bytes:
        if path not in self._contents:
            self._contents[path] = b"" if path.endswith("(deleted)") else self.files(path)
        return self._contents[path]


def _bias(symbols: Symbols, rows: list[Mapped]) -> int | None:
    for row in rows:
        for load in symbols.loads:
            begin = load.offset & ~4095
            if begin <= row.offset < max(load.offset + load.file_bytes, begin + 1):
                return row.start - (load.vaddr + row.offset - load.offset)
    return None
