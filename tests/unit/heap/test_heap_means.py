"""What goes to files, and what is too little."""

from __future__ import annotations

import numpy as np
import pytest

from oakum.heap.means import Means, Part, bounds, need
from oakum.host.scratch import LiveScratch
from oakum.model.errors import MachineError

MILLION = need(1_000_000, 2_000_000, columns=12, index=1000)


def test_with_room_enough_nothing_goes_to_files():
    means = Means(memory_bytes=1 << 30, scratch=LiveScratch())
    means.plan(MILLION)
    assert means.spilled == 0
    assert means.scratch.used_bytes == 0
    assert means.array(10, np.int32, Part.COLUMNS).tobytes() is not None
    assert means.scratch.used_bytes == 0


@pytest.mark.parametrize("spilled", range(1, 5))
def test_just_so_much_goes_to_files_that_the_rest_fits(spilled):
    means = Means(memory_bytes=MILLION.peak(spilled), scratch=LiveScratch())
    means.plan(MILLION)
    assert means.spilled <= spilled
    assert MILLION.peak(means.spilled) <= means.memory_bytes
    assert means.spilled == 0 or MILLION.peak(means.spilled - 1) > means.memory_bytes
    array = means.array(100, np.int64, Part.COLUMNS)
    assert means.scratch.used_bytes == 800
    array[:] = np.arange(100)
    assert array.sum() == 4950


def test_what_was_once_moved_to_files_stays_there():
    means = Means(memory_bytes=MILLION.peak(2), scratch=LiveScratch())
    means.plan(MILLION)
    means.plan(need(10, 10, columns=12))
    assert means.spilled == 2


@pytest.mark.parametrize("scratch", [LiveScratch(), None])
def test_where_nothing_would_do_it_is_said_before_anything_is_made(scratch):
    means = Means(memory_bytes=1_000_000, scratch=scratch)
    with pytest.raises(MachineError, match="too little for this dump") as error:
        means.plan(MILLION)
    assert "--memory" in error.value.next_step


def test_counts_that_promise_more_than_any_number_holds_are_too_much_and_do_not_wrap():
    with pytest.raises(MachineError, match="too little"):
        Means(memory_bytes=1 << 40, scratch=LiveScratch()).plan(need(2**60, 2**62, columns=12))


def test_shares_cover_everything_once():
    for count in (0, 1, 2, 3, 10, 1001):
        for shares in (1, 2, 3, 4):
            parts = bounds(count, shares)
            assert [at for begin, end in parts for at in range(begin, end)] == list(range(count))
            assert len(parts) <= shares
