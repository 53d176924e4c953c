"""A heap profile in text: stacks of addresses with what lives of what they allocated, then the process's mappings.

Sources: jemalloc's prof_data.c ("heap_v2/PERIOD", a "t*:" line for each stack) and gperftools' heap-profile-table.cc
("heap profile:"). A sample stands for more than itself: an allocation of s bytes is sampled with the probability
1 - exp(-s / PERIOD), by which it is divided, as jeprof and pprof do.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.core.symbols import FUNCTIONS, Symbols, read_symbols, written
from oakum.heap.formats.pprof.profile import MOST_BYTES, Frame, Profile, Sample
from oakum.model.errors import DataError

MOST_FILE_BYTES: Final = 512 << 20
MOST_STACK: Final = 256
_HEADS: Final = (b"heap_v2/", b"heap profile:", b"heapprofile:")
_PERIOD: Final = re.compile(rb"heap_v2/([0-9]{1,18})")
_ALL: Final = re.compile(rb"\s*t\*:\s*([0-9]{1,18}):\s*([0-9]{1,18}) \[")
_ROW: Final = re.compile(rb"\s*([0-9]{1,18}):\s*([0-9]{1,18}) \[[^\]]{0,60}\] @((?: 0x[0-9a-f]{1,16})*)")
_MAPPED: Final = re.compile(rb"([0-9a-f]{1,16})-([0-9a-f]{1,16}) (\S{4}) ([0-9a-f]{1,16}) \S+ [0-9]+ +(/.*)")
_ALLOCATES: Final = re.compile(
    r"(je_|prof_|imalloc|_?rjem_|tcmalloc|tc_)|"
    r"(malloc|calloc|realloc|aligned_alloc|posix_memalign|memalign|mallocx|rallocx|operator new.*|_Zn[wa].*"
    r"|__rust_alloc|__rust_realloc|__rust_alloc_zeroed|alloc::alloc::.*)$"
)
"""Innermost frames that say nothing: the allocator itself, and by which door it was entered."""

_OF_RUST: Final = re.compile(r"<*(alloc|core|std|hashbrown)::")
"""Rust's own library: what a vector or a map does to grow."""


@dataclass(slots=True)
class _Places:
    """Functions by address. ``files``: the contents of a mapped file."""

    rows: list[tuple[int, int, int, str]]
    files: Callable[[str], bytes]
    _symbols: dict[str, Symbols] = field(default_factory=dict)
    _known: dict[int, Frame] = field(default_factory=dict)

    def frame(self, address: int) -> Frame:
        if address not in self._known:
            self._known[address] = self._frame(address)
        return self._known[address]

    def _frame(self, address: int) -> Frame:
        at = bisect_right(self.rows, (address, 2**64, 0, "")) - 1
        if at < 0 or address >= self.rows[at][1]:
            return Frame(f"{address:#x}", "", 0)
        start, _, offset, path = self.rows[at]
        if path not in self._symbols:
            self._symbols[path] = read_symbols(self.files(path), FUNCTIONS)
        symbols = self._symbols[path]
        within = address - start + offset
        for load in symbols.loads:
            if load.offset <= within < load.offset + load.file_bytes:
                name = symbols.name(load.vaddr + within - load.offset)
                if name:
                    return Frame(written(name), path, 0)
        return Frame(f"{path.rpartition('/')[2]}+{within:#x}", path, 0)


def is_jeprof(begin: bytes) -> bool:
    return begin.startswith(_HEADS)


def read_jeprof(data: NDArray[np.uint8], files: Callable[[str], bytes]) -> Profile:
    """``data``: uint8[b]. ``files``: the contents of a file by its path, empty where it is not to be had.

    Raises DataError for a file without a stack that could be read.
    """
    if data.size > MOST_FILE_BYTES:
        raise _broken(f"it has {data.size:,} bytes, more than any heap profile")
    head, _, mapped = data.tobytes().partition(b"\nMAPPED_LIBRARIES:")
    first = head.split(b"\n", 1)[0]
    told = _PERIOD.search(first)
    period = int(told[1]) if told else 0
    rows = []
    for line in mapped.split(b"\n"):
        found = _MAPPED.match(line)
        if found is not None:
            path = found[5].decode("utf-8", "replace")
            rows.append((int(found[1], 16), int(found[2], 16), int(found[4], 16), path))
    places = _Places(sorted(rows), files)
    samples = [
        Sample(_stack(stack, places), *_estimate(count, size, period))
        for stack, count, size in (_of_gperftools(head) if not first.startswith(b"heap_v2/") else _of_jemalloc(head))
        if count and size
    ]
    if not samples and b"@" not in head:
        raise _broken("no stack stands in it")
    return Profile(tuple(samples), period, 0.0, format="jeprof")


def _of_jemalloc(head: bytes) -> list[tuple[list[int], int, int]]:
    found = []
    stack: list[int] | None = None
    for line in head.split(b"\n"):
        if line.startswith(b"@"):
            stack = _addresses(line[1:])
        elif stack is not None and (match := _ALL.match(line)) is not None:
            found.append((stack, int(match[1]), int(match[2])))
            stack = None
    return found


def _of_gperftools(head: bytes) -> list[tuple[list[int], int, int]]:
    rows = (_ROW.match(line) for line in head.split(b"\n")[1:])
    return [(_addresses(row[3]), int(row[1]), int(row[2])) for row in rows if row is not None]


def _addresses(text: bytes) -> list[int]:
    words = text.split()[:MOST_STACK]
    return [
        int(word, 16) for word in words if word[:2] == b"0x" and len(word) <= 18 and word[2:].isalnum() and _hex(word)
    ]


def _hex(word: bytes) -> bool:
    return all(byte in b"0123456789abcdef" for byte in word[2:])


def _estimate(count: int, size: int, period: int) -> tuple[int, int]:
    """(objects, bytes) that so many samples stand for."""
    if period > 1:
        chance = -math.expm1(-(size / count) / period)
        if chance > 1e-12:
            count, size = round(count / chance), round(size / chance)
    return min(count, MOST_BYTES), min(size, MOST_BYTES)


def _stack(addresses: list[int], places: _Places) -> tuple[Frame, ...]:
    """Each but the innermost is where a call returns to: the call stands one byte before."""
    frames = [places.frame(max(0, address - bool(at))) for at, address in enumerate(addresses)]
    inner = 0
    for at, frame in enumerate(frames[:-1]):
        if _ALLOCATES.match(frame.function) or "libjemalloc" in frame.file or "libtcmalloc" in frame.file:
            inner = at + 1
    own = inner
    while own < len(frames) and _OF_RUST.match(frames[own].function):
        own += 1
    return tuple(frames[own if own < len(frames) else inner :])


def _broken(why: str) -> DataError:
    return DataError("this heap profile cannot be read", why=why, next_step="take it again: jemalloc writes it whole")
