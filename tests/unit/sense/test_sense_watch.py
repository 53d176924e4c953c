"""One process watched on a machine in memory: lifetimes, gaps, clocks that are set, limits and kills."""

from __future__ import annotations

import numpy as np
import pytest
from fake_machine import MACHINE_BYTES, MIB, FakeMachine

from oakum.model.errors import TargetError
from oakum.model.series import Ending, Metric, Scope
from oakum.sense.watch import ProcessWatch

WORKER = ("python3", "worker.py")


@pytest.fixture
def machine():
    return FakeMachine()


def watch_of(machine, pid, interval_s=1.0):
    return ProcessWatch(
        pid, processes=machine.processes, cgroups=machine.cgroups, clock=machine.clock, interval_s=interval_s
    )


def ticks(watch, count):
    return [watch.tick() for _ in range(count)]


def facts_of(watch, machine):
    return dict(watch.told(machine.kernel_log).facts)


def test_samples_stand_at_steady_steps_and_carry_anonymous_memory(machine):
    process = machine.start(WORKER)
    begun_s = machine.clock.now_s()
    watch = watch_of(machine, process.pid, 0.5)
    for _ in range(10):
        process.anon_bytes += MIB
        assert watch.tick()
    series = watch.series()
    (life,) = series.lifetimes
    assert life.at_s.tolist() == [begun_s + 0.5 * step for step in range(11)]
    assert life.value.tolist() == [(20 + step) * MIB for step in range(11)]
    assert (life.limit, life.ending, life.ended_s) == (None, Ending.RUNNING, None)
    assert (series.id, series.scope, series.metric) == (f"pid/{process.pid}", Scope.PROCESS, Metric.ANON)
    assert series.node_limit == MACHINE_BYTES
    assert watch.missed == 0


def test_a_tick_that_comes_too_late_is_a_gap_and_is_counted(machine):
    process = machine.start(WORKER)
    begun_s = machine.clock.now_s()
    watch = watch_of(machine, process.pid)
    ticks(watch, 2)
    machine.clock.pass_by(4.3)
    ticks(watch, 2)
    assert (watch.series().lifetimes[0].at_s - begun_s).tolist() == [0, 1, 2, 7, 8]
    assert watch.missed == 4
    assert any("4 missed" in title for title in facts_of(watch, machine))


@pytest.mark.parametrize("step_s", [-7200.0, -0.3, 0.7, 86400.0])
def test_a_wall_clock_that_is_set_neither_disorders_nor_spreads_the_samples(machine, step_s):
    process = machine.start(WORKER)
    begun_s = machine.clock.now_s()
    watch = watch_of(machine, process.pid)
    ticks(watch, 3)
    machine.clock.step_wall(step_s)
    ticks(watch, 3)
    assert (watch.series().lifetimes[0].at_s - begun_s).tolist() == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("step_s", [0.0, -7200.0, 7200.0])
def test_a_process_that_comes_back_is_the_next_lifetime_whatever_the_wall_clock_says(machine, step_s):
    process = machine.start(WORKER, cgroup="/shop.service")
    begun_s = machine.clock.now_s()
    watch = watch_of(machine, process.pid)
    machine.clock.after(2.5, lambda: machine.clock.step_wall(step_s))
    machine.clock.after(3.5, lambda: machine.end(process.pid))
    machine.clock.after(4.5, lambda: machine.start(WORKER, cgroup="/shop.service", anon_bytes=5 * MIB))
    assert ticks(watch, 4) == [True, True, True, False]
    assert watch.ended
    assert watch.follow()
    assert ticks(watch, 2) == [True, True]
    first, second = watch.told(machine.kernel_log).series.lifetimes
    assert (first.ending, second.ending) == (Ending.EXITED, Ending.RUNNING)
    assert first.ended_s == first.at_s[-1] == begun_s + 3
    assert second.started_s == pytest.approx(begun_s + 4.5)
    assert second.started_s <= second.at_s[0] <= second.started_s + 0.2
    assert second.value.tolist() == [5 * MIB] * 3
    assert (watch.lifetimes, watch.info.command) == (2, WORKER)
    assert f"pid {process.pid} ended, and pid {watch.info.pid} took its place" in facts_of(watch, machine)


