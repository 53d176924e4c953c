"""``oakum watch``: judge for as long as it runs, open incidents once, look closer while there is time, prove fixes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from oakum.judge import JudgeSettings
from oakum.loop.bench import Bench
from oakum.loop.record import muted
from oakum.loop.subject import members
from oakum.loop.watching.book import Book
from oakum.loop.watching.closer import Closer, Manner
from oakum.loop.watching.fixes import Fixes
from oakum.loop.watching.followed import FOUND, Followed
from oakum.loop.watching.suspicions import Suspicions
from oakum.model.errand import Errands
from oakum.model.errors import CallerError, OakumError, RefusedError
from oakum.model.mute import Mute
from oakum.model.own_cost import OwnCosts
from oakum.model.process import ProcessInfo
from oakum.model.target import CgroupTarget, ProcessTarget, Target
from oakum.model.units import format_count, format_duration
from oakum.model.verdict import VerdictName
from oakum.model.watch import Happening, Watched, WatchReport
from oakum.model.work import Work
from oakum.sense.machine import MachineWatch

if TYPE_CHECKING:
    from oakum.loop.progress import Progress

WATCH = "watch"

JUDGED_SHARE = 0.4
"""Of the time between two samples, judging takes no larger share; who waits is judged after the next sample."""

MUTES_EVERY_S = 30.0
"""Mutes are read again this often, in seconds."""

TOLD_AT_MOST = 1000
"""Happenings that are held for the report; the newest."""

ROWS = 20
"""Series that the report tells one by one; the worst."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a watch is held."""

    interval_s: float
    """Between two samples, in seconds."""

    watch_s: float | None
    """How long, in seconds; None: until it is told to end."""

    manner: Manner

    @classmethod
    def of(cls, *, interval_s: float, watch_s: float | None, manner: Manner) -> Settings:
        """Raises CallerError for a rhythm that shows nothing, or a watch that holds fewer than 8 samples."""
        if not 0.2 <= interval_s <= 3600 or (watch_s is not None and watch_s < 8 * interval_s):
            raise CallerError(
                f"cannot watch with a sample every {format_duration(interval_s)}"
                + (f" for {format_duration(watch_s)}" if watch_s is not None else ""),
                why="samples are 0.2 s to an hour apart, and 8 of them are needed",
                next_step="oakum watch --every 5s",
            )
        return cls(interval_s, watch_s, manner)


@dataclass(slots=True)
class Notebook:
    """What is told to a person, and kept for the report."""

    progress: Progress
    now_s: Callable[[], float]
    lines: list[Happening] = field(default_factory=list)

    def tell(self, target: str, text: str) -> None:
        at_s = self.now_s()
        self.lines.append(Happening(at_s, target, text))
        del self.lines[:-TOLD_AT_MOST]
        said = f"{target}: {text}" if target else text
        self.progress.stage(f"{datetime.fromtimestamp(at_s, UTC):%H:%M:%SZ} {said}")


def watch(
    targets: Sequence[Target], *, bench: Bench, errands: Errands, costs: OwnCosts, settings: Settings
) -> WatchReport:
    """Until the time is up or KeyboardInterrupt, which is the usual end of a watch: what it knows is stored then.

    Raises RefusedError while another Oakum watches the same on this record.
    """
    machine = bench.machine
    notes = Notebook(bench.progress, machine.clock.now_s)
    subject = " ".join(sorted(map(str, targets))) or "host"
    work = _begun(subject, bench, notes)
    try:
        wanted = _wanted(targets, bench)
        with MachineWatch(
            processes=machine.processes,
            cgroups=machine.cgroups,
            clock=machine.clock,
            interval_s=settings.interval_s,
            wanted=wanted,
        ) as eyes:
            return _Watch(subject, eyes, bench, errands=errands, costs=costs, settings=settings, notes=notes).run()
    finally:
        _finish(work, bench)


def _begun(subject: str, bench: Bench, notes: Notebook) -> Work:
    recorder = bench.recorder
    name = f"{recorder.workers.this().host} {subject}"
    for other in bench.store.works.unfinished():
        if (other.kind, other.subject) != (WATCH, name):
            continue
        if not recorder.workers.gone(other.holder):
            raise RefusedError(
                f"another Oakum watches {subject} here",
                why=f"pid {other.holder.pid}, on the same record",
                next_step=f"oakum incident list    # what it found; or end it: kill -INT {other.holder.pid}",
            )
        notes.tell("", f"a watch was cut off at pid {other.holder.pid}; going on with what it stored")
        bench.store.works.finish(other.number)
    again = f"oakum watch {subject}".removesuffix(" host")
    return bench.store.works.begin(Work(WATCH, name, again, recorder.workers.this(), bench.now_s()))


def _finish(work: Work, bench: Bench) -> None:
    try:
        bench.store.works.finish(work.number)
    except OakumError as exc:
        # The next watch sees that this process is gone.
        bench.progress.stage(f"the record cannot be written at the end: {exc.what}")


def _wanted(targets: Sequence[Target], bench: Bench) -> Callable[[ProcessInfo], bool] | None:
    """Which processes belong to the targets, those that start later too; None: all of them."""
    if not targets:
        return None
    pids: set[int] = set()
    paths: list[str] = []
    for target in targets:
        found = members(target, processes=bench.machine.processes, cgroups=bench.machine.cgroups)
        if isinstance(target, CgroupTarget):
            paths.append(target.path)
        elif isinstance(target, ProcessTarget):
            pids |= {info.pid for info in found}

    def wanted(info: ProcessInfo) -> bool:
        inside = any(info.cgroup == path or info.cgroup.startswith(f"{path.rstrip('/')}/") for path in paths)
        if info.parent_pid in pids:
            pids.add(info.pid)
        return inside or info.pid in pids

    return wanted


