"""What every implementation of KernelLog promises."""

from __future__ import annotations

import time

import pytest
from fake_machine import FakeMachine

from oakum.host.kernel_log import LiveKernelLog
from oakum.model.absent import Absent


def told():
    machine = FakeMachine()
    for _ in range(3):
        machine.oom_kill(machine.start(cgroup="/shop").pid)
        machine.clock.pass_by(60)
    return machine.kernel_log, machine.clock.now_s()


def silent():
    machine = FakeMachine()
    machine.log_readable = False
    return machine.kernel_log, machine.clock.now_s()


@pytest.fixture(params=[told, silent, lambda: (LiveKernelLog(), time.time())], ids=["told", "silent", "this machine"])
def log(request):
    return request.param()


def test_kills_are_told_oldest_first_and_none_before_the_time_asked_for(log):
    kernel_log, now_s = log
    found = kernel_log.oom_kills(now_s - 150)
    if isinstance(found, Absent):
        assert found.why
        assert found.get
        return
    times = [kill.at_s for kill in found]
    assert times == sorted(times)
    assert all(now_s - 151 <= at_s <= now_s + 1 for at_s in times)
    assert all(kill.pid > 0 and kill.line for kill in found)


def test_nothing_is_told_of_the_future(log):
    kernel_log, now_s = log
    found = kernel_log.oom_kills(now_s + 3600)
    assert isinstance(found, Absent) or list(found) == []


def test_reports_are_told_oldest_first_with_every_kill_in_one_of_them(log):
    kernel_log, now_s = log
    kills, reports = kernel_log.oom_kills(now_s - 150), kernel_log.oom_reports(now_s - 150)
    if isinstance(kills, Absent):
        assert isinstance(reports, Absent)
        return
    times = [report.at_s for report in reports]
    assert times == sorted(times)
    assert sorted(kill.pid for report in reports for kill in report.kills) == sorted(kill.pid for kill in kills)
