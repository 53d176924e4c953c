"""malloc's chunks counted window by window, and C++ classes by the tables of virtual functions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.heap.formats.native import census, kernels
from oakum.heap.formats.native.census import Census, mapped_chunks
from oakum.heap.formats.native.vtables import Vtables, demangled
from oakum.model.layout import ranks

BASE = 0x5500_0000_0000
NONE = np.empty((0, 2), np.int64)
FEW = settings(max_examples=40, deadline=None)


def laid_out(chunks, stop=None):
    """uint8[]: a heap with (size, in use, first word) one behind the other, then its top."""
    total = sum(size for size, *_ in chunks)
    stop = stop or -(-(total + 64) // 4096) * 4096
    words = np.zeros(stop // 8, np.int64)
    at, before = 0, 1
    for size, used, first in [*chunks, (stop - total, 0, 0)]:
        words[at // 8 + 1] = size | before
        words[at // 8 + 2] = first
        at, before = at + size, int(used)
    return words.tobytes()


def counted(raw, ranges=NONE, begin=0, name=lambda _: ""):
    found = Census(ranges)
    found.walk(lambda at, size: raw[at - BASE : at - BASE + size], BASE + begin, BASE + len(raw))
    return found.chunked(name)


@FEW
@given(st.lists(st.tuples(st.integers(2, 300).map(lambda units: 16 * units), st.booleans(), st.just(0)), min_size=8))
def test_what_was_laid_out_is_counted_whatever_the_window(chunks):
    raw = laid_out(chunks)
    whole = counted(raw)
    assert whole.used_bytes == sum(size for size, used, _ in chunks if used)
    assert whole.free_bytes == sum(size for size, used, _ in chunks if not used)
    assert whole.used_bytes + whole.free_bytes + whole.top_bytes == len(raw)
    before = census.WINDOW_BYTES
    census.WINDOW_BYTES = 8192
    try:
        assert counted(raw) == whole
    finally:
        census.WINDOW_BYTES = before


def test_sizes_are_told_with_their_count_most_bytes_first():
    rows = counted(laid_out([(48, True, 0)] * 10 + [(320, True, 0)] * 5)).classes
    assert [(row.size, row.count) for row in rows] == [(320, 5), (48, 10)]


def test_memory_in_front_of_the_first_chunk_is_passed_over():
    raw = bytes(2192) + laid_out([(64, True, 0)] * 20, stop=8192 - 2192)
    assert counted(raw, begin=32).used_count == 20


def test_a_walk_that_loses_its_way_finds_it_again_and_says_what_it_lost():
    raw = bytearray(laid_out([(64, True, 0)] * 200))
    raw[64 * 50 : 64 * 52] = b"\xff" * 128
    found = counted(bytes(raw))
    assert found.used_count == pytest.approx(200, abs=4)
    assert 0 < found.lost_bytes < 512


def test_pages_that_are_not_there_are_lost_and_not_counted():
    raw = bytearray(laid_out([(64, True, 0)] * 200))
    raw[4096:8192] = bytes(4096)
    found = counted(bytes(raw))
    assert found.used_count == pytest.approx(200 - 64, abs=3)
    assert found.lost_bytes == pytest.approx(4096, abs=128)


@FEW
@given(st.binary(min_size=0, max_size=4096))
def test_any_memory_gives_an_answer(raw):
    found = counted(raw.ljust(8192, b"\x31"))
    assert 0 <= found.used_bytes + found.free_bytes + found.top_bytes + found.lost_bytes <= 8192


def test_first_words_are_counted_where_constants_stand():
    ranges = np.array([[0x7000, 0x8000]], np.int64)
    raw = laid_out([(64, True, 0x7010)] * 7 + [(64, False, 0x7010)] + [(64, True, 0x9000)] * 3)
    (row,) = counted(raw, ranges, name=lambda address: f"class at {address:#x}").objects
    assert (row.name, row.count, row.bytes) == ("class at 0x7010", 7, 448)


def test_chunks_that_are_mappings_of_their_own_follow_each_other():
    words = np.zeros(5 * 512, np.int64)
    words[1], words[2 * 512 + 1] = 8192 | 2, (12288 - 16) | 2
    raw = words.tobytes()
    found = mapped_chunks(lambda at, size: raw[at - BASE : at - BASE + size], [(BASE, BASE + len(raw))], 10)
    assert found == [(BASE, 8192), (BASE + 8192, 12288)]


@pytest.mark.parametrize(
    ("mangled", "told"),
    [
        ("N4shop7SessionE", "shop::Session"),
        ("7Session", "Session"),
        ("St9exception", "std::exception"),
        ("N4shop5CacheINS_4PairEE", "N4shop5CacheINS_4PairEE"),
        ("N4shop5CacheIiN4shop4PairEEE", "shop::Cache<int, shop::Pair>"),
        ("N12_GLOBAL__N_14JobsE", "(anonymous namespace)::Jobs"),
        ("P7Session", "Session*"),
        ("99x", "99x"),
        ("", ""),
    ],
)
def test_names_are_told_as_they_are_written_and_unknown_ones_as_they_are(mangled, told):
    assert demangled(mangled) == told


@given(st.text(st.sampled_from("NESt1234567abIPK_Z"), max_size=40))
def test_any_name_gives_a_name(name):
    assert isinstance(demangled(name), str)


class Words:
    """Memory of a vtable of shop::Session at 0x2010, with its description at 0x3000 and its name at 0x4000."""

    def __init__(self, top=0, described=0x3000):
        self.words = {0x2000: top, 0x2008: described, 0x2010: 0x1000, 0x3008: 0x4000}

    def read(self, address, size):
        if address >= 0x4000:
            return b"N4shop7SessionE\0"
        return b"".join(self.words.get(address + at, 0).to_bytes(8, "little") for at in range(0, size, 8))


def named(memory, address=0x2010, **more):
    return Vtables(
        memory, lambda at: at == 0x1000, lambda at: 0x2000 <= at < 0x5000, lambda at: f"server+{at:#x}", **more
    ).name(address)


def test_a_class_is_named_by_its_description_in_memory():
    assert named(Words()) == "shop::Session"


def test_without_description_the_place_is_told_or_what_a_symbol_says():
    assert named(Words(described=0)) == "vtable at server+0x2010"
    assert named(Words(described=0), symbol=lambda at: "_ZTV7Session" if at == 0x2000 else "") == "Session"


def test_what_is_no_vtable_has_no_name():
    assert named(Words(top=12345678)) == ""
    assert named(Words(described=0x9999)) == ""
    assert named(Words(), address=0x2011) == ""


def stood(before, after, **what):
    first, last = counted(before).sample, counted(after).sample
    return first.stood(last, **what)


def test_blocks_that_stand_unchanged_are_told_from_those_that_were_freed_or_written_to():
    rows = [(64, True, 7)] * 50 + [(320, True, 9)] * 40
    freed = [(64, True, 7)] * 50 + [(320, number >= 10, 9) for number in range(40)]
    written = [(64, True, 8)] * 50 + [(320, True, 9)] * 40
    assert stood(laid_out(rows), laid_out(rows), size=320) == (40, 40)
    assert stood(laid_out(rows), laid_out(freed), size=320) == (30, 40)
    assert stood(laid_out(rows), laid_out(written), size=64) == (0, 50)
    assert stood(laid_out(rows), laid_out(written), first=9) == (40, 40)


def test_samples_that_are_full_keep_the_same_addresses_at_each_look(monkeypatch):
    few, many = [(64, True, 7)] * 300, [(64, True, 7)] * 900
    whole = kernels.tables
    monkeypatch.setattr(census.kernels, "tables", lambda: whole(sampled=64))
    same, sampled = stood(laid_out(few), laid_out(many), size=64)
    assert same == sampled
    assert 3 < sampled <= 64
    assert counted(laid_out(many)).sample.mask > counted(laid_out(few)).sample.mask > 0


def test_the_kernel_and_the_model_rank_addresses_alike():
    addresses = np.array([0, 16, BASE, BASE + 4096, 0x7FFF_FFFF_FFF0], np.int64)
    assert ranks(addresses).tolist() == [kernels.rank(address) for address in addresses.tolist()]
