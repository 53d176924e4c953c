"""From the bytes of a .heapsnapshot file to a graph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.formats.v8 import kernels
from oakum.heap.formats.v8.sections import Sections, read_sections
from oakum.heap.formats.v8.timers import below_their_list
from oakum.heap.graph import HeapGraph, Loose, Strength
from oakum.heap.means import ALL, Means, Part
from oakum.heap.tree import row_type
from oakum.model.units import format_count

ROOT = 0
LATE = frozenset({"(Stack roots)", "(Handle scope)", "(Handle scopes)", "(Strong roots)"})
MOST_SYNTHETIC = 10_000
NAMED = frozenset({"object", "native"})
"""Nodes of these types are of the class that their name says; others are of their type."""

ELEMENT = re.compile(r"<([a-zA-Z][\w:-]*)(?: .*)?>?")

CLASSES = {
    "array": "(array)",
    "string": "(string)",
    "concatenated string": "(string)",
    "sliced string": "(string)",
    "closure": "(closure)",
    "code": "(compiled code)",
    "hidden": "(system)",
    "number": "(number)",
    "bigint": "(bigint)",
    "regexp": "RegExp",
    "symbol": "(symbol)",
    "object shape": "(object shape)",
    "synthetic": "(synthetic)",
}


@dataclass(frozen=True, slots=True, eq=False)
class V8Heap:
    """A decoded snapshot. ``node_type``: uint8[n], into ``sections.meta.node_types``."""

    sections: Sections
    graph: HeapGraph
    warnings: tuple[str, ...]

    def type_of(self, node: int) -> str:
        types = self.sections.meta.node_types
        kind = int(self.sections.node_kind[node])
        return types[kind] if kind < len(types) else ""

    def name_of(self, node: int) -> str:
        return self.sections.names[int(self.sections.node_name[node])]

    def is_detached(self, node: int) -> bool:
        """Whether it is a DOM node that is out of the page."""
        rows = self.sections.detached
        at = int(np.searchsorted(rows, node))
        return at < rows.size and int(rows[at]) == node

    def edge_type(self, edge: int) -> str:
        types = self.sections.meta.edge_types
        kind = int(self.sections.edge_kind[edge])
        return types[kind] if kind < len(types) else ""


class EdgeNames:
    """See HeapGraph.edge_names: the file says by an edge's type whether its number is a name or an index."""

    def __init__(self, found: Sections) -> None:
        self._kind, self._name = found.edge_kind, found.edge_name
        self._numbered = {_index(found.meta.edge_types, name) for name in ("element", "hidden")}

    def __getitem__(self, edge: int) -> int:
        name = int(self._name[edge])
        return -1 - name if int(self._kind[edge]) in self._numbered else name


def read_v8(data: NDArray[np.uint8], means: Means = ALL) -> V8Heap:
    """``data``: uint8[b], the whole file. Raises DataError for what cannot be read, MachineError where ``means`` are
    too little.

    O(b) time; about 21 bytes of memory per node and 9 per edge. Weak edges, ephemeron tables' copies of what their keys
    hold, and shortcuts that do not start at the root do not count.
    """
    found = read_sections(data, means)
    # Told of the file, before edges that do not count are set apart.
    warnings = _warnings(found)
    nodes, edges = found.node_kind.size, found.edge_kind.size
    offsets = means.array(nodes + 2, row_type(edges + 1), Part.EDGES)
    offsets[0] = 0
    np.cumsum(found.degree, out=offsets[1:-1])
    found.degree = np.empty(0, np.int32)
    kind, kinds = _kinds(found, means)
    loose = _settle(found, offsets[:-1])
    below_their_list(found, offsets[:-1])
    unheld = _unheld(found, edges)
    return V8Heap(
        found,
        HeapGraph(
            address=found.id,
            size=found.size,
            kind=kind,
            kinds=kinds,
            edge_offsets=offsets[:-1],
            edge_targets=found.edge_target,
            roots=(np.array([ROOT], np.int32), *unheld),
            root_kinds=("root", "unknown")[: 1 + len(unheld)],
            edge_names=EdgeNames(found),
            names=found.names,
            loose=loose,
            rooted=_rooted(found, offsets),
            late=_late(found),
            drawn=_synthetic(found),
        ),
        warnings,
    )


def _rooted(found: Sections, offsets: NDArray[np.integer]) -> tuple[NDArray[np.integer], NDArray[np.int32]] | None:
    """See HeapGraph.rooted; None where more than the root may hold."""
    if found.edge_room is None:
        return None
    count = found.edge_target.size
    found.edge_room[count] = ROOT
    offsets[-1] = count + 1
    return offsets, found.edge_room[: count + 1]


def _unheld(found: Sections, edges: int) -> tuple[NDArray[np.int32], ...]:
    """Where the file lost references: the nodes that none of those left leads to. Each may have been held. O(n + m)."""
    if edges == found.meta.edges:
        return ()
    led_to = np.zeros(found.node_kind.size, np.bool_)
    led_to[found.edge_target] = True
    led_to[ROOT] = True
    return (np.flatnonzero(~led_to).astype(np.int32),)


