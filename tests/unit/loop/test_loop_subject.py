"""Who is looked at: the process that grows, or the largest, never just the one in front; and why, in words."""

from __future__ import annotations

import os

import pytest
from fake_machine import FakeMachine

from oakum.loop import subject
from oakum.loop.subject import choose
from oakum.model.errors import CallerError, TargetError
from oakum.model.target import CgroupTarget, DependencyTarget, ProcessTarget

MIB = 1 << 20
KIB = 1 << 10


@pytest.fixture
def machine():
    return FakeMachine()


def chosen(machine, target):
    return choose(target, processes=machine.processes, cgroups=machine.cgroups, clock=machine.clock)


def gains(machine, process, size):
    machine.clock.after(1.0, lambda: setattr(process, "anon_bytes", process.anon_bytes + size))


def family(machine, *sizes, name="tini", cgroup="/pod"):
    """A wrapper of 100 KiB and what runs behind it."""
    front = machine.start((name, "--", "app"), cgroup=cgroup, anon_bytes=100 * KIB)
    return front, [machine.start(("app",), parent_pid=front.pid, cgroup=cgroup, anon_bytes=size) for size in sizes]


@pytest.mark.parametrize("name", ["tini", "dumb-init", "sh", "sudo", "gunicorn: master", "PM2 v5: God Daemon"])
def test_the_child_that_grows_is_chosen_whatever_stands_in_front_of_it(machine, name):
    front, workers = family(machine, 300 * MIB, 20 * MIB, 20 * MIB, name=name)
    gains(machine, workers[1], 2 * MIB)
    gains(machine, workers[2], MIB)
    found = chosen(machine, ProcessTarget(front.pid))
    assert found.process.pid == workers[1].pid
    assert found.why == (
        f"grew most of 4 processes under pid/{front.pid}: 2.00 MiB in 3 s; {name[:15]} in front of it holds 100 KiB"
    )


def test_the_grandchild_behind_two_wrappers_is_found(machine):
    front, (shell,) = family(machine, 200 * KIB)
    app = machine.start(("app",), parent_pid=shell.pid, anon_bytes=10 * MIB)
    gains(machine, app, MIB)
    assert chosen(machine, ProcessTarget(front.pid)).process.pid == app.pid


def test_where_none_grows_the_largest_is_chosen_and_that_is_said(machine):
    front, workers = family(machine, 20 * MIB, 300 * MIB)
    found = chosen(machine, ProcessTarget(front.pid))
    assert found.process.pid == workers[1].pid
    assert found.why.startswith(f"the largest of 3 processes under pid/{front.pid}, 300 MiB; none grew in 3 s; tini in")


def test_a_few_pages_more_in_the_one_in_front_do_not_count_as_growth(machine):
    front, workers = family(machine, 300 * MIB)
    gains(machine, front, 60 * KIB)
    assert chosen(machine, ProcessTarget(front.pid)).process.pid == workers[0].pid


def test_a_group_in_which_none_grows_is_not_said_to_grow(machine):
    _, workers = family(machine, 20 * MIB, 300 * MIB)
    found = chosen(machine, CgroupTarget("/pod"))
    assert found.process.pid == workers[1].pid
    assert found.why == "the largest of 3 processes under cgroup/pod, 300 MiB; none grew in 3 s"


def test_the_one_that_was_named_is_chosen_where_it_grows_itself(machine):
    front, _ = family(machine, 300 * MIB)
    gains(machine, front, 5 * MIB)
    found = chosen(machine, ProcessTarget(front.pid))
    assert found.process.pid == front.pid
    assert "in front" not in found.why


def test_one_alone_is_chosen_without_a_word_and_without_waiting(machine):
    process = machine.start(("app",))
    before_s = machine.clock.monotonic_s()
    found = chosen(machine, ProcessTarget(process.pid))
    assert (found.process.pid, found.why) == (process.pid, "")
    assert machine.clock.monotonic_s() == before_s


def test_the_worker_that_took_anothers_place_meanwhile_counts(machine):
    front, workers = family(machine, 300 * MIB)

    def replaced():
        machine.end(workers[0].pid)
        workers.append(machine.start(("app",), parent_pid=front.pid, anon_bytes=250 * MIB))

    machine.clock.after(1.0, replaced)
    assert chosen(machine, ProcessTarget(front.pid)).process.pid == workers[1].pid


def test_one_that_ends_while_it_is_compared_is_not_chosen(machine):
    front, workers = family(machine, 300 * MIB, 20 * MIB)
    machine.clock.after(1.0, lambda: machine.end(workers[0].pid))
    assert chosen(machine, ProcessTarget(front.pid)).process.pid == workers[1].pid


def test_where_all_end_meanwhile_that_is_told(machine):
    front, workers = family(machine, 300 * MIB)
    machine.clock.after(1.0, lambda: [machine.end(process.pid) for process in (front, *workers)])
    with pytest.raises(TargetError, match="ended"):
        chosen(machine, ProcessTarget(front.pid))


def test_of_very_many_the_largest_are_compared(machine, monkeypatch):
    monkeypatch.setattr(subject, "MOST_CANDIDATES", 4)
    _, workers = family(machine, *(number * MIB for number in range(1, 9)))
    gains(machine, workers[6], MIB)
    found = chosen(machine, CgroupTarget("/pod"))
    assert found.process.pid == workers[6].pid
    assert "grew most of 4 processes" in found.why


def test_oakum_itself_in_the_group_is_not_looked_at(machine, monkeypatch):
    own = machine.start(("oakum", "investigate"), cgroup="/pod", anon_bytes=MIB)
    monkeypatch.setattr(os, "getpid", lambda: own.pid)
    _, workers = family(machine, 20 * MIB)
    gains(machine, own, 90 * MIB)
    assert chosen(machine, CgroupTarget("/pod")).process.pid == workers[0].pid
    assert chosen(machine, ProcessTarget(own.pid)).process.pid == own.pid


def test_a_dependency_is_no_process_and_no_password_is_said(machine):
    with pytest.raises(CallerError, match="is no process of this machine") as raised:
        chosen(machine, DependencyTarget("postgresql://me:s3cret@db/shop"))
    assert raised.value.next_step == "oakum investigate postgresql://me@db/shop"
    assert "s3cret" not in str(raised.value)
