"""The HPROF reader: what was written is read, and any bytes give a graph or a data error."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hprof_files import OBJECTS, HprofFile, edges_of, made, place
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.heap import compiled, means
from oakum.heap.formats.hprof import read_hprof, records
from oakum.heap.formats.hprof.ids import Ids
from oakum.heap.graph import Strength
from oakum.heap.held import held
from oakum.heap.means import Means, Part
from oakum.host.scratch import LiveScratch
from oakum.host.threads import LiveThreads
from oakum.model.errors import DataError


@pytest.fixture(params=[-1, 1 << 40], ids=["compiled", "interpreted"], autouse=True, scope="module")
def form(request):
    """Both forms of every kernel are run, whatever the size of the file."""
    patch = pytest.MonkeyPatch()
    patch.setattr(compiled, "INTERPRETED_STEPS", request.param)
    yield
    patch.undo()


def read(data):
    return read_hprof(np.frombuffer(data, np.uint8))


def node_at(heap, identity):
    return int(np.searchsorted(heap.graph.address, identity))


@settings(max_examples=80, deadline=None)
@given(OBJECTS, st.sets(st.integers(0, 7), max_size=3), st.sampled_from([4, 8]), st.integers(1, 4))
def test_objects_references_names_and_strengths_are_read_as_they_were_written(objects, roots, wide, segments):
    heap = read(made(objects, roots, wide=wide, segments=segments))
    graph = heap.graph
    found = []
    for node in range(len(objects)):
        source = node_at(heap, place(node))
        assert int(graph.address[source]) == place(node)
        for edge in range(int(graph.edge_offsets[source]), int(graph.edge_offsets[source + 1])):
            target = (int(graph.address[graph.edge_targets[edge]]) - place(0)) // 64
            found.append((node, target, graph.edge_name(edge)))
    edges = edges_of(objects)
    assert found == [edge[:3] for edge in edges if not edge[3]]
    apart = [(graph.address[at] - place(0)) // 64 for ends in (graph.loose.source, graph.loose.target) for at in ends]
    weak = [edge for edge in edges if edge[3]]
    assert apart == [edge[0] for edge in weak] + [edge[1] for edge in weak]
    assert set(graph.loose.strength.tolist()) <= {Strength.WEAK}
    assert graph.edges == len(edges) + 1  # WeakReference extends Reference
    assert graph.nodes == len(objects) + 4
    kinds = {
        "pair": "shop.Pair",
        "array": "java.lang.Object[]",
        "bytes": "byte[]",
        "weak": "java.lang.ref.WeakReference",
    }
    for node, row in enumerate(objects):
        assert graph.kind_name(node_at(heap, place(node))) == kinds[row[0]]
    rooted = {node for node in roots if node < len(objects)}
    assert {(int(graph.address[at]) - place(0)) // 64 for at in graph.roots[3]} == rooted
    assert not heap.warnings


@settings(max_examples=60, deadline=None)
@given(OBJECTS, st.integers(0, 3000))
def test_a_file_cut_anywhere_gives_what_it_holds_or_a_data_error(objects, cut):
    whole = made(objects, {0})
    data = whole[: min(cut, len(whole) - 10)]
    try:
        heap = read(data)
    except DataError:
        return
    assert any("cut off" in warning for warning in heap.warnings)
    assert set(heap.graph.address.tolist()) <= set(read(whole).graph.address.tolist())
    held(heap.graph)


@settings(max_examples=200, deadline=None)
@given(OBJECTS, st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=6))
def test_changed_bytes_give_a_graph_or_a_data_error_and_nothing_else(objects, changes):
    data = bytearray(made(objects, {0}))
    for at, value in changes:
        data[at % len(data)] = value
    try:
        graph = read(bytes(data)).graph
    except DataError:
        return
    assert int(graph.edge_offsets[-1]) == graph.edge_targets.size
    assert not graph.edges or 0 <= graph.edge_targets.min() <= graph.edge_targets.max() < graph.nodes
    held(graph)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_after_a_good_header_give_a_graph_or_a_data_error(body):
    file = HprofFile()
    with contextlib.suppress(DataError):
        held(read(file.head + b"\x1c" + bytes(4) + len(body).to_bytes(4, "big") + body).graph)


@given(OBJECTS, st.integers(64, 80), st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_records_found_in_small_chunks_and_shares_are_those_found_at_once(objects, chunk, segments, threads):
    data = np.frombuffer(made(objects, {0}, segments=segments), np.uint8)
    whole = records.scan(data, records.Header("1.0.2", 8, 0.0, 31))
    patch = pytest.MonkeyPatch()
    with patch.context() as patched:
        patched.setattr(records, "CHUNK", chunk % 5 + 1)
        patched.setattr(records, "LEAST_CHUNK", 1)
        patched.setattr(means, "LEAST_STEPS", 0)
        parts = records.scan(data, records.Header("1.0.2", 8, 0.0, 31), Means(threads=LiveThreads(threads)))
    assert whole.ids.tolist() == parts.ids.tolist()
    for name in ("at", "string_id", "string_at", "record_at", "root_at"):
        assert getattr(whole, name).tolist() == getattr(parts, name).tolist()


@given(
    st.lists(st.one_of(st.integers(0, 400).map(lambda step: step * 8), st.integers(-(2**63), 2**63 - 1)), max_size=60),
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20),
)
@settings(max_examples=150, deadline=None)
def test_ids_are_found_wherever_they_stand_and_no_others_are(members, others):
    array = np.array(members, np.int64)
    known = Ids(array, int(np.bitwise_or.reduce(array, initial=0)))
    rising = sorted(set(members))
    assert known.tolist() == rising
    asked = (
        members
        + others
        + [at + step for at in members[:20] for step in (-8, -1, 1, 8) if -(2**63) <= at + step < 2**63]
    )
    expected = [rising.index(at) if at in rising else -1 for at in asked]
    assert known.of(np.array(asked, np.int64)).tolist() == expected


@given(OBJECTS, st.integers(1, 4), st.integers(2, 3))
@settings(max_examples=40, deadline=None)
def test_a_file_read_by_several_hands_with_its_arrays_in_files_is_the_same(objects, segments, threads):
    data = np.frombuffer(made(objects, {0}, segments=segments), np.uint8)
    whole = read_hprof(data).graph
    patch = pytest.MonkeyPatch()
    with patch.context() as patched:
        patched.setattr(means, "LEAST_STEPS", 0)
        scratch = LiveScratch()
        parts = read_hprof(data, Means(threads=LiveThreads(threads), scratch=scratch, spilled=len(Part))).graph
    assert scratch.used_bytes > 0
    for name in ("address", "size", "kind", "edge_offsets", "edge_targets"):
        assert getattr(whole, name).tolist() == getattr(parts, name).tolist()
    for name in ("source", "target", "strength"):
        assert getattr(whole.loose, name).tolist() == getattr(parts.loose, name).tolist()
    names = [[graph.edge_name(edge) for edge in range(graph.edge_targets.size)] for graph in (whole, parts)]
    assert names[0] == names[1]


def test_an_array_that_promises_more_than_its_segment_holds_is_no_missing_segment():
    file = HprofFile()
    file.primitives(0x100, 8, bytes(100))
    data = file.bytes()
    lying = data.replace((100).to_bytes(4, "big") + b"\x08", b"\xff\xff\xff\xff\x08")
    assert lying != data
    with pytest.raises(DataError, match="could not be understood"):
        read(lying)
