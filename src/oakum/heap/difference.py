"""Several dumps of one program: what grew, and who holds it.

Objects of most runtimes move, so holders are matched by name: the field, variable or listener that a developer wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from oakum.heap.allocated_at import Lines, line_growth, lines_of
from oakum.heap.analysis import Told, dominating, reading
from oakum.heap.dump import Dump
from oakum.heap.formats.core import is_core
from oakum.heap.formats.detect import read_dump
from oakum.heap.formats.jeprof import is_jeprof, read_jeprof
from oakum.heap.formats.pprof import Profile, is_pprof, read_profile, views
from oakum.heap.held import Held, held
from oakum.heap.histogram import histogram
from oakum.heap.means import ALL, Means
from oakum.heap.paths import telling_steps
from oakum.heap.suspects import LOADERS_SHARE, every_holder
from oakum.heap.tree import Children
from oakum.model.cause import CauseName
from oakum.model.errors import CallerError
from oakum.model.heap import ClassGrowth, HeapDiff, Suspect, Tally
from oakum.model.stage import Stage
from oakum.model.units import format_count, format_size

LEAST_HOLDER_SHARE = 0.0002
"""Holders down to this share of the heap are looked for: what grows may have been small at first."""

LEAST_HOLDER_BYTES = 2048
GROWN_SHARE = 0.001
"""A holder that grew by less than this share of the last heap is not told."""

FOREIGN_SHARE, RUNTIME_SHARE = 0.005, 0.02
"""The same for holders of libraries, and of the runtime: theirs grow a little while a program warms up."""

SHRUNK_SHARE = 0.01
"""A heap that is smaller by less than this share is as large as before."""

MOST_SUSPECTS = 20
MOST_CLASSES = 50
MOST_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is kept of one dump. ``classes``: (count, retained bytes) by name. ``holders``: by name."""

    file: str
    format: str
    runtime: str
    reachable: Tally
    unreachable: Tally
    classes: dict[str, tuple[int, int]]
    holders: dict[str, Suspect]
    partial: bool
    warnings: tuple[str, ...]
    lines: Lines = field(default_factory=dict)


def sketch(data: NDArray[np.uint8], *, file: str, told: Told, means: Means = ALL) -> Sketch:
    """Raises DataError for what cannot be read."""
    told(reading(data, of=file))
    if is_pprof(data[:256].tobytes()):
        return sketch_of_profile(read_profile(data), file=file)
    if is_jeprof(data[:20].tobytes()):
        return sketch_of_profile(read_jeprof(data, means.files), file=file)
    if is_core(data[:20].tobytes()):
        return sketch_of_core(data, file=file, told=told, means=means)
    return sketch_of(read_dump(data, means), file=file, told=told, means=means)


def sketch_of_profile(profile: Profile, *, file: str) -> Sketch:
    """Functions stand for classes, call paths for holders."""
    return Sketch(
        file=file,
        format=profile.format,
        runtime=views.runtime_of(profile),
        reachable=views.total_of(profile),
        unreachable=Tally(0, 0),
        classes={row.name: (row.count, row.retained_bytes) for row in views.functions(profile)},
        holders=views.holders(profile),
        partial=False,
        warnings=tuple(f"{file}: {warning}" for warning in views.warnings_of(profile)),
    )


def sketch_of_core(data: NDArray[np.uint8], *, file: str, told: Told, means: Means) -> Sketch:
    """C++ classes and sizes of blocks stand for classes; what is lost, and roots, for holders."""
    from oakum.heap.formats.core.report import FORMAT, core_report, read_core, suspects_of  # noqa: PLC0415

    core = read_core(data, files=means.files, told=told)
    report = core_report(core, file=file)
    found = suspects_of(core, least_bytes=LEAST_HOLDER_BYTES)
    return Sketch(
        file=file,
        format=FORMAT,
        runtime=core.runtime,
        reachable=report.total,
        unreachable=report.unreachable,
        classes={name: (count, size) for name, count, size in core.groups},
        holders={suspect.holder: suspect for suspect in found},
        partial=core.partial,
        warnings=tuple(f"{file}: {warning}" for warning in core.warnings),
    )


def sketch_of(dump: Dump, *, file: str, told: Told, means: Means = ALL) -> Sketch:
    told(dominating(dump.graph))
    return sketch_of_held(dump, held(dump.graph, means), file=file, told=told)


def sketch_of_held(dump: Dump, found: Held, *, file: str, told: Told) -> Sketch:
    graph = dump.graph
    told(Stage("histogram, holders", work=graph.nodes, unit="objects", kind=f"holders {dump.format}"))
    children = Children(found.tree)
    table = histogram(found)
    total = int(found.retained[0])
    least = max(LEAST_HOLDER_BYTES, int(total * LEAST_HOLDER_SHARE))
    parent = telling_steps(found)
    live = Tally(int(table.count.sum()), int(table.shallow.sum()))
    dead = Tally(int(table.dead_count.sum()), int(table.dead_shallow.sum()))
    return Sketch(
        file=file,
        format=dump.format,
        runtime=dump.runtime,
        reachable=live,
        unreachable=dead,
        classes={
            name: (int(table.count[row]), int(table.retained[row]))
            for row, name in enumerate(table.names)
            if table.count[row]
        },
        holders=every_holder(dump, found, children, parent, least_bytes=least),
        partial=dump.partial,
        warnings=tuple(f"{file}: {warning}" for warning in dump.warnings),
        lines=lines_of(dump, found.reached),
    )


