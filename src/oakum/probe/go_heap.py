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
from oakum.heap.formats.golive.types import HEADED, Types
from oakum.heap.formats.golive.uses import Use, uses
from oakum.heap.formats.pprof.frames import STANDARD, is_library
from oakum.heap.formats.pprof.goroutines import groups
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cause import CodePlace
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
OWN: Final = "the runtime's own"
THREADS: Final = frozenset({"runtime.m", "runtime.mPadded"})
MOST_PROCESSORS, MOST_TIMERS, MOST_STATIC, STATIC_BYTES = 1 << 12, 1 << 28, 1 << 12, 1 << 10
_PROCESSORS: Final = "runtime.allp"


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


def copied(pages: Pages, found: Spans, body: Anatomy) -> Copy:
    """Of the pages that hold pointers; of others no byte is read."""
    pointing = found.pointing
    size = np.where(pointing, found.high - found.low, 0)
    parts = pages.parts(found.low, size)
    marks = pages.parts(found.bits_at, found.bits_bytes)
    bit = np.where(marks.at < 0, marks.buffer.size, marks.at)
    place = np.where((parts.at >= 0) & pointing, parts.at >> 3, -1)
    within = found.masked()
    masked = (within >= 0) & (place >= 0) & (body.minor >= HEADED_SINCE)
    mask = np.where(masked, place + (within >> 3), -1)
    return Copy(found, parts.buffer.view(np.int64), place, marks.buffer, bit, mask)


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """What leads into the heap, read before the heap itself: what a list left behind when it grew is there until the
    next collection, what it became may not be in a copy. ``words``: int64[n], variables from ``base`` on.
    """

    base: int
    words: NDArray[np.int64]
    listed: NDArray[np.int64]
    processors: NDArray[np.int64]
    timers: NDArray[np.int64]


def ways_in(pages: Pages, body: Anatomy, owned: Owned) -> Ways:
    base, words = body.words(pages)
    head = next((each.address for each in owned.variables if each.name == _PROCESSORS), 0)
    at = (head + body.shift - base) >> 3
    processors = _processors(pages, words[at : at + 2]) if head and at >= 0 else np.empty(0, np.int64)
    return Ways(base, words, _listed(pages, body), processors, _timers(pages, body, processors))


def roots(pages: Pages, body: Anatomy, owned: Owned, standing: Standings, ways: Ways, copy: Copy) -> list[Roots]:
    """In the order in which they are believed."""
    base, words = ways.base, ways.words
    static = _Static(owned, words, base, body.shift)

    def of(ranks: tuple[int, ...]) -> list[Roots]:
        made = []
        for rank in ranks:
            for each in owned.ranked(rank):
                inside = static.inside(each)
                if inside.any():
                    made.append(Roots(each.name, VARIABLE, inside))
        return made

    runtime = of((3,))
    ends = np.concatenate((ways.listed, ways.processors, _of_runtime(copy, types_of(pages, body))))
    timers = Roots(TIMERS, TIMERS, ways.timers)
    # What the runtime keeps of its own points to anything: a processor alone has a buffer of what was written last.
    return _unique(
        [Roots(OWN, "", ends, ends=True), *of((0, 1)), timers, *locals_of(body, standing), *of((2,)), *runtime]
    )


class _Static:
    """What variables point to from the start, which is no object of the heap and has no name of its own."""

    def __init__(self, owned: Owned, words: NDArray[np.int64], base: int, shift: int) -> None:
        """``words``: int64[n], all variables from ``base`` on."""
        self._words, self._base, self._shift = words, base, shift
        self._low = np.array([each.address + shift for each in owned.variables], np.int64)
        self._high = self._low + np.array([each.size for each in owned.variables], np.int64)

    def inside(self, one: Variable) -> NDArray[np.int64]:
        """Its words, with those of what it points to, and so on."""
        begin = one.address + self._shift
        parts = [self._between(begin, begin + one.size)]
        seen: set[int] = set()
        while parts[-1].size and len(seen) < MOST_STATIC:
            new = self._nameless(parts[-1]) - seen
            seen |= new
            parts.append(np.concatenate([np.empty(0, np.int64), *map(self._until_next, sorted(new))]))
        return np.concatenate(parts)

    def _between(self, low: int, high: int) -> NDArray[np.int64]:
        return self._words[max(0, low - self._base) >> 3 : max(0, high - self._base) >> 3]

    def _nameless(self, words: NDArray[np.int64]) -> set[int]:
        """Those that point between two variables."""
        near = words[(words >= self._base) & (words < self._base + 8 * self._words.size) & (words & 7 == 0)]
        at = np.searchsorted(self._low, near, side="right") - 1
        return set(near[(at >= 0) & (near >= self._high[at])].tolist())

    def _until_next(self, low: int) -> NDArray[np.int64]:
        at = int(np.searchsorted(self._low, low, side="right"))
        end = int(self._low[at]) if at < self._low.size else low + STATIC_BYTES
        return self._between(low, min(end, low + STATIC_BYTES))


def _processors(pages: Pages, head: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each of them is: what runs goroutines, and has the timers that were set on it."""
    return np.frombuffer(pages.read(int(head[0]), 8 * min(max(int(head[1]), 0), MOST_PROCESSORS)), np.int64)


def _timers(pages: Pages, body: Anatomy, processors: NDArray[np.int64]) -> NDArray[np.int64]:
    """The lists of timers."""
    heads = pages.pieces(processors + body.layout.timers, 24).view(np.int64)
    sound = (heads[:, 1] > 0) & (heads[:, 1] <= heads[:, 2]) & (heads[:, 2] < MOST_TIMERS)
    found: NDArray[np.int64] = heads[sound, 0]
    return found


def _of_runtime(copy: Copy, types: Types) -> NDArray[np.int64]:
    """Objects of the runtime that say so in their header: its threads."""
    spans = copy.spans
    fits = (copy.place >= 0) & (spans.each > HEADED[0]) & (spans.each <= HEADED[1])
    found = [np.empty(0, np.int64)]
    for span in np.flatnonzero(fits & types.headed).tolist():
        each, count, begin = int(spans.each[span]), int(spans.count[span]), int(copy.place[span])
        first = copy.words[begin : begin + (each >> 3) * count : each >> 3]
        kinds = [int(kind) for kind in np.unique(first) if types.name(int(kind)) in THREADS]
        if kinds:
            found.append(int(spans.low[span]) + each * np.flatnonzero(np.isin(first, kinds)))
    return np.concatenate(found)


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


def frame_of(body: Anatomy, standing: Standings, name: str, low: int, high: int) -> CodePlace | None:
    """Of a group of goroutines, the application's outermost frame with a pointer into ``[low, high)``."""
    named = group_names(body, set(standing.found))
    for each, raw in zip(standing.found, standing.stacks, strict=True):
        if named.get(each) != name or not raw or not each.stack:
            continue
        words = np.frombuffer(raw, np.int64)
        hits = (words >= low) & (words < high)
        found, begin = None, 0
        for pc in each.stack:
            end = begin + (body.lines.frame_bytes(pc) >> 3) + 1
            told = [frame for frame in body.lines.frames(pc - 1) if not is_library(frame)]
            if told and end > begin and hits[begin:end].any():
                found = CodePlace(told[-1].file, told[-1].line, told[-1].function)
            begin = max(end, begin)
        if found is not None:
            return found
    return None
