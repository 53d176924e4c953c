"""Cycles that nothing refers to, and whether CPython's collector would take them.

The collector's own test (Python/gcmodule.c, ``subtract_refs``): an object of which every reference comes from others
that no root leads to is held by them alone. What has one reference more, something that is not seen holds, as a C
extension does: that, and all that it leads to, is no garbage.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.distinct import distinct
from oakum.heap.formats.python.layouts import FLAG_HAVE_GC
from oakum.heap.formats.python.objects import PythonHeap, self_references
from oakum.heap.tree import shortest_paths

GC_HEAD, GENERATION = 16, 24
"""Bytes of the two links before an object, and of one generation: two links, a threshold and a count."""

GENERATIONS, YOUNGEST, OLDEST = 3, (3, 9), (3, 13)
"""Versions whose collector has so many generations in a row, with ``enabled`` and ``debug`` before them."""

ENABLED_BEFORE = 12
REFERENCES = 0xFFFFFFFF
MOST_THRESHOLD = 1 << 30


@dataclass(frozen=True, slots=True)
class Collector:
    """``enabled``: as gc.isenabled() says; ``thresholds``: as gc.get_threshold() does."""

    enabled: bool
    thresholds: tuple[int, ...]


def garbage(heap: PythonHeap, which: NDArray[np.int8]) -> NDArray[np.bool_]:
    """bool[n]: what only cycles hold. ``which``: of heap.tree.shortest_paths, below 0 where no root leads."""
    graph = heap.graph
    lost = which < 0
    if not lost.any():
        return lost
    source = np.repeat(np.arange(graph.nodes, dtype=np.int32), np.diff(graph.edge_offsets))
    told = np.bincount(graph.edge_targets[lost[source]], minlength=graph.nodes)
    counted = heap.fetch(np.asarray(graph.address)) & REFERENCES
    short = np.flatnonzero(lost & (graph.kind >= 0) & (counted > told))
    told[short] += self_references(heap, short)
    # A block that is no object counts no references: that of an extension has none that is seen.
    more = np.where(graph.kind >= 0, counted > told, told == 0)
    unseen = np.flatnonzero(lost & more).astype(np.int32)
    if not unseen.size:
        return lost
    _, _, held = shortest_paths(graph.edge_offsets, graph.edge_targets, [unseen])
    alone: NDArray[np.bool_] = lost & (held < 0)
    return alone


def collector(heap: PythonHeap) -> Collector | None:
    """None where its state was not found: the lists of the generations begin and end there."""
    if not YOUNGEST <= heap.layout.version <= OLDEST:
        return None
    graph, image = heap.graph, heap.image
    tracked = (graph.kind >= 0) & (heap.types.flags[graph.kind] & FLAG_HAVE_GC != 0)
    heads = graph.address[tracked] - GC_HEAD
    following = heap.fetch(heads)
    # The last of a list leads to where the list begins, which is no object and leads back to it.
    ends = distinct(following[(following > 0) & (heap.node_of(following + GC_HEAD) < 0)])
    for end in ends[heap.node_of(heap.fetch(ends) + GC_HEAD) >= 0].tolist():
        for place in range(GENERATIONS):
            first = end - place * GENERATION
            found = [image.word(first + GENERATION * at + GC_HEAD) & REFERENCES for at in range(GENERATIONS)]
            links = [image.word(first + GENERATION * at) for at in range(GENERATIONS)]
            enabled = image.word(first - ENABLED_BEFORE - 4) >> 32
            if all(_begins(heap, first + GENERATION * at, link) for at, link in enumerate(links)) and enabled in {0, 1}:
                return Collector(bool(enabled), tuple(found)) if max(found) < MOST_THRESHOLD else None
    return None


def _begins(heap: PythonHeap, at: int, link: int) -> bool:
    """Whether a list begins there: its first element leads back to it, or it is empty and leads to itself."""
    return link == at or (link > 0 and heap.image.word(link + 8) & ~3 == at)
