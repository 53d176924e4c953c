"""What every implementation of Memories and Memory promises."""

from __future__ import annotations

from itertools import pairwise

import pytest
from live_child import PATTERN

from oakum.model.errors import TargetError

PAGE = 4096


@pytest.fixture
def memory(world):
    memory = world.memories.open(world.pid)
    yield memory
    memory.close()


def test_mappings_are_ascending_and_apart(memory):
    regions = memory.regions()
    assert regions
    assert all(region.start < region.end for region in regions)
    assert all(before.end <= after.start for before, after in pairwise(regions))


def test_what_the_target_wrote_is_read(world, memory):
    inside = [region for region in memory.regions() if region.start <= world.pattern_at < region.end]
    assert [region.readable and region.writable and region.private for region in inside] == [True]
    assert memory.read(world.pattern_at, len(PATTERN)) == PATTERN
    assert memory.read(world.pattern_at + 5, 4) == PATTERN[5:9]


def test_a_read_fills_the_buffer_and_tells_how_much(world, memory):
    buffer = bytearray(100)
    assert memory.read_into(world.pattern_at, memoryview(buffer)) == 100
    assert buffer == PATTERN[:100]


def test_only_touched_pages_are_in_memory(world, memory):
    assert memory.present(world.sparse_at, world.sparse_at + 4 * PAGE).tolist() == [True, False, True, False]
    assert memory.present(world.sparse_at + PAGE, world.sparse_at + 3 * PAGE).tolist() == [False, True]


@pytest.mark.parametrize("size", [0, -1])
def test_nothing_asked_is_nothing_read(world, memory, size):
    assert memory.read(world.pattern_at, size) == b""


def test_where_nothing_is_mapped_nothing_is_read(memory):
    assert memory.read(PAGE, 8) == b""
    assert memory.read_into(PAGE, memoryview(bytearray(8))) == 0


def test_a_stopped_target_can_be_read(world, memory):
    with memory.stopped(5.0):
        assert memory.read(world.pattern_at, 8) == PATTERN[:8]


def test_a_target_that_ends_while_it_is_read_is_told(world, memory):
    world.end()
    with pytest.raises(TargetError, match=f"{world.pid} has ended"):
        memory.read(world.pattern_at, 8)
    with pytest.raises(TargetError) as caught:
        memory.regions()
    assert caught.value.next_step


def test_memory_of_one_that_ended_cannot_be_opened(world):
    world.end()
    with pytest.raises(TargetError) as caught:
        world.memories.open(world.pid)
    assert caught.value.next_step


def test_closing_twice_is_closing(world):
    memory = world.memories.open(world.pid)
    memory.close()
    memory.close()
