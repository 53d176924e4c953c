"""What was written is read again; any bytes give a census or a data error, and what is read can be analysed."""

from __future__ import annotations

import struct
import zlib
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.heap import kernels
from oakum.heap.analysis import report
from oakum.heap.difference import difference, sketch_of
from oakum.heap.formats.census import read_census, write_census
from oakum.heap.formats.census.census import SHAPES, Census, Facts, Kind, Told
from oakum.heap.formats.census.dump import CensusDump
from oakum.heap.formats.census.fold import owners
from oakum.heap.formats.detect import read_dump
from oakum.model.errors import DataError

SECTION = struct.Struct("<8sQII")
KINDS = tuple(Kind(f"shop.{shape}", "shop" if at % 2 else "builtins", shape) for at, shape in enumerate(SHAPES))


def ints(values, dtype=np.int32):
    return np.array(values, dtype)


@st.composite
def censuses(draw):
    nodes = draw(st.integers(1, 12))
    node = st.integers(0, nodes - 1)
    names = ("", *draw(st.lists(st.text(max_size=5), max_size=4)))
    name = st.integers(0, len(names) - 1)
    rows = [draw(st.lists(node, max_size=4)) for _ in range(nodes)]
    target = [at for row in rows for at in row]
    told = draw(st.lists(st.tuples(node, name, name, st.integers(0, 99)), max_size=4))
    columns = [ints([row[at] for row in told]) for at in range(4)]
    some = st.lists(node, max_size=4, unique=True)
    lengths, texts = draw(some), draw(some)
    return Census(
        Facts("3.12", 1.5, 0.0, draw(st.booleans()), 0),
        KINDS,
        names,
        ints(range(0, 16 * nodes, 16), np.int64),
        ints(draw(st.lists(st.integers(0, 1 << 40), min_size=nodes, max_size=nodes)), np.int64),
        ints(draw(st.lists(st.integers(0, len(KINDS) - 1), min_size=nodes, max_size=nodes))),
        ints([len(row) for row in rows]),
        ints(target),
        ints([draw(st.integers(-5, len(names) - 1)) for _ in target]),
        Told(*columns),
        ints(lengths),
        ints([draw(st.integers(0, 99)) for _ in lengths], np.int64),
        ints(texts),
        ints([draw(st.integers(-9, 9)) for _ in texts], np.int64),
        *(ints(sorted(draw(some))) for _ in range(4)),
    )


def read(data):
    return read_census(np.frombuffer(bytes(data), np.uint8))


def analysed(census):
    dump = CensusDump(census)
    found = report(dump, file="x", told=lambda _: None)
    assert found.total.objects == census.address.size
    assert found.references == census.target.size
    difference([sketch_of(dump, file=name, told=lambda _: None) for name in "ab"])


def parts(value):
    return [getattr(value, field.name) for field in fields(value)]


@settings(max_examples=60, deadline=None)
@given(censuses())
def test_what_was_written_is_read_again_and_can_be_analysed(census):
    again = read(b"".join(write_census(census)))
    for mine, read_again in zip(parts(census), parts(again), strict=True):
        if isinstance(mine, Told):
            assert all(np.array_equal(one, two) for one, two in zip(parts(mine), parts(read_again), strict=True))
        elif isinstance(mine, np.ndarray):
            assert np.array_equal(mine, read_again)
        else:
            assert mine == read_again
    analysed(again)


@settings(max_examples=150, deadline=None)
@given(
    censuses(), st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), min_size=1, max_size=5), st.booleans()
)
def test_changed_bytes_give_a_census_or_a_data_error_and_nothing_else(census, changes, sealed):
    """``sealed``: the checksums are put right again, as somebody would who means harm."""
    data = bytearray(b"".join(write_census(census)))
    for at, value in changes:
        data[at % len(data)] = value
    try:
        found = read(resealed(data) if sealed else data)
    except DataError:
        return
    analysed(found)


@settings(max_examples=60, deadline=None)
@given(censuses(), st.integers(1, 4000))
def test_a_file_cut_anywhere_is_a_data_error(census, cut):
    whole = b"".join(write_census(census))
    if cut < 8 and whole[-cut:].strip(b"\0") == b"":
        return
    with pytest.raises(DataError):
        read(whole[: max(0, len(whole) - cut)])


def resealed(data):
    made, at = bytearray(data[:20]), 20
    while at + SECTION.size <= len(data):
        name, length, _, rest = SECTION.unpack(data[at : at + SECTION.size])
        content = data[at + SECTION.size : at + SECTION.size + length]
        made += SECTION.pack(name, length, zlib.crc32(content), rest) + content
        made += data[at + SECTION.size + length : at + SECTION.size + length + -length % 8]
        at += SECTION.size + length + -length % 8
    return bytes(made + data[at:])


