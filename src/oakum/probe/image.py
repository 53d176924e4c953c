"""Copy what a live heap needs: anonymous memory and data segments, only pages that are in memory, while it runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.image import Area, MemoryImage
from oakum.model.errors import TargetError
from oakum.model.ports import Memory
from oakum.model.process import Region

PAGE = 4096
GAP_PAGES = 64
"""Absent pages between two present ones are filled with zeros rather than splitting the piece, up to this many."""

CONSTANT_BYTES = 24 << 20
"""At most this much read-only data is copied: names of static types stand in it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Memory to copy: ``[start, end)`` of ``mapping``, and the runs of it that are present."""

    start: int
    end: int
    area: Area
    path: str
    runs: tuple[tuple[int, int], ...]
    mapping: tuple[int, int]


def wanted(memory: Memory) -> list[Stretch]:
    """What would be copied, ascending. Raises TargetError when the target has ended."""
    regions = memory.regions()
    writable = {region.path for region in regions if region.writable and region.inode}
    chosen: list[tuple[Region, Area]] = []
    constant_bytes = 0
    before: Region | None = None
    for region in regions:
        area = _area(region, before, writable)
        before = region
        if area is None:
            continue
        if area is Area.CONSTANT:
            constant_bytes += region.size_bytes
            if constant_bytes > CONSTANT_BYTES:
                continue
        chosen.append((region, area))
    present = memory.present_in([(region.start, region.end) for region, _ in chosen])
    return [
        stretch
        for (region, area), there in zip(chosen, present, strict=True)
        for stretch in _stretches(there, region, area)
    ]


def _area(region: Region, before: Region | None, writable: set[str]) -> Area | None:
    if not region.readable or not region.private or region.path in {"[vvar]", "[vdso]", "[vsyscall]"}:
        return None
    if region.path.startswith("[stack"):
        return Area.STACK
    if region.inode:
        if region.writable:
            return Area.STATIC
        return Area.CONSTANT if not region.executable and region.path in writable else None
    if not region.writable:
        return None
    # Memory right behind a library's data is its .bss; a heap of malloc starts somewhere else.
    follows_data = before is not None and before.inode and before.writable and before.end == region.start
    return Area.STATIC if follows_data and region.path == "" else Area.HEAP


def _stretches(there: NDArray[np.bool_], region: Region, area: Area) -> list[Stretch]:
    present = np.flatnonzero(there)
    if not present.size:
        return []
    breaks = np.flatnonzero(np.diff(present) > 1)
    firsts = present[np.concatenate(([0], breaks + 1))]
    lasts = present[np.concatenate((breaks, [present.size - 1]))]
    found: list[Stretch] = []
    runs: list[tuple[int, int]] = []
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        if runs and first * PAGE + region.start - runs[-1][1] > GAP_PAGES * PAGE:
            found.append(_stretch(region, area, runs))
            runs = []
        runs.append((region.start + first * PAGE, region.start + (last + 1) * PAGE))
    found.append(_stretch(region, area, runs))
    return found


def _stretch(region: Region, area: Area, runs: list[tuple[int, int]]) -> Stretch:
    return Stretch(runs[0][0], runs[-1][1], area, region.path, tuple(runs), (region.start, region.end))


def present_bytes(stretches: list[Stretch]) -> int:
    """What a copy would read."""
    return sum(end - start for stretch in stretches for start, end in stretch.runs)


def copy(memory: Memory, stretches: list[Stretch], *, within_s: float | None = None) -> MemoryImage:
    """One pass over memory that may change meanwhile. Raises TargetError when the target ends, RefusedError when that
    takes longer than ``within_s``.
    """
    if not stretches:
        raise _nothing()
    length = np.array([stretch.end - stretch.start for stretch in stretches], np.int64)
    offset = np.concatenate(([0], np.cumsum(length)[:-1])).astype(np.int64)
    buffer = np.zeros(int(length.sum()), np.uint8)
    view = memoryview(buffer)  # type: ignore[arg-type]  # numpy arrays are buffers; its stubs say so from 3.12 on
    pieces = [
        (start, view[at + start - stretch.start : at + end - stretch.start])
        for stretch, at in zip(stretches, offset.tolist(), strict=True)
        for start, end in stretch.runs
    ]
    skipped = present_bytes(stretches) - memory.read_many(pieces, within_s=within_s)
    if skipped == int(length.sum()):
        raise _nothing()
    return MemoryImage(
        buffer,
        np.array([stretch.start for stretch in stretches], np.int64),
        np.array([stretch.end for stretch in stretches], np.int64),
        offset,
        np.array([stretch.area for stretch in stretches], np.int64),
        tuple(stretch.path for stretch in stretches),
        skipped,
        np.array([stretch.mapping for stretch in stretches], np.int64),
        np.array([run for stretch in stretches for run in stretch.runs], np.int64),
    )


def _nothing() -> TargetError:
    return TargetError(
        "nothing of the target's memory could be copied", why="it ended meanwhile", next_step="oakum scan host"
    )
