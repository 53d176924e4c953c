"""Two dumps of one live process, apart in time: what grew, who holds it, and what it let go.

Holders are matched by name; items by their numbers, which V8 keeps for an object from one snapshot to the next. A JVM
moves its objects: what went from a holder that grew is not known there. Ruby gives an address away again: what a holder
has no more at an address went from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from oakum.heap.allocated_at import Lines, line_growth, lines_of
from oakum.heap.difference import LEAST_HOLDER_BYTES, LEAST_HOLDER_SHARE, MOST_CLASSES
from oakum.heap.dump import Dump
from oakum.heap.formats.hprof.bounding import may_bound
from oakum.heap.formats.hprof.dump import HprofDump
from oakum.heap.held import Held, held
from oakum.heap.histogram import histogram
from oakum.heap.holder import Holder
from oakum.heap.loaders import LOADER
from oakum.heap.paths import telling_steps
from oakum.heap.suspects import LEAST_FOREIGN_SHARE, named_holders
from oakum.heap.tree import Children
from oakum.model.growth import HeapGrowth, HolderGrowth, RootKind, TypeGrowth
from oakum.model.heap import Suspect, Tally
from oakum.model.script import script_path

MOST_HOLDERS = 20
RUBY_VARIABLE = re.compile(r"(?:^|[#.]|::)(@{1,2}\w+|\$\w+|(?<=::)[A-Z]\w*|(?<=\[):\w+)\]?$")
LANGUAGES = {"v8": "JavaScript", "hprof": "Java", "ruby": "Ruby"}
MOVING = frozenset({"hprof"})
"""Formats whose numbers are addresses of objects that the collector moves."""

REUSED = frozenset({"ruby"})
"""Formats whose numbers are addresses that another object may have the next time."""

GROWN_SHARE = 0.01
"""A holder that has less than this share of the heap's growth is not told."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One holder of one dump. ``items``: int64[], the numbers of what it directly dominates.

    ``loaders``: how many class loaders would go with it, by their class; None where the format knows of none.
    """

    suspect: Suspect
    kind: str
    items: NDArray[np.int64]
    may_bound: str = ""
    loaders: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Account:
    """What is kept of one dump. ``alive``: int64[], ascending: every object that roots hold, by number.

    ``classes``: (count, shallow bytes) by name. ``format``: of the dump.
    """

    format: str

    reachable: Tally
    classes: dict[str, tuple[int, int]]
    holders: dict[str, Entry]
    alive: NDArray[np.int64]
    warnings: tuple[str, ...]
    lines: Lines = field(default_factory=dict)


def account(dump: Dump) -> Account:
    """O(m log n)."""
    graph = dump.graph
    found = held(graph)
    children = Children(found.tree)
    table = histogram(found)
    least = max(LEAST_HOLDER_BYTES, int(int(found.retained[0]) * LEAST_HOLDER_SHARE))
    rows = named_holders(dump, found, children, telling_steps(found), least_bytes=least)
    loaders = dump.loaders() if isinstance(dump, HprofDump) else None
    reached = found.reached
    vertex = found.tree.vertex

    def items(holder: Holder) -> NDArray[np.int64]:
        below = np.concatenate([children.of(number) for number in (holder.number, *holder.more)])
        found: NDArray[np.int64] = graph.address[vertex[below]].astype(np.int64)
        return found

    return Account(
        format=dump.format,
        reachable=Tally(int(reached.sum()), int(graph.size[reached].sum())),
        classes={
            name: (int(table.count[row]), int(table.shallow[row]))
            for row, name in enumerate(table.names)
            if table.count[row]
        },
        holders={
            holder.name: Entry(
                suspect,
                dump.label(holder.node),
                items(holder),
                _may_bound(dump, holder),
                _loaders(holder, loaders, found),
            )
            for holder, suspect in rows
        },
        alive=np.sort(graph.address[reached].astype(np.int64)),
        warnings=dump.warnings,
        lines=lines_of(dump, reached),
    )


def _may_bound(dump: Dump, holder: Holder) -> str:
    """Of what stands on both sides of the field that names it."""
    return may_bound(dump, (*holder.path[-2:], holder.node)) if isinstance(dump, HprofDump) else ""


def _loaders(holder: Holder, loaders: Mapping[str, NDArray[np.int64]] | None, held: Held) -> dict[str, int] | None:
    """Of each class, how many of ``loaders`` (nodes) the holder dominates."""
    if loaders is None:
        return None
    if holder.special == LOADER:
        return {holder.item_type: holder.count}
    tree = held.tree
    kept: dict[str, int] = {}
    for name, nodes in loaders.items():
        order = tree.order[nodes]
        within = np.zeros(order.size, np.bool_)
        for number in (holder.number, *holder.more):
            within |= (order >= number) & (order < tree.past[number])
        if within.any():
            kept[name] = int(within.sum())
    return kept


def _more_loaders(known: Entry | None, entry: Entry) -> dict[str, int] | None:
    if entry.loaders is None:
        return None
    before = (known.loaders if known is not None else None) or {}
    return {name: count - before.get(name, 0) for name, count in entry.loaders.items() if count > before.get(name, 0)}


def grown(before: Account, after: Account, seconds: float) -> HeapGrowth:
    """``seconds``: how long the process ran between the two."""
    gained = after.reachable.bytes - before.reachable.bytes
    holders = [_holder(name, before, after) for name in after.holders]
    foreign = {name: entry.suspect.foreign for name, entry in after.holders.items()}
    own_bytes, foreign_bytes = max(0, GROWN_SHARE * gained), LEAST_FOREIGN_SHARE * after.reachable.bytes
    # A type in brackets names no holder: it is the runtime's own.
    told = [
        holder
        for holder in holders
        if holder.bytes_grown > (max(own_bytes, foreign_bytes) if foreign[holder.name] else own_bytes)
        and not holder.name.startswith("(")
    ]
    ranked = sorted(told, key=lambda holder: (foreign[holder.name], -holder.bytes_grown))
    return HeapGrowth(
        seconds=seconds,
        objects_before=before.reachable.objects,
        objects_after=after.reachable.objects,
        heap_bytes_before=before.reachable.bytes,
        heap_bytes_after=after.reachable.bytes,
        types=_types(before, after),
        holders=tuple(ranked[:MOST_HOLDERS]),
        warnings=(*before.warnings, *after.warnings),
        language=LANGUAGES.get(after.format, after.format),
        lines=line_growth([before.lines, after.lines]),
    )


def _holder(name: str, before: Account, after: Account) -> HolderGrowth:
    entry, known = after.holders[name], before.holders.get(name)
    suspect, moves = entry.suspect, after.format in MOVING
    still = np.sort(entry.items) if after.format in REUSED else after.alive
    place = replace(suspect.places[0], file=script_path(suspect.places[0].file)) if suspect.places else None
    return HolderGrowth(
        name=name,
        kind=entry.kind,
        root=RootKind.MODULE if suspect.path else RootKind.NATIVE,
        path=suspect.path,
        items_before=known.suspect.count if known else 0,
        items_after=suspect.count,
        bytes_before=known.suspect.retained_bytes if known else 0,
        bytes_after=suspect.retained_bytes,
        evicted_items=_evicted(known, still) if known and not moves else 0,
        eviction_known=not moves,
        item_type=suspect.item_type,
        may_bound=entry.may_bound,
        attribute=attribute_of(name),
        module=place.file if place else "",
        defined=place,
        cause=suspect.cause,
        advice=suspect.advice,
        others=suspect.others,
        loaders_more=_more_loaders(known, entry),
    )


def _evicted(known: Entry, alive: NDArray[np.int64]) -> int:
    """In items as the holder counts them: one entry of a Map is a key and a value."""
    gone = _gone(known.items, alive)
    counted = known.suspect.count
    return gone if gone == 0 or counted >= known.items.size else max(1, round(counted * gone / known.items.size))


def _gone(items: NDArray[np.int64], alive: NDArray[np.int64]) -> int:
    """How many of ``items`` are not among ``alive`` (ascending). O(k log n)."""
    if not alive.size:
        return int(items.size)
    at = np.minimum(np.searchsorted(alive, items), alive.size - 1)
    return int((alive[at] != items).sum())


def attribute_of(name: str) -> str:
    """What to look for in source: ``entries`` of ``Store.entries``, ``bus`` of ``bus in hub.js: listeners of 'x'``.

    Of Ruby with its mark: ``@entries`` of ``Store#@entries``, ``SEEN`` of ``Shop::SEEN``, ``:cart`` of a thread's.
    """
    marked = RUBY_VARIABLE.search(name)
    if marked is not None:
        return marked[1]
    words = name.partition(" in ")[0].partition(": listeners of ")[0]
    last = words.rpartition(".")[2]
    return last if last.isidentifier() or last.replace("$", "_").isidentifier() else ""


def _types(before: Account, after: Account) -> tuple[TypeGrowth, ...]:
    """Those whose bytes grew, most first."""
    rows = []
    for name, (count, size) in after.classes.items():
        earlier = before.classes.get(name, (0, 0))
        if size > earlier[1]:
            rows.append(TypeGrowth(name, earlier[0], count, earlier[1], size))
    return tuple(sorted(rows, key=lambda row: -row.bytes_grown)[:MOST_CLASSES])
