"""Compile the kernels before they are needed: once per machine and version, then they come from numba's cache."""

from __future__ import annotations

import numpy as np

from oakum.heap import kernels
from oakum.heap.formats.glibc import kernels as glibc
from oakum.heap.formats.native.census import Census
from oakum.heap.formats.python import kernels as python
from oakum.heap.tree import kernels as tree


def warm_up() -> None:
    """Run every kernel on next to nothing. Seconds the first time, well under one from the cache."""
    long, short = np.zeros(2, np.int64), np.zeros(2, np.int32)
    words, start, end, offset = (
        np.zeros(4, np.int64),
        np.zeros(1, np.int64),
        np.full(1, 32, np.int64),
        np.zeros(1, np.int64),
    )
    slot_base, slots = np.zeros(1, np.int64), np.full(2, -1, np.int32)
    wanted, skip = np.ones(1, np.bool_), np.zeros((2, 2), np.int64)
    kernels.fetch(words, start, end, offset, long)
    kernels.find_blocks(words, start, end, offset, wanted, 16384)
    kernels.find_heads(words, start, end, offset, long, short, long, short)
    kernels.find_strays(words, start, end, offset, slot_base, slots, long, long, long)
    kernels.mark(start, end, slot_base, slots, long, 0)
    kernels.look_up(start, end, slot_base, slots, long)
    place = (words, start, end, offset, slot_base, slots)
    degree = kernels.count_edges(*place, long, long, short, skip)
    edges = np.concatenate(([0], np.cumsum(degree))).astype(np.int64)
    kernels.fill_edges(*place, long, long, short, skip, edges)
    kernels.find_frames(words, start, end, slot_base, slots, offset, wanted, long, 16384, short, 0, 0, 0, 0, 0)
    here = (words, start, end, offset)
    python.find_arenas(*here, wanted, 16384, 1 << 20)
    glibc.walk(*here, 0, 32)
    glibc.mapped(*here, start, end)
    glibc.thread_controls(*here, start, end)
    glibc.owned(*place, long, long, long)
    warm_up_native()
    warm_up_tree()


def warm_up_native() -> None:
    """The walk over malloc's chunks."""
    Census(np.zeros((1, 2), np.int64)).walk(lambda _, size: bytes(size), 0, 8192)


def warm_up_tree() -> None:
    """The walks over a graph, whatever its format."""
    offsets, targets = np.array([0, 0, 1], np.int64), np.zeros(1, np.int32)
    order, vertex, parent = (np.zeros(2, np.int32) for _ in range(3))
    tree.depth_first(offsets, targets, 1, order, vertex, parent)
    tree.reverse(offsets, targets, order, np.zeros(3, np.int32))
    semi, label, ancestor = (np.zeros(2, np.int32) for _ in range(3))
    starts = np.zeros(3, np.int32)
    tree.split_edges(offsets, targets, order, semi, starts)
    tree.later_sources(offsets, targets, order, starts, np.zeros(1, np.int32))
    tree.dominators(starts, np.zeros(1, np.int32), semi, label, ancestor, parent)
    tree.in_tree_order(parent, vertex, semi, label, ancestor)
    tree.number_nodes(ancestor, order)
    tree.sum_upwards(vertex, ancestor, np.zeros(2, np.int64), np.zeros(2, np.int64))
    tree.children(parent, 0)
    tree.first_children(parent, 0)
    tree.breadth_first(offsets, targets, np.ones(1, np.int32), np.full(2, -1, np.int32), np.full(2, -1, np.int32))
