"""Functions, lines and frame sizes by program counter: Go's own table, which stripped programs keep.

Source: runtime/symtab.go and internal/abi/symtab.go of Go 1.20 to 1.26 (pcHeader, _func, pcvalue, inlinedCall).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.pprof.profile import Frame

MAGIC: Final = 0xFFFFFFF1
HEADER_BYTES: Final = 72
LONGEST_NAME: Final = 400
MOST_FUNCTIONS: Final = 1 << 22
MOST_STEPS: Final = 1 << 16
MOST_INLINED: Final = 32
_INLINE_PCDATA, _INLINE_FUNCDATA = 2, 3

Read = Callable[[int, int], bytes]
"""(address, size) to that many bytes, fewer where memory is not there."""


@dataclass(frozen=True, slots=True)
class Function:
    """``entry``: its address. ``at``: of its row in the table. ``end``: where the next one begins."""

    name: str
    entry: int
    end: int
    at: int


class Lines:
    """``table``: the section ``.gopclntab``. ``text``: where the code begins in the process. ``inlined``: how what is
    inlined is read: (address, size) to bytes; ``facts_at``: where that data begins.
    """

    def __init__(self, table: bytes, text: int, facts_at: int = 0, read: Read | None = None) -> None:
        """Raises ValueError for another format, and where its parts lie outside of it."""
        if len(table) < HEADER_BYTES:
            raise ValueError("it is cut off")
        magic, _, self._step, width = struct.unpack_from("<IHBB", table)
        if magic != MAGIC or width != 8:
            raise ValueError(f"its mark is {magic:#x}")
        count, _, _, names, units, files, counts, rows = struct.unpack_from("<8Q", table, 8)
        if not 0 < count < MOST_FUNCTIONS or max(names, units, files, counts, rows) > len(table):
            raise ValueError("its parts lie outside of it")
        if rows + 8 * count + 4 > len(table):
            raise ValueError("its functions lie outside of it")
        self._table, self.text, self._facts_at, self._read = table, text, facts_at, read
        self._names, self._units, self._files, self._counts, self._rows = names, units, files, counts, rows
        raw = np.frombuffer(table, np.uint32, 2 * count + 1, rows)
        self._entry: NDArray[np.int64] = raw[::2].astype(np.int64)
        self._at: NDArray[np.int64] = raw[1::2].astype(np.int64)
        self.count = count
        self._found: dict[int, Function | None] = {}
        self._frames: dict[int, tuple[Frame, ...]] = {}
        self._sizes: dict[int, int] = {}

    def function(self, pc: int) -> Function | None:
        """None for an address that is in no function."""
        offset = pc - self.text
        at = int(np.searchsorted(self._entry, offset, side="right")) - 1
        if at < 0 or at >= self.count or offset >= int(self._entry[-1]):
            return None
        if at not in self._found:
            self._found[at] = self._row(at)
        return self._found[at]

    def functions(self) -> list[Function]:
        found = (self.function(self.text + int(offset)) for offset in self._entry[:-1])
        return [each for each in found if each is not None]

    def _row(self, at: int) -> Function | None:
        row = self._rows + int(self._at[at])
        if row + 44 > len(self._table):
            return None
        name = self._text(self._names + self._i32(row + 4))
        return Function(name, self.text + int(self._entry[at]), self.text + int(self._entry[at + 1]), row)

    def frame_bytes(self, pc: int) -> int:
        """What stands between the stack pointer and the return address at ``pc``; -1 where that is not told."""
        if pc not in self._sizes:
            function = self.function(pc)
            self._sizes[pc] = -1 if function is None else self._value(self._u32(function.at + 16), function.entry, pc)
        return self._sizes[pc]

    def frames(self, pc: int) -> tuple[Frame, ...]:
        """At the address of an instruction, what was inlined first; empty where no function is there."""
        if pc not in self._frames:
            self._frames[pc] = self._told(pc)
        return self._frames[pc]

    def _told(self, pc: int) -> tuple[Frame, ...]:
        function = self.function(pc)
        if function is None:
            return ()
        told: list[Frame] = []
        calls = self._inlined(function)
        for _ in range(MOST_INLINED):
            file, line = self._place(function, pc)
            index = self._value(self._pcdata(function, _INLINE_PCDATA), function.entry, pc) if calls else -1
            raw = self._call(calls, index) if index >= 0 else b""
            if not raw:
                told.append(Frame(function.name, file, line))
                break
            name, parent = struct.unpack_from("<ii", raw, 4)
            told.append(Frame(self._text(self._names + name), file, line))
            pc = function.entry + parent
        return tuple(told)

    def _place(self, function: Function, pc: int) -> tuple[str, int]:
        line = self._value(self._u32(function.at + 24), function.entry, pc)
        file = self._value(self._u32(function.at + 20), function.entry, pc)
        unit = self._u32(function.at + 32)
        if file < 0 or unit == 0xFFFFFFFF:
            return "", max(line, 0)
        offset = self._u32(self._units + 4 * (unit + file))
        return ("" if offset == 0xFFFFFFFF else self._text(self._files + offset)), max(line, 0)

    def _inlined(self, function: Function) -> int:
        """Where its inlined calls are told; 0 for none."""
        if self._read is None or function.at + 44 > len(self._table):
            return 0
        count = self._u32(function.at + 28)
        if self._table[function.at + 43] <= _INLINE_FUNCDATA or count > 64:
            return 0
        offset = self._u32(function.at + 44 + 4 * count + 4 * _INLINE_FUNCDATA)
        return 0 if offset == 0xFFFFFFFF else self._facts_at + offset

    def _call(self, calls: int, index: int) -> bytes:
        raw = self._read(calls + 16 * index, 16) if self._read is not None else b""
        return raw if len(raw) == 16 else b""

    def _pcdata(self, function: Function, which: int) -> int:
        count = self._u32(function.at + 28)
        return self._u32(function.at + 44 + 4 * which) if which < count else 0

    def _value(self, offset: int, entry: int, pc: int) -> int:
        """Of a table of changes: 7 bits at a time, a value's change in zigzag, then how many bytes of code further."""
        if offset == 0:
            return -1
        table, at, value, here = self._table, self._counts + offset, -1, entry
        for step in range(MOST_STEPS):
            change, at = _number(table, at)
            if change == 0 and step:
                return -1
            value += -(change + 1 >> 1) if change & 1 else change >> 1
            further, at = _number(table, at)
            here += further * self._step
            if pc < here:
                return value
        return -1

    def _text(self, at: int) -> str:
        end = self._table.find(b"\0", at, at + LONGEST_NAME)
        return self._table[at : end if end >= 0 else at + LONGEST_NAME].decode("utf-8", "replace")

    def _u32(self, at: int) -> int:
        return int.from_bytes(self._table[at : at + 4], "little")

    def _i32(self, at: int) -> int:
        return int.from_bytes(self._table[at : at + 4], "little", signed=True)


def _number(table: bytes, at: int) -> tuple[int, int]:
    """(value, where it ends). What is cut off reads as the end of the table."""
    value = shift = 0
    while at < len(table) and shift < 35:
        byte = table[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    return 0, at
