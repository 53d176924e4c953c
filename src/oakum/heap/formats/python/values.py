"""CPython's own values, read from a copy of memory: text, whole numbers, dicts, lists, tuples.

Sources: Include/cpython/unicodeobject.h, Include/internal/pycore_dict.h, Include/cpython/longintrepr.h of 3.9 to 3.14.
Everything may be torn or hostile: a value that makes no sense reads as None or as empty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.python.layouts import FLAG_UNICODE, OB_SIZE, OB_TYPE, TP_FLAGS, Layout
from oakum.heap.image import MemoryImage

LONGEST_TEXT = 300
_NONE = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Keys:
    """Where a dict's table of keys is: ``begin``, ``size`` in bytes, ``entries`` used so far, and how they lie."""

    begin: int
    size: int
    entries: int
    entries_at: int
    entry_words: int
    split: bool


class Values:
    """Reads values at addresses."""

    def __init__(self, image: MemoryImage, layout: Layout) -> None:
        self.image, self.layout = image, layout

    def text(self, address: int) -> str | None:
        """None unless a str stands there."""
        image, layout = self.image, self.layout
        if not image.word(image.word(address + OB_TYPE) + TP_FLAGS) & FLAG_UNICODE:
            return None
        length = image.word(address + 16)
        state = image.word(address + 32) & 0xFFFFFFFF
        kind, compact, ascii_only = (state >> 2) & 7, (state >> 5) & 1, (state >> 6) & 1
        if kind not in {1, 2, 4} or not compact or length > 1 << 40:
            return None
        at = address + (layout.ascii_bytes if ascii_only else layout.compact_bytes)
        raw = image.read(at, min(length, LONGEST_TEXT) * kind)
        return raw.decode({1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}[kind], "replace")

    def number(self, address: int) -> int | None:
        """A whole number of at most two digits of 30 bits; None for others."""
        image = self.image
        size = image.word(address + OB_SIZE)
        if self.layout.long_modern:
            digits, sign = size >> 3, size & 3
            if sign == 2:
                return None
        else:
            digits = size if size < 1 << 63 else -1
        if not 0 <= digits <= 2:
            return None
        raw = image.read(address + 24, 8)
        if len(raw) < 8:
            return None
        low, high = int.from_bytes(raw[:4], "little"), int.from_bytes(raw[4:], "little")
        return 0 if digits == 0 else low if digits == 1 else low | high << 30

    def keys(self, dict_address: int) -> Keys | None:
        """The table of a dict; None where it makes no sense."""
        begin = self.image.word(dict_address + 32)
        return self.keys_at(begin) if begin else None

    def keys_at(self, begin: int) -> Keys | None:
        head = self.image.read(begin, 40)
        if len(head) < 40:
            return None
        if self.layout.keys_modern:
            log_size, log_index, kind = head[8], head[9], head[10]
            entries = int.from_bytes(head[24:32], "little", signed=True)
            if log_size > 40 or log_index > 43 or kind > 2:
                return None
            slots, entry_words = 1 << log_size, 3 if kind == 0 else 2
            entries_at = begin + 32 + (1 << log_index)
            split = kind == 2
        else:
            slots = int.from_bytes(head[8:16], "little", signed=True)
            entries = int.from_bytes(head[32:40], "little", signed=True)
            if slots < 1 or slots & (slots - 1) or slots > 1 << 40:
                return None
            width = 1 if slots <= 0xFF else 2 if slots <= 0xFFFF else 4 if slots <= 0xFFFFFFFF else 8
            entries_at, entry_words, split = begin + 40 + slots * width, 3, False
        room = slots if slots < 8 else slots * 2 // 3
        if not 0 <= entries <= slots:
            return None
        size = entries_at - begin + room * entry_words * 8
        return Keys(begin, size, entries, entries_at, entry_words, split)

    def dict_items(self, address: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(addresses of keys, addresses of values) of a dict, in order of insertion."""
        keys = self.keys(address)
        if keys is None:
            return _NONE, _NONE
        table = self.words(keys.entries_at, keys.entries * keys.entry_words).reshape(-1, keys.entry_words)
        names = table[:, keys.entry_words - 2]
        held = table[:, keys.entry_words - 1]
        values_at = self.image.word(address + 40)
        if values_at:
            held = self.words(values_at + (8 if self.layout.managed == 3 else 0), len(names))
            names = names[: len(held)]
        used = held != 0
        return names[used], held[used]

    def list_items(self, address: int) -> NDArray[np.int64]:
        length = self.image.word(address + OB_SIZE)
        found = self._standing(self.image.word(address + 24), length) if length < 1 << 40 else _NONE
        # Of a list that grew while it was copied the newest items are not there; where most are not, its head is torn.
        return found if 2 * found.size >= length else _NONE

    def tuple_items(self, address: int) -> NDArray[np.int64]:
        length = self.image.word(address + OB_SIZE)
        return self.words(address + self.layout.tuple_items, length) if length < 1 << 40 else _NONE

    def deque_items(self, address: int) -> NDArray[np.int64]:
        """A block is a link, 64 places and a link; those before the first item and after the last are left over.

        Source: Modules/_collectionsmodule.c, struct dequeobject and BLOCK.
        """
        image, length = self.image, self.image.word(address + OB_SIZE)
        block, last = image.word(address + 24), image.word(address + 32)
        first, end = image.word(address + 40), image.word(address + 48) + 1
        found: list[NDArray[np.int64]] = []
        left = length
        while block and left > 0:
            places = self.words(block + 8, 64)[first : end if block == last else 64][:left]
            found.append(places)
            left -= len(places)
            if block == last or not places.size:
                break
            block, first = image.word(block + 65 * 8), 0
        return np.concatenate(found) if found else _NONE

    def words(self, address: int, count: int) -> NDArray[np.int64]:
        """``count`` words, none where not all of them stand in one piece."""
        found = self._standing(address, count)
        return found if found.size == count else _NONE

    def _standing(self, address: int, count: int) -> NDArray[np.int64]:
        """``count`` words, or as many as stand in one piece."""
        at = self.image.locate(address)
        if at < 0 or count <= 0 or address & 7:
            return _NONE
        piece = int(np.searchsorted(self.image.start, address, side="right")) - 1
        room = (int(self.image.end[piece]) - address) // 8
        return self.image.words[at // 8 : at // 8 + min(count, room)]

    def named(self, dict_address: int, name: str) -> int:
        """The address of ``dict[name]``, 0 where there is none. For small dicts: it reads every key."""
        keys, held = self.dict_items(dict_address)
        for key, value in zip(keys.tolist()[:4000], held.tolist()[:4000], strict=True):
            if self.text(key) == name:
                return int(value)
        return 0

    def key_of(self, dict_address: int, child: int) -> str | None:
        """The text of the key under which ``child`` stands; None when it is not there or the key is no text."""
        keys, held = self.dict_items(dict_address)
        found = np.flatnonzero(held == child)
        return self.text(int(keys[found[0]])) if found.size else None
