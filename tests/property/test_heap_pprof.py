"""A profile reads as it was written; any bytes give a profile or a data error; sums are those of the samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pprof_files import PprofFile, block, number

from oakum.heap.analysis import analyze
from oakum.heap.difference import difference, sketch
from oakum.heap.formats.detect import read_dump
from oakum.heap.formats.pprof import is_pprof, read_profile
from oakum.heap.formats.pprof.figures import read_figures
from oakum.heap.formats.pprof.views import profile_report
from oakum.model.cause import CauseName
from oakum.model.errors import CallerError, DataError

FRAMES = st.tuples(
    st.sampled_from(["main.serve", "main.main", "runtime.mallocgc", "net/http.(*conn).serve", "example.com/a/b.New"]),
    st.sampled_from(["/srv/shop/main.go", "/usr/local/go/src/net/http/server.go", ""]),
    st.integers(0, 900),
)
SAMPLES = st.lists(
    st.tuples(st.lists(FRAMES, max_size=5), st.tuples(*[st.integers(-(1 << 40), 1 << 40)] * 3), st.booleans()),
    max_size=8,
)


def made(samples):
    file = PprofFile()
    for stack, values, packed in samples:
        file.sample(stack, values, packed=packed)
    return file.bytes()


def array(data):
    return np.frombuffer(bytes(data), np.uint8)


@settings(max_examples=100, deadline=None)
@given(SAMPLES)
def test_samples_are_those_that_were_written(samples):
    data = made(samples)
    assert is_pprof(data[:256])
    profile = read_profile(array(data))
    wanted = [
        (tuple(stack), max(values[1], 0), max(values[2], 0)) for stack, values, _ in samples if max(values[1:]) > 0
    ]
    assert [
        (tuple((frame.function, frame.file, frame.line) for frame in sample.stack), sample.objects, sample.bytes)
        for sample in profile.samples
    ] == wanted
    assert profile.period_bytes == 4096


@settings(max_examples=100, deadline=None)
@given(SAMPLES)
def test_functions_and_call_paths_add_up_to_what_lives(samples):
    data = array(made(samples))
    profile = read_profile(data)
    total = sum(sample.bytes for sample in profile.samples)
    told = profile_report(profile, file="x")
    assert told.total.bytes == total
    with_stack = sum(sample.bytes for sample in profile.samples if sample.stack)
    assert sum(row.shallow_bytes for row in told.classes) == with_stack
    for row in told.classes:
        function = row.name.partition(" (")[0]
        most = sum(s.bytes for s in profile.samples if any(frame.function == function for frame in s.stack))
        assert row.shallow_bytes <= row.retained_bytes <= most
    held = sketch(data, file="x", told=lambda _: None).holders
    assert sum(each.retained_bytes for each in held.values()) == total


@settings(max_examples=200, deadline=None)
@given(SAMPLES, st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=4), st.integers(0, 300))
def test_changed_and_cut_bytes_give_an_answer_or_a_data_error_and_nothing_else(samples, changes, cut):
    data = bytearray(made(samples))
    for at, value in changes:
        data[at % len(data)] = value
    data = data[: max(0, len(data) - cut)]
    try:
        analyze(array(data), file="x", told=lambda _: None)
    except (DataError, CallerError):
        return


def test_growth_is_told_by_call_path():
    stack = [("main.put", "/srv/shop/store.go", 9), ("main.serve", "/srv/shop/main.go", 4)]
    still = [("main.load", "/srv/shop/load.go", 2)]
    sketches = []
    for count in (1000, 5000):
        file = PprofFile()
        file.sample(stack, (0, count, count * 100))
        file.sample(still, (0, 10, 90_000))
        sketches.append(sketch(array(file.bytes()), file=str(count), told=lambda _: None))
    found = difference(sketches)
    assert [each.holder for each in found.suspects] == ["main.put (store.go:9) ← main.serve"]
    assert found.suspects[0].growth == (100_000, 500_000)
    assert any("not who holds it" in warning for warning in found.warnings)


def test_stacks_of_goroutines_are_told_as_such():
    file = PprofFile()
    file.sample([("runtime.malg", "runtime/proc.go", 1), ("runtime.newproc1", "runtime/proc.go", 2)], (0, 900, 900_000))
    told = analyze(array(file.bytes()), file="x", told=lambda _: None)
    assert [(each.holder, each.cause) for each in told.suspects] == [("stacks of goroutines", CauseName.GOROUTINE)]


def test_a_profile_of_another_thing_is_a_data_error():
    file = PprofFile(("samples", "cpu"))
    file.sample([("main.main", "main.go", 1)], (1, 2))
    with pytest.raises(DataError, match="not of a heap"):
        analyze(array(file.bytes()), file="x", told=lambda _: None)


def test_a_question_for_objects_is_answered_with_what_a_profile_is():
    with pytest.raises(CallerError, match="holds no objects"):
        read_dump(array(PprofFile().bytes()))


@pytest.mark.parametrize(
    "begin", [b"", b"\n", b"\n\n", b"hello\n", b"\x0a\x02", b"\x0a\x7f" + b"a" * 300, b"\n\x04text", b"\x00" * 40]
)
def test_what_only_begins_alike_is_no_profile(begin):
    assert not is_pprof(begin)


def test_a_length_of_two_to_the_sixty_is_an_error_before_anything_is_made_of_that_size():
    data = PprofFile().bytes() + block(2, b"")[:1] + b"\xff" * 8 + b"\x0f"
    with pytest.raises(DataError, match="cut off"):
        read_profile(array(data))


def test_a_recursive_function_is_counted_once_per_stack():
    file = PprofFile()
    walk = ("main.walk", "/srv/shop/tree.go", 7)
    file.sample([walk, walk, walk, ("main.main", "/srv/shop/main.go", 1)], (0, 1, 1000))
    rows = {row.name: row for row in profile_report(read_profile(array(file.bytes())), file="x").classes}
    assert rows["main.walk (tree.go:7)"].retained_bytes == 1000


TEXTS = [
    path.read_bytes()
    for path in sorted((Path(__file__).parents[1] / "recordings" / "go").iterdir())
    if path.suffix == ".txt"
]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(TEXTS),
    st.lists(st.tuples(st.integers(0, 9000), st.binary(max_size=3)), max_size=6),
    st.integers(0, 9000),
)
def test_changed_and_cut_texts_of_go_give_an_answer_or_a_data_error_and_nothing_else(text, changes, cut):
    data = bytearray(text)
    for at, put in changes:
        data[at % len(data) : at % len(data) + len(put)] = put
    data = data[: max(1, len(data) - cut)]
    read_figures(bytes(data))
    try:
        analyze(array(data), file="x", told=lambda _: None)
    except (DataError, CallerError):
        return


def test_a_stack_of_many_ids_that_are_many_lines_each_stays_small():
    """A place of many inlined lines, named again and again: the stack would be the product of both."""
    lines = block(4, number(1, 1) + number(2, 3)) * 2000
    raw = PprofFile(("goroutine",)).bytes() + block(4, number(1, 7) + lines) + block(5, number(1, 1) + number(2, 0))
    raw += block(2, block(1, b"\x07" * 2000) + block(2, b"\x05"))
    (sample,) = read_profile(array(raw)).samples
    assert (len(sample.stack), sample.objects) == (1024, 5)


def test_places_without_names_are_told_by_address_file_and_build():
    file = PprofFile()
    file.sample([("", "", 0)], (0, 10, 1_000_000))
    # A mapping with its file and build, and the place again: as an address in it.
    raw = file.bytes() + block(6, b"/srv/shop") + block(6, b"5f2c00aa")
    at = len(file.texts)
    raw += block(3, number(1, 1) + number(5, at) + number(6, at + 1))
    raw += block(4, number(1, 1) + number(2, 1) + number(3, 0x46F1A2))
    told = profile_report(read_profile(array(raw)), file="x")
    assert told.suspects[0].holder == "0x46f1a2 (shop)"
    assert "shop (build id 5f2c00aa)" in told.warnings[-1]
