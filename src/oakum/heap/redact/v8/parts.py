"""The parts of a snapshot file, walked over once before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.formats.v8.sections import META_BYTES_MOST, SPACE, Meta, new_key, past, read_meta, small_value_end
from oakum.heap.redact.errors import broken, cut_off
from oakum.heap.redact.turns import TURN_BYTES, Past
from oakum.heap.redact.v8 import kernels

NUMBERS = frozenset({"nodes", "edges", "trace_function_infos", "trace_tree", "samples", "locations"})
PLAIN = np.frombuffer(b"Object", np.uint8)
MOST_STRINGS = 1 << 27


@dataclass(frozen=True, slots=True)
class Part:
    """``gap``: where the part before it ends. ``begin``, ``end``: of its value."""

    key: str
    gap: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Outline:
    """``strings``: how many there are. ``plain``: which of them says Object, -1 for none."""

    meta: Meta
    parts: tuple[Part, ...]
    strings: int
    plain: int

    def part(self, key: str) -> Part | None:
        return next((part for part in self.parts if part.key == key), None)


def outline(data: NDArray[np.uint8], gone: Past) -> Outline:
    """Raises DataError for what does not end as it should."""
    pos = past(data, 0, b"{")
    parts: list[Part] = []
    met: set[str] = set()
    meta: Meta | None = None
    found = np.full(1, -1, np.int64)
    strings = 0
    while True:
        gap = pos
        key, pos = new_key(data, pos, met)
        if not key:
            break
        if key == "snapshot":
            end = small_value_end(data, pos, META_BYTES_MOST)
            meta = read_meta(data[pos:end].tobytes())
        elif key == "strings":
            state = begun(past(data, pos, b"["))
            end = run_through(state, chosen(kernels.count_strings, data.size), data, (PLAIN, found), gone)
            strings = int(state[kernels.INDEX])
        else:
            end = run_through(begun(pos), chosen(kernels.skip, data.size), data, (), gone)
        parts.append(Part(key, gap, pos, end))
        pos = end
    _ended(data, pos)
    if meta is None:
        raise broken(0, "it holds no description of itself")
    if strings > MOST_STRINGS:
        raise broken(0, f"it has more than {MOST_STRINGS:,} strings")
    return Outline(meta, tuple(parts), strings, int(found[0]))


def _ended(data: NDArray[np.uint8], pos: int) -> None:
    if pos >= data.size:
        raise cut_off(data.size)
    rest = data[pos : pos + META_BYTES_MOST].tobytes()
    if rest[:1] != b"}" or rest[1:].strip(SPACE) or data.size > pos + META_BYTES_MOST:
        raise cut_off(data.size) if rest[:1] in {b'"', b","} else broken(pos)


def begun(pos: int) -> NDArray[np.int64]:
    state = np.zeros(kernels.STATES, np.int64)
    state[kernels.POS] = pos
    return state


def run_through(
    state: NDArray[np.int64], walk: Callable[..., Any], data: NDArray[np.uint8], told: tuple[object, ...], gone: Past
) -> int:
    """Turn after turn to the end of a part; the place after it. Raises DataError."""
    while state[kernels.ENDED] != kernels.DONE:
        turn(data, state)
        walk(data, state, *told)
        checked(data, state, gone)
    return int(state[kernels.POS])


def turn(data: NDArray[np.uint8], state: NDArray[np.int64]) -> None:
    """Say how far the next turn goes. Raises DataError at the end of the file."""
    pos = int(state[kernels.POS])
    if pos >= data.size:
        raise cut_off(data.size)
    state[kernels.STOP] = min(data.size, pos + TURN_BYTES)


def checked(data: NDArray[np.uint8], state: NDArray[np.int64], gone: Past) -> None:
    """Raises DataError where a turn could not go on."""
    if state[kernels.ENDED] == kernels.CUT_OFF:
        raise cut_off(data.size)
    if state[kernels.ENDED] == kernels.BROKEN:
        raise broken(int(state[kernels.POS]))
    gone(int(state[kernels.POS]))
