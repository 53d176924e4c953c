"""The heap of a Go program, copied from its memory while it runs: its spans, what points in them, and from where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.golive import layouts
from oakum.heap.formats.golive.binary import Variable
from oakum.heap.formats.golive.goroutines import Standing, profile
from oakum.heap.formats.golive.growth import LOCALS, TIMERS, VARIABLE
from oakum.heap.formats.golive.held import Copy, Roots
from oakum.heap.formats.golive.spans import Spans, spans
from oakum.heap.formats.golive.types import Types
from oakum.heap.formats.golive.uses import Use, uses
from oakum.heap.formats.pprof.frames import STANDARD
from oakum.heap.formats.pprof.goroutines import groups
from oakum.model.absent import Absent, AbsentKind
from oakum.model.runtime import Preflight
from oakum.model.units import format_size
from oakum.probe.gathered import Pages
from oakum.probe.go_memory import MOST_GOROUTINES, SERVED, Anatomy, Standings
from oakum.probe.room import USED_SHARE, available_bytes

HEAP: Final = "what the heap holds"
COPY_BYTES_PER_S: Final = 5.0e8
"""What a copy of pages surely reaches."""

OWN_BYTES_PER_OBJECT: Final = 60
MOST_SPANS: Final = 1 << 24
HEADED_SINCE: Final = 22
LIST: Final = "the list of goroutines"
_PROCESSORS: Final = "runtime.allp"
"""What runs goroutines; each has the timers that were set on it."""


@dataclass(frozen=True, slots=True)
class Owned:
    """Roots of one name in each kind: those of the program itself, its goroutines', those of Go's own packages."""

    variables: tuple[Variable, ...]

    def ranked(self, rank: int) -> Iterable[Variable]:
        return (each for each in self.variables if rank_of(each.name) == rank)


def rank_of(name: str) -> int:
    """Of a variable: 0 of package main, 1 of another one, 2 of Go's own, 3 of the runtime."""
    if name.startswith("main."):
        return 0
    if name.startswith("runtime."):
        return 3
    package = name.rpartition("/")[0] or name.partition(".")[0]
    return 2 if package.partition("/")[0] in STANDARD else 1


def variables(body: Anatomy) -> Owned | Absent:
    found = body.binary.variables()
    if not found:
        why = "its table of symbols was stripped, so its variables have no names: who holds what is not told"
        return Absent(HEAP, AbsentKind.NOT_APPLICABLE, why, f"build it without -ldflags -s; or {SERVED}")
    return Owned(tuple(found))


def spans_now(pages: Pages, body: Anatomy) -> Spans | Absent:
    if body.all_spans is None:
        return Absent(HEAP, AbsentKind.UNREADABLE, "the list of its heap's spans was not found", SERVED)
    address, count = np.frombuffer(pages.read(body.all_spans.head, 16).ljust(16, b"\0"), np.int64).tolist()
    if not 0 < count <= MOST_SPANS:
        return Absent(HEAP, AbsentKind.UNREADABLE, "the list of its heap's spans moved meanwhile", "investigate again")
    pointers = np.frombuffer(pages.read(address, 8 * count), np.int64)
    return spans(pages.pieces(pointers, layouts.SPAN_BYTES), body.layout.span)


def preflight(found: Spans, carried_bytes_per_s: float | None) -> Preflight:
    """What a copy would cost."""
    size = int((found.high - found.low)[found.pointing].sum())
    own = 2 * size + OWN_BYTES_PER_OBJECT * found.objects + (64 << 20)
    available = available_bytes()
    short = available is not None and own > USED_SHARE * available
    refusal = f"Oakum would need {format_size(own)} and only {format_size(available or 0)} is free on this machine"
    takes_s = size / (carried_bytes_per_s or COPY_BYTES_PER_S)
    risk = "The target is not stopped; only memory is read."
    return Preflight(0.0, size, own, risk, refusal if short else "", takes_s, carried_bytes_per_s)


