"""Walks over a graph in compressed rows: breadth first, depth first, dominators, sums over the dominator tree.

`offsets`: int64[n + 1], `targets`: int32[m]. Node n - 1 is the virtual root; its edges lead to the roots.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def breadth_first(offsets, targets, seeds, parent, depth):
    """Shortest paths from `seeds`, in order. Fills parent (-1: a seed) and depth where depth is still -1. O(n + m)."""
    queue = np.empty(depth.size, np.int32)
    tail = 0
    for i in range(seeds.size):
        if depth[seeds[i]] < 0:
            depth[seeds[i]] = 0
            parent[seeds[i]] = -1
            queue[tail] = seeds[i]
            tail += 1
    head = 0
    while head < tail:
        node = queue[head]
        head += 1
        for edge in range(offsets[node], offsets[node + 1]):
            target = targets[edge]
            if depth[target] < 0:
                depth[target] = depth[node] + 1
                parent[target] = node
                queue[tail] = target
                tail += 1
    return tail


@njit(cache=True, nogil=True)
def breadth_first_late(offsets, targets, root, late):
    """int32[n]: the step before each node on a way from `root`, -1 where there is none.

    Edges of a node of `late` (bool[n]) are followed when nothing else is left: ways round such nodes are preferred, and
    among those the shortest. O(n + m).
    """
    nodes = offsets.size - 1
    parent = np.full(nodes, -1, np.int32)
    seen = np.zeros(nodes, np.bool_)
    queue = np.empty(nodes, np.int32)
    waiting = np.empty(late.sum(), np.int32)
    queue[0] = root
    seen[root] = True
    head, tail = 0, 1
    first, last = 0, 0
    while head < tail or first < last:
        if head < tail:
            node = queue[head]
            head += 1
            if late[node]:
                waiting[last] = node
                last += 1
                continue
        else:
            node = waiting[first]
            first += 1
        for edge in range(offsets[node], offsets[node + 1]):
            target = targets[edge]
            if not seen[target]:
                seen[target] = True
                parent[target] = node
                queue[tail] = target
                tail += 1
    return parent


@njit(cache=True, nogil=True)
def depth_first(offsets, targets, root):
    """(order: number of each node from 0, -1 if not reached; vertex: node of each number; parent: as numbers)."""
    nodes = offsets.size - 1
    order = np.full(nodes, -1, np.int32)
    vertex = np.empty(nodes, np.int32)
    parent = np.full(nodes, -1, np.int32)
    stack = np.empty(nodes, np.int32)
    edge = np.empty(nodes, np.int64)
    order[root] = 0
    vertex[0] = root
    count = 1
    top = 0
    stack[0] = root
    edge[0] = offsets[root]
    while top >= 0:
        node = stack[top]
        if edge[top] == offsets[node + 1]:
            top -= 1
            continue
        target = targets[edge[top]]
        edge[top] += 1
        if order[target] < 0:
            order[target] = count
            parent[count] = order[node]
            vertex[count] = target
            count += 1
            top += 1
            stack[top] = target
            edge[top] = offsets[target]
    return order, vertex[:count].copy(), parent[:count].copy()


@njit(cache=True, nogil=True)
def reverse(offsets, targets, order, starts):
    """Sources of the edges turned round and renumbered by `order`, among the k nodes reached.

    `starts`: zeros[k + 1], filled with where each number's sources begin; its type must hold the number of edges.
    """
    count = starts.size - 1
    for node in range(offsets.size - 1):
        if order[node] < 0:
            continue
        for edge in range(offsets[node], offsets[node + 1]):
            starts[order[targets[edge]] + 1] += 1
    for i in range(count):
        starts[i + 1] += starts[i]
    sources = np.empty(starts[count], np.int32)
    for node in range(offsets.size - 1):
        if order[node] < 0:
            continue
        for edge in range(offsets[node], offsets[node + 1]):
            target = order[targets[edge]]
            sources[starts[target]] = order[node]
            starts[target] += 1
    # Each begin has moved to the next one's place.
    for i in range(count, 0, -1):
        starts[i] = starts[i - 1]
    starts[0] = 0
    return sources


@njit(cache=True, nogil=True)
def dominators(starts, sources, parent):
    """Immediate dominators by semi-NCA (Georgiadis 2005), all in depth-first numbers; the root's is 0.

    They take the place of `parent`, which is given up. O(m log n) with path compression, nearly linear in practice.
    """
    count = parent.size
    semi = np.arange(count).astype(np.int32)
    label = np.arange(count).astype(np.int32)
    ancestor = parent.copy()
    idom = parent
    stack = np.empty(count, np.int32)
    for node in range(count - 1, 0, -1):
        best = node
        for edge in range(starts[node], starts[node + 1]):
            source = sources[edge]
            if source <= node:
                candidate = source
            else:
                # The ancestors numbered above `node` are linked already: compress the path to them.
                top = 0
                at = source
                while ancestor[at] > node:
                    stack[top] = at
                    top += 1
                    at = ancestor[at]
                while top > 0:
                    top -= 1
                    below = stack[top]
                    above = ancestor[below]
                    if semi[label[above]] < semi[label[below]]:
                        label[below] = label[above]
                    ancestor[below] = ancestor[above]
                candidate = semi[label[source]]
            best = min(best, candidate)
        semi[node] = best
        label[node] = node
    for node in range(1, count):
        at = idom[node]
        while at > semi[node]:
            at = idom[at]
        idom[node] = at
    if count:
        idom[0] = 0
    return idom


@njit(cache=True, nogil=True)
def sum_upwards(idom, value):
    """Each node's value and that of all it dominates; numbers grow downwards, so one sweep does it."""
    total = value.copy()
    for node in range(idom.size - 1, 0, -1):
        total[idom[node]] += total[node]
    return total


