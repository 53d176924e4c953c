"""What an object is, by what stands beside the pointer to it or in its own first word.

Source: internal/abi/type.go (Type, Name), runtime/runtime2.go (eface, iface, itab, funcval); runtime/mbitmap.go for the
header of objects above 512 bytes, since Go 1.22.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from oakum.heap.formats.golive.lines import Function, Lines
from oakum.heap.formats.golive.module import Module

_NAME_AT, _FLAGS_AT, _HEAD_BYTES = 40, 20, 48
_STARRED: Final = 2
HEADED: Final = (512, 32 << 10)
"""Objects above the first and up to the second, in bytes, begin with their type."""

Read = Callable[[int, int], bytes]


@dataclass(slots=True)
class Types:
    """``read``: (address, size) to bytes of the process. ``headed``: whether objects have a header."""

    module: Module
    lines: Lines
    read: Read
    headed: bool
    _names: dict[int, str] = field(default_factory=dict)

    def name(self, address: int) -> str:
        """Of the type described at ``address``, "" for none."""
        if not self.module.types <= address < self.module.types_end:
            return ""
        if address not in self._names:
            self._names[address] = self._told(address)
        return self._names[address]

    def _told(self, address: int) -> str:
        raw = self.read(address, _HEAD_BYTES)
        if len(raw) < _HEAD_BYTES:
            return ""
        offset = int.from_bytes(raw[_NAME_AT : _NAME_AT + 4], "little", signed=True)
        at = self.module.types + offset
        if not self.module.types < at < self.module.types_end:
            return ""
        text = self.read(at, 256)
        size = text[1] if len(text) > 1 and text[1] < 128 else 0
        told = text[2 : 2 + size].decode("utf-8", "replace")
        return told.removeprefix("*") if raw[_FLAGS_AT] & _STARRED else told

    def pointed(self, beside: int) -> str:
        """Of what an interface points to, by the word before the pointer: a type, or a table of methods."""
        told = self.name(beside)
        if not told and self.module.read_only <= beside < self.module.end:
            raw = self.read(beside + 8, 8)
            told = self.name(int.from_bytes(raw, "little")) if len(raw) == 8 else ""
        return told.removeprefix("*")

    def own(self, first: int, size: int, *, pointing: bool) -> str:
        """Of an object of ``size`` bytes, by its own first word: a type, or a function that was made with variables."""
        if pointing and self.headed and HEADED[0] < size <= HEADED[1]:
            return self.name(first)
        function = self.function(first)
        return f"func {function.name}" if function is not None else ""

    def function(self, first: int) -> Function | None:
        """What is called by an object that begins with ``first``, where that is where a function begins."""
        if not self.module.text <= first < self.module.text_end:
            return None
        function = self.lines.function(first)
        return function if function is not None and function.entry == first else None
