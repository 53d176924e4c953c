"""Oakum is killed (SIGKILL) before and after everything that it writes or does; the next command goes on.

After each kill the plan is applied again, and then: the service was asked to end once and started once, the limit is
the one that was approved, the evidence was kept once, nothing is left begun, and no secret is left lying about. The
target is a real process in a real cgroup; the store is a real file; each attempt is a process of its own.
"""

from __future__ import annotations

import os
import signal
import warnings
from dataclasses import replace

import pytest
from acting import LEAKS, LIMIT_BYTES, MIB, YES, bench, limit_bytes, planned, service, wait_until

from oakum.act.plan import Wish
from oakum.loop import act
from oakum.model.plan_record import StepState

pytestmark = pytest.mark.lab

RAISED = 256 * MIB
POINTS = {
    "plans": ("approve", "change"),
    "incidents": ("change",),
    "works": ("begin", "finish"),
    "blobs": ("put",),
    "handovers": ("keep", "begin", "forget"),
    "limits": ("write",),
}
"""Every call through which something outside the process changes."""


class Fatal:
    """Counts the calls that change something, and kills the process right before number ``at``, or right after."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.names: list[str] = []
        self._at, self._after = at, after

    def wrap(self, thing, names):
        return Wrapped(self, thing, names)

    def passed(self, name, work):
        self.names.append(name)
        fatal = len(self.names) == self._at
        if fatal and not self._after:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = work()
        if fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


class Wrapped:
    """A port, some of whose calls are counted."""

    def __init__(self, fatal, thing, names):
        self._fatal, self._thing, self._names = fatal, thing, names

    def __getattr__(self, name):
        found = getattr(self._thing, name)
        if name not in self._names:
            return found
        told = f"{type(self._thing).__name__}.{name}"
        return lambda *args, **kwargs: self._fatal.passed(told, lambda: found(*args, **kwargs))


def counted(at, fatal):
    """The same bench with its changing calls counted."""
    store = Ports(at.store, {name: fatal.wrap(getattr(at.store, name), POINTS[name]) for name in POINTS_OF_STORE})
    hands = Ports(at.hands, {name: fatal.wrap(getattr(at.hands, name), POINTS[name]) for name in POINTS_OF_HANDS})
    return replace(at, hands=hands, recorder=replace(at.recorder, store=store))


POINTS_OF_STORE, POINTS_OF_HANDS = ("plans", "incidents", "works", "blobs"), ("handovers", "limits")


class Ports:
    """A bundle of ports with some of them exchanged."""

    def __init__(self, bundle, exchanged):
        self._bundle, self._exchanged = bundle, exchanged

    def __getattr__(self, name):
        return self._exchanged[name] if name in self._exchanged else getattr(self._bundle, name)


def attempt(folder, verb, number, fatal):
    """In a process of its own. Whether it was killed, and the points that it passed."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # The child does nothing with the threads that its parent may have.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        os.close(reading)
        with bench(folder) as at:
            act.LAST_LOOK_S = 5.0
            getattr(act, verb)(f"plan-{number}", YES, bench=counted(at, fatal))
        os.write(writing, "\n".join(fatal.names).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        names = told.read().decode().split("\n")
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status), names


def whole(folder, shop, record, old):
    """Everything that must hold once the plan is applied, however often it was cut off."""
    wait_until(lambda: len(shop.pids("began")) == 2)
    assert shop.pids("asked") == [old]
    assert shop.living() == [shop.pid]
    with bench(folder) as at:
        done = at.store.plans.get(record.number)
        assert done.state is StepState.APPLIED
        assert {step.state for step in done.steps} == {StepState.APPLIED}
        assert limit_bytes(shop.cgroup, at) == RAISED
        assert len(at.store.incidents.record(record.incident).kept) == 1
        assert at.store.works.unfinished() == []
        assert {approval.author for approval in at.store.plans.approvals(record.number)} == {"ann"}
    assert not list((folder / "hands").glob("*.launch*"))


def walked(folder, number):
    """One plan of all kinds of steps, killed before point ``number``, gone on with. The points of a run that lives."""
    with service(folder, name=f"fault-{number}") as shop:
        old = shop.pid
        with bench(folder) as at:
            record = planned(old, Wish(restart=True, limit_bytes=RAISED), at, LEAKS)
            assert limit_bytes(shop.cgroup, at) == LIMIT_BYTES
        killed, names = attempt(folder, "apply", record.number, Fatal(number, after=False))
        if killed:
            again, _ = attempt(folder, "apply", record.number, Fatal(0, after=False))
            assert not again
        whole(folder, shop, record, old)
        return killed, names


def test_killed_before_every_point_in_turn_nothing_is_lost_and_nothing_done_twice(tmp_path, record_property):
    number, killed = 0, True
    while killed:
        number += 1
        folder = tmp_path / str(number)
        folder.mkdir()
        killed, names = walked(folder, number)
    record_property("points", names)
    # What follows a point is what comes before the next: all were walked when a run outlives the last of them.
    assert len(names) == number - 1
    assert {name.partition(".")[2] for name in names} == {name for each in POINTS.values() for name in each}
    print("\n".join(["points walked, losses 0:", *names]))  # noqa: T201  (the table of the walk)


@pytest.mark.parametrize("first", [6, 12, 15])
def test_killed_again_while_it_goes_on_it_is_still_whole(tmp_path, first):
    with service(tmp_path, name=f"twice-{first}") as shop:
        old = shop.pid
        with bench(tmp_path) as at:
            record = planned(old, Wish(restart=True, limit_bytes=RAISED), at, LEAKS)
        at_point, killed = first, True
        while killed:
            killed, _ = attempt(tmp_path, "apply", record.number, Fatal(at_point, after=True))
            at_point = max(2, at_point - 3) if killed and at_point > 2 else 0
        whole(tmp_path, shop, record, old)


def test_an_undo_that_is_killed_before_every_point_in_turn_is_whole_in_the_end(tmp_path):
    with service(tmp_path, name="undoing") as shop:
        with bench(tmp_path) as at:
            record = planned(shop.pid, Wish(stop=True, limit_bytes=RAISED), at, LEAKS)
            act.LAST_LOOK_S = 5.0
            act.apply(f"plan-{record.number}", YES, bench=at)
        number, killed = 0, True
        while killed:
            number += 1
            killed, names = attempt(tmp_path, "undo", record.number, Fatal(number, after=False))
        wait_until(lambda: len(shop.pids("began")) == 2)
        assert shop.living() == [shop.pid]
        with bench(tmp_path) as at:
            assert at.store.plans.get(record.number).state is StepState.UNDONE
            assert limit_bytes(shop.cgroup, at) == LIMIT_BYTES
        assert not list((tmp_path / "hands").glob("*.launch*"))
        assert names