@njit(cache=True, nogil=True)
def children(idom):
    """(starts: int32[k + 1], below: int32[k - 1]): the children of each number, ascending. The root is no child."""
    count = idom.size
    starts = np.zeros(count + 1, np.int32)
    for number in range(1, count):
        starts[idom[number] + 1] += 1
    for number in range(count):
        starts[number + 1] += starts[number]
    below = np.empty(max(count - 1, 0), np.int32)
    for number in range(1, count):
        below[starts[idom[number]]] = number
        starts[idom[number]] += 1
    for number in range(count, 0, -1):
        starts[number] = starts[number - 1]
    starts[0] = 0
    return starts, below


@njit(cache=True, nogil=True)
def tally(kind, row_of_kind, size, order, rows):
    """int64[4, rows]: count and bytes of what is reached, count and bytes of the rest, by row of each node's kind.

    `row_of_kind`: int32[kinds + 1], the last is that of kind -1. `order`: int32[n + 1], below 0: not reached.
    """
    found = np.zeros((4, rows), np.int64)
    for node in range(kind.size):
        row = row_of_kind[kind[node]]
        dead = 2 if order[node] < 0 else 0
        found[dead, row] += 1
        found[dead + 1, row] += size[node]
    return found


@njit(cache=True, nogil=True)
def sum_topmost(starts, below, vertex, kind, row_of_kind, value, rows):
    """int64[rows]: `value` (int64[k], by number) of each number that no other of its row dominates. O(k).

    `vertex`: int32[k], the node of each number; number 0 is the virtual root and of no row.
    """
    total = np.zeros(rows, np.int64)
    count = vertex.size
    open_rows = np.zeros(rows, np.int32)
    stack = np.empty(count, np.int32)
    edge = np.empty(count, np.int32)
    depth = 0
    stack[0] = 0
    edge[0] = 0
    while depth >= 0:
        number = stack[depth]
        at = starts[number] + edge[depth]
        if at == starts[number + 1]:
            if number:
                open_rows[row_of_kind[kind[vertex[number]]]] -= 1
            depth -= 1
            continue
        child = below[at]
        edge[depth] += 1
        row = row_of_kind[kind[vertex[child]]]
        if open_rows[row] == 0:
            total[row] += value[child]
        open_rows[row] += 1
        depth += 1
        stack[depth] = child
        edge[depth] = 0
    return total
