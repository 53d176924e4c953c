"""What every implementation of Processes and ProcessGauge promises."""

from __future__ import annotations

import pytest
from live_child import ENVIRONMENT

from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import TargetError

SIZE = 8 << 20


def identity(info):
    """What never changes while it runs."""
    return info.pid, info.parent_pid, info.start_ticks, info.uid, info.command, info.cgroup


def test_a_process_is_listed_once_and_as_it_is_told_alone(world):
    listed = [info for info in world.processes.list() if info.pid == world.pid]
    assert [identity(info) for info in listed] == [identity(world.processes.info(world.pid))]
    assert listed[0].command == world.command
    assert listed[0].title == " ".join(world.command)


def test_numbers_are_ascending_and_hold_all_that_is_listed(world):
    listed = {info.pid for info in world.processes.list()}
    pids = list(world.processes.pids())
    assert pids == sorted(set(pids))
    assert world.pid in listed & set(pids)


def test_a_start_lies_in_the_past_of_the_wall_clock(world):
    info = world.processes.info(world.pid)
    assert 0 < info.started_s <= world.clock.now_s() + 0.1


def test_a_sample_adds_up_and_carries_the_time_of_the_wall(world):
    gauge, before_s = world.processes.open(world.pid), world.clock.now_s()
    memory = gauge.sample()
    assert before_s <= memory.at_s <= world.clock.now_s()
    assert memory.rss_bytes == memory.anon_bytes + memory.file_bytes
    assert memory.anon_bytes > 0
    assert memory.pss_bytes is None
    gauge.close()


def test_growth_shows_in_the_next_sample(world):
    gauge = world.processes.open(world.pid)
    before = gauge.sample()
    world.grow(SIZE)
    after = gauge.sample()
    assert SIZE <= after.anon_bytes - before.anon_bytes < 2 * SIZE
    gauge.close()


def test_mappings_are_ascending_and_their_own_pages_add_up_to_the_sample(world):
    gauge = world.processes.open(world.pid)
    rows, memory = world.processes.mappings(world.pid), gauge.sample()
    gauge.close()
    assert all(before.end <= after.start for before, after in zip(rows, rows[1:], strict=False))
    assert all(row.own_bytes <= row.size_bytes for row in rows)
    assert sum(row.anon_bytes for row in rows) == pytest.approx(memory.anon_bytes, abs=1 << 20)
    assert any(row.path == "[heap]" for row in rows)


def test_growth_shows_in_the_mappings(world):
    before = sum(row.anon_bytes for row in world.processes.mappings(world.pid))
    world.grow(SIZE)
    after = sum(row.anon_bytes for row in world.processes.mappings(world.pid))
    assert SIZE <= after - before < 2 * SIZE


def test_mappings_of_nobody_are_absent_with_why(world):
    world.end()
    found = world.processes.mappings(world.pid)
    assert isinstance(found, Absent)
    assert found.why


def test_a_full_sample_knows_swap_and_a_share_no_larger_than_what_is_resident(world):
    gauge = world.processes.open(world.pid)
    memory = gauge.sample_in_full()
    assert memory.swap_bytes >= 0
    assert memory.pss_bytes is None or 0 < memory.pss_bytes <= memory.rss_bytes + (1 << 20)
    gauge.close()


def test_a_gauge_of_one_that_ended_has_no_sample_and_the_last_known_name(world):
    gauge = world.processes.open(world.pid)
    before = gauge.info
    world.end()
    assert (gauge.sample(), gauge.sample_in_full()) == (None, None)
    assert identity(gauge.info) == identity(before)
    gauge.close()


def test_a_closed_gauge_stays_closed(world):
    gauge = world.processes.open(world.pid)
    gauge.close()
    gauge.close()
    assert gauge.sample() is None


@pytest.mark.parametrize("method", ["info", "open"])
def test_one_that_ended_is_the_targets_error_with_a_next_step(world, method):
    world.end()
    with pytest.raises(TargetError) as caught:
        getattr(world.processes, method)(world.pid)
    assert str(world.pid) in caught.value.what
    assert caught.value.next_step
    assert world.pid not in world.processes.pids()
    assert world.pid not in {info.pid for info in world.processes.list()}


def test_an_environment_is_what_it_was_started_with(world):
    assert world.processes.environment(world.pid) == ENVIRONMENT


def test_a_file_is_read_up_to_its_bound(world):
    assert world.processes.read_file(world.pid, world.file, 100) == b"CACHE = {}\n"
    assert world.processes.read_file(world.pid, world.file, 5) == b"CACHE"


def test_what_is_no_file_is_absent_with_its_reason(world):
    folder = world.processes.read_file(world.pid, world.folder, 100)
    nothing = world.processes.read_file(world.pid, f"{world.file}.not", 100)
    assert (folder.kind, nothing.kind) == (AbsentKind.NOT_APPLICABLE, AbsentKind.UNREADABLE)
    assert folder.why
    assert nothing.why


def test_nothing_is_read_of_one_that_ended(world):
    world.end()
    found = [world.processes.environment(world.pid), world.processes.read_file(world.pid, world.file, 10)]
    assert all(isinstance(absent, Absent) and absent.why for absent in found)


def test_a_process_without_connections_has_none_or_they_are_not_told(world):
    found = world.processes.connections(world.pid)
    assert isinstance(found, Absent) or list(found) == []


def test_the_connections_of_an_ended_process_are_absent(world):
    world.end()
    assert isinstance(world.processes.connections(world.pid), Absent)
