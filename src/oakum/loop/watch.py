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
from oakum.loop.watching.keeper import Keeper, Room
from oakum.loop.watching.suspicions import Suspicions
from oakum.model.errand import Errands
from oakum.model.errors import CallerError, OakumError, RefusedError, TargetError
from oakum.model.mute import Mute
from oakum.model.own_cost import OwnCosts
from oakum.model.process import ProcessInfo
from oakum.model.series import Ending, Scope
from oakum.model.target import CgroupTarget, ProcessTarget, Target
from oakum.model.units import format_count, format_duration
from oakum.model.verdict import VerdictName
from oakum.model.watch import Happening, Watched, WatchReport
from oakum.model.work import Work
from oakum.render.watch_standing import standing_text
from oakum.sense.machine import MachineWatch
from oakum.sense.track import Track

if TYPE_CHECKING:
    from oakum.loop.progress import Progress

WATCH = "watch"

JUDGED_SHARE = 0.4
"""Of the time between two samples, judging takes no larger share; who waits is judged after the next sample."""

STORED_PER_S = 4.0
"""Histories that are stored at one sample, for each second until the next one: the disk is waited for."""

MUTES_EVERY_S = 30.0
"""Mutes are read again this often, in seconds."""

TOLD_AGAIN_S = 3600.0
"""What fails and goes on failing is told again after so long, in seconds."""

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

    room: Room = field(default_factory=Room)

    @classmethod
    def of(cls, *, interval_s: float, watch_s: float | None, manner: Manner, room: Room | None = None) -> Settings:
        """Raises CallerError for a rhythm that shows nothing, or a watch that holds fewer than 8 samples."""
        if not 0.2 <= interval_s <= 3600 or (watch_s is not None and watch_s < 8 * interval_s):
            raise CallerError(
                f"cannot watch with a sample every {format_duration(interval_s)}"
                + (f" for {format_duration(watch_s)}" if watch_s is not None else ""),
                why="samples are 0.2 s to an hour apart, and 8 of them are needed",
                next_step="oakum watch --every 5s",
            )
        return cls(interval_s, watch_s, manner, room or Room())


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
        wanted = _Wanted(targets, bench) if targets else None
        with MachineWatch(
            processes=machine.processes,
            cgroups=machine.cgroups,
            clock=machine.clock,
            interval_s=settings.interval_s,
            wanted=None if wanted is None else wanted.process,
        ) as eyes:
            return _Watch(
                subject, eyes, bench, wanted=wanted, errands=errands, costs=costs, settings=settings, notes=notes
            ).run()
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
                next_step=f"oakum incident list    # what it found; or end it: kill {other.holder.pid}",
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


class _Wanted:
    """What belongs to the targets, also what starts later."""

    def __init__(self, targets: Sequence[Target], bench: Bench) -> None:
        """Raises TargetError for a target that is not there."""
        self._processes = bench.machine.processes
        self._starts: dict[int, int] = {}
        self._paths: list[str] = []
        for target in targets:
            found = members(target, processes=bench.machine.processes, cgroups=bench.machine.cgroups)
            if isinstance(target, CgroupTarget):
                self._paths.append(target.path)
            elif isinstance(target, ProcessTarget):
                self._starts |= {info.pid: info.start_ticks for info in found}

    def process(self, info: ProcessInfo) -> bool:
        """A number that is used again is another process."""
        if self._starts.get(info.pid, info.start_ticks) != info.start_ticks:
            del self._starts[info.pid]
        if self._runs(info.parent_pid):
            self._starts[info.pid] = info.start_ticks
        return info.pid in self._starts or self._inside(info.cgroup)

    def _runs(self, pid: int) -> bool:
        """Whether the number still is the process that was meant."""
        started = self._starts.get(pid)
        if started is None:
            return False
        try:
            same = self._processes.info(pid).start_ticks == started
        except TargetError:
            same = False
        if not same:
            del self._starts[pid]
        return same

    def track(self, track: Track) -> bool:
        """A process's cgroup is sampled for its limit, and judged only where it is asked for."""
        return track.scope is Scope.PROCESS or self._inside(track.labels["cgroup"])

    def _inside(self, cgroup: str) -> bool:
        return any(cgroup == path or cgroup.startswith(f"{path.rstrip('/')}/") for path in self._paths)


