"""The fast dominators equal their slow twin on any graph."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.heap.tree import Children, dominators

EDGES = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=40)


def reached(edges, root, without):
    """What ``root`` reaches when one node is taken away."""
    seen, todo = {root} - {without}, [root] if root != without else []
    while todo:
        node = todo.pop()
        for source, target in edges:
            if source == node and target not in seen and target != without:
                seen.add(target)
                todo.append(target)
    return seen


@settings(max_examples=150, deadline=None)
@given(EDGES)
def test_immediate_dominators_and_retained_sums_equal_the_definition(edges):
    nodes, root = 12, 11
    ordered = sorted(edges)
    offsets = np.searchsorted([source for source, _ in ordered], np.arange(nodes + 1)).astype(np.int64)
    tree = dominators(offsets, np.array([target for _, target in ordered], np.int32), root)
    full = reached(edges, root, -1)
    assert set(tree.vertex.tolist()) == full
    retained = tree.retained(np.ones(nodes, np.int64))
    for node in full:
        lost = full - reached(edges, root, node)
        number = tree.order[node]
        assert retained[number] == len(lost)
        assert set(tree.vertex[number : tree.past[number]].tolist()) == lost
        assert all(tree.dominates(number, tree.order[other]) == (other in lost) for other in full)
        below = Children(tree).of(int(number)).tolist()
        assert below == [child for child in range(1, tree.idom.size) if tree.idom[child] == number]
