"""One process watched at a steady interval: its anonymous memory, the limits over it, how it ended, who came after."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np

from oakum.model.absent import Absent
from oakum.model.errors import TargetError
from oakum.model.ports import Cgroups, Clock, KernelLog, Processes
from oakum.model.process import CgroupMemory, ProcessMemory
from oakum.model.series import Scope, WorkloadSeries
from oakum.model.units import format_duration
from oakum.sense.charge import Fact, cgroup_fact, process_fact
from oakum.sense.successor import find_successor
from oakum.sense.timeline import Timeline
from oakum.sense.track import Track

CHARGE_EVERY_S = 1.0
"""The cgroup's own figures are read this often, in seconds: limits seldom change."""

BACK_WITHIN_S = 3.0
"""How long to wait for the process that takes the place of one that ended, in seconds."""

LOOKED_EVERY_S = 0.1
"""Meanwhile the machine is looked over this often, in seconds."""


@dataclass(frozen=True, slots=True)
class Told:
    """``facts``: (title, values) of each."""

    series: WorkloadSeries
    facts: tuple[Fact, ...]


class ProcessWatch:
    """Samples stand at start + k·interval on the monotonic clock; a tick that comes too late is a gap."""

    def __init__(self, pid: int, *, processes: Processes, cgroups: Cgroups, clock: Clock, interval_s: float) -> None:
        """Raises TargetError when there is no such process, or nothing is left of it but its number."""
        self._processes, self._cgroups, self._clock = processes, cgroups, clock
        self._interval_s = interval_s
        self._gauge = processes.open(pid)
        self._there = set(processes.pids())
        self.info = self._gauge.info
        self._time = Timeline(clock)
        labels = {"command": self.info.title, "name": self.info.name, "cgroup": self.info.cgroup}
        self._track = Track(f"pid/{pid}", Scope.PROCESS, labels, pid=pid, started_s=self.info.started_s)
        self._limit_bytes, self._charge_read_s = np.inf, -np.inf
        self._machine_bytes = float(cgroups.machine_memory_bytes())
        self._charges: list[CgroupMemory] = []
        self._full: list[ProcessMemory] = []
        self._returns: list[str] = []
        self._next = 1
        self.missed = 0
        if not self._sample():
            self._gauge.close()
            raise TargetError(f"pid {pid} has ended", why="it has no memory any more", next_step="oakum scan host")
        self.sample_in_full()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._gauge.close()

    @property
    def ended(self) -> bool:
        return self._track.ended

    @property
    def lifetimes(self) -> int:
        return 1 + len(self._returns)

    @property
    def charge(self) -> tuple[CgroupMemory, CgroupMemory] | None:
        """Of its cgroup, at the first and at the last look."""
        return (self._charges[0], self._charges[-1]) if self._charges else None

    @property
    def anon_bytes(self) -> int | None:
        """At the last sample."""
        value = self._track.last_value
        return None if value is None else int(value)

    def tick(self) -> bool:
        """Wait for the next sample and take it. False: the process has ended."""
        due = int(self._time.elapsed_s / self._interval_s) + 1
        self.missed += max(0, due - self._next)
        self._next = due + 1
        self._clock.sleep_until(self._time.begun_s + due * self._interval_s)
        return self._sample()

    def follow(self, within_s: float = BACK_WITHIN_S) -> bool:
        """Wait for the process that takes the ended one's place, and go on with it. False: none came."""
        end_s = self._clock.monotonic_s() + within_s
        while not self._take_over():
            if self._clock.monotonic_s() >= end_s:
                return False
            self._clock.sleep_until(self._clock.monotonic_s() + LOOKED_EVERY_S)
        return True

    def sample_in_full(self) -> None:
        """With PSS and swap. It walks the page tables, so not at every tick."""
        memory = None if self.ended else self._gauge.sample_in_full()
        if memory is not None:
            self._full.append(memory)

    def _take_over(self) -> bool:
        newcomers = []
        for pid in set(self._processes.pids()) - self._there:
            try:
                newcomers.append(self._processes.info(pid))
            except TargetError:
                continue
        last_s = self._track.last_s or self._time.stamp(0.0)
        found = find_successor(self.info, self._time.wall_of(last_s), newcomers)
        if found is None:
            return False
        try:
            gauge = self._processes.open(found.pid)
        except TargetError:
            return False
        self._gauge.close()
        self._gauge, self._there = gauge, set(self._processes.pids())
        self._returns.append(f"pid {self.info.pid} ended, and pid {found.pid} took its place")
        if found.cgroup != self.info.cgroup:
            self._charges.clear()
        self.info, self._limit_bytes, self._charge_read_s = found, np.inf, -np.inf
        self._full.clear()
        self._track.begin(found.pid, self._time.stamp_of(found.started_s))
        return self._sample()

    def _sample(self) -> bool:
        if self.ended:
            return False
        memory = self._gauge.sample()
        elapsed_s = self._time.elapsed_s
        if memory is None:
            self._track.end()
            return False
        if elapsed_s - self._charge_read_s >= CHARGE_EVERY_S:
            self._charge_read_s = elapsed_s
            self._read_charge()
        # What is charged to the cgroup beside this process (page cache in use, other processes) takes room too.
        self._track.add(self._time.stamp(elapsed_s), float(memory.anon_bytes), self._limit_bytes)
        return True

    def _read_charge(self) -> None:
        found = self._cgroups.memory(self.info.cgroup)
        if isinstance(found, Absent):
            return
        # The first and the last are told.
        self._charges = [*self._charges[:1], found]
        self._limit_bytes = float(found.limit.limit_bytes) if found.limit else np.inf

    def told(self, kernel_log: KernelLog) -> Told:
        """The series with how each lifetime ended by the kernel's word, and the facts beside it."""
        if self.ended or self._returns:
            kills = kernel_log.oom_kills(self._time.wall_of(self._time.stamp(0.0)))
            if not isinstance(kills, Absent):
                self._track.killed({kill.pid: self._time.stamp_of(kill.at_s) for kill in kills})
        return Told(self.series(), tuple(self._facts()))

    def _facts(self) -> list[Fact]:
        seconds = (self._track.last_s or 0.0) - (self._track.begun_s or 0.0)
        gaps = f", {self.missed} missed" if self.missed else ""
        samples = self._track.samples
        rows: list[Fact] = [
            (
                f"{samples} samples of anonymous memory in {format_duration(seconds)}{gaps}",
                {"samples": samples, "missed": self.missed, "interval_s": self._interval_s},
            )
        ]
        rows += [(text, {}) for text in self._returns]
        if self._full:
            rows.append(process_fact(self._full[0], self._full[-1]))
        if self._charges:
            rows.append(cgroup_fact(self._charges[0], self._charges[-1]))
        return rows

    def series(self) -> WorkloadSeries:
        """What was seen so far."""
        return self._track.series(self._machine_bytes)
