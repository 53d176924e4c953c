"""What is held, and by whom: the edges that count, with a virtual root above all roots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.graph import HeapGraph, Strength, counts, seeds
from oakum.heap.tree import Dominators, dominators, kernels
from oakum.model.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """The one set of edges that every walk takes, and the tree over it. Node n is the virtual root.

    ``offsets``: int64[n + 2], ``targets``: int32[m' + roots]: the edges that count, then the root's.
    ``tree``: dominators of what the root reaches. ``retained``: int64[k], bytes by number of the tree.
    """

    graph: HeapGraph
    offsets: NDArray[np.int64]
    targets: NDArray[np.int32]
    tree: Dominators
    retained: NDArray[np.int64]

    @property
    def root(self) -> int:
        return self.graph.nodes

    @property
    def reached(self) -> NDArray[np.bool_]:
        """bool[n]: whether each node is held by a root."""
        found: NDArray[np.bool_] = self.tree.order[:-1] >= 0
        return found

    def retained_by(self, node: int) -> int:
        """Bytes that would go with ``node``; 0 for one that nothing holds."""
        number = int(self.tree.order[node])
        return int(self.retained[number]) if number >= 0 else 0


MOST_BYTES = 1 << 62
"""Sums stay below what an int64 holds. No machine has an address space as large."""


def held(graph: HeapGraph) -> Held:
    """O(m log n). Raises DataError for sizes that cannot be: their sums would wrap round."""
    if float(graph.size.sum(dtype=np.float64)) > MOST_BYTES:
        raise DataError(
            "this dump is broken",
            why="its objects take more bytes together than any machine has",
            next_step="take the dump again",
        )
    offsets, targets = edges_that_count(graph)
    tree = dominators(offsets, targets, graph.nodes)
    return Held(graph, offsets, targets, tree, tree.retained(np.append(graph.size, 0)))


def edges_that_count(graph: HeapGraph) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """(int64[n + 2], int32[m' + roots]): rows of the nodes, then the row of the virtual root."""
    if graph.rooted is not None:
        return graph.rooted
    offsets, targets = graph.edge_offsets, graph.edge_targets
    if graph.edge_strength is not None and graph.edge_strength.any():
        keep = counts(graph.edge_strength)
        offsets = _offsets_of(keep, offsets)
        targets = targets[keep]
    first = seeds(graph.roots)
    return np.append(offsets, offsets[-1] + first.size), np.concatenate([targets, first])


LOOSE = (Strength.WEAK, Strength.SOFT, Strength.PHANTOM, Strength.FINALIZER)


def loosely_held(graph: HeapGraph, reached: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """bool[n]: what no strong edge reaches, but soft, weak, phantom or finalizer edges do. O(n + m)."""
    depth = np.where(reached, 0, -1).astype(np.int32)
    parent = np.full(graph.nodes, -1, np.int32)
    walk = chosen(kernels.breadth_first, graph.nodes + graph.edges)
    while (first := _next_loose(graph, depth)).size:
        walk(graph.edge_offsets, graph.edge_targets, first, parent, depth)
    found: NDArray[np.bool_] = (depth >= 0) & ~reached
    return found


def _next_loose(graph: HeapGraph, depth: NDArray[np.int32]) -> NDArray[np.int32]:
    """What loose edges lead to from what was met so far (``depth`` not below 0), and was not met itself."""
    apart = graph.loose
    to = apart.target[(depth[apart.source] >= 0) & np.isin(apart.strength, LOOSE)]
    if graph.edge_strength is not None and graph.edge_strength.any():
        edges = np.flatnonzero(np.isin(graph.edge_strength, LOOSE))
        source = np.searchsorted(graph.edge_offsets, edges, side="right") - 1
        to = np.concatenate([to, graph.edge_targets[edges][depth[source] >= 0]])
    return np.unique(to[depth[to] < 0]).astype(np.int32)


def _offsets_of(keep: NDArray[np.bool_], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row offsets after the edges that are not kept went."""
    gone = np.flatnonzero(~keep)
    return offsets - np.searchsorted(gone, offsets)
