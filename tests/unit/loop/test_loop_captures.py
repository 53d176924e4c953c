"""What a Python heap costs that must cross a network: told before it is copied, and refused above what was allowed."""

from __future__ import annotations

import pytest
from fake_machine import MIB, FakeMachine, FakePiece

from oakum.loop.captures import Captures
from oakum.loop.facts import Facts
from oakum.loop.progress import Silent
from oakum.model.absent import AbsentKind
from oakum.model.budget import Budget
from oakum.model.errors import RefusedError
from oakum.model.runtime import Runtime, RuntimeName
from oakum.probe.python import PythonProbe

HEAP = 0x7F00_0000_0000
RATE = float(2 * MIB)


class Told(Silent):
    def __init__(self):
        self.stages = []

    def stage(self, text):
        self.stages.append(text)


class Look:
    """A Python process that holds 8 MiB, ``rate`` bytes of which come in a second; None: it is near."""

    def __init__(self, rate=RATE, budget=None):
        self.machine = FakeMachine()
        self.process = self.machine.start(("python3", "app.py"))
        self.process.carried_bytes_per_s = rate
        self.holds(8)
        machine = self.machine.ports()
        runtime = Runtime(RuntimeName.CPYTHON, "3.11.7")
        probe = PythonProbe(machine.memories, machine.processes, machine.clock, runtime)
        self.captures = Captures(probe, self.process.pid, stop=False, budget=budget or Budget())
        self.facts, self.told = Facts(machine.clock), Told()

    def holds(self, mib):
        self.process.pieces[HEAP] = FakePiece(bytearray(b"\x11" * (mib * MIB)))

    def prepared(self):
        self.captures.prepare(self.facts, self.told)
        return self

    @property
    def taken(self):
        return sum(each.id.startswith("capture") for each in self.facts.evidence)

    @property
    def missed(self):
        (absent,) = self.facts.absent
        return absent

    def again(self):
        return f"oakum investigate pid/{self.process.pid}"


@pytest.fixture(autouse=True)
def _no_compiler(monkeypatch):
    monkeypatch.setattr("oakum.heap.warm_up", lambda: None)


def test_what_crosses_the_network_and_for_how_long_is_told_before_the_first_copy():
    look = Look().prepared()
    assert "reads 8.00 MiB, which cross the network in about 4" in look.told.stages[0]
    assert "2.00 MiB/s measured" in look.told.stages[0]
    (price,) = [each.facts for each in look.facts.evidence if each.id == "preflight"]
    assert (price["carried_bytes_per_s"], price["takes_s"]) == (RATE, 4.0)
    assert (look.taken, look.facts.absent) == (1, [])


def test_of_a_process_that_is_near_nothing_crosses_and_nothing_is_bounded():
    look = Look(rate=None, budget=Budget(max_bytes=MIB, max_copy_s=1e-6)).prepared()
    assert "network" not in look.told.stages[0]
    assert look.taken == 1


@pytest.mark.parametrize(
    ("budget", "option"),
    [
        (Budget(max_bytes=4 * MIB), " --max-bytes 13MiB"),
        (Budget(max_copy_s=3.0), " --max-copy 6s"),
        (Budget(max_bytes=4 * MIB, max_copy_s=3.0), " --max-bytes 13MiB --max-copy 6s"),
    ],
    ids=["too large", "too long", "both"],
)
def test_above_what_was_allowed_nothing_is_copied_and_the_command_that_allows_it_is_named(budget, option):
    look = Look(budget=budget).prepared()
    assert (look.missed.kind, look.missed.get) == (AbsentKind.TOO_DEAR, look.again() + option)
    assert "8.00 MiB of its memory would cross the network, in about 4" in look.missed.why
    assert look.taken == 0


def test_the_command_that_is_named_does_allow_it():
    assert Look(budget=Budget(max_bytes=13 * MIB, max_copy_s=6.0)).prepared().taken == 1


def test_without_a_bound_no_more_than_a_gib_and_a_minute_are_taken():
    assert Look(rate=8 * MIB / 60.0).prepared().taken == 1
    look = Look(rate=8 * MIB / 61.0).prepared()
    assert look.missed.get == f"{look.again()} --max-copy 92s"
    assert Budget().carried_bytes == 1 << 30


def test_a_heap_that_has_grown_beyond_it_meanwhile_is_not_copied_again():
    look = Look(budget=Budget(max_bytes=9 * MIB)).prepared()
    look.holds(10)
    look.captures.follow(look.process.pid, look.facts, look.told)
    assert (look.taken, look.missed.kind) == (1, AbsentKind.TOO_DEAR)
    assert "10.0 MiB of its memory would cross" in look.missed.why


def test_a_copy_that_was_given_up_is_told_as_such_and_not_as_the_target_s_end(monkeypatch):
    def slower(_self, pid, **_):
        raise RefusedError(f"the copy of pid {pid}'s memory was given up", why="it was not through within 60 s")

    monkeypatch.setattr(PythonProbe, "capture", slower)
    look = Look().prepared()
    assert (look.missed.kind, look.missed.get) == (AbsentKind.TOO_DEAR, f"{look.again()} --max-copy 120s")
    assert "given up" in look.missed.why
