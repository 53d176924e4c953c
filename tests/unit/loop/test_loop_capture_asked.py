"""Captures of a JVM and of a Node.js in memory: agreed to, within a budget, without texts, whole or not there."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyrage
import pytest
from fake_jvm import FakeJvm
from fake_machine import MIB, FakeMachine, FakePiece
from fake_node import DEFAULT, FakeNode, FakeWorker
from v8_files import V8File

from oakum.host.dumps import LiveDumps
from oakum.host.spool import LiveSpools
from oakum.loop import redact
from oakum.loop.capture import capture
from oakum.loop.capturing.settings import Settings
from oakum.loop.terms import Terms
from oakum.model.absent import Absent, AbsentKind
from oakum.model.budget import Budget
from oakum.model.errors import CallerError, DataError, MachineError, RefusedError, TargetError
from oakum.model.target import parse_target

sys.path.insert(0, str(Path(__file__).parents[1] / "heap"))
from shop_dump import shop_dump

SECRET = b"hunter2 is what it is called"


class Here:
    """Port Apart, in this process: the dumps are ours."""

    def pour(self, module, request, *, memory_bytes, told):
        del module, memory_bytes
        pieces = []
        made = redact.pour(request, dumps=LiveDumps(), told=told, poured=pieces.append)
        yield from pieces
        return made


class Person:
    """Answers as told; None: nobody is there."""

    def __init__(self, answer=None):
        self.answer, self.lines, self.questions = answer, [], []

    def stage(self, text):
        self.lines.append(str(text))

    def ask(self, question):
        self.questions.append(question)
        return self.answer

    def said(self, words):
        return next(line for line in self.lines if words in line)


@dataclass
class World:
    """``other``: the fake JVM or Node.js. ``whole``: what it dumps. ``dumps``: how often it was asked to."""

    machine: FakeMachine
    other: FakeJvm | FakeNode
    whole: bytes
    pid: int = 0
    spools: object = field(default_factory=LiveSpools)

    @property
    def dumps(self):
        return sum("heap_dump -all" in asked or "takeHeapSnapshot" in asked for asked in self.other.asked)

    def capture(
        self, file, person=None, *, raw=False, recipients=(), inspect=True, budget=None, worker="", incident=""
    ):
        jvm = isinstance(self.other, FakeJvm)
        ports = self.machine.ports(
            dumps=LiveDumps(),
            apart=Here(),
            debuggees=None if jvm else self.other,
            spools=self.spools,
            jvms=self.other if jvm else None,
        )
        settings = Settings(
            raw=raw,
            recipients=recipients,
            terms=Terms(inspect, budget or Budget()),
            worker=worker,
            incident=incident,
        )
        target = parse_target(f"pid/{self.pid}")
        return capture(target, str(file), machine=ports, settings=settings, progress=person or Person())


def jvm_world():
    machine, whole = FakeMachine(), shop_dump(sessions=300)
    started = machine.start(("/usr/bin/java", "shop.Main"), cgroup="/shop")
    says = b"OpenJDK 64-Bit Server VM (17.0.15+6) for linux-amd64 JRE (17.0.15+6)".ljust(4096, b"\0")
    started.pieces[0x5000_0000] = FakePiece(bytearray(says), "/usr/lib/jvm/lib/server/libjvm.so", writable=False)
    return World(machine, FakeJvm(machine.clock, dumps=[whole]), whole, started.pid)


def node_world():
    machine, made = FakeMachine(), V8File()
    for number in range(300):
        made.edge(0, "internal", f"part {number}", made.node("string", f"{SECRET.decode()} {number}", 100))
    started = machine.start(("/usr/bin/node", "app.js"), cgroup="/shop")
    started.executable = "/usr/bin/node"
    says = b"node.js/v20.20.2".ljust(4096, b"\0")
    started.pieces[0x5000_0000] = FakePiece(bytearray(says), "/usr/bin/node", writable=False)
    return World(machine, FakeNode(machine.clock, snapshots=[made.bytes()]), made.bytes(), started.pid)


@pytest.fixture(params=[jvm_world, node_world], ids=["jvm", "node"])
def world(request):
    """Whatever happens in it, nothing stays spooled, and no inspector open."""
    before = spooled()
    made = request.param()
    yield made
    assert spooled() == before
    assert isinstance(made.other, FakeJvm) or made.other.ended or not made.other.listens


def spooled():
    """Files without a name that this process holds."""
    found = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            found += str(Path(f"/proc/self/fd/{name}").readlink()).endswith("(deleted)")
        except OSError:
            continue
    return found


def test_a_dump_is_said_agreed_to_taken_once_and_written_without_its_texts(world, tmp_path):
    person = Person(answer=True)
    found = world.capture(tmp_path / "a", person, inspect=None)
    assert (len(person.questions), world.dumps, world.other.signals) == (1, 1, 1)
    asked, ran_on = person.said("Oakum would send SIG"), person.said("it runs on")
    assert "more memory" in asked
    assert person.lines.index(asked) < person.lines.index(ran_on)
    written = (tmp_path / "a").read_bytes()
    assert (len(written), found.file_bytes, found.redacted) == (len(world.whole), len(world.whole), True)
    assert written != world.whole
    assert SECRET not in written
    assert found.redaction.format == found.format
    assert found.cost.pause_s == pytest.approx(world.other.pause_s)
    assert found.cost.bytes_read == len(world.whole)
    assert found.foretold.pause_s > 0
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["a"]


def test_the_process_that_was_named_is_asked_though_its_child_gains_more(world, tmp_path):
    child = world.machine.start(("/bin/sed",), parent_pid=world.pid, cgroup="/shop")
    world.machine.clock.after(1.0, lambda: setattr(child, "anon_bytes", child.anon_bytes + 9 * MIB))
    person = Person()
    assert world.capture(tmp_path / "a", person).pid == world.pid
    assert person.said(f"pid {world.pid} itself is looked at")


def test_behind_a_wrapper_the_one_that_runs_what_can_be_asked_is_found(world, tmp_path):
    front = world.machine.start(("tini", "--", "app"), cgroup="/shop", anon_bytes=1 << 16)
    world.machine.table[world.pid].parent_pid = front.pid
    inner, world.pid = world.pid, front.pid
    person = Person(answer=True)
    assert world.capture(tmp_path / "a", person, inspect=None).pid == inner
    told, asked = person.said(f"pid {inner} is looked at: the largest of 2"), person.said("Oakum would send SIG")
    assert person.lines.index(told) < person.lines.index(asked)
    assert f"pid {inner}" in asked


def test_texts_are_kept_only_when_they_are_asked_for_and_both_is_told(world, tmp_path):
    person = Person()
    found = world.capture(tmp_path / "a", person, raw=True)
    assert (tmp_path / "a").read_bytes() == world.whole
    assert (found.redacted, found.redaction) == (False, None)
    assert person.said("may be secrets")


def test_it_is_packed_by_its_name_and_sealed_to_whom_it_is_for(world, tmp_path):
    key = pyrage.x25519.Identity.generate()
    found = world.capture(tmp_path / "a.zst.age", recipients=(str(key.to_public()),))
    assert found.sealed_to == (str(key.to_public()),)
    assert pyrage.decrypt((tmp_path / "a.zst.age").read_bytes(), [key]).startswith(b"\x28\xb5\x2f\xfd")


@pytest.mark.parametrize(("answer", "why"), [(None, "nobody was there"), (False, "declined")])
def test_without_a_yes_nothing_is_sent_and_the_command_that_says_it_is_told(world, tmp_path, answer, why):
    with pytest.raises(RefusedError) as told:
        world.capture(tmp_path / "a", Person(answer), inspect=None)
    assert why in told.value.why
    assert told.value.next_step.startswith(f"oakum heap capture pid/{world.pid} --output")
    assert told.value.next_step.endswith("--inspect")
    assert (world.other.signals, world.other.asked, os.listdir(tmp_path)) == (0, [], [])


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (Budget(max_pause_s=0.05), "--max-pause"),
        (Budget(deadline_s=0.05), "--deadline"),
        (Budget(max_bytes=1000), "--max-bytes"),
    ],
)
def test_what_could_cost_more_than_its_budget_is_not_asked_for(world, tmp_path, budget, words):
    with pytest.raises(RefusedError) as told:
        world.capture(tmp_path / "a", budget=budget)
    assert words in told.value.next_step
    if isinstance(world.other, FakeJvm):
        counting = replace(budget, max_bytes=None).asked(f"oakum heap histogram pid/{world.pid} --inspect")
        assert told.value.next_step.endswith(f"{counting}    # costs less")
    assert (world.dumps, os.listdir(tmp_path)) == (0, [])


@pytest.mark.parametrize("inspect", [True, False])
def test_the_command_that_a_refusal_tells_has_every_bound_and_seal_that_was_given(world, tmp_path, inspect):
    key = str(pyrage.x25519.Identity.generate().to_public())
    budget = Budget(0.05, deadline_s=30.0, max_bytes=1 << 30)
    with pytest.raises(RefusedError) as told:
        world.capture(tmp_path / "a", raw=True, recipients=(key,), inspect=inspect, budget=budget, incident="inc-1")
    command = told.value.next_step.partition("\n")[0]
    assert f"--raw --seal-to {key} --incident inc-1 --inspect --max-pause" in command
    assert command.endswith("--deadline 30s --max-bytes 1GiB")
    assert command.count("--max-pause") == 1


def test_a_dump_that_turns_out_larger_than_allowed_is_given_up(world, tmp_path):
    world.other.heap_bytes = 5 * MIB
    most = 60 * MIB
    big = world.whole + bytes(most) if isinstance(world.other, FakeJvm) else world.whole + b" " * most
    (world.other.dumps if isinstance(world.other, FakeJvm) else world.other.snapshots)[:] = [big]
    with pytest.raises(RefusedError) as told:
        world.capture(tmp_path / "a", budget=Budget(max_bytes=most))
    assert "given up" in told.value.what
    assert "--max-bytes" in told.value.next_step
    assert os.listdir(tmp_path) == []


def test_a_target_without_room_below_its_limit_is_left_alone(world, tmp_path):
    world.machine.groups["/shop"].limit_bytes = 30 * MIB
    with pytest.raises(RefusedError, match="not captured") as told:
        world.capture(tmp_path / "a")
    assert "left below" in told.value.why
    assert world.dumps == 0


def test_a_target_that_ends_in_the_middle_leaves_no_file(world, tmp_path):
    original = world.spools.create

    def dying(limit_bytes):
        world.other.ended = True
        return original(limit_bytes)

    world.spools.create = dying
    with pytest.raises(TargetError):
        world.capture(tmp_path / "a")
    assert os.listdir(tmp_path) == []


def test_a_broken_dump_is_not_written_at_all(world, tmp_path):
    whole = world.whole[: len(world.whole) // 2]
    (world.other.dumps if isinstance(world.other, FakeJvm) else world.other.snapshots)[:] = [whole]
    with pytest.raises(DataError):
        world.capture(tmp_path / "a")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("name", "family"), [("", CallerError), ("no/such/folder/a", MachineError)])
def test_a_file_that_cannot_be_is_told_before_anything_is_sent(world, tmp_path, name, family):
    with pytest.raises(family):
        world.capture(f"{tmp_path}/{name}")
    assert (world.other.signals, world.other.asked) == (0, [])


def test_a_disk_without_room_for_the_spool_is_told_before_the_dump(world, tmp_path):
    full = Absent("room for 1 GiB in /somewhere", AbsentKind.TOO_DEAR, "little is free there", "TMPDIR=/larger oakum …")
    world.spools.create = lambda _: full
    with pytest.raises(RefusedError) as told:
        world.capture(tmp_path / "a")
    assert "TMPDIR" in told.value.next_step
    assert world.dumps == 0


def test_an_inspector_that_does_not_close_is_told(tmp_path):
    world = node_world()
    world.other.stubborn = True
    found = world.capture(tmp_path / "a")
    assert "it closes itself" in found.warnings[-1]


@pytest.mark.parametrize(
    ("budget", "more"),
    [
        (Budget(), "--max-pause 60s"),
        (Budget(15.0, 30.0), "--max-pause 30s --deadline 30s"),
        (Budget(15.0, 10.0), "--max-pause 40s --deadline 40s"),
    ],
)
def test_a_jvm_that_takes_longer_than_foretold_is_given_up_when_its_time_is_over(tmp_path, budget, more):
    world = jvm_world()
    world.other.pause_s = 20.0
    with pytest.raises(RefusedError, match="given up") as told:
        world.capture(tmp_path / "a", budget=budget)
    assert told.value.next_step.endswith(f"--inspect {more}")
    assert told.value.next_step.startswith("give its probe more time") == (budget == Budget(15.0, 10.0))
    assert os.listdir(tmp_path) == []


def test_who_must_not_be_signalled_is_left_alone_with_what_would_help(world, tmp_path):
    """-Xrs, or a handler that is not there yet; a program that SIGUSR1 would end."""
    world.other.caught = frozenset()
    with pytest.raises(TargetError) as told:
        world.capture(tmp_path / "a")
    assert "would end" in told.value.why
    assert told.value.next_step
    assert (world.other.signals, world.other.asked, os.listdir(tmp_path)) == (0, [], [])


def test_a_port_that_another_inspector_has_is_told_and_no_signal_sent(tmp_path):
    world = node_world()
    world.other.neighbours = [DEFAULT]
    with pytest.raises(TargetError) as told:
        world.capture(tmp_path / "a")
    assert "port 9229" in told.value.why
    assert world.other.signals == 0


def test_the_heap_of_a_worker_thread_is_taken_by_name_and_what_is_left_out_is_told(tmp_path):
    world = node_world()
    world.other.workers = {"[worker 1]": FakeWorker(), "[worker 2] mail": FakeWorker(snapshots=[world.whole])}
    taken = world.capture(tmp_path / "kept", raw=True, worker="mail")
    assert (tmp_path / "kept").read_bytes() == world.whole
    (told,) = taken.warnings
    assert told.startswith("it is the heap of worker thread [worker 2] mail (w.js); the main thread's heap (20.0 MiB)")
    taken = world.capture(tmp_path / "main", raw=True)
    assert taken.warnings[0].startswith("the heaps of 2 worker threads (10.0 MiB) are not in it: --worker")


def test_a_worker_thread_that_is_not_there_is_told_with_those_that_are(tmp_path):
    world = node_world()
    world.other.workers = {"[worker 1] mail": FakeWorker()}
    with pytest.raises(CallerError) as caught:
        world.capture(tmp_path / "kept", worker="post")
    assert "[worker 1] mail" in caught.value.why
    world.other.workers = {"[worker 1] mail": FakeWorker(says="busy")}
    with pytest.raises(TargetError, match="does not answer"):
        world.capture(tmp_path / "kept", worker="1")
    assert (world.dumps, world.other.listens, list(tmp_path.iterdir())) == (0, [], [])


def test_a_jvm_has_no_worker_threads_to_choose_from(tmp_path):
    with pytest.raises(CallerError, match="one heap for all its threads"):
        jvm_world().capture(tmp_path / "kept", worker="1")