ONE = Census(
    Facts("3.12", 1.0, 0.0, redacted=True, skipped_bytes=0),
    KINDS,
    ("",),
    ints([16], np.int64),
    ints([32], np.int64),
    ints([0]),
    ints([1]),
    ints([0]),
    ints([0]),
    Told(ints([]), ints([]), ints([]), ints([])),
    ints([]),
    ints([], np.int64),
    ints([]),
    ints([], np.int64),
    *(ints([]) for _ in range(4)),
)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target": ints([1])}, "'target' leads out"),
        ({"kind": ints([99])}, "'kind' leads out"),
        ({"kind": ints([-1])}, "'kind' leads out"),
        ({"degree": ints([2**31 - 1])}, "do not add up"),
        ({"degree": ints([-1])}, "'degree' leads out"),
        ({"edge_name": ints([5])}, "leads out of the names"),
        ({"modules": ints([7])}, "'modules' leads out"),
        ({"size": ints([-5], np.int64)}, "no real memory"),
        ({"size": ints([1 << 62], np.int64)}, "no real memory"),
        ({"size": ints([1, 2], np.int64)}, "2 numbers where 1 belong"),
        ({"names": ("a",)}, "not the empty one"),
        ({"kinds": ()}, "no list"),
        ({"kinds": (Kind("a", "b", "cube"),)}, "shape 'cube'"),
        ({"facts": Facts("3.12", -1.0, 0.0, redacted=True, skipped_bytes=0)}, "other types"),
        ({"facts": Facts("3.12", 1.0, 0.0, redacted=True, skipped_bytes=10**400)}, "other types"),
        ({"address": ints([], np.int64)}, "no objects"),
    ],
)
def test_numbers_that_lie_are_one_clear_error(changes, words):
    with pytest.raises(DataError) as told:
        read(b"".join(write_census(replace(ONE, **changes))))
    assert words in str(told.value)


def test_a_length_of_two_to_the_sixty_is_an_error_before_anything_is_made_of_that_size():
    data = bytearray(b"".join(write_census(ONE)))
    data[28:36] = struct.pack("<Q", 1 << 60)
    with pytest.raises(DataError, match="cut off"):
        read(data)


def test_a_later_version_says_so():
    data = bytearray(b"".join(write_census(ONE)))
    data[16] = 9
    with pytest.raises(DataError, match="version 9"):
        read(data)


def test_a_census_is_known_by_its_first_bytes():
    data = np.frombuffer(b"".join(write_census(ONE)), np.uint8)
    assert read_dump(data).format == "python"


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_each_reference_is_found_in_the_word_that_holds_it(data):
    """Blocks of four words side by side; a word leads to a block, or is nothing. The second names the type."""
    blocks = data.draw(st.integers(1, 6))
    base = 1 << 20
    leads = [[data.draw(st.integers(-2, blocks - 1)) for _ in range(4)] for _ in range(blocks)]
    words = ints([base + 32 * to if to >= 0 else to for row in leads for to in row], np.int64)
    slots = ints([block if part == 0 else -1 for block in range(blocks) for part in range(2)])
    begin = ints([base + 32 * block for block in range(blocks)], np.int64)
    head = np.where(ints([data.draw(st.booleans()) for _ in range(blocks)], np.bool_), begin + 8, 0)
    rows = [
        [(word, to) for word, to in enumerate(row) if to >= 0 and to != block and not (word == 1 and head[block])]
        for block, row in enumerate(leads)
    ]
    offsets = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
    piece = (ints([base], np.int64), ints([base + 32 * blocks], np.int64), ints([0], np.int64))
    found = kernels.word_of_edges(
        words,
        *piece,
        ints([0], np.int64),
        slots,
        begin,
        np.full(blocks, 32, np.int64),
        head.astype(np.int64),
        offsets,
        ints([to for row in rows for _, to in row]),
    )
    assert found.tolist() == [word for row in rows for word, _ in row]


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 9), st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=20), st.data())
def test_only_what_one_node_holds_is_folded_into_it(nodes, edges, data):
    pairs = [(source % nodes, target % nodes) for source, target in edges]
    foldable = ints([data.draw(st.booleans()) for _ in range(nodes)], np.bool_)
    found = owners(ints([pair[0] for pair in pairs]), ints([pair[1] for pair in pairs]), foldable, nodes).tolist()
    for node, owner in enumerate(found):
        assert found[owner] == owner, "what is folded is folded into what stays"
        if not foldable[node]:
            assert owner == node
        elif owner != node:
            assert {found[source] for source, target in pairs if target == node and source != node} == {owner}
