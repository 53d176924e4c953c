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
    """Children in the dominator tree, by number. ``starts``: int64[k + 1]; ``below``: int32[k - 1]. O(k)."""

    def __init__(self, tree: Dominators) -> None:
        self._tree = tree
        fill = chosen(kernels.children, tree.idom.size)
        self.starts, self.below = fill(tree.idom)

    def of(self, number: int) -> NDArray[np.int32]:
        found: NDArray[np.int32] = self.below[self.starts[number] : self.starts[number + 1]]
        return found

    def topmost(self, group: NDArray[np.int32]) -> NDArray[np.bool_]:
        """bool[k]: the numbers that no other of their group (int32[k], -1: none) dominates. O(k)."""
        found: NDArray[np.bool_] = chosen(kernels.topmost, group.size)(self.starts, self.below, group)
        return found


def dominators(offsets: NDArray[np.int64], targets: NDArray[np.int32], root: int) -> Dominators:
    """Of what ``root`` reaches. ``offsets``: int64[n + 1], non-decreasing; ``targets``: int32[m], all in [0, n).

    Semi-NCA: Georgiadis, Linear-Time Algorithms for Dominators and Related Problems, 2005. O(m log n).
    """
    steps = offsets.size + targets.size
    order, vertex, parent = chosen(kernels.depth_first, steps)(offsets, targets, root)
    starts, sources = chosen(kernels.reverse, steps)(offsets, targets, order, vertex.size)
    return Dominators(order, vertex, chosen(kernels.dominators, steps)(starts, sources, parent))


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


def sum_by_group(group: NDArray[np.int32], value: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    """int64[groups]: exact sums of ``value`` (int64[k]) by ``group`` (int32[k], -1: none). O(k)."""
    summed: NDArray[np.int64] = chosen(kernels.sum_by_group, group.size)(group, value, groups)
    return summed
