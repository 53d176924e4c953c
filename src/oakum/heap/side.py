"""One of two captures that are compared: a heap of Python, and what would go with each of its nodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.python.objects import PythonHeap
from oakum.heap.graph import HeapGraph
from oakum.heap.tree import Dominators, dominators, shortest_paths


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One capture with its tree. ``retained``, ``held``: int64[n], bytes and objects that would go with each node."""

    heap: PythonHeap
    tree: Dominators
    retained: NDArray[np.int64]
    held: NDArray[np.int64]
    parent: NDArray[np.int32]
    which: NDArray[np.int8]


def side_of(heap: PythonHeap) -> Side:
    """O(m log n): its tree of dominators, by the edges that count."""
    graph = heap.graph
    parent, _, which = shortest_paths(graph.edge_offsets, graph.edge_targets, list(graph.roots))
    seeds = [members[(which[members] == group)] for group, members in enumerate(graph.roots)]
    # A frame roots only what no module holds, and native memory only what neither does.
    direct = np.unique(np.concatenate([group[parent[group] < 0] for group in seeds]).astype(np.int32))
    offsets, targets = _owning(graph, which)
    tree = dominators(np.append(offsets, offsets[-1] + direct.size), np.concatenate([targets, direct]), graph.nodes)
    retained = np.zeros(graph.nodes + 1, np.int64)
    retained[tree.vertex] = tree.retained(graph.size)
    held = np.zeros(graph.nodes + 1, np.int64)
    held[tree.vertex] = tree.retained((graph.kind >= 0).astype(np.int64))
    return Side(heap, tree, retained, held, parent, which)


def _owning(graph: HeapGraph, which: NDArray[np.int8]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The edges that count for who holds what: what a module holds is not also a frame's or native memory's.

    The newest objects of a program that runs on while it is copied often hang on a frame alone, and lead back into
    what a module holds; counted, they would take it from its holder.
    """
    degree = np.diff(graph.edge_offsets)
    source = np.repeat(np.arange(graph.nodes, dtype=np.int32), degree)
    kept = which[source] <= which[graph.edge_targets]
    offsets = np.concatenate(([0], np.cumsum(np.bincount(source[kept], minlength=graph.nodes)))).astype(np.int64)
    return offsets, graph.edge_targets[kept]