class _Watch:
    """One watch, from its first sample to its report."""

    def __init__(  # noqa: PLR0913  (everything comes together here)
        self,
        subject: str,
        eyes: MachineWatch,
        bench: Bench,
        *,
        wanted: _Wanted | None,
        errands: Errands,
        costs: OwnCosts,
        settings: Settings,
        notes: Notebook,
    ) -> None:
        self._subject, self._eyes, self._bench, self._settings, self._notes = subject, eyes, bench, settings, notes
        self._wanted, self._costs = wanted, costs
        self._book = Book(
            bench.store.judge_states,
            host=bench.recorder.workers.this().host,
            machine_bytes=float(bench.machine.cgroups.machine_memory_bytes()),
            told=notes.tell,
        )
        self._closer = Closer(
            errands, settings.manner, bench.policy, mutes=self._muted, told=notes.tell, wall_of=eyes.wall_of
        )
        self._fixes = Fixes(bench, told=notes.tell, wall_of=eyes.wall_of)
        self._suspicions = Suspicions(bench, told=notes.tell)
        self._keeper = Keeper(bench, settings.room, told=notes.tell)
        self._mutes: Sequence[Mute] = ()
        self._mutes_s = float("-inf")
        self._least = JudgeSettings().least_samples
        self._ticks = self._judged = 0
        self._stores = min(max(int(STORED_PER_S * settings.interval_s), 1), 16)
        self._begun_s = bench.machine.clock.now_s()
        self._failed_s: dict[str, float] = {}

    def run(self) -> WatchReport:
        clock, settings = self._bench.machine.clock, self._settings
        begun_s = clock.monotonic_s()
        lasts = "until it is ended (Ctrl-C)" if settings.watch_s is None else f"for {format_duration(settings.watch_s)}"
        try:
            self._take()
            self._notes.tell(
                "",
                f"watching {format_count(len(self._book))} processes and cgroups, "
                f"a sample every {format_duration(settings.interval_s)}, {lasts}",
            )
            self._think()
            while settings.watch_s is None or clock.monotonic_s() < begun_s + settings.watch_s:
                self._guarded(self._eyes.tick)
                self._ticks += 1
                self._take()
                self._think()
        except KeyboardInterrupt:
            self._notes.tell("", "told to end")
        finally:
            self._closer.close()
            self._book.store(self._eyes.now_s, all_of_it=True)
        return self._report()

    def _take(self) -> None:
        tracks = self._eyes.tracks(self._bench.machine.kernel_log)
        if self._wanted is not None:
            for track in tracks:
                if not self._wanted.track(track):
                    # Sampled for its limit alone.
                    track.take()
            tracks = [track for track in tracks if self._wanted.track(track)]
        ended = self._book.take(tracks, self._eyes.now_s)
        for name, ending in ended:
            # Of all of a machine's processes only a kill is news.
            if ending is Ending.OOM_KILLED:
                self._notes.tell(name, "the kernel has killed it for its memory")
            elif self._wanted is not None and name.startswith("pid/"):
                self._notes.tell(name, "it has ended; what takes its place is watched on")

    def _think(self) -> None:
        now_s = self._eyes.now_s
        followed = list(self._book)
        self._judge(followed, now_s)
        self._collect(now_s)
        self._guarded(lambda: self._closer.begin(followed, now_s))
        self._guarded(lambda: self._fixes.step(followed))
        self._guarded(lambda: self._suspicions.step(followed, now_s))
        self._guarded(self._keeper.step)
        self._book.store(now_s, most=self._stores)
        self._stand(followed)

    def _stand(self, followed: Sequence[Followed]) -> None:
        found = [one for one in sorted(followed, key=_worst_first) if one.found_since_s is not None and not one.ended]
        worst = [(one.name, one.verdict) for one in found if one.verdict is not None]
        at_s = self._bench.machine.clock.now_s()
        self._bench.progress.standing(standing_text(at_s, len(followed), worst, self._closer.busy_with))

    def _collect(self, now_s: float) -> None:
        ended = self._closer.collected(now_s)
        if ended is not None:
            self._suspicions.looked(*ended, now_s)
            self._book.keep(ended[1], now_s)

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
        """A record that is away for a while does not end the watch; that is told once an hour."""
        try:
            step()
        except OakumError as exc:
            now_s = self._bench.machine.clock.monotonic_s()
            if now_s >= self._failed_s.get(exc.what, float("-inf")) + TOLD_AGAIN_S:
                self._failed_s[exc.what] = now_s
                self._notes.tell("", f"{exc.what}: {exc.why}; the watch goes on and tries again")

    def _muted(self, followed: Followed) -> Mute | None:
        now_s = self._bench.machine.clock.monotonic_s()
        if now_s >= self._mutes_s + MUTES_EVERY_S:
            # Noted before it is asked: one that is away is not waited for at each sample.
            self._mutes_s = now_s
            self._mutes = self._bench.store.mutes.list()
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