def difference(sketches: Sequence[Sketch]) -> HeapDiff:
    """``sketches``: two or more, oldest first. Raises CallerError for dumps of different formats."""
    formats = {each.format for each in sketches}
    if len(formats) > 1:
        raise CallerError(
            "dumps of different runtimes cannot be compared",
            why=", ".join(f"{each.file} is {each.format}" for each in sketches),
            next_step="oakum heap analyze FILE",
        )
    first, last = sketches[0], sketches[-1]
    return HeapDiff(
        files=tuple(each.file for each in sketches),
        format=last.format,
        runtime=last.runtime,
        reachable=tuple(each.reachable for each in sketches),
        unreachable=tuple(each.unreachable for each in sketches),
        grown=_classes(sketches),
        suspects=_suspects(sketches),
        partial=any(each.partial for each in sketches),
        warnings=(*(warning for each in sketches for warning in each.warnings), *_shrunk(first, last)),
        lines=line_growth([each.lines for each in sketches]),
    )


def _shrunk(first: Sketch, last: Sketch) -> tuple[str, ...]:
    if last.reachable.bytes >= (1 - SHRUNK_SHARE) * first.reachable.bytes:
        return ()
    before, after = format_size(first.reachable.bytes), format_size(last.reachable.bytes)
    return (f"less is held in the last dump than in the first: {before}, then {after}; give the oldest dump first",)


def _classes(sketches: Sequence[Sketch]) -> tuple[ClassGrowth, ...]:
    """Those whose count grew, most retained bytes gained first."""
    rows = [
        ClassGrowth(
            name,
            tuple(each.classes.get(name, (0, 0))[0] for each in sketches),
            tuple(each.classes.get(name, (0, 0))[1] for each in sketches),
        )
        for name in sketches[-1].classes
    ]
    grown = [row for row in rows if row.counts[-1] > row.counts[0]]
    return tuple(sorted(grown, key=lambda row: row.retained_bytes[0] - row.retained_bytes[-1])[:MOST_CLASSES])


def _suspects(sketches: Sequence[Sketch]) -> tuple[Suspect, ...]:
    """The application's own first, then libraries, then the runtime; most grown first."""
    first, last = sketches[0], sketches[-1]
    gained = max(1, last.reachable.bytes - first.reachable.bytes)
    found = []
    for name, suspect in last.holders.items():
        if name.startswith("("):
            continue
        growth = tuple(each.holders[name].retained_bytes if name in each.holders else 0 for each in sketches)
        share = RUNTIME_SHARE if suspect.runtime else FOREIGN_SHARE if suspect.foreign else GROWN_SHARE
        if growth[-1] - growth[0] >= max(LEAST_HOLDER_BYTES, int(share * last.reachable.bytes)):
            found.append(_grown(suspect, growth, sketches, gained))
    ranked = sorted(found, key=lambda each: (*_rank(each, gained), each.growth[0] - each.growth[-1]))
    return tuple(replace(suspect, rank=rank) for rank, suspect in enumerate(ranked[:MOST_SUSPECTS], 1))


def _rank(suspect: Suspect, gained: int) -> tuple[bool, bool, bool]:
    """As of one dump: loaders that were left behind come before what they loaded."""
    loaders = suspect.cause is CauseName.CLASS_LOADER
    return suspect.foreign, suspect.runtime, not (loaders and _part(suspect.growth, gained) >= LOADERS_SHARE)


def _part(growth: tuple[int, ...], gained: int) -> float:
    return min(1.0, (growth[-1] - growth[0]) / gained)


def _grown(suspect: Suspect, growth: tuple[int, ...], sketches: Sequence[Sketch], gained: int) -> Suspect:
    """Sure in proportion to the part of the heap's growth that it accounts for, and when it never gave back."""
    part = _part(growth, gained)
    steady = all(before <= after for before, after in zip(growth, growth[1:], strict=False))
    known = sketches[0].holders.get(suspect.holder)
    sure = (0.5 + 0.35 * part + (0.1 if steady and len(growth) > 2 else 0.0)) * (1.0 if steady else 0.6)
    items = f"{format_count(known.count if known else 0)} → {format_count(suspect.count)}"
    what = suspect.item_type or "objects"
    sizes = " → ".join(format_size(size) for size in growth)
    return replace(
        suspect,
        title=f"{suspect.holder} grew: {sizes}, {items} {what}",
        confidence=round(min(MOST_CONFIDENCE, sure) * (0.5 if suspect.foreign else 1.0), 3),
        growth=growth,
    )
