"""Paths, dominators and retained sizes of one graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
        summed: NDArray[np.int64] = kernels.sum_upwards(self.idom, value[self.vertex])
        return summed


def dominators(offsets: NDArray[np.int64], targets: NDArray[np.int32], root: int) -> Dominators:
    """Of what ``root`` reaches. ``offsets``: int64[n + 1], non-decreasing; ``targets``: int32[m], all in [0, n).

    Semi-NCA: Georgiadis, Linear-Time Algorithms for Dominators and Related Problems, 2005. O(m log n).
    """
    order, vertex, parent = kernels.depth_first(offsets, targets, root)
    starts, sources = kernels.reverse(offsets, targets, order, vertex.size)
    return Dominators(order, vertex, kernels.dominators(starts, sources, parent))


def shortest_paths(
    offsets: NDArray[np.int64], targets: NDArray[np.int32], seeds: list[NDArray[np.int32]]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int8]]:
    """(parent, depth, which): from the first group of seeds, then from the next what that did not reach, and so on.

    ``which``: int8[n], the group that reached each node, -1 for none.
    """
    nodes = offsets.size - 1
    parent, depth = np.full(nodes, -1, np.int32), np.full(nodes, -1, np.int32)
    which = np.full(nodes, -1, np.int8)
    for group, members in enumerate(seeds):
        kernels.breadth_first(offsets, targets, members.astype(np.int32), parent, depth)
        which[(depth >= 0) & (which < 0)] = group
    return parent, depth, which
