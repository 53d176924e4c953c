"""The V8 reader equals a plain reading of the JSON, and any bytes give a graph or a data error."""

from __future__ import annotations

import json
import resource
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from v8_files import EDGE_TYPES, NODE_TYPES, NUMBERED, V8File

from oakum.heap import compiled
from oakum.heap.formats.v8 import read_v8
from oakum.heap.graph import Strength
from oakum.heap.held import held
from oakum.model.errors import DataError


@pytest.fixture(params=[-1, 1 << 40], ids=["compiled", "interpreted"], autouse=True, scope="module")
def form(request):
    """Both forms of every kernel are run, whatever the size of the file."""
    patch = pytest.MonkeyPatch()
    patch.setattr(compiled, "INTERPRETED_STEPS", request.param)
    yield
    patch.undo()


NODES = st.lists(st.tuples(st.sampled_from(NODE_TYPES), st.text(max_size=6), st.integers(0, 1 << 40)), max_size=7)
EDGES = st.lists(
    st.tuples(st.integers(0, 7), st.sampled_from(EDGE_TYPES), st.text(max_size=5), st.integers(0, 7)), max_size=20
)


def made(nodes, edges, *, traced=True, indent=None):
    file = V8File(traced=traced)
    for kind, name, size in nodes:
        file.node(kind, name, size)
    count = len(file.nodes)
    for source, kind, name, target in edges:
        file.edge(source % count, kind, len(name) if kind in NUMBERED else name, target % count)
    return file.bytes(indent)


def read(data):
    return read_v8(np.frombuffer(data, np.uint8))


@settings(max_examples=80, deadline=None)
@given(NODES, EDGES, st.booleans(), st.sampled_from([None, 1]))
def test_nodes_edges_and_names_are_those_of_the_json(nodes, edges, traced, indent):
    data = made(nodes, edges, traced=traced, indent=indent)
    plain, heap = json.loads(data), read(data)
    width = len(plain["snapshot"]["meta"]["node_fields"])
    texts, graph = plain["strings"], heap.graph
    assert list(graph.names) == texts
    rows = [plain["nodes"][at : at + width] for at in range(0, len(plain["nodes"]), width)]
    assert [heap.type_of(node) for node in range(graph.nodes)] == [NODE_TYPES[row[0]] for row in rows]
    assert [heap.name_of(node) for node in range(graph.nodes)] == [texts[row[1]] for row in rows]
    assert graph.address.tolist() == [row[2] for row in rows]
    assert graph.size.tolist() == [row[3] for row in rows]
    assert np.diff(graph.edge_offsets).tolist() == [row[4] for row in rows]
    told = [plain["edges"][at : at + 3] for at in range(0, len(plain["edges"]), 3)]
    assert graph.edge_targets.tolist() == [row[2] // width for row in told]
    for edge, (kind, name, _) in enumerate(told):
        assert graph.edge_name(edge) == (f"[{name}]" if EDGE_TYPES[kind] in NUMBERED else texts[name])
        strength = graph.edge_strength[edge]
        if EDGE_TYPES[kind] == "weak":
            assert strength == Strength.WEAK
        elif EDGE_TYPES[kind] == "shortcut":
            assert strength == (Strength.STRONG if edge < graph.edge_offsets[1] else Strength.SHORTCUT)
        else:
            assert strength == Strength.STRONG


@settings(max_examples=60, deadline=None)
@given(NODES, EDGES, st.integers(2, 2000))  # the last byte closes the whole: nothing is lost with it
def test_a_file_cut_anywhere_gives_what_it_holds_or_a_data_error(nodes, edges, cut):
    whole = made(nodes, edges)
    try:
        heap = read(whole[: max(0, len(whole) - cut)])
    except DataError:
        return
    assert any("cut off" in warning for warning in heap.warnings)
    graph, want = heap.graph, read(whole).graph
    assert np.array_equal(graph.address, want.address[: graph.nodes])
    assert np.array_equal(graph.size, want.size[: graph.nodes])
    assert np.array_equal(graph.edge_targets, want.edge_targets[: graph.edges])
    assert np.array_equal(graph.edge_offsets, np.minimum(want.edge_offsets[: graph.nodes + 1], graph.edges))


@settings(max_examples=200, deadline=None)
@given(NODES, EDGES, st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_bytes_give_a_graph_or_a_data_error_and_nothing_else(nodes, edges, changes):
    data = bytearray(made(nodes, edges))
    for at, value in changes:
        data[at % len(data)] = value
    try:
        graph = read(bytes(data)).graph
    except DataError:
        return
    assert int(graph.edge_offsets[-1]) == graph.edges
    assert not graph.edges or 0 <= graph.edge_targets.min() <= graph.edge_targets.max() < graph.nodes
    held(graph)


def test_an_ephemerons_value_is_held_by_its_key_and_not_by_the_table():
    file = V8File()
    table, key, value = (file.node(kind, name) for kind, name in (("array", "t"), ("object", "K"), ("object", "V")))
    name = f"1 / part of key (K @{2 * key + 1}) -> value (V @{2 * value + 1}) pair in WeakMap (table @{2 * table + 1})"
    file.edge(0, "element", 1, table)
    file.edge(0, "element", 2, key)
    file.edge(table, "internal", name, value)
    file.edge(key, "internal", name, value)
    found = held(read(file.bytes()).graph)
    assert found.retained_by(key) == 32
    assert found.retained_by(table) == 16


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"snapshot":{"meta":{}}}', "description"),
        (b'{"snapshot":[', "description does not end"),
        (b'{"snapshot":' + b"[" * 100_000, "description does not end"),
        (made([], []).replace(b'"node_count": 1', b'"node_count": 1152921504606846976'), "can be read"),
        (made([], []).replace(b'"edge_count": 0', b'"edge_count": 1152921504606846976'), "its nodes have 0 references"),
        (made([("object", "a", 1)], [(0, "element", "", 1)]).replace(b"[1, 0, 7]", b"[1, 0, 70]"), "can be read"),
        (made([], []).partition(b'"nodes": [')[0], "before its first object"),
        (made([("object", "a", 77)], []).replace(b", 77, 0", b", %d, 0" % (2**64 + 16)), "of 2 nodes 1 can be read"),
        (made([("object", "a", 77)], []).replace(b", 77, 0", b", %s, 0" % (b"9" * 5000)), "of 2 nodes 1 can be read"),
        (made([("object", "a", 77)], []).replace(b", 77, 0", b", 77, %d" % 2**40), "of 2 nodes 1 can be read"),
    ],
)
def test_what_lies_or_breaks_off_is_one_clear_error(data, words):
    with pytest.raises(DataError) as told:
        read(data)
    assert words in str(told.value)


