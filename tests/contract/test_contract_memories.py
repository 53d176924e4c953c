"""What every implementation of Memories and Memory promises."""

from __future__ import annotations

from itertools import pairwise

import pytest
from live_child import PATTERN

from oakum.model.errors import RefusedError, TargetError

PAGE = 4096


def test_many_are_asked_at_once(world, memory):
    first, second = bytearray(7), bytearray(9)
    pieces = [(world.pattern_at, memoryview(first)), (world.pattern_at + 5, memoryview(second))]
    assert memory.read_many([*pieces, (PAGE, memoryview(bytearray(8)))]) == 16
    assert (first, second) == (PATTERN[:7], PATTERN[5:14])
    one, two = memory.present_in([(world.sparse_at, world.sparse_at + PAGE), (world.sparse_at, world.sparse_at)])
    assert (one.tolist(), two.tolist()) == ([True], [])


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


def test_a_copy_whose_time_is_over_is_given_up_and_the_memory_can_still_be_read(world, memory):
    with pytest.raises(RefusedError, match="given up"):
        memory.read_many([(world.pattern_at, memoryview(bytearray(8)))] * 4, within_s=0.0)
    assert memory.read(world.pattern_at, len(PATTERN)) == PATTERN
    assert memory.read_many([(world.pattern_at, memoryview(bytearray(8)))], within_s=60.0) == 8


def test_how_fast_its_bytes_come_is_a_number_or_they_cross_no_network(memory):
    rate = memory.carried_bytes_per_s()
    assert rate is None or 0 < rate < 1e12
    assert memory.carried_bytes_per_s() == rate


@pytest.mark.parametrize("size", [0, -1])
def test_nothing_asked_is_nothing_read(world, memory, size):
    assert memory.read(world.pattern_at, size) == b""


def test_pages_that_are_not_in_memory_read_as_zeros_and_stay_where_they_are(world, memory):
    before = memory.present(world.sparse_at, world.sparse_at + 4 * PAGE).tolist()
    assert memory.read_present(world.pattern_at + 3, 9) == PATTERN[3:12]
    touched = memory.read(world.sparse_at, PAGE) + bytes(PAGE) + memory.read(world.sparse_at + 2 * PAGE, PAGE)
    assert memory.read_present(world.sparse_at, 3 * PAGE) == touched
    assert memory.read_present(world.sparse_at + PAGE - 2, 4) == touched[PAGE - 2 : PAGE + 2]
    assert memory.present(world.sparse_at, world.sparse_at + 4 * PAGE).tolist() == before
    assert memory.read_present(world.sparse_at, 0) == b""


def test_the_file_behind_a_mapping_is_read_as_it_is(world, memory):
    region = next(region for region in memory.regions() if region.inode and not region.offset)
    head = memory.mapped(region, 0, 4)
    assert head == memory.read(region.start, 4)
    assert memory.mapped(region, 1, 2) == head[1:3]
    assert memory.mapped(region, 1 << 50, 4) == b""
    assert memory.mapped(region, 0, -1) == b""


def test_memory_without_a_file_has_none_behind_it(world, memory):
    region = next(region for region in memory.regions() if region.start <= world.sparse_at < region.end)
    assert memory.mapped(region, 0, 4) == b""


def test_where_nothing_is_mapped_nothing_is_read(memory):
    assert memory.read(PAGE, 8) == b""
    assert memory.read_into(PAGE, memoryview(bytearray(8))) == 0


def test_a_stopped_target_can_be_read_and_from_afar_none_is_stopped(world, memory):
    if not world.stops:
        with pytest.raises(RefusedError, match="is not stopped"):
            memory.stopped(5.0)
        return
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
