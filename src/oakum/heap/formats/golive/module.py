"""Where a running program keeps its tables: found by what they look like, so that stripped programs tell them too.

Source: runtime/symtab.go (moduledata), runtime/proc.go (allgs), runtime/mheap.go (mheap.allspans),
runtime/runtime2.go (waitReasonStrings).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Read = Callable[[int, int], bytes]

MODULE_BYTES: Final = 328
MOST_LISTED: Final = 1 << 27
HIGHEST: Final = 1 << 47
_SECOND: Final = b"GC assist marking"
MOST_REASONS: Final = 64
LONGEST_REASON: Final = 64


@dataclass(frozen=True, slots=True)
class Module:
    """Addresses in the process. ``data``: its first word of variables; ``end``: behind the last."""

    text: int
    text_end: int
    data: int
    end: int
    types: int
    types_end: int
    read_only: int
    facts: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A slice whose head stands at ``head``: ``count`` words at ``address``."""

    head: int
    address: int
    count: int


def find_module(words: NDArray[np.int64], base: int, table: int, read: Read) -> Module | None:
    """``words``: int64[n], writable data from ``base`` on. ``table``: where the table of lines is, in the process."""
    for at in np.flatnonzero(words == table).tolist():
        raw = read(base + 8 * at, MODULE_BYTES)
        if len(raw) < MODULE_BYTES:
            continue
        fields = struct.unpack("<41Q", raw)
        low, high, text, text_end = fields[20], fields[21], fields[22], fields[23]
        begins = [fields[24], fields[26], fields[28], fields[30]]
        ends = [fields[25], fields[27], fields[29], fields[31]]
        if not text <= low < high <= text_end or any(b > e for b, e in zip(begins, ends, strict=True)):
            continue
        return Module(text, text_end, min(begins), max(ends), fields[37], fields[38], fields[39], fields[40])
    return None


def slices(words: NDArray[np.int64], base: int, least: int) -> Iterator[Listed]:
    """What looks like the head of a slice of pointers, with ``least`` items or more; longest first."""
    pointer, count, room = words[:-2], words[1:-1], words[2:]
    fits = (pointer > 4096) & (pointer < HIGHEST) & (pointer & 7 == 0)
    fits &= (count >= least) & (count <= room) & (room <= MOST_LISTED)
    found = np.flatnonzero(fits)
    for at in found[np.argsort(-count[found], kind="stable")].tolist():
        yield Listed(base + 8 * at, int(pointer[at]), int(count[at]))


def find_reasons(words: NDArray[np.int64], module: Module, read: Read) -> tuple[str, ...]:
    """The runtime's texts of why one waits, by number; empty where they were not found."""
    texts, counts = words[:-1], words[1:]
    fits = (counts == len(_SECOND)) & (texts >= module.text) & (texts < module.data)
    for at in np.flatnonzero(fits).tolist():
        if at >= 2 and read(int(texts[at]), len(_SECOND)) == _SECOND:
            return tuple(_texts(words[at - 2 :], read))
    return ()


def _texts(words: NDArray[np.int64], read: Read) -> Iterator[str]:
    for at in range(0, min(2 * MOST_REASONS, words.size - 1), 2):
        address, size = int(words[at]), int(words[at + 1])
        if at and not (0 < size <= LONGEST_REASON and 4096 < address < HIGHEST):
            return
        raw = read(address, size) if at else b""
        if not raw.isascii():
            return
        yield raw.decode("ascii")
