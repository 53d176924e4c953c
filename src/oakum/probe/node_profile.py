"""A sampling heap profile, read: which functions of the application allocated what is still alive.

Source: chromedevtools.github.io/devtools-protocol, HeapProfiler.SamplingHeapProfile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from oakum.model.allocation import Allocation, AllocationProfile
from oakum.model.cause import CodePlace
from oakum.model.script import is_library, script_path

NAMELESS = "(anonymous)"
MOST_SITES = 20
MOST_NODES = 1_000_000
MOST_FRAMES = 200


@dataclass(frozen=True, slots=True)
class Frame:
    """A function that the profile met. ``script``: V8's number of its source, in this process."""

    script: str
    place: CodePlace


def read_profile(told: Mapping[str, object], seconds: float) -> AllocationProfile:
    """Bytes count for the nearest function of the application on the stack, else for the nearest that has a file."""
    profile = told.get("profile")
    head = profile.get("head") if isinstance(profile, dict) else None
    sums: dict[CodePlace, int] = {}
    total, seen = 0, 0
    todo: list[tuple[object, CodePlace | None, bool]] = [(head, None, False)]
    while todo and seen < MOST_NODES:
        node, above, above_is_own = todo.pop()
        if not isinstance(node, dict):
            continue
        seen += 1
        place = _place(node.get("callFrame"))
        own = place is not None and not is_library(place.file)
        if place is not None and own and above is not None and above_is_own:
            place = _within(place, above)
        if place is None or (above_is_own and not own):
            place, own = above, above_is_own
        size = node.get("selfSize")
        if isinstance(size, int | float) and 0 < size < 2**53:
            total += int(size)
            if place is not None:
                sums[place] = sums.get(place, 0) + int(size)
        children = node.get("children")
        todo.extend((child, place, own) for child in (children if isinstance(children, list) else ()))
    ranked = sorted(sums, key=lambda place: (is_library(place.file), -sums[place]))
    return AllocationProfile(seconds, total, tuple(Allocation(place, sums[place]) for place in ranked[:MOST_SITES]))


def _within(place: CodePlace, above: CodePlace) -> CodePlace:
    """A callback without a name is told by the function that had it called, where that is of the same file."""
    return replace(place, function=above.function) if place.function == NAMELESS and place.file == above.file else place


def _place(frame: object) -> CodePlace | None:
    if not isinstance(frame, dict):
        return None
    url, name, line = frame.get("url"), frame.get("functionName"), frame.get("lineNumber")
    if not isinstance(url, str) or not url:
        return None
    at = line + 1 if isinstance(line, int) and 0 <= line < 2**31 else 0
    return CodePlace(script_path(url), at, name if isinstance(name, str) and name else NAMELESS)


def read_frames(told: Mapping[str, object]) -> tuple[Frame, ...]:
    """The application's functions on any stack of it, by what is alive below them, most bytes first."""
    profile = told.get("profile")
    head = profile.get("head") if isinstance(profile, dict) else None
    order: list[tuple[Mapping[str, object], int]] = []
    todo: list[tuple[object, int]] = [(head, -1)]
    while todo and len(order) < MOST_NODES:
        node, above = todo.pop()
        if isinstance(node, dict):
            children = node.get("children")
            todo.extend((child, len(order)) for child in (children if isinstance(children, list) else ()))
            order.append((node, above))
    sizes = [_bytes(node) for node, _ in order]
    frames: dict[tuple[str, CodePlace], int] = {}
    for at in range(len(order) - 1, -1, -1):
        node, above = order[at]
        if above >= 0:
            sizes[above] += sizes[at]
        frame, place = node.get("callFrame"), _place(node.get("callFrame"))
        if isinstance(frame, dict) and place is not None and not is_library(place.file):
            key = (str(frame.get("scriptId", "")), place)
            frames[key] = frames.get(key, 0) + sizes[at]
    ranked = sorted(frames, key=lambda key: -frames[key])
    return tuple(Frame(script, place) for script, place in ranked[:MOST_FRAMES])


def _bytes(node: Mapping[str, object]) -> int:
    size = node.get("selfSize")
    return int(size) if isinstance(size, int | float) and 0 < size < 2**53 else 0
