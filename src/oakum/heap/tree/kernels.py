"""Walks over a graph in compressed rows: breadth first, depth first, dominators, sums over the dominator tree.

`offsets`: int32 or int64[n + 1], `targets`: int32[m]. Node n - 1 is the virtual root; its edges lead to the roots.
Large arrays are the caller's: where they are kept is not decided here.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numba.extending import register_jitable


@register_jitable
def _grown(array):
    """Twice the room; most stacks stay far smaller than the graph."""
    larger = np.empty(2 * array.size, array.dtype)
    larger[: array.size] = array
    return larger


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
def breadth_first_late(offsets, targets, root, late, parent, queue):
    """Fill `parent`: the step before each node on a way from `root`, -1 where there is none.

    Edges of a node of `late` (bool[n]) are followed when nothing else is left: ways round such nodes are preferred, and
    among those the shortest. `queue`: int32[n], given up. O(n + m).
    """
    parent[:] = -2
    waiting = np.empty(late.sum(), np.int32)
    queue[0] = root
    parent[root] = -1
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
            if parent[target] == -2:
                parent[target] = node
                queue[tail] = target
                tail += 1
    for node in range(parent.size):
        parent[node] = max(parent[node], -1)


@njit(cache=True, nogil=True)
def reach_more(offsets, targets, seeds, seen):
    """Mark in `seen` (bool[n]) what is reached from `seeds` and was not seen yet. O(n + m)."""
    stack = np.empty(max(seeds.size, 1024), np.int32)
    top = 0
    for i in range(seeds.size):
        if not seen[seeds[i]]:
            seen[seeds[i]] = True
            stack[top] = seeds[i]
            top += 1
    while top > 0:
        top -= 1
        node = stack[top]
        for edge in range(offsets[node], offsets[node + 1]):
            target = targets[edge]
            if not seen[target]:
                seen[target] = True
                if top == stack.size:
                    stack = _grown(stack)
                stack[top] = target
                top += 1


@njit(cache=True, nogil=True)
def depth_first(offsets, targets, root, order, vertex, parent):
    """How many nodes `root` reaches, k. Fills order: the number of each node from 0, -1 if not reached;
    vertex: the node of each number; parent: as numbers, -1 for the root. All int32[n]. O(n + m).
    """
    order[:] = -1
    edge = np.empty(1024, offsets.dtype)
    order[root] = 0
    vertex[0] = root
    parent[0] = -1
    edge[0] = offsets[root]
    count = 1
    number = 0
    depth = 0
    while depth >= 0:
        here = edge[depth]
        end = offsets[vertex[number] + 1]
        while here < end and order[targets[here]] >= 0:
            here += 1
        if here == end:
            number = parent[number]
            depth -= 1
            continue
        edge[depth] = here + 1
        target = targets[here]
        order[target] = count
        vertex[count] = target
        parent[count] = number
        number = count
        count += 1
        depth += 1
        if depth == edge.size:
            edge = _grown(edge)
        edge[depth] = offsets[target]
    return count


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
def split_edges(offsets, targets, order, semi, starts):
    """Lower `semi` (int32[k], the parents) to the least source that is numbered before each number.

    Sources numbered after it are counted: `starts`: zeros[k + 1], filled with where those of each number begin. In
    depth-first numbers those are few: most edges need not be turned round.
    """
    for node in range(offsets.size - 1):
        source = order[node]
        if source < 0:
            continue
        for edge in range(offsets[node], offsets[node + 1]):
            target = order[targets[edge]]
            if source > target:
                starts[target + 1] += 1
            elif source < semi[target]:
                semi[target] = source
    for i in range(starts.size - 1):
        starts[i + 1] += starts[i]


@njit(cache=True, nogil=True)
def later_sources(offsets, targets, order, starts, sources):
    """Fill `sources` (int32[starts[k]]) with those that split_edges counted."""
    for node in range(offsets.size - 1):
        source = order[node]
        if source < 0:
            continue
        for edge in range(offsets[node], offsets[node + 1]):
            target = order[targets[edge]]
            if source > target:
                sources[starts[target]] = source
                starts[target] += 1
    # Each begin has moved to the next one's place.
    for i in range(starts.size - 1, 0, -1):
        starts[i] = starts[i - 1]
    starts[0] = 0


@njit(cache=True, nogil=True)
def dominators(starts, sources, semi, label, ancestor, parent):
    """Immediate dominators by semi-NCA (Georgiadis 2005), all in depth-first numbers; the root's is 0.

    They take the place of `parent`. `semi`: as split_edges leaves it; `label`, `ancestor`: copies of nothing, and of
    the parents; all three are given up. A label is the least semi-dominator on the path that was compressed so far.
    O(m log n) with path compression, nearly linear in practice.
    """
    count = parent.size
    stack = np.empty(1024, np.int32)
    for node in range(count - 1, 0, -1):
        best = semi[node]
        for edge in range(starts[node], starts[node + 1]):
            # Sources are numbered above `node`, so they are linked already: compress the path to them.
            source = sources[edge]
            top = 0
            at = source
            while ancestor[at] > node:
                if top == stack.size:
                    stack = _grown(stack)
                stack[top] = at
                top += 1
                at = ancestor[at]
            while top > 0:
                top -= 1
                below = stack[top]
                above = ancestor[below]
                label[below] = min(label[below], label[above])
                ancestor[below] = ancestor[above]
            best = min(best, label[source])
        semi[node] = best
        label[node] = best
    for node in range(1, count):
        at = parent[node]
        while at > semi[node]:
            at = parent[at]
        parent[node] = at
    if count:
        parent[0] = 0


@njit(cache=True, nogil=True)
def in_tree_order(idom, vertex, below, number, free):
    """Number anew so that what a node dominates follows it at once; siblings keep their order. All int32[k].

    Afterwards `free` is the node of each new number, `vertex` the immediate dominators, `idom` the number after the
    last that each dominates; `below` and `number` are given up.
    """
    count = idom.size
    below[:] = 1
    for node in range(count - 1, 0, -1):
        below[idom[node]] += below[node]
    if count:
        number[0] = 0
        free[0] = 1
    for node in range(1, count):
        above = idom[node]
        number[node] = free[above]
        free[above] += below[node]
        free[node] = number[node] + 1
    for node in range(count):
        free[number[node]] = vertex[node]
    for node in range(count):
        vertex[number[node]] = number[idom[node]]
    for node in range(count):
        idom[number[node]] = number[node] + below[node]


@njit(cache=True, nogil=True)
def number_nodes(vertex, order):
    """Fill `order` (int32[n]): the number of each node, -1 for one that has none."""
    order[:] = -1
    for number in range(vertex.size):
        order[vertex[number]] = number


@njit(cache=True, nogil=True)
def sum_upwards(idom, vertex, value, total):
    """Fill `total` (int64[k]): each number's value and that of all it dominates; one sweep, from the last number on.

    `value`: by node; nodes behind its end have none.
    """
    for number in range(idom.size):
        node = vertex[number]
        total[number] = value[node] if node < value.size else 0
    for number in range(idom.size - 1, 0, -1):
        total[idom[number]] += total[number]


@njit(cache=True, nogil=True)
def children(past, number):
    """int32[]: the numbers that `number` immediately dominates, ascending."""
    count = 0
    at = number + 1
    while at < past[number]:
        at = past[at]
        count += 1
    found = np.empty(count, np.int32)
    at = number + 1
    for i in range(count):
        found[i] = at
        at = past[at]
    return found


@njit(cache=True, nogil=True)
def first_children(past, number):
    """How many steps it is from a number through first children to one without any, itself counted."""
    count = 1
    while past[number] > number + 1:
        number += 1
        count += 1
    return count


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
def sum_topmost(past, vertex, kind, row_of_kind, value, rows):
    """int64[rows]: `value` (int64[k], by number) of each number that no other of its row dominates. O(k).

    `vertex`: int32[k], the node of each number; number 0 is the virtual root and of no row.
    """
    total = np.zeros(rows, np.int64)
    # What the last topmost one of each row dominates ends here.
    end = np.zeros(rows, np.int32)
    for number in range(1, vertex.size):
        row = row_of_kind[kind[vertex[number]]]
        if number >= end[row]:
            total[row] += value[number]
            end[row] = past[number]
    return total
