"""What the heap is made of, by class: how many, how large, and how much would go with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.graph import HeapGraph
from oakum.heap.held import Held
from oakum.heap.tree import Children, sum_by_group
from oakum.model.heap import HolderClass


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """One row per class name, in no order; a name that several loaders loaded is one row.

    ``count``, ``shallow``, ``retained``: int64[c], of what roots hold. ``retained`` counts each byte once per class: an
    object that another of its class dominates adds nothing. ``dead_count``, ``dead_shallow``: int64[c], of the rest.
    ``group``: int32[n], the row of each node; a raw block is row 0, "raw", if there is any.
    """

    names: tuple[str, ...]
    count: NDArray[np.int64]
    shallow: NDArray[np.int64]
    retained: NDArray[np.int64]
    dead_count: NDArray[np.int64]
    dead_shallow: NDArray[np.int64]
    group: NDArray[np.int32]


def groups(graph: HeapGraph) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """(class names, the row of each node: int32[n])."""
    rows: dict[str, int] = {}
    raw = bool((graph.kind < 0).any())
    if raw:
        rows["raw"] = 0
    row_of_kind = np.array([rows.setdefault(name, len(rows)) for name in graph.kinds] + [0], np.int32)
    return tuple(rows), row_of_kind[graph.kind]


def histogram(held: Held, children: Children) -> Histogram:
    """O(n)."""
    graph = held.graph
    names, group = groups(graph)
    reached = held.reached
    rows = len(names)
    live, dead = np.where(reached, group, -1).astype(np.int32), np.where(reached, -1, group).astype(np.int32)
    ones = np.ones(graph.nodes, np.int64)
    vertex = held.tree.vertex
    by_number = np.append(group, np.int32(-1))[vertex]
    top = np.where(children.topmost(by_number), by_number, -1).astype(np.int32)
    return Histogram(
        names=names,
        count=sum_by_group(live, ones, rows),
        shallow=sum_by_group(live, graph.size, rows),
        retained=sum_by_group(top, held.retained, rows),
        dead_count=sum_by_group(dead, ones, rows),
        dead_shallow=sum_by_group(dead, graph.size, rows),
        group=group,
    )


def dominators_of_class(held: Held, found: Histogram, name: str) -> tuple[HolderClass, ...]:
    """Who immediately dominates the objects of one class, by class, most retained first; "root" for the virtual root.

    Those that another object of the class dominates are counted with it, under the class itself. O(n).
    """
    if name not in found.names:
        return ()
    tree = held.tree
    by_number = np.append(found.group, np.int32(-1))[tree.vertex]
    asked = np.flatnonzero(by_number == found.names.index(name))
    above = tree.idom[asked]
    rows = []
    for row in np.unique(by_number[above]).tolist():
        chosen = by_number[above] == row
        own = asked[chosen]
        rows.append(
            HolderClass(
                name=found.names[row] if row >= 0 else "root",
                holders=int(np.unique(above[chosen]).size),
                dominated=int(own.size),
                shallow_bytes=int(held.graph.size[tree.vertex[own]].sum()),
                retained_bytes=int(held.retained[own].sum()),
            )
        )
    return tuple(sorted(rows, key=lambda found_row: -found_row.retained_bytes))