def test_a_worker_replaced_under_the_same_master_is_followed(machine):
    master = machine.start(("gunicorn", "shop:app"))
    machine.start(WORKER, parent_pid=master.pid)
    worker = machine.start(WORKER, parent_pid=master.pid)
    watch = watch_of(machine, worker.pid)
    ticks(watch, 2)
    machine.end(worker.pid)
    successor = machine.start(WORKER, parent_pid=master.pid)
    assert not watch.tick()
    assert watch.follow()
    assert watch.info.pid == successor.pid


@pytest.mark.parametrize(
    "other",
    [
        {"command": ("python3", "other.py"), "cgroup": "/shop.service"},
        {"command": WORKER, "cgroup": "/shop.service", "uid": 7},
        {"command": WORKER, "cgroup": "/"},
        {"command": WORKER, "cgroup": "/another.service"},
    ],
)
def test_a_stranger_is_never_taken_for_the_one_that_ended(machine, other):
    process = machine.start(WORKER, cgroup="/shop.service")
    watch = watch_of(machine, process.pid)
    ticks(watch, 2)
    machine.end(process.pid)
    assert not watch.tick()
    machine.clock.after(0.5, lambda: machine.start(**other))
    before_s = machine.clock.monotonic_s()
    assert not watch.follow(within_s=2.0)
    assert 2.0 <= machine.clock.monotonic_s() - before_s < 2.2
    assert watch.lifetimes == 1


def test_a_sibling_that_was_added_while_it_lived_is_not_its_successor(machine):
    master = machine.start(("gunicorn", "shop:app"))
    worker = machine.start(WORKER, parent_pid=master.pid)
    watch = watch_of(machine, worker.pid)
    machine.clock.after(1.5, lambda: machine.start(WORKER, parent_pid=master.pid))
    ticks(watch, 5)
    machine.end(worker.pid)
    assert not watch.tick()
    assert not watch.follow(within_s=1.0)


def test_a_successor_that_ends_at_once_is_followed_by_the_next(machine):
    process = machine.start(WORKER, cgroup="/shop.service")
    watch = watch_of(machine, process.pid)
    ticks(watch, 2)
    machine.end(process.pid)
    first = machine.start(WORKER, cgroup="/shop.service")
    machine.clock.after(1.05, lambda: machine.end(first.pid))
    machine.clock.after(1.5, lambda: machine.start(WORKER, cgroup="/shop.service"))
    assert not watch.tick()
    assert watch.follow()
    assert not watch.tick()
    assert watch.follow()
    assert [life.ending for life in watch.series().lifetimes] == [Ending.EXITED, Ending.EXITED, Ending.RUNNING]


def test_a_target_that_ends_for_good_keeps_what_was_seen_of_it(machine):
    process = machine.start(WORKER)
    watch = watch_of(machine, process.pid)
    ticks(watch, 3)
    machine.end(process.pid)
    assert ticks(watch, 3) == [False, False, False]
    watch.sample_in_full()
    told = watch.told(machine.kernel_log)
    (life,) = told.series.lifetimes
    assert (len(life), life.ending, life.ended_s) == (4, Ending.EXITED, life.at_s[-1])
    assert told.facts[0][1]["samples"] == 4


def test_a_target_that_was_never_there_is_told(machine):
    with pytest.raises(TargetError):
        watch_of(machine, 99_999)


@pytest.mark.parametrize("step_s", [0.0, -7200.0, 7200.0])
def test_an_oom_kill_is_the_kernels_word_whatever_the_wall_clock_says(machine, step_s):
    process = machine.start(WORKER, cgroup="/shop.service")
    bystander = machine.start(("other",), cgroup="/shop.service")
    watch = watch_of(machine, process.pid)
    ticks(watch, 2)
    machine.oom_kill(process.pid)
    machine.oom_kill(bystander.pid)
    machine.clock.step_wall(step_s)
    assert not watch.tick()
    series = watch.told(machine.kernel_log).series
    assert series.lifetimes[0].ending is Ending.OOM_KILLED
    assert series.oom_kills == 1


def test_a_kill_from_before_the_watch_is_not_this_lifetimes(machine):
    process = machine.start(WORKER)
    machine.oom_kill(process.pid)
    machine.table[process.pid] = process
    process.ended = False
    machine.clock.pass_by(60)
    watch = watch_of(machine, process.pid)
    machine.end(process.pid)
    assert not watch.tick()
    machine.clock.step_wall(3600)
    assert watch.told(machine.kernel_log).series.lifetimes[0].ending is Ending.EXITED


