"""Whole investigations and scans on a machine in memory: what cannot be looked into, what ends, clocks that are set."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from fake_machine import MACHINE_BYTES, MIB, FakeMachine, FakePiece

from oakum import render
from oakum.loop.investigate import Settings, investigate
from oakum.loop.progress import Silent
from oakum.loop.scan import Settings as ScanSettings
from oakum.loop.scan import scan_host
from oakum.model.absent import AbsentKind
from oakum.model.cause import CauseName
from oakum.model.errors import CallerError, TargetError
from oakum.model.policy import Policy
from oakum.model.series import Ending
from oakum.model.target import parse_target
from oakum.model.verdict import Pattern, Verdict, VerdictName

WATCH = Settings.of(watch_s=20.0, interval_s=0.5)


@pytest.fixture
def machine():
    return FakeMachine()


def ports(machine):
    return machine.ports()


class Said(Silent):
    def __init__(self):
        self.lines = []

    def stage(self, text):
        self.lines.append(text)


def investigated(machine, target, settings=WATCH, progress=None):
    found = investigate(
        parse_target(target),
        machine=ports(machine),
        policy=Policy(),
        settings=settings,
        progress=progress or Silent(),
    )
    # Whatever was found can be told in every way.
    json.dumps(render.investigation_to_json(found), allow_nan=False)
    assert "<!doctype html>" in render.investigation_html(found)
    return found


def native(machine, **changes):
    """A program without a runtime that Oakum knows."""
    process = machine.start(("/usr/bin/sleep", "60"), **changes)
    process.executable = "/usr/bin/sleep"
    process.pieces[0x5000_0000] = FakePiece(bytearray(4096), "/usr/bin/sleep")
    return process


def growing(machine, process, bytes_per_s):
    """From now on, ten times a second, for as long as it lives."""

    def grow():
        process.anon_bytes += bytes_per_s // 10
        if not process.ended:
            machine.clock.after(0.1, grow)

    machine.clock.after(0.1, grow)


def absent_of(found):
    return {absent.what: absent for absent in found.absent}


@pytest.mark.parametrize(
    ("runtime", "ago_s", "name"),
    [
        ("native", -5, VerdictName.SUSPECT),
        ("native", 3600, VerdictName.HEALTHY),  # before it was started
        ("jvm", -5, VerdictName.HEALTHY),  # words of another runtime
    ],
)
def test_what_its_log_says_counts_where_it_is_its_own_and_of_this_run(machine, runtime, ago_s, name):
    process = native(machine)
    said = {"native": "terminate called after throwing an instance of 'std::bad_alloc'"}
    line = said.get(runtime, "java.lang.OutOfMemoryError: Java heap space")
    machine.logs.writes(process.pid, "app.log", b'"ts":%d, %s\n' % (machine.clock.now_s() - ago_s, line.encode()))
    found = investigated(machine, f"pid/{process.pid}")
    assert found.verdict.name is name
    assert any(reason.startswith("in its log: ") for reason in found.verdict.reasons)


def test_a_native_program_that_is_calm_is_no_leak_and_its_heap_is_said_to_be_unread(machine):
    process = native(machine)
    found = investigated(machine, f"pid/{process.pid}")
    assert found.verdict.name in {VerdictName.HEALTHY, VerdictName.CANNOT_TELL}
    assert found.runtime == "native"
    told = absent_of(found)["what the heap holds"]
    assert told.kind is AbsentKind.NOT_APPLICABLE
    assert f"df -h . && grep VmData /proc/{process.pid}/status && (umask 077; gcore -o leak {process.pid})" in told.get
    assert (found.causes, found.growth, found.partial) == ((), None, False)


def test_a_native_program_that_grows_is_at_most_suspect_after_a_short_watch(machine):
    process = native(machine, cgroup="/shop.service")
    growing(machine, process, 2 * MIB)
    found = investigated(machine, f"pid/{process.pid}")
    assert found.verdict.name is VerdictName.SUSPECT
    assert found.verdict.rate_per_s == pytest.approx(2 * MIB, rel=0.1)
    assert found.verdict.settles
    assert [cause.name for cause in found.causes] == [CauseName.NATIVE_ALLOCATION]
    assert found.causes[0].growth_bytes_per_s == pytest.approx(2 * MIB, rel=0.1)
    assert found.causes[0].confidence < 0.5
    assert absent_of(found)["what malloc gave out"].get


def test_a_heap_that_stands_in_memory_is_walked_twice_and_its_blocks_are_told(machine):
    process = native(machine)
    heap = bytearray(16 * 4096)
    for at in range(0, len(heap) - 64, 64):
        heap[at + 8 : at + 16] = (64 | 1).to_bytes(8, "little")
    heap[-56:-48] = (64 | 1).to_bytes(8, "little")
    process.pieces[0x6000_0000] = FakePiece(heap, "[heap]")
    found = investigated(machine, f"pid/{process.pid}")
    (chunks,) = [evidence for evidence in found.evidence if evidence.id == "chunks"]
    assert chunks.facts["used_bytes"] == [len(heap) - 64] * 2
    assert chunks.facts["sizes"] == [{"size": 64, "count": len(heap) // 64 - 1}]


@pytest.mark.parametrize("name", ["python3", "perl", "ruby", "node", "java"])
def test_a_name_alone_makes_no_runtime(machine, name):
    process = native(machine)
    process.command, process.executable = (name, "app"), f"/usr/bin/{name}"
    assert investigated(machine, f"pid/{process.pid}").runtime == "native"


def test_a_runtime_that_is_mapped_is_named_and_its_heap_is_not_read(machine):
    process = native(machine)
    says = b"3.9.16 (7.3.11+dfsg-2+deb12u3, Dec 30 2024, 22:36:23)\n\0\0\0[PyPy 7.3.11 with GCC 12.2.0]"
    process.pieces[0x6000_0000] = FakePiece(bytearray(says.ljust(4096, b"\0")), "/usr/lib/libpypy3.9-c.so")
    found = investigated(machine, f"pid/{process.pid}")
    assert found.runtime == "pypy 3.9.16"
    assert "the target runs" in absent_of(found)["what the heap holds"].why


def test_memory_that_may_not_be_read_is_absent_with_what_would_permit_it(machine):
    process = native(machine)
    process.may_be_read = False
    growing(machine, process, 2 * MIB)
    found = investigated(machine, f"pid/{process.pid}")
    assert found.runtime == "unknown"
    assert found.verdict.name is VerdictName.SUSPECT
    refused = absent_of(found)[f"the memory of pid {process.pid}"]
    assert (refused.kind, refused.get) == (AbsentKind.NOT_PERMITTED, "run oakum as root")


@pytest.mark.parametrize("step_s", [-86_400.0, -1.0, 3600.0])
def test_a_clock_that_is_set_in_the_middle_changes_no_verdict(machine, step_s):
    process = native(machine)
    growing(machine, process, 2 * MIB)
    machine.clock.after(8.2, lambda: machine.clock.step_wall(step_s))
    found = investigated(machine, f"pid/{process.pid}")
    (life,) = found.series.lifetimes
    assert (np.diff(life.at_s) == 0.5).all()
    assert found.verdict.rate_per_s == pytest.approx(2 * MIB, rel=0.1)


def test_without_any_limit_the_machine_is_the_boundary(machine):
    process = native(machine, cgroup="/shop.service")
    growing(machine, process, 2 * MIB)
    found = investigated(machine, f"pid/{process.pid}")
    assert found.verdict.limit is None
    (forecast,) = found.verdict.forecasts
    assert forecast.boundary == "node"
    assert forecast.p50_s == pytest.approx(MACHINE_BYTES / (2 * MIB), rel=0.1)
    assert found.series.node_limit == MACHINE_BYTES


def test_a_limit_that_is_lowered_in_the_middle_is_the_one_that_is_forecast(machine):
    process = native(machine, cgroup="/shop.service")
    machine.groups["/shop.service"].limit_bytes = 4096 * MIB
    growing(machine, process, 2 * MIB)
    machine.clock.after(9.0, lambda: setattr(machine.groups["/shop.service"], "limit_bytes", 256 * MIB))
    found = investigated(machine, f"pid/{process.pid}")
    assert found.verdict.limit == 256 * MIB
    assert found.verdict.forecasts[0].boundary == "limit"
    assert found.verdict.forecasts[0].p50_s == pytest.approx((256 - 60) / 2, rel=0.15)


@pytest.mark.parametrize("how", ["end", "oom_kill"])
def test_a_target_that_ends_in_the_middle_leaves_a_partial_answer(machine, how):
    process = native(machine, cgroup="/shop.service")
    growing(machine, process, 2 * MIB)
    machine.clock.after(10.2, lambda: getattr(machine, how)(process.pid))
    found = investigated(machine, f"pid/{process.pid}")
    assert found.partial
    (life,) = found.series.lifetimes
    assert life.ending is (Ending.OOM_KILLED if how == "oom_kill" else Ending.EXITED)
    assert len(life) == 21
    assert found.verdict.rate_per_s == pytest.approx(2 * MIB, rel=0.1)


def test_a_service_that_is_killed_again_and_again_is_heard_as_its_lifetimes(machine):
    running = [native(machine, cgroup="/shop.service", anon_bytes=10 * MIB)]
    growing(machine, running[0], 4 * MIB)

    def restart():
        machine.oom_kill(running[-1].pid)
        running.append(native(machine, cgroup="/shop.service", anon_bytes=10 * MIB))
        growing(machine, running[-1], 4 * MIB)

    for kill in range(3):
        machine.clock.after(12.3 * (kill + 1), restart)
    found = investigated(machine, f"pid/{running[0].pid}", Settings.of(watch_s=45.0, interval_s=0.5))
    assert [life.ending for life in found.series.lifetimes] == [Ending.OOM_KILLED] * 3 + [Ending.RUNNING]
    assert found.series.oom_kills == 3
    assert not found.partial
    assert sum("took its place" in evidence.title for evidence in found.evidence) == 3


def test_a_zombie_of_another_user_is_told_to_have_ended(machine):
    process = native(machine)
    process.ended, process.may_be_read = True, False
    with pytest.raises(TargetError, match="ended"):
        investigated(machine, f"pid/{process.pid}")


def test_the_worker_that_grows_is_looked_at_and_not_the_master_in_front_of_it(machine):
    master = native(machine)
    workers = [native(machine, parent_pid=master.pid) for _ in range(3)]
    growing(machine, workers[1], 2 * MIB)
    told = f"pid {workers[1].pid} is looked at: grew most of 4 processes"
    progress = Said()
    found = investigated(machine, f"pid/{master.pid}", progress=progress)
    assert found.evidence[0].title.startswith(told)
    assert progress.lines[1].startswith(told)


@pytest.mark.parametrize("target", ["pid/99999", "cgroup/nothing.slice"])
def test_a_target_that_is_not_there_is_told(machine, target):
    with pytest.raises(TargetError):
        investigated(machine, target)


def test_a_target_elsewhere_is_the_callers_mistake(machine):
    with pytest.raises(CallerError, match="not on this machine"):
        investigated(machine, "deploy/shop/api")


def test_a_scan_of_the_machine_ranks_what_grows_first(machine):
    native(machine, cgroup="/calm.service")
    leaking = native(machine, cgroup="/shop.service")
    growing(machine, leaking, 2 * MIB)
    machine.clock.after(7.7, lambda: machine.clock.step_wall(-7200))
    found = scan_host(ports(machine), settings=ScanSettings.of(watch_s=30, interval_s=1), progress=Silent())
    json.dumps(render.scan_to_json(found), allow_nan=False)
    first = [series.id for series, _ in found.ranked[:2]]
    assert set(first) == {f"pid/{leaking.pid}", "cgroup/shop.service"}
    assert found.window.end_s - found.window.start_s == pytest.approx(30)
    assert found.leaks == 0


def told_of_workers(found):
    return [evidence for evidence in found.evidence if evidence.id == "workers"]


def test_of_a_servers_workers_the_one_that_grows_is_told_with_its_rate_beside_the_others(machine):
    master = native(machine)
    workers = [native(machine, parent_pid=master.pid) for _ in range(3)]
    growing(machine, workers[1], 2 * MIB)
    (told,) = told_of_workers(investigated(machine, f"pid/{master.pid}"))
    assert f"one of 4 processes grows: pid {workers[1].pid} +2.00 MiB/s; the others do not grow" in told.title
    assert told.facts["looked_into"] == workers[1].pid
    first, *others = told.facts["processes"]
    assert (first["pid"], len(others)) == (workers[1].pid, 3)
    assert all(row["anon_bytes"][0] == row["anon_bytes"][1] for row in others)


def test_workers_that_grow_alike_are_said_to(machine):
    master = native(machine)
    for _ in range(2):
        growing(machine, native(machine, parent_pid=master.pid), 2 * MIB)
    (told,) = told_of_workers(investigated(machine, f"pid/{master.pid}"))
    assert "2 of 3 processes grow alike" in told.title
    assert "stands for them" in told.title


def test_calm_workers_are_not_said_to_grow(machine):
    master = native(machine)
    native(machine, parent_pid=master.pid)
    (told,) = told_of_workers(investigated(machine, f"pid/{master.pid}"))
    assert "none of which grew" in told.title


def test_a_worker_that_ends_meanwhile_is_left_out_and_one_process_has_no_workers(machine):
    master = native(machine)
    growing(machine, native(machine, parent_pid=master.pid), 2 * MIB)
    ending = native(machine, parent_pid=master.pid)
    machine.clock.after(8.0, lambda: machine.end(ending.pid))
    (told,) = told_of_workers(investigated(machine, f"pid/{master.pid}"))
    assert ending.pid not in [row["pid"] for row in told.facts["processes"]]
    assert not told_of_workers(investigated(machine, f"pid/{native(machine).pid}"))


def test_what_is_known_of_a_long_history_stands_in_the_place_of_a_short_watch(machine):
    calm = native(machine)
    known = Verdict(VerdictName.LEAK, Pattern.LINEAR, 0.99, 60.0 * MIB, rate_per_s=1400.0)
    found = investigated(machine, f"pid/{calm.pid}", replace(WATCH, known=known))
    assert (found.series_verdict, found.verdict.name) == (known, VerdictName.LEAK)
    assert investigated(machine, f"pid/{calm.pid}").verdict.name is not VerdictName.LEAK
