"""A whole machine watched in memory: newcomers, replacements, cgroups that are made meanwhile, trifles left out."""

from __future__ import annotations

import numpy as np
import pytest
from fake_machine import MIB, FakeMachine, FakeProcesses

from oakum.model.series import Ending, Scope
from oakum.sense.machine import LEAST_ANON_BYTES, MachineWatch

WORKER = ("python3", "worker.py")


@pytest.fixture
def machine():
    return FakeMachine()


def watch_of(machine, processes=None):
    return MachineWatch(
        processes=processes or machine.processes, cgroups=machine.cgroups, clock=machine.clock, interval_s=1.0
    )


def ticks(watch, count):
    for _ in range(count):
        watch.tick()


def told(watch, machine):
    return {series.id: series for series in watch.series(machine.kernel_log)}


def test_every_process_and_cgroup_is_watched_and_what_is_tiny_is_left_out(machine):
    process = machine.start(WORKER, cgroup="/shop.slice/api.service")
    tiny = machine.start(("true",), anon_bytes=LEAST_ANON_BYTES - 1)
    watch = watch_of(machine)
    ticks(watch, 4)
    found = told(watch, machine)
    assert f"pid/{tiny.pid}" not in found
    assert found[f"pid/{process.pid}"].labels == {
        "command": "python3 worker.py",
        "name": "python3",
        "cgroup": "/shop.slice/api.service",
    }
    assert found["cgroup/shop.slice/api.service"].scope is Scope.CGROUP
    assert "cgroup/" not in found
    assert all(len(life) == 5 for series in found.values() for life in series.lifetimes)


def test_the_limit_over_a_cgroup_is_that_of_its_processes_too(machine):
    process = machine.start(WORKER, cgroup="/shop.service")
    free = machine.start(WORKER, cgroup="/free.service")
    machine.groups["/shop.service"].limit_bytes = 64 * MIB
    watch = watch_of(machine)
    ticks(watch, 1)
    machine.groups["/shop.service"].limit_bytes = 32 * MIB
    ticks(watch, 1)
    found = told(watch, machine)
    for name in (f"pid/{process.pid}", "cgroup/shop.service"):
        assert found[name].lifetimes[0].limit.tolist() == [64 * MIB, 64 * MIB, 32 * MIB]
    assert found[f"pid/{free.pid}"].lifetimes[0].limit is None


def test_a_newcomer_is_joined_with_its_start_and_its_own_cgroup(machine):
    watch = watch_of(machine)
    begun_s = machine.clock.now_s()
    ticks(watch, 2)
    newcomer = machine.start(WORKER, cgroup="/new.service")
    machine.groups["/new.service"].limit_bytes = 64 * MIB
    ticks(watch, 4)
    found = told(watch, machine)
    (life,) = found[f"pid/{newcomer.pid}"].lifetimes
    assert life.started_s == pytest.approx(begun_s + 2)
    assert (life.at_s - begun_s).tolist() == [4, 5, 6]
    assert life.limit.tolist() == [64 * MIB] * 3
    assert (found["cgroup/new.service"].lifetimes[0].at_s - begun_s).tolist() == [4, 5, 6]


def test_one_that_started_between_two_looks_is_watched_once(machine):
    class Late(FakeProcesses):
        def list(self):
            machine.start(WORKER)
            return super().list()

    watch = watch_of(machine, Late(machine))
    ticks(watch, 3)
    ids = [series.id for series in watch.series(machine.kernel_log)]
    assert len(ids) == len(set(ids)) == 2


@pytest.mark.parametrize("step_s", [0.0, -7200.0, 7200.0])
def test_workers_replaced_under_one_master_are_lifetimes_of_those_they_replace(machine, step_s):
    master = machine.start(("gunicorn", "shop:app"))
    workers = [machine.start(WORKER, parent_pid=master.pid) for _ in range(3)]
    watch = watch_of(machine)
    ticks(watch, 3)
    machine.clock.step_wall(step_s)
    for worker in workers[:2]:
        machine.end(worker.pid)
        machine.clock.pass_by(0.2)
        machine.start(WORKER, parent_pid=master.pid, anon_bytes=7 * MIB)
    ticks(watch, 3)
    found = told(watch, machine)
    assert [len(found[f"pid/{worker.pid}"].lifetimes) for worker in workers] == [2, 2, 1]
    for worker in workers[:2]:
        first, second = found[f"pid/{worker.pid}"].lifetimes
        assert first.ending is Ending.EXITED
        assert first.ended_s < second.started_s <= second.at_s[0]
        assert set(second.value.tolist()) == {7 * MIB}
    assert len([name for name in found if name.startswith("pid/")]) == 5


def test_one_that_ends_for_good_is_still_told(machine):
    process = machine.start(WORKER, cgroup="/shop.service")
    watch = watch_of(machine)
    ticks(watch, 2)
    machine.end(process.pid)
    ticks(watch, 2)
    (life,) = told(watch, machine)[f"pid/{process.pid}"].lifetimes
    assert (len(life), life.ending) == (3, Ending.EXITED)


