"""Random heaps, and what the definitions say of them, computed as slowly as they read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from oakum.heap.graph import HeapGraph, Strength

NODES = 9


@dataclass(frozen=True)
class Drawn:
    """``edges``: (source, target, strength), in rows."""

    edges: tuple[tuple[int, int, int], ...]
    sizes: tuple[int, ...]
    kinds: tuple[int, ...]
    roots: tuple[int, ...]

    @property
    def strong(self):
        return [(source, target) for source, target, strength in self.edges if strength == Strength.STRONG]

    def graph(self):
        source = [source for source, _, _ in self.edges]
        return HeapGraph(
            address=np.arange(NODES, dtype=np.int64) * 16,
            size=np.array(self.sizes, np.int64),
            kind=np.array(self.kinds, np.int32),
            kinds=("A", "B", "C"),
            edge_offsets=np.searchsorted(source, np.arange(NODES + 1)).astype(np.int64),
            edge_targets=np.array([target for _, target, _ in self.edges], np.int32),
            roots=(np.array(self.roots, np.int32),),
            edge_strength=np.array([strength for _, _, strength in self.edges], np.uint8),
        )

    def reached(self, without=None):
        """What the roots reach when one node is taken away."""
        seen = set(self.roots) - {without}
        todo = list(seen)
        while todo:
            node = todo.pop()
            for source, target in self.strong:
                if source == node and target != without and target not in seen:
                    seen.add(target)
                    todo.append(target)
        return seen

    def dominated(self, node):
        """What is lost when ``node`` is taken away, itself included."""
        return self.reached() - self.reached(without=node)

    def paths(self, node):
        """Every way from a root to ``node`` without a repeat: all ways are walked, from every root."""
        edges = sorted(set(self.strong))
        found, todo = [], [(root,) for root in self.roots]
        while todo:
            path = todo.pop()
            if path[-1] == node:
                found.append(path)
            else:
                todo += [(*path, target) for source, target in edges if source == path[-1] and target not in path]
        return found

    def distances(self, without):
        """Steps from a root to each node that is reached without the edges of some nodes."""
        found, level, steps = {}, set(self.roots), 1
        while level:
            found |= dict.fromkeys(level, steps)
            level = {target for source, target in self.strong if source in level - without} - set(found)
            steps += 1
        return found


STRENGTHS = st.sampled_from([0, 0, 0, 0, *(int(strength) for strength in Strength)])
HEAPS = st.builds(
    lambda edges, sizes, kinds, roots: Drawn(tuple(sorted(edges)), tuple(sizes), tuple(kinds), tuple(sorted(roots))),
    st.lists(st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1), STRENGTHS), max_size=30),
    st.lists(st.integers(0, 1000), min_size=NODES, max_size=NODES),
    st.lists(st.integers(-1, 2), min_size=NODES, max_size=NODES),
    st.sets(st.integers(0, NODES - 1), max_size=4),
)
