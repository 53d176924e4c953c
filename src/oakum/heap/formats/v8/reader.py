"""From the bytes of a .heapsnapshot file to a graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.formats.v8 import kernels
from oakum.heap.formats.v8.sections import Sections, read_sections
from oakum.heap.graph import HeapGraph, Strength, counts
from oakum.model.units import format_count

ROOT = 0
LATE = frozenset({"(Stack roots)", "(Handle scope)", "(Handle scopes)", "(Strong roots)"})
MOST_SYNTHETIC = 10_000
NAMED = frozenset({"object", "native"})
"""Nodes of these types are of the class that their name says; others are of their type."""

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

    def edge_type(self, edge: int) -> str:
        types = self.sections.meta.edge_types
        kind = int(self.sections.edge_kind[edge])
        return types[kind] if kind < len(types) else ""


def read_v8(data: NDArray[np.uint8]) -> V8Heap:
    """``data``: uint8[b], the whole file. Raises DataError for what cannot be read.

    O(b) time; about 40 bytes of memory per node and 10 per edge. Weak edges, ephemeron tables' copies of what
    their keys hold, and shortcuts that do not start at the root do not count.
    """
    found = read_sections(data)
    offsets = np.concatenate(([0], np.cumsum(found.degree, dtype=np.int64))).astype(np.int64)
    kind, kinds = _kinds(found)
    numbered = np.isin(found.edge_kind, [_index(found.meta.edge_types, name) for name in ("element", "hidden")])
    edge_names = np.where(numbered, -1 - found.edge_name, found.edge_name).astype(np.int32)
    strength = _strengths(found, offsets)
    unheld = _unheld(found, strength)
    graph = HeapGraph(
        address=found.id,
        size=found.size,
        kind=kind,
        kinds=kinds,
        edge_offsets=offsets,
        edge_targets=found.edge_target,
        roots=(np.array([ROOT], np.int32), *unheld),
        root_kinds=("root", "unknown")[: 1 + len(unheld)],
        edge_names=edge_names,
        names=found.names,
        edge_strength=strength,
        late=_late(found),
        drawn=_synthetic(found),
    )
    return V8Heap(found, graph, _warnings(found))


def _unheld(found: Sections, strength: NDArray[np.uint8]) -> tuple[NDArray[np.int32], ...]:
    """Where the file lost references: the nodes that none of those left leads to. Each may have been held. O(n + m)."""
    if found.edge_kind.size == found.meta.edges:
        return ()
    led_to = np.zeros(found.node_kind.size, np.bool_)
    led_to[found.edge_target[counts(strength)]] = True
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


def _kinds(found: Sections) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """(int32[n], class names): the constructor's name for objects, the type for the rest. O(n + strings)."""
    types = found.meta.node_types
    named_types = np.array([name in NAMED for name in types] + [False] * (256 - len(types)), np.bool_)
    named = named_types[found.node_kind]
    # One row more, for names that the file does not hold: an index says nothing of how large a table may be.
    used = np.zeros(len(found.names) + 1, np.bool_)
    name = np.minimum(found.node_name, len(found.names))
    used[name[named]] = True
    rows = np.cumsum(used, dtype=np.int32) - 1 + 256
    kind = np.where(named & (name < len(found.names)), rows[name], found.node_kind).astype(np.int32)
    by_type = [CLASSES.get(name, f"({name})") for name in types] + ["(unknown)"] * (256 - len(types))
    return kind, (*by_type, *(found.names[at] for at in np.flatnonzero(used).tolist()))


def _late(found: Sections) -> NDArray[np.int32]:
    """Handles of native frames, and of a compiler that works beside the program, under synthetic nodes of their own."""
    late = [node for node in _synthetic(found).tolist() if found.names[int(found.node_name[node])] in LATE]
    return np.array(late, np.int32)


def _synthetic(found: Sections) -> NDArray[np.int32]:
    """The root, and what gathers a part of the roots. O(n)."""
    kind = _index(found.meta.node_types, "synthetic")
    return np.flatnonzero(found.node_kind == kind)[:MOST_SYNTHETIC].astype(np.int32)


def _strengths(found: Sections, offsets: NDArray[np.int64]) -> NDArray[np.uint8]:
    types = found.meta.edge_types
    strength = np.zeros(found.edge_kind.size, np.uint8)
    strength[found.edge_kind == _index(types, "weak")] = Strength.WEAK
    shortcut = found.edge_kind == _index(types, "shortcut")
    # At the root they mark the application's global objects.
    shortcut[: int(offsets[ROOT + 1])] = False
    strength[shortcut] = Strength.SHORTCUT
    inner = np.flatnonzero(found.edge_kind == _index(types, "internal"))
    names = found.names
    # Tables of strings only: the index of an array's element may be in the billions.
    inner = inner[found.edge_name[inner] < len(names)]
    met = np.zeros(len(names), np.bool_)
    met[found.edge_name[inner]] = True
    used = np.flatnonzero(met).astype(np.int32)
    scan = chosen(kernels.weak_tables, used.size * 8)
    tables = scan(names.data, names.begin, names.end, used)
    if not (tables >= 0).any():
        return strength
    table_of = np.full(len(names), -1, np.int64)
    table_of[used] = tables
    told = inner[table_of[found.edge_name[inner]] >= 0]
    source = np.searchsorted(offsets, told, side="right") - 1
    own = table_of[found.edge_name[told]] == found.id[source]
    strength[told[own]] = Strength.EPHEMERON
    return strength
