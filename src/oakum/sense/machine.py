"""All processes and cgroups of this machine, watched side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np

from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import MachineError, TargetError
from oakum.model.ports import Cgroups, Clock, KernelLog, Processes, ProcessGauge
from oakum.model.process import ProcessInfo
from oakum.model.series import Scope, WorkloadSeries
from oakum.sense.successor import find_successor
from oakum.sense.timeline import Timeline
from oakum.sense.track import Track

LEAST_ANON_BYTES = 1 << 20
"""Processes smaller than this are not listed."""

REMEMBERED_S = 600.0
"""What ended longer ago than this, in seconds, has no successor any more; ``forget`` lets go of it."""


@dataclass(slots=True)
class _Watched:
    """A process under watch and the track that it writes to."""

    gauge: ProcessGauge
    info: ProcessInfo
    track: Track


class MachineWatch:
    """Processes that start later are joined in: as the next lifetime of the one that they replace, or by themselves."""

    def __init__(
        self,
        *,
        processes: Processes,
        cgroups: Cgroups,
        clock: Clock,
        interval_s: float,
        wanted: Callable[[ProcessInfo], bool] | None = None,
    ) -> None:
        """``wanted``: which processes are watched beside those that take the place of a watched one; None: all."""
        self._processes, self._cgroups, self._clock = processes, cgroups, clock
        self._wanted = wanted or (lambda _: True)
        self._ended = False
        self._interval_s = interval_s
        self._next = 1
        self.missed = 0
        self._machine_bytes = float(cgroups.machine_memory_bytes())
        self._time = Timeline(clock)
        self._known: set[int] = set(processes.pids())
        self._living: list[_Watched] = []
        self._gone: list[_Watched] = []
        self._groups: dict[str, Track] = {}
        for path in cgroups.list() if wanted is None else ():
            self._watch_group(path)
        for info in processes.list():
            # One that started since the numbers were read is no newcomer at the next tick.
            self._known.add(info.pid)
            self._join(info)
        self._sample()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        for watched in self._living:
            watched.gauge.close()

    @property
    def scopes(self) -> int:
        return len(self._living) + len(self._groups)

    def tick(self) -> None:
        """Wait for the next sample and take it; a tick that comes too late is a gap."""
        due = int(self._time.elapsed_s / self._interval_s) + 1
        self.missed += max(0, due - self._next)
        self._next = due + 1
        self._clock.sleep_until(self._time.begun_s + due * self._interval_s)
        self._sample()

    def _sample(self) -> None:
        at_s = self._time.stamp()
        limits = self._sample_groups(at_s)
        living, ended = [], {}
        for watched in self._living:
            memory = watched.gauge.sample()
            if memory is None:
                watched.track.end()
                watched.gauge.close()
                ended[watched.info.pid] = watched.info.start_ticks
                if watched.track.peak >= LEAST_ANON_BYTES:
                    self._ended = True
                    self._gone.append(watched)
                continue
            living.append(watched)
            watched.track.add(at_s, float(memory.anon_bytes), limits.get(watched.info.cgroup, np.inf))
        self._living = living
        self._welcome(ended)

    def _sample_groups(self, at_s: float) -> dict[str, float]:
        """The tightest limit over each cgroup."""
        limits = {}
        for path, track in self._groups.items():
            found = self._cgroups.memory(path)
            if isinstance(found, Absent):
                # Gone is an end: made anew (a service that restarts) it begins from nothing. All else is a gap.
                if found.kind is AbsentKind.NOT_APPLICABLE:
                    track.end()
                continue
            if track.ended:
                track.begin(None, None)
            limits[path] = float(found.limit.limit_bytes) if found.limit else np.inf
            track.add(at_s, float(found.anon_bytes), limits[path])
        return limits

    def _welcome(self, ended: Mapping[int, int]) -> None:
        """Only numbers that were not there a tick ago are looked at: listing all in full at each tick would be dear.

        ``ended``: start ticks of what ended since; a number among them may be another process's by now.
        """
        pids = set(self._processes.pids())
        for pid in sorted(pids - self._known | pids & ended.keys()):
            try:
                info = self._processes.info(pid)
                if info.start_ticks != ended.get(pid):
                    self._join(info)
            except TargetError:
                continue
            except MachineError:
                # No room for another open file: it is looked at again at the next tick.
                pids.discard(pid)
        self._known = pids

    def _join(self, info: ProcessInfo) -> None:
        before = self._predecessor(info)
        if before is None and not self._wanted(info):
            return
        try:
            gauge = self._processes.open(info.pid)
        except TargetError:
            return
        self._watch_group(info.cgroup)
        started_s = self._time.stamp_of(info.started_s)
        if before is not None:
            self._gone.remove(before)
            before.track.begin(info.pid, started_s)
            self._living.append(_Watched(gauge, info, before.track))
            return
        labels = {"command": info.title, "name": info.name, "cgroup": info.cgroup}
        track = Track(f"pid/{info.pid}", Scope.PROCESS, labels, pid=info.pid, started_s=started_s)
        self._living.append(_Watched(gauge, info, track))

    def _watch_group(self, path: str) -> None:
        """Cgroups that are made while the machine is watched come with their processes."""
        if path != "/" and path not in self._groups:
            self._groups[path] = Track(f"cgroup{path}", Scope.CGROUP, {"cgroup": path})

    def _predecessor(self, info: ProcessInfo) -> _Watched | None:
        """The one that ended first among those whose place it may have taken."""
        for gone in self._gone:
            if find_successor(gone.info, self._time.wall_of(gone.track.last_s or 0.0), [info]) is not None:
                return gone
        return None

    def series(self, kernel_log: KernelLog) -> list[WorkloadSeries]:
        """What was seen, without the trifles; how each lifetime ended is the kernel's word."""
        tracks = [watched.track for watched in (*self._living, *self._gone)]
        if any(track.lifetimes > 1 or track.ended for track in tracks):
            self._mark_kills(kernel_log, 0.0)
        return [
            track.series(self._machine_bytes)
            for track in (*tracks, *self._groups.values())
            if track.peak >= LEAST_ANON_BYTES
        ]

    def _mark_kills(self, kernel_log: KernelLog, since_s: float) -> None:
        """``since_s``: seconds after the watch began."""
        kills = kernel_log.oom_kills(self._time.wall_of(self._time.stamp(max(0.0, since_s))))
        if not isinstance(kills, Absent):
            killed_s = {kill.pid: self._time.stamp_of(kill.at_s) for kill in kills}
            for watched in (*self._living, *self._gone):
                watched.track.killed(killed_s)

    def tracks(self, kernel_log: KernelLog) -> list[Track]:
        """All that are watched, for ``Track.take``. Where a process ended since, the kernel's log is asked.

        What ended long ago, and can have no successor any more, is given for the last time.
        """
        if self._ended:
            self._mark_kills(kernel_log, self._time.elapsed_s - REMEMBERED_S - 2 * self._interval_s)
        self._ended = False
        found = [watched.track for watched in (*self._living, *self._gone)] + list(self._groups.values())
        before_s = self._time.stamp() - REMEMBERED_S
        self._gone = [watched for watched in self._gone if (watched.track.last_s or 0.0) >= before_s]
        self._groups = {
            path: track for path, track in self._groups.items() if not track.ended or (track.last_s or 0.0) >= before_s
        }
        return found

    def wall_of(self, stamp_s: float) -> float:
        """What the wall clock of today says of the moment of a sample."""
        return self._time.wall_of(stamp_s)

    @property
    def now_s(self) -> float:
        """The present moment as samples are stamped."""
        return self._time.stamp()
