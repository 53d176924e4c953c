"""malloc's chunks: a walk gives what was laid out; any memory gives an answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.heap.formats.glibc import kernels
from oakum.heap.formats.glibc.chunks import find_chunks
from oakum.heap.image import Area, MemoryImage

BASE, PAGE = 0x5500_0000_0000, 4096
FEW = settings(max_examples=60, deadline=None)


def image(words, path="[heap]"):
    words = np.asarray(words, np.int64)
    return MemoryImage(
        words.view(np.uint8),
        np.array([BASE], np.int64),
        np.array([BASE + words.size * 8], np.int64),
        np.zeros(1, np.int64),
        np.array([Area.HEAP], np.int64),
        (path,),
    )


@FEW
@given(st.lists(st.tuples(st.integers(2, 40), st.booleans()), min_size=1, max_size=60))
def test_a_heap_is_walked_to_its_end_and_what_the_next_one_says_is_free_is_free(chunks):
    total = sum(units * 16 for units, _ in chunks)
    words = np.zeros((total // PAGE + 1) * PAGE // 8, np.int64)
    at, before = 0, True
    for units, used in chunks:
        words[at // 8 + 1] = units * 16 | before
        at, before = at + units * 16, used
    top = words.size * 8 - at
    if top >= 32:
        words[at // 8 + 1] = top | before
    found = find_chunks(image(words), np.empty((0, 2), np.int64))
    assert found.whole
    given_out = [units * 16 for units, used in (chunks if top >= 32 else chunks[:-1]) if used]
    assert found.size[found.used].tolist() == given_out
    assert found.given.size == len(given_out)


@FEW
@given(st.lists(st.sampled_from([0, 1, 2, 3, 33, 4096, 4098, 8194, BASE, BASE + 16, -1]), min_size=512, max_size=512))
def test_no_memory_breaks_the_search_for_chunks(words):
    for path in ("[heap]", ""):
        found = find_chunks(image(words * 4, path), np.empty((0, 2), np.int64))
        assert (found.size > 0).all()
        assert (found.begin >= BASE).all()
        assert (found.begin + found.size <= BASE + PAGE * 4).all()
        assert (found.begin[1:] >= (found.begin + found.size)[:-1]).all()


def test_mappings_of_their_own_are_known_by_either_way_of_telling_their_size():
    words = np.zeros(5 * PAGE // 8, np.int64)
    words[1] = 2 * PAGE | 2
    words[2 * PAGE // 8 + 1] = 2 * PAGE - 16 | 2
    found = find_chunks(image(words, ""), np.empty((0, 2), np.int64))
    assert found.begin.tolist() == [BASE, BASE + 2 * PAGE]
    assert found.size.tolist() == [2 * PAGE, 2 * PAGE]
    assert not found.whole


def test_a_threads_own_block_leads_to_itself_twice():
    words = np.zeros(2 * PAGE // 8, np.int64)
    words[100] = words[102] = BASE + 800
    words[200] = BASE + 1600
    extent = np.array([BASE], np.int64), np.array([BASE + 2 * PAGE], np.int64)
    memory = image(words)
    found = kernels.thread_controls(memory.words, memory.start, memory.end, memory.offset, *extent)
    assert found.tolist() == [BASE + 800]


@pytest.mark.parametrize("torn", [False, True])
def test_an_arena_that_grew_while_it_was_copied_is_walked_as_far_as_it_was_copied(torn):
    """Its head says more than its mapping had when that was looked up; at the newest chunk the walk may break off."""
    words, many = np.zeros(4 * PAGE // 8, np.int64), 40
    words[0], words[2], words[3] = BASE + 48, 7 * PAGE, 7 * PAGE
    at = 2048
    for _ in range(many):
        words[at // 8 + 1] = 256 | 5
        at += 256
    words[at // 8 + 1] = 0 if torn else (7 * PAGE - at) | 5
    found = find_chunks(image(words, ""), np.empty((0, 2), np.int64))
    assert found.arenas == 1
    assert int((found.size[found.used] == 256).sum()) == many - torn
    assert found.given[0] == BASE + 2048 + 16
