"""What is held, and by whom: the edges that count, with a virtual root above all roots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.graph import HeapGraph, Strength, counts, seeds
from oakum.heap.means import ALL, Means
from oakum.heap.tree import Dominators, dominators, kernels
from oakum.model.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """The one set of edges that every walk takes, and the tree over it. Node n is the virtual root.

    ``offsets``: int32 or int64[n + 2], ``targets``: int32[m' + roots]: the edges that count, then the root's.
    ``tree``: dominators of what the root reaches. ``retained``: int64[k], bytes by number of the tree.
    """

    graph: HeapGraph
    offsets: NDArray[np.integer]
    targets: NDArray[np.int32]
    tree: Dominators
    retained: NDArray[np.int64]
    means: Means = ALL

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


def held(graph: HeapGraph, means: Means = ALL) -> Held:
    """O(m log n). Raises DataError for sizes that cannot be: their sums would wrap round."""
    if float(graph.size.sum(dtype=np.float64)) > MOST_BYTES:
        raise DataError(
            "this dump is broken",
            why="its objects take more bytes together than any machine has",
            next_step="take the dump again",
        )
    offsets, targets = edges_that_count(graph)
    tree = dominators(offsets, targets, graph.nodes, means)
    return Held(graph, offsets, targets, tree, tree.retained(graph.size, means), means)


def edges_that_count(graph: HeapGraph) -> tuple[NDArray[np.integer], NDArray[np.int32]]:
    """([n + 2], int32[m' + roots]): rows of the nodes, then the row of the virtual root."""
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
    seen = reached.copy()
    walk = chosen(kernels.reach_more, graph.nodes + graph.edges)
    while (first := _next_loose(graph, seen)).size:
        walk(graph.edge_offsets, graph.edge_targets, first, seen)
    seen ^= reached
    return seen


def _next_loose(graph: HeapGraph, seen: NDArray[np.bool_]) -> NDArray[np.int32]:
    """What loose edges lead to from what was met so far, and was not met itself."""
    apart = graph.loose
    to = apart.target[seen[apart.source] & np.isin(apart.strength, LOOSE)]
    if graph.edge_strength is not None and graph.edge_strength.any():
        edges = np.flatnonzero(np.isin(graph.edge_strength, LOOSE))
        source = np.searchsorted(graph.edge_offsets, edges, side="right") - 1
        to = np.concatenate([to, graph.edge_targets[edges][seen[source]]])
    return np.unique(to[~seen[to]]).astype(np.int32)


def _offsets_of(keep: NDArray[np.bool_], offsets: NDArray[np.integer]) -> NDArray[np.integer]:
    """Row offsets after the edges that are not kept went."""
    gone = np.flatnonzero(~keep)
    return offsets - np.searchsorted(gone, offsets)
