"""Files and lines in a snapshot: closure → shared function → script, and the section of locations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.formats.v8 import kernels
from oakum.heap.formats.v8.reader import V8Heap
from oakum.model.cause import CodePlace

SCRIPT_EDGES = ("script_or_debug_info", "script")
"""What V8 has called the edge from a shared function to its script, newest first."""


class Scripts:
    """Lines count from 1 here, from 0 in the file."""

    def __init__(self, heap: V8Heap) -> None:
        self._heap = heap
        graph, sections = heap.graph, heap.sections
        self._closure = np.flatnonzero(sections.node_kind == _index(sections.meta.node_types, "closure"))
        shared = self._targets("shared")
        script = np.full(graph.nodes, -1, np.int32)
        for name in reversed(SCRIPT_EDGES):
            to = self._targets(name)
            script = np.where(to >= 0, to, script)
        of_shared = np.where(shared >= 0, script[np.maximum(shared, 0)], -1)
        self._script: NDArray[np.int32] = np.where(shared >= 0, of_shared, -1).astype(np.int32)
        # A closure in a scope says which file the scope is of.
        self._inner = np.full(graph.nodes, -1, np.int32)
        context = self._targets("context")[self._closure]
        held = context >= 0
        self._inner[context[held][::-1]] = self._closure[held][::-1]
        self._locate()

    def _targets(self, name: str) -> NDArray[np.int32]:
        """int32[n]: where each node's internal edge of that name leads, -1 where it has none."""
        graph, sections = self._heap.graph, self._heap.sections
        at = sections.names.find(name)
        if at < 0:
            return np.full(graph.nodes, -1, np.int32)
        internal = _index(sections.meta.edge_types, "internal")
        found: NDArray[np.int32] = chosen(kernels.targets_of_named, graph.nodes + graph.edges)(
            graph.edge_offsets, sections.edge_kind, sections.edge_name, graph.edge_targets, internal, at
        )
        return found

    def _locate(self) -> None:
        """(script, line, column) by node, and the file of each script."""
        sections = self._heap.sections
        self._row = np.full(self._heap.graph.nodes, -1, np.int32)
        self._files: dict[int, int] = {}
        names = sections.meta.location_fields
        self._columns = [names.index(name) for name in ("object_index", "script_id", "line", "column") if name in names]
        if len(self._columns) < 4 or not sections.locations.size:
            return
        node = sections.locations[:, self._columns[0]] // len(sections.meta.node_fields)
        known = (node >= 0) & (node < self._row.size)
        self._row[node[known]] = np.flatnonzero(known)
        closures = self._closure[(self._row[self._closure] >= 0) & (self._script[self._closure] >= 0)]
        of_closure = sections.locations[self._row[closures], self._columns[1]]
        script_id, first = np.unique(of_closure, return_index=True)
        self._files = dict(zip(script_id.tolist(), self._script[closures[first]].tolist(), strict=True))

    def file(self, node: int) -> str:
        """The script of a function, of a scope, or of the constructor of an object; "" where that is not known."""
        if self._inner[node] >= 0:
            node = int(self._inner[node])
        if self._script[node] >= 0:
            return self._heap.name_of(int(self._script[node]))
        row = int(self._row[node])
        if row < 0:
            return ""
        script = self._files.get(int(self._heap.sections.locations[row, self._columns[1]]), -1)
        return self._heap.name_of(script) if script >= 0 else ""

    def place(self, node: int) -> CodePlace | None:
        """Where a function, or the constructor of an object, is written; for a scope, a function in it."""
        inner = int(self._inner[node])
        at = inner if inner >= 0 else node
        row, file = int(self._row[at]), self.file(node)
        if not file:
            return None
        line = int(self._heap.sections.locations[row, self._columns[2]]) + 1 if row >= 0 else 0
        return CodePlace(file, line, self._heap.name_of(at))


def _index(types: tuple[str, ...], name: str) -> int:
    return types.index(name) if name in types else -1
