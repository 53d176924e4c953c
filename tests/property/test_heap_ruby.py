"""The Ruby reader equals a plain reading of the JSON lines, and any bytes give a graph or a data error."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruby_files import RubyFile

from oakum.heap import compiled
from oakum.heap.analysis import report
from oakum.heap.formats.ruby import kernels, read_ruby
from oakum.heap.formats.ruby.dump import RubyDump
from oakum.heap.held import held
from oakum.model.errors import DataError

KINDS = ("OBJECT", "HASH", "ARRAY", "STRING", "DATA", "IMEMO", "CLASS", "MODULE", "STRUCT")


@pytest.fixture(params=[-1, 1 << 40], ids=["compiled", "interpreted"], autouse=True, scope="module")
def form(request):
    """Both forms of every kernel are run, whatever the size of the file."""
    patch = pytest.MonkeyPatch()
    patch.setattr(compiled, "INTERPRETED_STEPS", request.param)
    yield
    patch.undo()


@st.composite
def files(draw):
    file = RubyFile()
    count = draw(st.integers(1, 8))
    at = st.integers(1, count + 1)
    for _ in range(count):
        fields = draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "memsize": st.integers(0, 1 << 40),
                    "slot_size": st.sampled_from([40, 80, 640]),
                    "size": st.integers(0, 99),
                    "name": st.text(max_size=6),
                    "value": st.text(max_size=9),
                    "file": st.text(max_size=6),
                    "line": st.integers(0, 999),
                    "frozen": st.booleans(),
                    "flags": st.just({"wb_protected": True, "old": [1, {"a": "}"}]}),
                },
            )
        )
        file.add(
            draw(st.sampled_from(KINDS)), *draw(st.lists(at, max_size=4)), of=draw(st.integers(0, count)), **fields
        )
    for name in draw(st.lists(st.sampled_from(["vm", "machine_context", "global_tbl"]), max_size=3, unique=True)):
        file.root(name, *draw(st.lists(at, min_size=1, max_size=3)))
    return file


def read(data):
    return read_ruby(np.frombuffer(bytes(data), np.uint8))


@settings(max_examples=80, deadline=None)
@given(files())
def test_objects_references_and_texts_are_those_of_the_lines(file):
    plain = [line for line in map(json.loads, file.bytes().splitlines()) if line["type"] != "ROOT"]
    heap = read(file.bytes())
    graph = heap.graph
    place = {line["address"]: node for node, line in enumerate(plain)}
    for node, line in enumerate(plain):
        assert graph.address[node] == int(line["address"], 16)
        assert heap.type_of(node) == line["type"]
        assert graph.size[node] == line.get("memsize", line.get("slot_size", 40))
        wanted = [place[at] for at in line.get("references", []) if at in place]
        wanted += [place[line["class"]]] if line.get("class") in place else []
        assert graph.targets(node).tolist() == wanted
        if line.get("file"):
            assert heap.text(node, kernels.AT_FILE) == json.dumps(line["file"])[1:-1]
    roots = {line["root"]: line["references"] for line in file.lines if line["type"] == "ROOT"}
    assert {heap.text(int(node), kernels.AT_SORT) for node in graph.roots[0]} == set(roots)
    assert graph.late.size == ("machine_context" in roots)


@settings(max_examples=100, deadline=None)
@given(files(), st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_bytes_give_a_graph_or_a_data_error_and_nothing_else(file, changes):
    data = bytearray(file.bytes())
    for at, value in changes:
        data[at % len(data)] = value
    try:
        heap = read(data)
    except DataError:
        return
    graph = heap.graph
    assert int(graph.edge_offsets[-1]) == graph.edges
    assert not graph.edges or 0 <= graph.edge_targets.min() <= graph.edge_targets.max() < graph.nodes
    report(RubyDump(heap), file="x", told=lambda _: None)


@settings(max_examples=60, deadline=None)
@given(files(), st.integers(1, 400))
def test_a_dump_cut_anywhere_tells_what_was_whole_and_says_so(file, cut):
    whole = file.bytes()
    part = whole[: max(0, len(whole) - cut)]
    try:
        heap = read(part)
    except DataError:
        return
    complete = part.endswith((b"\n", b"}")) and all(_is_json(line) for line in part.splitlines())
    assert bool([text for text in heap.warnings if "to the end" in text]) is not complete
    held(heap.graph)


def _is_json(line):
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    "data",
    [
        b'{"type":"ROOT", "root":"vm", "references":["0x10"]}\n',
        b'{"address":"0x',
        b'{"address":"0xzz", "type":"OBJECT"}\n',
        b'{"address":"0x10"}\n',
    ],
)
def test_lines_that_tell_of_no_object_are_a_data_error(data):
    with pytest.raises(DataError, match="no line"):
        read(data)


def test_numbers_too_large_to_be_true_are_clipped_and_wrap_nothing():
    data = b'{"address":"0x10", "type":"STRING", "memsize":999999999999999999999999, "length":99999999999999999999}\n'
    heap = read(data)
    assert 0 <= int(heap.graph.size[0]) <= 1 << 48


def test_references_that_outnumber_the_guess_are_all_read():
    data = b'{"address":"0x1", "type":"ARRAY", "references":[' + b'"0x1",' * 5000 + b'"0x1"]}\n'
    assert read(data).graph.edges == 5001
