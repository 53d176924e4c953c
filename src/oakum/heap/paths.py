"""Why a node is still there: the ways from roots to it."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.held import Held
from oakum.heap.means import Part
from oakum.heap.tree import kernels, row_starts

MOST_EXPANDED = 100_000
"""Paths are looked for no further than this many steps: a clique has more of them than anybody can read."""


@dataclass(frozen=True, slots=True, eq=False)
class Backward:
    """The edges that count, turned round, and how far each node is from a root.

    ``starts``: [n + 2], ``sources``: int32[m']: who holds each node; node n is the virtual root.
    ``parent``, ``depth``: int32[n + 1]: the step before on a shortest way from that root, -1 for none.
    """

    starts: NDArray[np.integer]
    sources: NDArray[np.int32]
    parent: NDArray[np.int32]
    depth: NDArray[np.int32]


def backward(held: Held) -> Backward:
    """O(n + m)."""
    nodes = held.root + 1
    steps = nodes + held.targets.size
    parent, depth = np.full(nodes, -1, np.int32), np.full(nodes, -1, np.int32)
    chosen(kernels.breadth_first, steps)(held.offsets, held.targets, np.array([held.root], np.int32), parent, depth)
    # Numbered by themselves: nodes that no root reaches hold nothing that counts.
    order = np.where(depth >= 0, np.arange(nodes), -1).astype(np.int32)
    starts = row_starts(nodes, held.targets.size)
    sources = chosen(kernels.reverse, steps)(held.offsets, held.targets, order, starts)
    return Backward(starts, sources, parent, depth)


def telling_steps(held: Held) -> NDArray[np.int32]:
    """int32[n + 1]: the step before each node on the way that tells most; -1 where there is none. O(n + m).

    The shortest that passes no node of ``graph.late``, if there is one: what a frame holds for a moment is no answer
    where a field holds it too.
    """
    late = np.zeros(held.root + 1, np.bool_)
    late[held.graph.late] = True
    walk = chosen(kernels.breadth_first_late, late.size + held.targets.size)
    parent: NDArray[np.int32] = held.means.array(late.size, np.int32, Part.WORK)
    walk(held.offsets, held.targets, held.root, late, parent, held.means.array(late.size, np.int32, Part.WORK))
    return parent


def shortest(parent: NDArray[np.int32], node: int, root: int) -> tuple[int, ...]:
    """From a root to ``node``, both included; empty where nothing holds it. O(length)."""
    path = []
    at = node
    while at >= 0 and at != root:
        path.append(at)
        at = int(parent[at])
    return tuple(reversed(path)) if at == root else ()


def distinct(
    back: Backward, node: int, *, most: int, avoid: frozenset[int] = frozenset()
) -> tuple[tuple[int, ...], ...]:
    """Up to ``most`` ways from a root to ``node`` that visit no node twice, and none of ``avoid``; shortest first.

    Every node's distance is known, so no step is taken that leads nowhere, but for ways that would cross themselves.
    """
    root = back.depth.size - 1
    found: list[tuple[int, ...]] = []
    if back.depth[node] < 0:
        return ()
    todo: list[tuple[int, int, tuple[int, ...]]] = [(int(back.depth[node]), 0, (node,))]
    made = 1
    while todo and len(found) < most and made < MOST_EXPANDED:
        _, _, path = heapq.heappop(todo)
        head = path[0]
        if head == root:
            found.append(path[1:])
            continue
        for source in np.unique(back.sources[back.starts[head] : back.starts[head + 1]]).tolist():
            if source not in path and source not in avoid:
                made += 1
                heapq.heappush(todo, (len(path) + int(back.depth[source]), made, (source, *path)))
    return tuple(found)