def _warnings(found: Sections) -> tuple[str, ...]:
    if found.cut:
        return tuple(_cut(found))
    if found.node_name.max(initial=0) >= len(found.names):
        return ("the snapshot is broken: some objects have names that it does not hold",)
    return ()


def _cut(found: Sections) -> Iterator[str]:
    meta, nodes, edges = found.meta, found.node_kind.size, found.edge_kind.size
    if nodes < meta.nodes:
        yield f"the snapshot is cut off: it holds {format_count(nodes)} of {format_count(meta.nodes)} objects"
    if edges < meta.edges:
        yield (
            f"the snapshot is cut off: {format_count(meta.edges - edges)} of {format_count(meta.edges)} references are"
            " missing; objects that none of the others leads to are counted as held, and retained bytes are too few"
        )
    if not len(found.names):
        yield "the snapshot is cut off before its names: objects are told by their type, and no holder by its field"
    elif found.cut == "strings":
        yield "the snapshot is cut off: some names are missing"


def _index(types: tuple[str, ...], name: str) -> int:
    return types.index(name) if name in types else -1


def _kinds(found: Sections, means: Means) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """(int32[n], class names): the constructor's name for objects, the type for the rest. O(n + strings)."""
    types = found.meta.node_types
    named = np.array([name in NAMED for name in types] + [False] * (256 - len(types)), np.bool_)
    # One row more, for names that the file does not hold: an index says nothing of how large a table may be.
    used = np.zeros(len(found.names) + 1, np.bool_)
    nodes = found.node_kind.size
    chosen(kernels.mark_names, nodes)(found.node_kind, found.node_name, named, used)
    rows = np.cumsum(used, dtype=np.int32)[:-1] + 255
    kind = means.array(nodes, np.int32, Part.COLUMNS)
    chosen(kernels.classify, nodes)(found.node_kind, found.node_name, named, rows, kind)
    by_type = [CLASSES.get(name, f"({name})") for name in types] + ["(unknown)"] * (256 - len(types))
    names = [*by_type, *(found.names[at] for at in np.flatnonzero(used).tolist())]
    return _elements(found, kind, names)


def _elements(found: Sections, kind: NDArray[np.int32], names: list[str]) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Elements of a page are of one class by their tag, ``<li>``, whatever attributes they have; those that are out of
    it of another, ``Detached <li>``. Older versions write ``Detached HTMLLIElement`` themselves.
    """
    tags: dict[str, int] = {}
    table = np.arange(len(names), dtype=np.int32)
    for at, name in enumerate(names):
        if (tag := element(name)) is not None:
            names[at] = tag
            table[at] = tags.setdefault(tag, at)
    if tags:
        np.take(table, kind, out=kind)
    if found.detached.size:
        of, row = np.unique(kind[found.detached], return_inverse=True)
        kind[found.detached] = (row + len(names)).astype(np.int32)
        names += [detached(names[at]) for at in of.tolist()]
    return kind, tuple(names)


def element(name: str) -> str | None:
    """``<li>`` of ``<li class="row">``; None for the name of anything else."""
    found = ELEMENT.fullmatch(name) if name.startswith("<") else None
    return None if found is None else f"<{found[1]}>"


def detached(name: str) -> str:
    return name if name.startswith("Detached ") else f"Detached {name}"


def _late(found: Sections) -> NDArray[np.int32]:
    """Handles of native frames, and of a compiler that works beside the program, under synthetic nodes of their own."""
    late = [node for node in _synthetic(found).tolist() if found.names[int(found.node_name[node])] in LATE]
    return np.array(late, np.int32)


def _synthetic(found: Sections) -> NDArray[np.int32]:
    """The root, and what gathers a part of the roots. O(n)."""
    kind = _index(found.meta.node_types, "synthetic")
    return np.flatnonzero(found.node_kind == kind)[:MOST_SYNTHETIC].astype(np.int32)


STRENGTHS = (Strength.WEAK, Strength.SHORTCUT, Strength.EPHEMERON)
APART = ("weak", "shortcut", "internal")


def _settle(found: Sections, offsets: NDArray[np.integer]) -> Loose:
    """Take the edges that do not count out of their rows. ``offsets``: made anew."""
    types = np.array([_index(found.meta.edge_types, name) for name in APART], np.int64)
    names = found.names
    every = np.arange(len(names), dtype=np.int32)
    tables = chosen(kernels.weak_tables, every.size)(names.data, names.begin, names.end, every)
    steps = offsets.size + found.edge_kind.size
    columns = (found.edge_kind, found.edge_name, found.edge_target)
    count = int(chosen(kernels.count_loose, steps)(offsets, *columns[:2], types, tables, found.id))
    loose = Loose(np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count, np.uint8))
    apart = (loose.source, loose.target, loose.strength)
    strengths = np.array(STRENGTHS, np.uint8)
    left = int(chosen(kernels.settle, steps)(offsets, *columns, types, strengths, tables, found.id, *apart))
    found.edge_kind, found.edge_name = found.edge_kind[:left], found.edge_name[:left]
    found.edge_target = found.edge_target[:left]
    return loose