@pytest.mark.parametrize("step_s", [0.0, -7200.0, 7200.0])
def test_what_the_kernel_killed_is_told_as_killed(machine, step_s):
    killed, ended = machine.start(WORKER, cgroup="/a"), machine.start(("other",), cgroup="/b")
    watch = watch_of(machine)
    ticks(watch, 2)
    machine.oom_kill(killed.pid)
    machine.end(ended.pid)
    ticks(watch, 1)
    machine.clock.step_wall(step_s)
    found = told(watch, machine)
    assert found[f"pid/{killed.pid}"].lifetimes[0].ending is Ending.OOM_KILLED
    assert found[f"pid/{ended.pid}"].lifetimes[0].ending is Ending.EXITED


def test_a_cgroup_that_cannot_be_read_for_a_while_has_a_gap(machine):
    process = machine.start(WORKER, cgroup="/shop.service")
    begun_s = machine.clock.now_s()
    watch = watch_of(machine)
    machine.groups["/shop.service"].readable = False
    ticks(watch, 2)
    machine.groups["/shop.service"].readable = True
    ticks(watch, 2)
    found = told(watch, machine)
    assert len(found["cgroup/shop.service"].lifetimes) == 1
    assert (found["cgroup/shop.service"].lifetimes[0].at_s - begun_s).tolist() == [0, 3, 4]
    assert (found[f"pid/{process.pid}"].lifetimes[0].at_s - begun_s).tolist() == [0, 1, 2, 3, 4]


def test_a_cgroup_that_is_removed_and_made_anew_has_two_lifetimes(machine):
    process = machine.start(WORKER, cgroup="/shop.service", anon_bytes=50 * MIB)
    watch = watch_of(machine)
    ticks(watch, 3)
    machine.end(process.pid)
    del machine.groups["/shop.service"]
    ticks(watch, 2)
    machine.start(WORKER, cgroup="/shop.service", anon_bytes=5 * MIB)
    ticks(watch, 3)
    first, second = told(watch, machine)["cgroup/shop.service"].lifetimes
    assert (first.ending, second.ending) == (Ending.EXITED, Ending.RUNNING)
    assert (len(first), set(first.value.tolist())) == (4, {50 * MIB})
    assert (len(second), set(second.value.tolist())) == (3, {5 * MIB})


@pytest.mark.parametrize("step_s", [-3600.0, 3600.0])
def test_late_ticks_are_gaps_and_a_clock_that_is_set_is_none(machine, step_s):
    process = machine.start(WORKER)
    begun_s = machine.clock.now_s()
    watch = watch_of(machine)
    ticks(watch, 1)
    machine.clock.step_wall(step_s)
    machine.clock.pass_by(2.5)
    ticks(watch, 2)
    at_s = told(watch, machine)[f"pid/{process.pid}"].lifetimes[0].at_s
    assert np.round(at_s - begun_s, 6).tolist() == [0, 1, 4, 5]


def test_leaving_closes_what_was_held_open(machine):
    process = machine.start(WORKER)
    held = []

    class Counting(FakeProcesses):
        def open(self, pid):
            gauge = super().open(pid)
            held.append(gauge)
            return gauge

    with watch_of(machine, Counting(machine)) as watch:
        ticks(watch, 1)
        machine.end(process.pid)
        ticks(watch, 1)
    assert held
    assert all(gauge.sample() is None for gauge in held)


def test_a_number_that_another_process_got_between_two_ticks_is_watched_as_that_process(machine):
    first = machine.start(WORKER)
    watch = watch_of(machine)
    ticks(watch, 2)
    machine.end(first.pid)
    machine.clock.pass_by(0.5)
    other = machine.start(("other",), anon_bytes=9 * MIB)
    machine.table[first.pid] = machine.table.pop(other.pid)
    other.pid = first.pid
    ticks(watch, 3)
    series = [one for one in watch.series(machine.kernel_log) if one.id == f"pid/{first.pid}"]
    assert [(one.labels["command"], one.lifetimes[0].ending) for one in series] == [
        ("other", Ending.RUNNING),
        ("python3 worker.py", Ending.EXITED),
    ]


def test_what_ended_long_ago_is_given_for_the_last_time_and_let_go(machine):
    process = machine.start(WORKER, cgroup="/shop.service")
    watch = watch_of(machine)
    ticks(watch, 2)
    machine.end(process.pid)
    del machine.groups["/shop.service"]
    names = set()
    for _ in range(620):
        watch.tick()
        names = {track.name for track in watch.tracks(machine.kernel_log)}
        if f"pid/{process.pid}" not in names:
            break
    assert f"pid/{process.pid}" not in names
    assert "cgroup/shop.service" not in names
    machine.start(WORKER, cgroup="/shop.service")
    ticks(watch, 3)
    assert {"cgroup/shop.service"} <= {track.name for track in watch.tracks(machine.kernel_log)}
