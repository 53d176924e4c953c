"""Heap profiles in text: jemalloc's and gperftools', with the names of the files that were mapped."""

from __future__ import annotations

import math

import numpy as np
import pytest
from core_files import program
from hypothesis import given
from hypothesis import strategies as st

from oakum.heap.analysis import analyze
from oakum.heap.difference import difference, sketch
from oakum.heap.formats.jeprof import is_jeprof, read_jeprof
from oakum.heap.means import Means
from oakum.model.errors import DataError

MAPPED = b"""
MAPPED_LIBRARIES:
55000000-55003000 r-xp 00000000 fe:00 7                    /opt/shop/server
7f0000000000-7f0000003000 r-xp 00000000 fe:00 9            /usr/lib/x86_64-linux-gnu/libjemalloc.so.2
7f1000000000-7f1000003000 rw-p 00000000 00:00 0
"""
PROFILE = b"""heap_v2/524288
  t*: 7: 4294967 [0: 0]
  t0: 7: 4294967 [0: 0]
@ 0x7f0000000100 0x55001010 0x55002010
  t*: 4: 4194304 [0: 0]
  t0: 4: 4194304 [0: 0]
@ 0x7f0000000100 0x55001110 0x55002010
  t*: 2: 512 [0: 0]
  t1: 2: 512 [0: 0]
@ 0x7f0000000100 0x55002010
  t*: 0: 0 [0: 0]
"""
OLDER = b"""heap profile:      3:     3072 [     9:     9216] @ heapprofile
     2:     2048 [     5:     5120] @ 0x55001010 0x55002010
     1:     1024 [     4:     4096] @ 0x55001110
"""
NAMES = {
    "_ZN4shop12open_sessionEl": (0x1000, 0x100),
    "_ZN4shop5Cache3put17h0123456789abcdefE": (0x1100, 0x100),
    "main": (0x2000, 0x100),
}


def files(path):
    return program(NAMES, kind=2) if path == "/opt/shop/server" else b""


def array(raw):
    return np.frombuffer(raw, np.uint8)


def test_stacks_are_named_and_begin_where_the_program_called():
    profile = read_jeprof(array(PROFILE + MAPPED), files)
    stacks = [[frame.function for frame in sample.stack] for sample in profile.samples]
    assert stacks == [["shop::open_session", "main"], ["shop::Cache::put", "main"]]
    assert (profile.period_bytes, profile.format) == (524288, "jeprof")


def test_a_sample_stands_for_more_the_smaller_the_allocation():
    large, small = read_jeprof(array(PROFILE + MAPPED), files).samples
    assert large.bytes == pytest.approx(4194304 / (1 - math.exp(-2)), rel=1e-6)
    assert small.objects == pytest.approx(2 / (1 - math.exp(-256 / 524288)), rel=1e-2)


def test_a_profile_of_gperftools_is_taken_as_it_is():
    profile = read_jeprof(array(OLDER + MAPPED), files)
    assert [(sample.objects, sample.bytes) for sample in profile.samples] == [(2, 2048), (1, 1024)]


def test_without_files_places_are_told():
    profile = read_jeprof(array(PROFILE + MAPPED), lambda _: b"")
    assert profile.samples[0].stack[0].function == "server+0x100f"


def test_it_is_analysed_and_compared():
    def told(_):
        return None

    means = Means(files=files)
    report = analyze(array(PROFILE + MAPPED), file="a", told=told, means=means)
    assert report.format == "jeprof"
    assert report.suspects[0].holder.startswith("shop::open_session (server)")
    more = PROFILE.replace(b"t*: 4: 4194304", b"t*: 8: 8388608")
    pair = [
        sketch(array(raw + MAPPED), file=name, told=told, means=means) for name, raw in (("a", PROFILE), ("b", more))
    ]
    assert difference(pair).suspects[0].holder.startswith("shop::open_session (server)")


def test_what_holds_no_stack_is_broken():
    with pytest.raises(DataError):
        read_jeprof(array(b"heap_v2/1\nnothing"), files)
    assert not is_jeprof(b"heap of things")


@given(st.integers(0, len(PROFILE)), st.binary(max_size=60))
def test_any_bytes_give_a_profile_or_a_data_error(at, raw):
    try:
        profile = read_jeprof(array(PROFILE[:at] + raw + PROFILE[at:] + MAPPED), files)
    except DataError:
        return
    assert all(sample.bytes >= 0 and sample.objects >= 0 for sample in profile.samples)
