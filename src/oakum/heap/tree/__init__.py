"""Paths, dominators and retained sizes of one graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.means import ALL, Means, Part, row_bytes
from oakum.heap.tree import kernels


@dataclass(frozen=True, slots=True, eq=False)
class Dominators:
    """The dominator tree, numbered so that what a node dominates follows it at once; number 0 is the virtual root.

    ``order``: int32[n], each node's number, -1 where it is not reached. ``vertex``: int32[k], the node of each number.
    ``idom``: int32[k], numbers; the root's is 0. ``past``: int32[k], the number after the last that each dominates.
    """

    order: NDArray[np.int32]
    vertex: NDArray[np.int32]
    idom: NDArray[np.int32]
    past: NDArray[np.int32]

    def retained(self, value: NDArray[np.integer], means: Means = ALL) -> NDArray[np.int64]:
        """int64[k]: per number, ``value`` of it and of everything that it dominates. O(k).

        ``value``: by node; of nodes behind its end (the virtual root) it is 0.
        """
        total: NDArray[np.int64] = means.array(self.idom.size, np.int64, Part.WORK)
        chosen(kernels.sum_upwards, self.idom.size)(self.idom, self.vertex, value, total)
        return total

    def dominates(self, above: int, below: int) -> bool:
        """By numbers; each dominates itself."""
        return above <= below < int(self.past[above])


class Children:
    """Children in the dominator tree, by number."""

    def __init__(self, tree: Dominators) -> None:
        self._past = tree.past

    def of(self, number: int) -> NDArray[np.int32]:
        """int32[], ascending. O(children)."""
        found: NDArray[np.int32] = self._chosen(kernels.children, number)(self._past, number)
        return found

    def first_down(self, number: int) -> int:
        """How many steps it is through first children to one that has none, itself counted."""
        return int(self._chosen(kernels.first_children, number)(self._past, number))

    def _chosen(self, kernel: Any, number: int) -> Callable[..., Any]:
        return chosen(kernel, int(self._past[number]) - number)


def dominators(offsets: NDArray[np.integer], targets: NDArray[np.int32], root: int, means: Means = ALL) -> Dominators:
    """Of what ``root`` reaches. ``offsets``: int32 or int64[n + 1], non-decreasing; ``targets``: int32[m], in [0, n).

    Semi-NCA: Georgiadis, Linear-Time Algorithms for Dominators and Related Problems, 2005. O(m log n).
    """
    nodes, steps = offsets.size - 1, offsets.size + targets.size
    order, vertex, parent = (means.array(nodes, np.int32, Part.RESULTS) for _ in range(3))
    count = chosen(kernels.depth_first, steps)(offsets, targets, root, order, vertex, parent)
    vertex, parent = vertex[:count], parent[:count]
    semi, label, ancestor = (means.array(count, np.int32, Part.WORK) for _ in range(3))
    semi[:] = parent
    starts = means.array(count + 1, row_type(targets.size), Part.WORK)
    starts[:] = 0
    chosen(kernels.split_edges, steps)(offsets, targets, order, semi, starts)
    sources = means.array(int(starts[-1]), np.int32, Part.WORK)
    chosen(kernels.later_sources, steps)(offsets, targets, order, starts, sources)
    ancestor[:] = parent
    chosen(kernels.dominators, steps)(starts, sources, semi, label, ancestor, parent)
    del starts, sources
    chosen(kernels.in_tree_order, steps)(parent, vertex, semi, label, ancestor)
    past, idom, vertex = parent, vertex, ancestor
    del semi, label
    chosen(kernels.number_nodes, steps)(vertex, order)
    return Dominators(order, vertex, idom, past)


def row_type(edges: int) -> type[np.int32 | np.int64]:
    """As narrow as the number of edges allows."""
    return np.int32 if row_bytes(edges) == 4 else np.int64


def row_starts(rows: int, edges: int) -> NDArray[np.integer]:
    """Zeros for where each row begins, as narrow as the number of edges allows."""
    return np.zeros(rows + 1, row_type(edges))


def shortest_paths(
    offsets: NDArray[np.integer], targets: NDArray[np.int32], seeds: list[NDArray[np.int32]]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int8]]:
    """(parent, depth, which): from the first group of seeds, then from the next what that did not reach, and so on.

    ``which``: int8[n], the group that reached each node, -1 for none.
    """
    nodes = offsets.size - 1
    parent, depth = np.full(nodes, -1, np.int32), np.full(nodes, -1, np.int32)
    which = np.full(nodes, -1, np.int8)
    walk = chosen(kernels.breadth_first, nodes + targets.size)
    for group, members in enumerate(seeds):
        walk(offsets, targets, members.astype(np.int32), parent, depth)
        which[(depth >= 0) & (which < 0)] = group
    return parent, depth, which