def test_an_element_far_out_in_an_array_takes_no_table_as_long_as_its_index():
    file = V8File()
    table, key, value = (file.node(kind, name) for kind, name in (("array", "t"), ("object", "K"), ("object", "V")))
    name = f"1 / part of key (K @{2 * key + 1}) -> value (V @{2 * value + 1}) pair in WeakMap (table @{2 * table + 1})"
    file.edge(0, "element", 2_000_000_000, key)
    file.edge(0, "element", 1, table)
    file.edge(table, "internal", name, value)
    file.edge(key, "internal", name, value)
    with little_memory():
        found = held(read(file.bytes()).graph)
    assert found.retained_by(key) == 32


def test_names_that_the_snapshot_does_not_hold_are_said_and_take_no_memory():
    file = V8File()
    file.edge(0, "element", 1, file.node("object", "K", 77))
    whole = file.bytes()
    name = json.loads(whole)["strings"].index("K")
    broken = whole.replace(b"3, %d, 3, 77" % name, b"3, 2147483000, 3, 77")
    assert broken != whole
    with little_memory():
        heap = read(broken)
    assert heap.name_of(1) == ""
    assert heap.graph.kind_name(1) == "(object)"
    assert "names that it does not hold" in heap.warnings[0]
    assert read(whole).warnings == ()


@contextmanager
def little_memory():
    """Half a GiB more than now: what a table by an index of the file would not fit into."""
    limits = resource.getrlimit(resource.RLIMIT_DATA)
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    data_kib = next(int(line.split()[1]) for line in lines if line.startswith("VmData:"))
    resource.setrlimit(resource.RLIMIT_DATA, ((data_kib << 10) + (1 << 29), limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, limits)
