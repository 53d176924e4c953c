"""Every algorithm of the heap graph equals its definition on any graph, compiled and interpreted."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from graphs import HEAPS, NODES
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.heap import compiled
from oakum.heap.duplicates import Blocks, duplicates
from oakum.heap.fill import fill
from oakum.heap.graph import Strength
from oakum.heap.held import held, loosely_held
from oakum.heap.histogram import dominators_of_class, histogram
from oakum.heap.paths import backward, distinct, shortest, telling_steps

ANY = settings(max_examples=120, deadline=None)


@pytest.fixture(params=[-1, 1 << 40], ids=["compiled", "interpreted"], autouse=True, scope="module")
def form(request):
    """Both forms of every kernel are run, whatever the size of the graph."""
    patch = pytest.MonkeyPatch()
    patch.setattr(compiled, "INTERPRETED_STEPS", request.param)
    yield
    patch.undo()


@ANY
@given(HEAPS)
def test_reach_and_retained_bytes_are_what_is_lost_when_the_node_is_taken_away(drawn):
    found = held(drawn.graph())
    reached = drawn.reached()
    assert set(np.flatnonzero(found.reached).tolist()) == reached
    for node in range(NODES):
        lost = drawn.dominated(node) if node in reached else set()
        assert found.retained_by(node) == sum(drawn.sizes[other] for other in lost)


@ANY
@given(HEAPS)
def test_the_histogram_adds_up_and_a_class_retains_each_byte_once(drawn):
    graph = drawn.graph()
    found = held(graph)
    table = histogram(found)
    assert int(table.shallow.sum() + table.dead_shallow.sum()) == sum(drawn.sizes)
    assert int(table.count.sum() + table.dead_count.sum()) == NODES
    reached = drawn.reached()
    names = ["raw" if kind < 0 else graph.kinds[kind] for kind in drawn.kinds]
    for row, name in enumerate(table.names):
        live = [node for node in reached if names[node] == name]
        lost = set().union(*(drawn.dominated(node) for node in live))
        assert int(table.count[row]) == len(live)
        assert int(table.retained[row]) == sum(drawn.sizes[node] for node in lost)


@ANY
@given(HEAPS)
def test_every_object_of_a_class_has_one_immediate_dominator(drawn):
    found = held(drawn.graph())
    table = histogram(found)
    reached = drawn.reached()
    dominated = {node: drawn.dominated(node) for node in reached}
    names = ["raw" if kind < 0 else found.graph.kinds[kind] for kind in drawn.kinds]
    for row_number, name in enumerate(table.names):
        want: dict[str, list[int]] = {}
        for node in reached:
            if names[node] != name:
                continue
            above = [other for other in reached if other != node and node in dominated[other]]
            nearest = min(above, key=lambda other: len(dominated[other]), default=None)
            want.setdefault("root" if nearest is None else names[nearest], []).append(node)
        rows = dominators_of_class(found, table, row_number)
        assert {row.name: row.dominated for row in rows} == {key: len(nodes) for key, nodes in want.items()}
        for row in rows:
            assert row.shallow_bytes == sum(drawn.sizes[node] for node in want[row.name])


@settings(max_examples=40, deadline=None)
@given(HEAPS, st.integers(0, NODES - 1))
def test_distinct_paths_are_all_there_are_shortest_first(drawn, node):
    found = held(drawn.graph())
    back = backward(found)
    paths = distinct(back, node, most=10_000)
    assert sorted(paths) == sorted(drawn.paths(node))
    assert [len(path) for path in paths] == sorted(len(path) for path in paths)
    first = shortest(back.parent, node, found.root)
    assert len(first) == (len(paths[0]) if paths else 0)
    assert not first or first in paths


@ANY
@given(HEAPS, st.sets(st.integers(0, NODES - 1), max_size=3))
def test_the_telling_path_passes_no_late_node_where_another_way_is_there(drawn, late):
    found = held(replace(drawn.graph(), late=np.array(sorted(late), np.int32)))
    parent = telling_steps(found)
    edges = set(drawn.strong)
    all_ways, round_them = drawn.distances(set()), drawn.distances(late)
    for node in range(NODES):
        path = shortest(parent, node, found.root)
        assert bool(path) == (node in all_ways)
        if path:
            assert path[0] in drawn.roots
            assert all(step in edges for step in itertools.pairwise(path))
        if node in round_them:
            assert len(path) == round_them[node]
            assert not late & set(path[:-1])


@ANY
@given(HEAPS)
def test_what_only_weak_edges_reach_is_told_from_what_nothing_reaches(drawn):
    graph = drawn.graph()
    found = held(graph)
    loose = set(np.flatnonzero(loosely_held(graph, found.reached)).tolist())
    weak = {Strength.WEAK, Strength.SOFT, Strength.PHANTOM, Strength.FINALIZER}
    reached = drawn.reached()
    todo = [target for source, target, strength in drawn.edges if source in reached and strength in weak]
    want = set()
    while todo:
        node = todo.pop()
        if node not in want and node not in reached:
            want.add(node)
            todo += [target for source, target, _ in drawn.edges if source == node]
    assert loose == want


@ANY
@given(st.lists(st.binary(max_size=3), max_size=12))
def test_duplicates_are_the_blocks_that_are_equal_byte_for_byte(blocks):
    data = np.frombuffer(b"".join(blocks), np.uint8)
    length = np.array([len(block) for block in blocks], np.int64)
    begin = np.cumsum(length) - length
    nodes = np.arange(len(blocks), dtype=np.int32)
    found = duplicates(data, Blocks(nodes, begin, length), length + 16, most=100)
    many = {block: blocks.count(block) for block in blocks if blocks.count(block) > 1}
    assert {blocks[row.node]: row.copies for row in found.worst} == many
    assert found.groups == len(many)
    assert found.wasted_bytes == sum((copies - 1) * (len(block) + 16) for block, copies in many.items())


def test_fill_counts_empty_single_and_oversized_tables_and_the_slots_they_waste():
    used, capacity = np.array([0, 1, 1, 100, 3]), np.array([16, 16, 4, 128, -1])
    (row,) = fill(("Map",), np.zeros(5, np.int32), used, capacity, 8)
    assert (row.count, row.empty, row.single, row.oversized) == (5, 1, 2, 1)
    assert row.wasted_bytes == (16 + 15) * 8