def copied(pages: Pages, found: Spans) -> Copy:
    """Of the pages that hold pointers; of others no byte is read."""
    pointing = found.pointing
    size = np.where(pointing, found.high - found.low, 0)
    parts = pages.parts(found.low, size)
    marks = pages.parts(found.bits_at, found.bits_bytes)
    bit = np.where(marks.at < 0, marks.buffer.size, marks.at)
    place = np.where((parts.at >= 0) & pointing, parts.at >> 3, -1)
    return Copy(found, parts.buffer.view(np.int64), place, marks.buffer, bit)


def roots(pages: Pages, body: Anatomy, owned: Owned, standing: Standings) -> list[Roots]:
    """In the order in which they are believed."""
    base, words = body.words(pages)

    def of(ranks: tuple[int, ...]) -> list[Roots]:
        made = []
        for rank in ranks:
            for each in owned.ranked(rank):
                at = (each.address + body.shift - base) >> 3
                inside = words[max(0, at) : max(0, at) + (each.size >> 3)]
                if inside.any():
                    made.append(Roots(each.name, TIMERS if each.name == _PROCESSORS else VARIABLE, inside))
        return made

    runtime = of((3,))
    processors = [each for each in runtime if each.name == _PROCESSORS]
    rest = [each for each in runtime if each.name != _PROCESSORS]
    listed = Roots(LIST, "", _listed(pages, body), ends=True)
    return _unique([listed, *of((0, 1)), *processors, *locals_of(body, standing), *of((2,)), *rest])


def _listed(pages: Pages, body: Anatomy) -> NDArray[np.int64]:
    """The goroutines themselves, and the list of them."""
    address, count = np.frombuffer(pages.read(body.all_goroutines.head, 16).ljust(16, b"\0"), np.int64).tolist()
    found = np.frombuffer(pages.read(address, 8 * min(max(count, 0), MOST_GOROUTINES)), np.int64)
    return np.concatenate((np.array([address], np.int64), found))


def _unique(found: list[Roots]) -> list[Roots]:
    """One for each name: what stands in several variables of one name is told together."""
    by_name: dict[str, list[Roots]] = {}
    for each in found:
        by_name.setdefault(each.name, []).append(each)
    return [
        rows[0] if len(rows) == 1 else replace(rows[0], words=np.concatenate([row.words for row in rows]))
        for rows in by_name.values()
    ]


def locals_of(body: Anatomy, standing: Standings) -> list[Roots]:
    """What stands on stacks, by the group of goroutines that it is of."""
    named = group_names(body, set(standing.found))
    by_name: dict[str, list[bytes]] = {}
    for each, raw in zip(standing.found, standing.stacks, strict=True):
        if each in named and raw:
            by_name.setdefault(named[each], []).append(raw)
    return [Roots(name, LOCALS, np.frombuffer(b"".join(raws), np.int64)) for name, raws in by_name.items()]


def group_names(body: Anatomy, standing: Iterable[Standing]) -> Mapping[Standing, str]:
    """As heap.formats.pprof.goroutines names the group of each."""
    found = {}
    for each in standing:
        name = next(iter(groups(profile([each], body.lines, 0.0, 0))), "")
        if name:
            found[each] = name
    return found


def types_of(pages: Pages, body: Anatomy) -> Types:
    return Types(body.module, body.lines, pages.read, body.minor >= HEADED_SINCE)


def uses_of(body: Anatomy, owned: Owned, name: str) -> list[Use]:
    """Where the code of its own package uses a variable. Empty for what is no variable."""
    found = next((each for each in owned.variables if each.name == name), None)
    if found is None:
        return []
    at = found.address + body.shift
    return uses(
        body.lines,
        lambda address, size: body.binary.code(address - body.shift, size),
        name.rpartition(".")[0],
        at,
        at + found.size,
    )
