"""Where a pointer leads and where it is counted, against twins that look at every range and at every key."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from oakum.heap.pointers.kernels import extent_of, slot_for

ADDRESS = st.integers(1, 2**47)


@given(st.lists(st.integers(0, 60), unique=True), st.integers(0, 60))
def test_the_range_that_holds_an_address_is_the_one_that_a_walk_over_all_finds(bounds, address):
    bounds = sorted(bounds)[: len(bounds) // 2 * 2]
    low, high = np.array(bounds[::2], np.int64), np.array(bounds[1::2], np.int64)
    holds = [row for row in range(low.size) if low[row] <= address < high[row]]
    assert extent_of(low, high, address) == (holds[0] if holds else -1)


@given(st.lists(ADDRESS, max_size=40), st.sampled_from([1, 2, 64]))
def test_a_key_keeps_its_slot_and_has_none_once_so_many_places_are_taken(wanted, probes):
    keys, known = np.zeros(16, np.int64), {}
    for key in wanted:
        slot = slot_for(keys, key, probes)
        if key in known:
            assert slot == known[key]
        elif slot >= 0:
            assert keys[slot] == 0
            keys[slot], known[key] = key, slot
        else:
            assert np.count_nonzero(keys) >= min(probes, keys.size)
    assert sorted(known.values()) == sorted(set(known.values()))
