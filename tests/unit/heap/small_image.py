"""A small memory, built by hand word by word, as each version of CPython would lay it out."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from oakum.heap.formats.python.layouts import FLAG_UNICODE, TP_FLAGS, Layout
from oakum.heap.formats.python.values import Values
from oakum.heap.image import Area, MemoryImage

BASE, BYTES = 0x10_0000, 64 << 10


class SmallImage:
    """``alloc`` gives out memory from ``BASE`` on; ``values`` reads it."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._buffer = np.zeros(BYTES, np.uint8)
        self._next = 16
        self.image = MemoryImage(
            self._buffer,
            np.array([BASE], np.int64),
            np.array([BASE + BYTES], np.int64),
            np.zeros(1, np.int64),
            np.array([Area.HEAP], np.int64),
            ("",),
        )
        self.values = Values(self.image, layout)
        self.text_type = self.alloc(TP_FLAGS + 8)
        self.put(self.text_type + TP_FLAGS, "<Q", FLAG_UNICODE)
        self.other_type = self.alloc(TP_FLAGS + 8)

    def alloc(self, size: int) -> int:
        at, self._next = self._next, self._next + (size + 15) // 16 * 16
        assert self._next <= BYTES
        return BASE + at

    def put(self, address: int, shape: str, *values: int) -> None:
        struct.pack_into(shape, self._buffer, address - BASE, *values)

    def raw(self, address: int, content: bytes) -> None:
        self._buffer[address - BASE : address - BASE + len(content)] = np.frombuffer(content, np.uint8)

    def head(self, size: int, kind: int, items: int = 0) -> int:
        at = self.alloc(size)
        self.put(at, "<QQq", 1, kind, items)
        return at

    def text(self, value: str) -> int:
        widest = max(map(ord, value), default=0)
        width = 1 if widest < 256 else 2 if widest < 65536 else 4
        skip = self.layout.ascii_bytes if widest < 128 else self.layout.compact_bytes
        at = self.head(skip + (len(value) + 1) * width, self.text_type, len(value))
        self.put(at + 32, "<I", width << 2 | 1 << 5 | (widest < 128) << 6)
        self.raw(at + skip, value.encode({1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}[width]))
        return at

    def number(self, value: int) -> int:
        digits = [
            abs(value) >> 30 * place & (1 << 30) - 1 for place in range(max(1, -(-abs(value).bit_length() // 30)))
        ]
        digits = [] if value == 0 else digits
        sign = 1 if value == 0 else 2 if value < 0 else 0
        size = len(digits) << 3 | sign if self.layout.long_modern else (-len(digits) if value < 0 else len(digits))
        at = self.head(24 + 4 * max(2, len(digits)), self.other_type, size)
        for place, digit in enumerate(digits):
            self.put(at + 24 + 4 * place, "<I", digit)
        return at

    def array(self, items: Sequence[int]) -> int:
        at = self.alloc(8 * max(1, len(items)))
        for place, item in enumerate(items):
            self.put(at + 8 * place, "<q", item)
        return at

    def list(self, items: Sequence[int]) -> int:
        at = self.head(40, self.other_type, len(items))
        self.put(at + 24, "<Q", self.array(items))
        return at

    def tuple(self, items: Sequence[int]) -> int:
        at = self.head(self.layout.tuple_items + 8 * len(items), self.other_type, len(items))
        for place, item in enumerate(items):
            self.put(at + self.layout.tuple_items + 8 * place, "<q", item)
        return at

    def keys(self, entries: Sequence[tuple[int, int]], *, kind: int = 0) -> int:
        """``kind``: 0 any keys, 1 text only, 2 shared by instances. Before 3.11 all have three words."""
        slots = max(8, 1 << (len(entries) * 3 // 2).bit_length())
        words = 3 if kind == 0 or not self.layout.keys_modern else 2
        indexes = slots * (1 if slots < 256 else 2)
        if self.layout.keys_modern:
            begin = 32 + indexes
            at = self.alloc(begin + slots * words * 8)
            self.put(at, "<QBBB", 1, slots.bit_length() - 1, indexes.bit_length() - 1, kind)
            self.put(at + 24, "<q", len(entries))
        else:
            begin = 40 + indexes
            at = self.alloc(begin + slots * words * 8)
            self.put(at, "<Qq", 1, slots)
            self.put(at + 32, "<q", len(entries))
        for place, (key, value) in enumerate(entries):
            last = at + begin + (place + 1) * words * 8
            self.put(last - 16, "<qq", key, value)
        return at

    def dict(self, entries: Sequence[tuple[int, int]], *, kind: int = 0) -> int:
        """A split one (``kind`` 2) keeps its values apart."""
        at = self.head(48, self.other_type, len(entries))
        shared = [(key, 0) for key, _ in entries] if kind == 2 else entries
        self.put(at + 32, "<Q", self.keys(shared, kind=kind))
        if kind == 2:
            prefix = [0] if self.layout.managed == 3 else []
            self.put(at + 40, "<Q", self.array([*prefix, *(value for _, value in entries)]))
        return at

    def deque(self, items: Sequence[int], *, first: int = 0) -> int:
        """``first``: how many places of the leftmost block are empty; every empty place holds rubbish."""
        places = [7] * first + list(items)
        places += [7] * (-len(places) % 64)
        blocks = [self.alloc(66 * 8) for _ in range(len(places) // 64 or 1)]
        for number, block in enumerate(blocks):
            for place, item in enumerate(places[64 * number : 64 * number + 64]):
                self.put(block + 8 + 8 * place, "<q", item)
            self.put(block + 65 * 8, "<Q", blocks[number + 1] if number + 1 < len(blocks) else 0xDEAD0)
        at = self.head(80, self.other_type, len(items))
        end = (first + len(items) - 1) % 64
        self.put(at + 24, "<QQqq", blocks[0], blocks[-1], first, end)
        return at
