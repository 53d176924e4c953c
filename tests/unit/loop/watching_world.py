"""A machine in memory and a real record, for watches whose hours pass in seconds; looks are taken by nobody."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

from examples_render import leak
from fake_machine import MIB, FakeMachine

from oakum.host import Machine
from oakum.incident import IncidentSettings
from oakum.judge import judge
from oakum.loop.bench import Bench
from oakum.loop.record import Recorder, investigate_on_record
from oakum.loop.watch import Settings, watch
from oakum.loop.watching.closer import Manner
from oakum.loop.watching.followed import Followed
from oakum.model.errand import Ended
from oakum.model.errors import OakumError
from oakum.model.hands import Hands
from oakum.model.own_cost import OwnCost
from oakum.model.policy import Policy
from oakum.model.series import Scope
from oakum.model.work import Holder
from oakum.render import investigation_to_json
from oakum.render.codec_samples import samples_from_bytes
from oakum.sense.track import Track
from oakum.store import open_store
from oakum.store.place import FilePlace

NODE = 8.0 * 2**30
HOST = "here"


class Workers:
    """One machine; who is ``alive`` goes on."""

    def __init__(self, pid=100):
        self.me = Holder(HOST, "boot-1", pid, pid)
        self.alive = {self.me}

    def this(self):
        return self.me

    def gone(self, holder):
        return None if holder.host != HOST else holder not in self.alive


class Told:
    """Progress that keeps what it was told."""

    def __init__(self):
        self.lines = []

    def stage(self, text):
        self.lines.append(text)

    def ask(self, question):
        del question

    def watched(self, *_):
        """Nobody looks."""

    def standing(self, text):
        self.stood = text

    def count(self, words):
        return sum(words in line for line in self.lines)


class Costs:
    def now(self):
        return OwnCost(1.0, 2.0, 50 * MIB, 80 * MIB)


class Sightings:
    """Every process works a tenth of a core."""

    def __init__(self, machine):
        self._machine = machine

    def cpu_s(self, pid):
        return 0.1 * (self._machine.clock.monotonic_s() - self._machine.found(pid).started_at_s)

    def runs(self, pid, start_ticks):
        del start_ticks
        return pid in self._machine.table


@dataclass
class FakeErrand:
    """Ends after ``polls`` questions with what ``answer`` gives."""

    answer: object
    polls: int
    stopped: bool = False

    def ended(self):
        self.polls -= 1
        return self.answer() if self.polls < 0 else None

    def stop(self):
        self.stopped = True


@dataclass
class FakeErrands:
    """``answer``: given the arguments of a look, how it ends."""

    answer: object
    polls: int = 2
    started: list = field(default_factory=list)
    errands: list = field(default_factory=list)

    def start(self, arguments, environment):
        self.started.append((list(arguments), dict(environment)))
        if isinstance(self.answer, OakumError):
            raise self.answer
        self.errands.append(FakeErrand(lambda: self.answer(list(arguments)), self.polls))
        return self.errands[-1]

    @property
    def targets(self):
        return [arguments[1] for arguments, _ in self.started]


def document(verdict="leak", *, incident="inc-1", pause_s=0.0, cause=True):
    causes = [{"cause": "unbounded-cache", "holder": "shop.CACHE", "title": "a cache"}] if cause else []
    return {
        "verdict": {"verdict": verdict},
        "evidence": [{"cost": {"pause_s": pause_s}}],
        "causes": causes,
        "incident": incident,
    }


def ended(*, code=1, said="", **told):
    return Ended(code, json.dumps(document(**told)).encode(), said)


def track_of(values, *, name="pid/1", step_s=5.0, start_s=1.7e9, limit=float("inf"), **labels):
    scope = Scope.PROCESS if name.startswith("pid/") else Scope.CGROUP
    pid = int(name.removeprefix("pid/")) if scope is Scope.PROCESS else None
    told = {"command": "shop", "cgroup": "/shop", **labels}
    if pid is None:
        told = {"cgroup": name.removeprefix("cgroup")}
    track = Track(name, scope, told, pid=pid, started_s=start_s if pid else None)
    for number, value in enumerate(values):
        track.add(start_s + step_s * number, value, limit)
    return track


def followed_of(track, *, key="", verdict=None, found=False):
    followed = Followed(track, key or track.name, key or track.name, NODE)
    followed.add(track.take())
    if verdict is not None:
        followed.verdict, followed.judged_s = verdict, followed.last_s
        if found:
            followed.found_since_s, followed.found_times = followed.last_s - 600.0, 9
    return followed


def climbing(rate_mib_per_s, seconds, *, base_mib=60, step_s=5.0):
    return [(base_mib + rate_mib_per_s * step_s * number) * MIB for number in range(int(seconds / step_s))]


class World:
    """One machine and one record; a watch may be held on it again and again."""

    def __init__(self, folder, *, policy=None):
        self.machine, self.folder, self.told, self.workers = FakeMachine(), folder, Told(), Workers()
        self.policy = policy or Policy()
        self.store = open_store(FilePlace(folder / "oakum.db"), blobs="")
        self.errands = FakeErrands(self.look)

    def ports(self):
        one = self.machine
        return Machine(
            one.processes, one.cgroups, one.clock, one.kernel_log, one.memories, None, None, None, None, None
        )

    def bench(self):
        recorder = Recorder(self.store, self.workers, "ann", self.policy, IncidentSettings())
        return Bench(self.ports(), Hands(Sightings(self.machine), None, None, None), recorder, self.told)

    def every(self, seconds, happen):
        def again():
            happen()
            self.machine.clock.after(seconds, again)

        self.machine.clock.after(seconds, again)

    def leaking(self, bytes_per_s, *, command=("python3", "shop.py"), cgroup="/shop.service", base=60 * MIB):
        """A service that leaks for ever; gives what holds its present process."""
        held = SimpleNamespace(process=self.machine.start(command, cgroup=cgroup, anon_bytes=base))

        def grow():
            held.process.anon_bytes += int(5 * bytes_per_s)

        self.every(5.0, grow)
        return held

    def steady(self, name, *, size=80 * MIB):
        return self.machine.start((name,), cgroup=f"/{name}.service", anon_bytes=size)

    def recorded(self, target, investigation):
        bench = self.bench()
        return investigate_on_record(target, lambda: investigation, bench.recorder, now_s=bench.now_s())

    def look(self, arguments):
        """As ``oakum investigate``: judges what it is given, and records a leak where the series climbs."""
        target = arguments[1]
        with open(arguments[arguments.index("--earlier") + 1], "rb") as file:  # noqa: PTH123
            series, _ = samples_from_bytes(file.read())
        pid = int(target.removeprefix("pid/")) if target.startswith("pid/") else None
        process = self.machine.table.get(pid)
        if pid is not None and process is None:
            return Ended(3, b"", "oakum: there is no process\n")
        found = leak()
        verdict = judge(series)
        climbs = verdict.pattern is not None and verdict.pattern.leaks
        info = self.machine.info(process) if process is not None else None
        labels = {"command": info.title, "cgroup": info.cgroup} if info else dict(series.labels)
        done = replace(
            found,
            target=target,
            generated_at_s=self.machine.clock.now_s(),
            series=replace(series, id=target, labels=labels),
            verdict=replace(found.verdict, rate_per_s=verdict.rate_per_s) if climbs else verdict,
            series_verdict=verdict,
            causes=found.causes if climbs else (),
        )
        done = self.recorded(target, done).investigation
        return Ended(1, json.dumps(investigation_to_json(done)).encode(), "")

    def watch(self, *targets, seconds=None, interval_s=20.0, manner=None):
        manner = manner or Manner(True, False, 5.0, 30.0, {})
        settings = Settings.of(interval_s=interval_s, watch_s=seconds, manner=manner)
        return watch(list(targets), bench=self.bench(), errands=self.errands, costs=Costs(), settings=settings)
