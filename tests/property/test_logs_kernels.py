"""The fast search equals a slow one; any bytes, in any pieces, give the same reading."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.logs import LogReader, library
from oakum.logs.texts import Texts

LETTERS = st.sampled_from(b"abAB \n")
WORDS = st.lists(st.text("ab ", min_size=4, max_size=9), min_size=1, max_size=8, unique=True)
LINES = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from(
            [
                b"MemoryError",
                b"2026-11-22 06:05:57 java.lang.OutOfMemoryError: Java heap space",
                b"\tat com.acme.Cart.add(Cart.java:42)",
                b"[12.5s][gc] GC(1) Pause Full (x) 63M->62M(64M) 1200.5ms",
                b"Too many open files",
            ]
        ),
    ),
    max_size=30,
)


@given(WORDS, st.lists(LETTERS, max_size=400).map(bytes), st.integers(0, 400))
@settings(max_examples=200, deadline=None)
def test_the_kernel_finds_what_a_slow_search_finds(words, data, cut):
    texts, view = Texts(words), np.frombuffer(data, np.uint8)
    found = []
    for start, end in ((0, min(cut, len(data))), (min(cut, len(data)), len(data))):
        at = start
        while at < end:
            places, which, at = texts.find(view, at, end)
            found += zip(places.tolist(), which.tolist(), strict=True)
    folded = data.lower()
    slow = [
        (at, number)
        for number, word in enumerate(words)
        for at in range(len(data))
        if folded.startswith(word.encode(), at)
    ]
    assert sorted(found) == sorted(slow)


@given(WORDS, st.integers(1, 50))
@settings(max_examples=20, deadline=None)
def test_compiled_and_plain_find_the_same(words, times):
    texts = Texts(words)
    small = "".join(words).encode() * times
    large = small + b"x" * (40 << 10)
    few, _, _ = texts.find(np.frombuffer(small, np.uint8), 0, len(small))
    few = few.tolist()
    many, _, _ = texts.find(np.frombuffer(large, np.uint8), 0, len(large))
    assert few == [at for at in many.tolist() if at < len(small)][: len(few)]


@given(LINES, st.integers(1, 200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_in_any_pieces_read_the_same(lines, size):
    log = b"\n".join(lines)
    whole, pieces = LogReader(library(), now_s=1.8e9), LogReader(library(), now_s=1.8e9)
    whole.feed(log)
    for at in range(0, len(log), size):
        pieces.feed(log[at : at + size])
    assert pieces.finish() == whole.finish()
