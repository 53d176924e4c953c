"""Where a program's own code puts something into a variable of a package: by the addresses in its instructions.

Source: Intel 64 manual, volume 2, 2.2.1.6 (addresses relative to the next instruction), CALL (E8).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.golive.lines import Function, Lines
from oakum.heap.formats.pprof.profile import Frame
from oakum.model.cause import CodePlace

MOST_CODE: Final = 64 << 20
LONGEST: Final = 1 << 20
_RELATIVE, _STORE, _CALL = 0x05, 0x89, 0xE8
_GROWS: Final = (
    ("runtime.mapassign", "map"),
    ("internal/runtime/maps.", "map"),
    ("runtime.growslice", "slice"),
    ("runtime.chansend", "channel"),
)


@dataclass(frozen=True, slots=True)
class Use:
    """``kind``: ``map``, ``slice`` or ``channel`` where the line calls what makes one larger, "" where not."""

    place: CodePlace
    kind: str
    stores: bool


def uses(lines: Lines, code: Callable[[int, int], bytes], package: str, low: int, high: int) -> list[Use]:
    """Of what stands at ``[low, high)``, by functions of ``package``; the most telling one first."""
    found: list[Use] = []
    left = MOST_CODE
    for function in lines.functions():
        size = function.end - function.entry
        if not function.name.startswith(package + ".") or size > min(LONGEST, left):
            continue
        left -= size
        found += _in(lines, code(function.entry, size), function, low, high)
    best: dict[CodePlace, Use] = {}
    for use in sorted(found, key=lambda use: (not use.kind, not use.stores, use.place.line)):
        best.setdefault(use.place, use)
    return list(best.values())


def _in(lines: Lines, raw: bytes, function: Function, low: int, high: int) -> list[Use]:
    if len(raw) < 8:
        return []
    text = np.frombuffer(raw, np.uint8)
    offset = _offsets(text)
    at = np.arange(offset.size, dtype=np.int64)
    next_at = function.entry + at + 4
    target = next_at + offset
    # An instruction may end with a number of its own: of one byte or of four.
    relative = np.concatenate(([False], (text[: offset.size - 1] & 0xC7) == _RELATIVE))
    inside = np.zeros(offset.size, np.bool_)
    for more in (0, 1, 4):
        inside |= (target + more >= low) & (target + more < high)
    hits = np.flatnonzero(relative & inside)
    if not hits.size:
        return []
    growing = _growing(lines, text, target, function)
    made = []
    for hit in hits.tolist():
        frame = _frame(lines, function.entry + max(0, hit - 2))
        if frame is not None:
            place = CodePlace(frame.file, frame.line, frame.function)
            made.append(
                Use(place, growing.get((frame.file, frame.line), ""), bool(hit >= 2 and text[hit - 2] == _STORE))
            )
    return made


def _growing(
    lines: Lines, text: NDArray[np.uint8], target: NDArray[np.int64], function: Function
) -> dict[tuple[str, int], str]:
    """Lines of a function that call what makes a map, a slice or a channel larger."""
    calls = np.flatnonzero(text[: target.size - 1] == _CALL)
    found: dict[tuple[str, int], str] = {}
    for at in calls.tolist():
        called = lines.function(int(target[at + 1]))
        if called is None or called.entry != int(target[at + 1]):
            continue
        kind = next((kind for name, kind in _GROWS if called.name.startswith(name)), "")
        frame = _frame(lines, function.entry + at) if kind else None
        if frame is not None:
            found[frame.file, frame.line] = kind
    return found


def _offsets(text: NDArray[np.uint8]) -> NDArray[np.int64]:
    """int64[n - 3]: the number of 32 bits that begins at each byte."""
    parts = [text[shift : text.size - 3 + shift].astype(np.uint32) << np.uint32(8 * shift) for shift in range(4)]
    joined: NDArray[np.uint32] = parts[0] | parts[1] | parts[2] | parts[3]
    return joined.view(np.int32).astype(np.int64)


def _frame(lines: Lines, pc: int) -> Frame | None:
    told = lines.frames(pc)
    return told[0] if told else None