class _Watch:
    """One watch, from its first sample to its report."""

    def __init__(  # noqa: PLR0913  (everything comes together here)
        self,
        subject: str,
        eyes: MachineWatch,
        bench: Bench,
        *,
        errands: Errands,
        costs: OwnCosts,
        settings: Settings,
        notes: Notebook,
    ) -> None:
        self._subject, self._eyes, self._bench, self._settings, self._notes = subject, eyes, bench, settings, notes
        self._costs = costs
        self._book = Book(
            bench.store.judge_states,
            host=bench.recorder.workers.this().host,
            machine_bytes=float(bench.machine.cgroups.machine_memory_bytes()),
            told=notes.tell,
        )
        self._closer = Closer(errands, settings.manner, bench.policy, mutes=self._muted, told=notes.tell)
        self._fixes = Fixes(bench, told=notes.tell)
        self._suspicions = Suspicions(bench, told=notes.tell)
        self._mutes: Sequence[Mute] = ()
        self._mutes_s = float("-inf")
        self._least = JudgeSettings().least_samples
        self._ticks = self._judged = 0
        self._begun_s = bench.machine.clock.now_s()
        self._record_failed = ""

    def run(self) -> WatchReport:
        clock, settings = self._bench.machine.clock, self._settings
        begun_s = clock.monotonic_s()
        lasts = "until it is ended (Ctrl-C)" if settings.watch_s is None else f"for {format_duration(settings.watch_s)}"
        self._notes.tell(
            "",
            f"watching {format_count(self._eyes.scopes)} processes and cgroups, "
            f"a sample every {format_duration(settings.interval_s)}, {lasts}",
        )
        try:
            self._step()
            while settings.watch_s is None or clock.monotonic_s() < begun_s + settings.watch_s:
                self._eyes.tick()
                self._ticks += 1
                self._step()
        except KeyboardInterrupt:
            self._notes.tell("", "told to end")
        finally:
            self._closer.close()
            self._book.store(self._eyes.now_s, all_of_it=True)
        return self._report()

    def _step(self) -> None:
        self._book.take(self._eyes.tracks(self._bench.machine.kernel_log))
        now_s = self._eyes.now_s
        followed = list(self._book)
        self._judge(followed, now_s)
        self._guarded(lambda: self._look(followed, now_s))
        self._guarded(lambda: self._fixes.step(followed))
        self._guarded(lambda: self._suspicions.step(followed, now_s))
        self._book.store(now_s)

    def _look(self, followed: Sequence[Followed], now_s: float) -> None:
        busy = self._closer.busy_with
        look = self._closer.step(followed, now_s)
        if look is not None and busy is not None:
            self._suspicions.looked(look, busy, now_s)

    def _judge(self, followed: Sequence[Followed], now_s: float) -> None:
        """The longest waiting first, for a part of the time until the next sample."""
        due = [one for one in followed if one.due(now_s, self._least)]
        due.sort(key=lambda one: one.judged_s)
        until = time.monotonic() + JUDGED_SHARE * self._settings.interval_s
        for one in due:
            before = one.verdict.name if one.verdict is not None else None
            verdict = one.judge()
            self._judged += 1
            if verdict.name is VerdictName.LEAK and before is not VerdictName.LEAK and one.is_process:
                self._notes.tell(one.name, f"{verdict.name.value}: {one.labels.get('command', '')[:80]}")
            if time.monotonic() >= until:
                break

    def _guarded(self, step: Callable[[], None]) -> None:
        """A record that is away for a while does not end the watch."""
        try:
            step()
        except OakumError as exc:
            if self._record_failed != exc.what:
                self._record_failed = exc.what
                self._notes.tell("", f"{exc.what}: {exc.why}; the watch goes on and tries again")
        else:
            self._record_failed = ""

    def _muted(self, followed: Followed) -> Mute | None:
        now_s = self._bench.machine.clock.monotonic_s()
        if now_s >= self._mutes_s + MUTES_EVERY_S:
            self._mutes, self._mutes_s = self._bench.store.mutes.list(), now_s
        return muted(self._mutes, followed.name, followed.identity, now_s=self._bench.now_s())

    def _report(self) -> WatchReport:
        ranked = sorted(self._book, key=_worst_first)
        clock = self._bench.machine.clock
        return WatchReport(
            source=self._subject,
            begun_s=self._begun_s,
            ended_s=clock.now_s(),
            interval_s=self._settings.interval_s,
            followed=len(self._book),
            ticks=self._ticks,
            missed=self._eyes.missed,
            judged=self._judged,
            rows=tuple(Watched(one.series(), one.verdict) for one in ranked[:ROWS] if one.begun_s is not None),
            looks=tuple(self._closer.looks),
            happenings=tuple(self._notes.lines),
            own=self._costs.now(),
            stored_bytes=self._book.stored_bytes,
        )


def _worst_first(followed: Followed) -> tuple[bool, bool, float]:
    verdict = followed.verdict
    found = verdict is not None and verdict.name in FOUND
    return not found, not (verdict is not None and verdict.name is VerdictName.LEAK), -followed.last_value
