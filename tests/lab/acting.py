"""A service that counts its starts and its ends, run by nobody in a cgroup of its own; and plans made for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from oakum.act.plan import Wish, make
from oakum.host import this_machine
from oakum.host.hands import these_hands
from oakum.host.sandbox import LiveSandboxes, remove_tree
from oakum.host.workers import LiveWorkers
from oakum.incident import IncidentSettings
from oakum.loop.act import Assent
from oakum.loop.bench import Bench
from oakum.loop.progress import Silent
from oakum.loop.record import Recorder
from oakum.loop.situation import situation
from oakum.model.absent import Absent
from oakum.model.incident import Change, Incident, Severity, State
from oakum.model.policy import Policy
from oakum.model.step import Plan
from oakum.model.verdict import Pattern, Verdict, VerdictName
from oakum.store import open_store
from oakum.store.place import parse_place
from oakum_guard import find_hierarchy

MIB = 1 << 20
LIMIT_BYTES = 192 * MIB
POLICY = replace(Policy(), stop_grace_s=3.0)
YES = Assent(yes=True)
LEAKS = Verdict(VerdictName.LEAK, Pattern.LINEAR, 0.97, 40.0 * MIB, rate_per_s=1.0 * MIB)
HEALTHY = Verdict(VerdictName.HEALTHY, Pattern.FLAT, 0.02, 40.0 * MIB)

SERVICE = """
import os, signal, sys, time
log = open(sys.argv[1], "a", buffering=1)
how = sys.argv[2]
def end(number, frame):
    print("asked", os.getpid(), file=log)
    if how != "stays":
        time.sleep(0.2)
        os._exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if how == "deaf" else end)
print("began", os.getpid(), os.environ["SHOP"], os.getcwd(), file=log)
kept = bytearray(16 << 20)
while True:
    time.sleep(60)
"""


@dataclass
class Service:
    """``log``: what it wrote of its own life; ``folder`` and ``cgroup``: where it runs."""

    log: Path
    folder: str
    cgroup: str

    @property
    def lines(self) -> list[list[str]]:
        return [line.split() for line in self.log.read_text().splitlines()]

    def pids(self, word: str) -> list[int]:
        return [int(line[1]) for line in self.lines if line[0] == word]

    @property
    def pid(self) -> int:
        """The one that began last."""
        return self.pids("began")[-1]

    def living(self) -> list[int]:
        return [pid for pid in self.pids("began") if _lives(pid)]


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


@contextmanager
def cgroup(name: str, limit_bytes: int = LIMIT_BYTES) -> Iterator[tuple[str, str]]:
    """(folder, path); gone at the end with all that runs in it."""
    sandbox = LiveSandboxes().create(name, limit_bytes)
    if isinstance(sandbox, Absent):
        pytest.skip(f"no memory cgroup here: {sandbox.why}")
    mount = find_hierarchy().mount_of(sandbox.path)
    folder = mount.locate(sandbox.path)
    try:
        yield folder, sandbox.path
    finally:
        remove_tree(folder)


@contextmanager
def service(folder: Path, *, name: str = "acting", how: str = "ends") -> Iterator[Service]:
    """Its parent has gone: init has it, as what was started with nohup once the terminal is closed."""
    log = folder / "life.log"
    log.touch()
    with cgroup(name) as (place, path):
        begin(log, place, how)
        shop = Service(log, place, path)
        try:
            wait_until(lambda: shop.pids("began"))
            yield shop
        finally:
            for pid in shop.living():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def begin(log: Path, place: str, how: str) -> None:
    words = [sys.executable, "-I", "-S", "-c", SERVICE, str(log), how]
    script = f'echo $$ > {place}/cgroup.procs; "$@" </dev/null >>{log}.out 2>&1 &'
    subprocess.run(
        ["/bin/sh", "-c", script, "sh", *words],
        env={"SHOP": "prices=ö", "PATH": os.environ["PATH"]},
        cwd="/usr",
        check=True,
    )


def wait_until(holds, within_s: float = 20.0) -> None:
    until_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until_s, "it did not come to be in time"
        time.sleep(0.02)


@contextmanager
def bench(folder: Path, *, policy: Policy = POLICY, progress=None) -> Iterator[Bench]:
    """The store and the marks lie in ``folder``: opened again, they are as they were left."""
    store = open_store(parse_place(str(folder / "oakum.db")), blobs="")
    try:
        recorder = Recorder(store, LiveWorkers(), "ann", policy, IncidentSettings())
        yield Bench(this_machine(), these_hands(folder / "hands"), recorder, progress or Silent())
    finally:
        store.close()


def planned(pid: int, wish: Wish, at: Bench, verdict: Verdict = LEAKS):
    """As ``oakum plan`` makes it, on a verdict that is given."""
    target = f"pid/{pid}"
    now_s = at.machine.clock.now_s()
    incident = Incident(target, target, State.ASSESSED, Severity.P2, now_s, now_s, now_s)
    open_ones = [known for known in at.store.incidents.list() if known.identity == target]
    known = open_ones[0] if open_ones else at.store.incidents.write(target, lambda _: Change(incident))
    collects = wish.collect and wish.inspect is True
    rests_on = situation(target, pid, verdict, advice=Plan(), machine=at.machine, hands=at.hands, collects=collects)
    return at.store.plans.add(make(rests_on, wish, at.policy, now_s=now_s, incident=known.number))


def limit_bytes(path: str, at: Bench) -> int:
    memory = at.machine.cgroups.memory(path)
    assert not isinstance(memory, Absent)
    return memory.limit.limit_bytes
