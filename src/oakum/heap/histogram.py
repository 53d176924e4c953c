"""What the heap is made of, by class: how many, how large, and how much would go with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.graph import HeapGraph
from oakum.heap.held import Held
from oakum.heap.tree import kernels
from oakum.model.heap import HolderClass


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """One row per class name, in no order; a name that several loaders loaded is one row.

    ``count``, ``shallow``, ``retained``: int64[c], of what roots hold. ``retained`` counts each byte once per class: an
    object that another of its class dominates adds nothing. ``dead_count``, ``dead_shallow``: int64[c], of the rest.
    ``row_of_kind``: int32[kinds + 1], the row of each of the graph's kinds; the last row, "raw", is of raw blocks.
    """

    names: tuple[str, ...]
    count: NDArray[np.int64]
    shallow: NDArray[np.int64]
    retained: NDArray[np.int64]
    dead_count: NDArray[np.int64]
    dead_shallow: NDArray[np.int64]
    row_of_kind: NDArray[np.int32]


def rows_of_kinds(graph: HeapGraph) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """(class names, int32[kinds + 1]: the row of each kind). The last is that of kind -1, a raw block."""
    rows: dict[str, int] = {}
    of_kind = [rows.setdefault(name, len(rows)) for name in graph.kinds]
    return (*rows, "raw"), np.array([*of_kind, len(rows)], np.int32)


def histogram(held: Held) -> Histogram:
    """O(n)."""
    graph, tree = held.graph, held.tree
    names, rows = rows_of_kinds(graph)
    count, shallow, dead_count, dead_shallow = chosen(kernels.tally, graph.nodes)(
        graph.kind, rows, graph.size, tree.order, len(names)
    )
    retained = chosen(kernels.sum_topmost, tree.vertex.size)(
        tree.past, tree.vertex, graph.kind, rows, held.retained, len(names)
    )
    return Histogram(names, count, shallow, retained, dead_count, dead_shallow, rows)


def nodes_of_class(held: Held, found: Histogram, row: int) -> NDArray[np.int64]:
    """int64[]: what roots hold of one class, ascending. O(n)."""
    return np.flatnonzero(np.isin(held.graph.kind, _kinds_of(found, row)) & held.reached)


def _kinds_of(found: Histogram, row: int) -> NDArray[np.int64]:
    kinds = np.flatnonzero(found.row_of_kind == row)
    return np.where(kinds == found.row_of_kind.size - 1, -1, kinds)


def dominators_of_class(held: Held, found: Histogram, row: int) -> tuple[HolderClass, ...]:
    """Who immediately dominates the objects of one class, by class, most retained first; "root" for the virtual root.

    Those that another object of the class dominates are counted with it, under the class itself. O(n).
    """
    tree = held.tree
    asked = tree.order[nodes_of_class(held, found, row)]
    above = tree.idom[asked]
    of = np.full(asked.size, -1, np.int32)
    of[above > 0] = found.row_of_kind[held.graph.kind[tree.vertex[above[above > 0]]]]
    rows = []
    for each in np.unique(of).tolist():
        own = asked[of == each]
        rows.append(
            HolderClass(
                name=found.names[each] if each >= 0 else "root",
                holders=int(np.unique(above[of == each]).size),
                dominated=int(own.size),
                shallow_bytes=int(held.graph.size[tree.vertex[own]].sum()),
                retained_bytes=int(held.retained[own].sum()),
            )
        )
    return tuple(sorted(rows, key=lambda found_row: -found_row.retained_bytes))
