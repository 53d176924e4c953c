"""Paths, dominators and retained sizes of one graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.tree import kernels


@dataclass(frozen=True, slots=True, eq=False)
class Dominators:
    """The dominator tree in depth-first numbers: number 0 is the virtual root, a dominator comes before its nodes.

    ``order``: int32[n], each node's number, -1 where it is not reached. ``vertex``: int32[k], the node of each number.
    ``idom``: int32[k], numbers; the root's is 0.
    """

    order: NDArray[np.int32]
    vertex: NDArray[np.int32]
    idom: NDArray[np.int32]

    def retained(self, value: NDArray[np.int64]) -> NDArray[np.int64]:
        """int64[k]: per number, ``value`` (int64[n], per node) of it and of everything that it dominates. O(k)."""
        summed: NDArray[np.int64] = chosen(kernels.sum_upwards, self.idom.size)(self.idom, value[self.vertex])
        return summed


class Children:
    """Children in the dominator tree, by number. ``starts``: int32[k + 1]; ``below``: int32[k - 1]. O(k)."""

    def __init__(self, tree: Dominators) -> None:
        self._tree = tree
        fill = chosen(kernels.children, tree.idom.size)
        self.starts, self.below = fill(tree.idom)

    def of(self, number: int) -> NDArray[np.int32]:
        found: NDArray[np.int32] = self.below[self.starts[number] : self.starts[number + 1]]
        return found


def dominators(offsets: NDArray[np.int64], targets: NDArray[np.int32], root: int) -> Dominators:
    """Of what ``root`` reaches. ``offsets``: int64[n + 1], non-decreasing; ``targets``: int32[m], all in [0, n).

    Semi-NCA: Georgiadis, Linear-Time Algorithms for Dominators and Related Problems, 2005. O(m log n).
    """
    steps = offsets.size + targets.size
    order, vertex, parent = chosen(kernels.depth_first, steps)(offsets, targets, root)
    starts = row_starts(vertex.size, targets.size)
    sources = chosen(kernels.reverse, steps)(offsets, targets, order, starts)
    return Dominators(order, vertex, chosen(kernels.dominators, steps)(starts, sources, parent))


def row_starts(rows: int, edges: int) -> NDArray[np.int32] | NDArray[np.int64]:
    """Zeros for where each row begins, as narrow as the number of edges allows."""
    if edges < 2**31:
        return np.zeros(rows + 1, np.int32)
    return np.zeros(rows + 1, np.int64)


def shortest_paths(
    offsets: NDArray[np.int64], targets: NDArray[np.int32], seeds: list[NDArray[np.int32]]
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