def test_a_kernel_log_that_may_not_be_read_leaves_the_ending_as_it_was_seen(machine):
    process = machine.start(WORKER)
    machine.log_readable = False
    watch = watch_of(machine, process.pid)
    machine.oom_kill(process.pid)
    assert not watch.tick()
    assert watch.told(machine.kernel_log).series.lifetimes[0].ending is Ending.EXITED


def test_a_limit_of_max_is_no_limit(machine):
    process = machine.start(WORKER, cgroup="/shop.slice/api.service")
    watch = watch_of(machine, process.pid)
    ticks(watch, 3)
    assert watch.series().lifetimes[0].limit is None
    assert any("no limit" in title for title in facts_of(watch, machine))


def test_an_ancestors_limit_binds_where_its_own_is_max(machine):
    process = machine.start(WORKER, cgroup="/shop.slice/api.service")
    machine.start(cgroup="/shop.slice")
    machine.groups["/shop.slice"].limit_bytes = 64 * MIB
    watch = watch_of(machine, process.pid)
    ticks(watch, 2)
    assert watch.series().lifetimes[0].limit.tolist() == [64 * MIB] * 3
    assert any("limit 64.0 MiB (of /shop.slice)" in title for title in facts_of(watch, machine))


def test_a_limit_that_is_changed_holds_from_the_next_reading_on(machine):
    process = machine.start(WORKER, cgroup="/shop.service")
    watch = watch_of(machine, process.pid)
    group = machine.groups["/shop.service"]
    machine.clock.after(1.5, lambda: setattr(group, "limit_bytes", 64 * MIB))
    machine.clock.after(3.5, lambda: setattr(group, "limit_bytes", 128 * MIB))
    machine.clock.after(5.5, lambda: setattr(group, "limit_bytes", None))
    ticks(watch, 6)
    limit = watch.series().lifetimes[0].limit
    assert limit.tolist() == [np.inf, np.inf, 64 * MIB, 64 * MIB, 128 * MIB, 128 * MIB, np.inf]


def test_a_successor_elsewhere_has_the_limit_and_the_figures_of_its_own_cgroup(machine):
    master = machine.start(("supervisor",))
    process = machine.start(WORKER, parent_pid=master.pid, cgroup="/pod-1")
    machine.groups["/pod-1"].limit_bytes = 64 * MIB
    machine.groups["/pod-1"].kills = 3
    watch = watch_of(machine, process.pid)
    ticks(watch, 2)
    machine.end(process.pid)
    machine.start(WORKER, parent_pid=master.pid, cgroup="/pod-2")
    machine.groups["/pod-2"].kills = 5
    assert not watch.tick()
    assert watch.follow()
    assert watch.tick()
    first, second = watch.series().lifetimes
    assert first.limit.tolist() == [64 * MIB] * 3
    assert second.limit is None
    charge = next(values for values in facts_of(watch, machine).values() if "kills" in values)
    assert (charge["path"], charge["kills"], charge["kills_while_watched"]) == ("/pod-2", 5, 0)


def test_kills_and_stalls_are_told_as_gained_while_watched(machine):
    process = machine.start(WORKER, cgroup="/shop.service")
    group = machine.groups["/shop.service"]
    group.kills, group.pressure_some_us = 4, 1_000_000
    watch = watch_of(machine, process.pid)
    neighbour = machine.start(("other",), cgroup="/shop.service")
    machine.oom_kill(neighbour.pid)
    group.pressure_some_us += 3_000_000
    ticks(watch, 10)
    title, values = next(
        (title, values) for title, values in facts_of(watch, machine).items() if "stalled_us_while_watched" in values
    )
    assert (values["kills"], values["kills_while_watched"]) == (5, 1)
    assert values["stalled_us_while_watched"] == 3_000_000
    assert "5 OOM kills so far, 1 while it was watched" in title
    assert "stalled on memory for 3.00 s of 10 s" in title


def test_the_share_and_swap_of_the_process_are_told_from_first_to_last(machine):
    process = machine.start(WORKER)
    watch = watch_of(machine, process.pid)
    process.swap_bytes, process.anon_bytes = 3 * MIB, 30 * MIB
    watch.tick()
    watch.sample_in_full()
    title, values = next((title, values) for title, values in facts_of(watch, machine).items() if "pss" in str(values))
    assert values["pss_bytes"] == [22 * MIB, 32 * MIB]
    assert values["swap_bytes"] == [0, 3 * MIB]
    assert "3.00 MiB swapped out" in title
