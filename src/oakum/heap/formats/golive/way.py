"""From a root to where its growth gathers: step by step into the object through which most of what is new came."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.golive.held import Copy, Walk
from oakum.heap.formats.golive.types import Types
from oakum.heap.formats.pprof.frames import is_library
from oakum.heap.formats.pprof.profile import Frame
from oakum.model.cause import CodePlace
from oakum.model.units import format_size

LEADS: Final = 0.6
"""The object that has this share of what is new below it is the next on the way."""

MOST_STEPS: Final = 12
MOST_ITEMS: Final = 4000


@dataclass(frozen=True, slots=True)
class Way:
    """``steps``: what each object is, "" where that is not told, with its bytes. ``items``: what it mostly leads to.

    ``calls``: the function that most of what is new, of what is made to be called, will call.
    ``captured``: the application's own function whose variables are on the way, the last of them.
    ``first``: where the first object of the way begins and ends.
    """

    steps: tuple[tuple[str, int], ...]
    items: str
    calls: CodePlace | None = None
    captured: CodePlace | None = None
    first: tuple[int, int] | None = None


def way(walk: Walk, types: Types, mark: int, weight: NDArray[np.int64]) -> Way:
    """``weight``: int64[n], bytes of what is new in and below each object. ``mark``: of the root, from 1."""
    own = np.flatnonzero((walk.owner == mark) & (walk.parent == -1))
    left = int(weight[own].sum())
    steps: list[tuple[str, int]] = []
    captured: CodePlace | None = None
    first: tuple[int, int] | None = None
    here, beside = -1, own
    while len(steps) < MOST_STEPS and beside.size and left > 0:
        most = int(beside[np.argmax(weight[beside])])
        if weight[most] < LEADS * left:
            break
        steps.append((told(walk.copy, types, most, here), _bytes(walk.copy, most)))
        if first is None:
            low = int(walk.copy.address(np.array([most]))[0])
            first = low, low + _bytes(walk.copy, most)
        captured = _function(walk.copy, types, most) or captured
        here, left = most, int(weight[most])
        beside = np.flatnonzero(walk.parent == here)
        own = beside if beside.size else own
    items = _items(walk, types, beside[weight[beside] > 0] if beside.size else own, here)
    return Way(tuple(steps), items, _calls(walk, types, mark, weight), captured, first)


def _function(copy: Copy, types: Types, at: int) -> CodePlace | None:
    words = copy.inside(at)
    function = types.function(int(words[0])) if words.size else None
    if function is None or is_library(Frame(function.name, "", 0)):
        return None
    frame = types.lines.frames(function.entry)[-1]
    return CodePlace(frame.file, frame.line, frame.function)


def _calls(walk: Walk, types: Types, mark: int, weight: NDArray[np.int64]) -> CodePlace | None:
    new = np.flatnonzero((walk.owner == mark) & (weight > 0))
    some = new[:: max(1, new.size // MOST_ITEMS)]
    found = Counter(place for at in some.tolist() if (place := _function(walk.copy, types, at)) is not None)
    return found.most_common(1)[0][0] if found else None


def told(copy: Copy, types: Types, at: int, parent: int) -> str:
    """What one object is, "" where nothing tells."""
    words = copy.inside(at)
    size = _bytes(copy, at)
    known = types.own(int(words[0]), size, pointing=True) if words.size else ""
    if known or parent < 0:
        return known
    low = int(copy.address(np.array([at]))[0])
    around = copy.inside(parent)
    hits = np.flatnonzero((around >= low) & (around < low + size))
    for hit in hits[:4].tolist():
        if hit and (known := types.pointed(int(around[hit - 1]))):
            return known
    return ""


def _items(walk: Walk, types: Types, found: NDArray[np.int64], parent: int) -> str:
    """The name that most of them have, or their size where most are of one."""
    some = found[:: max(1, found.size // MOST_ITEMS)]
    if not some.size:
        return ""
    names = Counter(told(walk.copy, types, int(at), parent) for at in some[: MOST_ITEMS // 8])
    name, count = names.most_common(1)[0]
    if name and count >= names.total() // 2:
        return name
    sizes = Counter(walk.copy.spans.each[walk.copy.span_of(some)].tolist())
    size, count = sizes.most_common(1)[0]
    return format_size(size) if count >= some.size // 2 else ""


def _bytes(copy: Copy, at: int) -> int:
    return int(copy.spans.each[int(copy.span_of(np.array([at]))[0])])
