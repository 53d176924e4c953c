"""One process watched at a steady interval: its anonymous memory, the limits over it, and how it ended."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import numpy as np

from oakum.model.absent import Absent
from oakum.model.ports import Cgroups, Clock, Processes
from oakum.model.process import CgroupMemory
from oakum.model.series import Ending, Metric, Scope, Series, WorkloadSeries

LIMIT_EVERY_S = 1.0
"""The cgroup's own figures are read this often, in seconds: limits seldom change."""


class ProcessWatch:
    """Samples stand at start + k·interval on the monotonic clock; a tick that comes too late is a gap.

    Times are one reading of the wall clock plus monotonic time, so a wall clock that steps back cannot disorder them.
    """

    def __init__(self, pid: int, *, processes: Processes, cgroups: Cgroups, clock: Clock, interval_s: float) -> None:
        self._cgroups, self._clock, self._interval_s = cgroups, clock, interval_s
        self._gauge = processes.open(pid)
        self.info = self._gauge.info
        self._begun_s = clock.monotonic_s()
        self._wall_s = clock.now_s()
        self._at_s: list[float] = []
        self._anon: list[float] = []
        self._limit: list[float] = []
        self._limit_bytes, self._limit_read_s = np.inf, -np.inf
        self._machine_bytes = float(cgroups.machine_memory_bytes())
        self.cgroup: CgroupMemory | None = None
        self.first_cgroup: CgroupMemory | None = None
        self.ended = False
        self.missed = 0
        self._sample()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._gauge.close()

    def tick(self) -> bool:
        """Wait for the next sample and take it. False: the process has ended."""
        elapsed_s = self._clock.monotonic_s() - self._begun_s
        due = int(elapsed_s / self._interval_s) + 1
        self.missed += max(0, due - self._next)
        self._next = due + 1
        self._clock.sleep_until(self._begun_s + due * self._interval_s)
        return self._sample()

    _next = 1

    def _sample(self) -> bool:
        if self.ended:
            return False
        memory = self._gauge.sample()
        elapsed_s = self._clock.monotonic_s() - self._begun_s
        if memory is None:
            self.ended = True
            return False
        if elapsed_s - self._limit_read_s >= LIMIT_EVERY_S:
            self._limit_read_s = elapsed_s
            self._read_limit()
        self._at_s.append(self._wall_s + elapsed_s)
        self._anon.append(float(memory.anon_bytes))
        # What is charged to the cgroup beside this process (page cache in use, other processes) takes room too.
        self._limit.append(self._limit_bytes)
        return True

    def _read_limit(self) -> None:
        found = self._cgroups.memory(self.info.cgroup)
        if isinstance(found, Absent):
            return
        self.cgroup = found
        self.first_cgroup = self.first_cgroup or found
        self._limit_bytes = float(found.limit.limit_bytes) if found.limit else np.inf

    def series(self) -> WorkloadSeries:
        """What was seen so far."""
        limit = np.array(self._limit)
        lifetime = Series(
            np.array(self._at_s),
            np.array(self._anon),
            limit if np.isfinite(limit).any() else None,
            started_s=self.info.started_s,
            ended_s=self._at_s[-1] if self.ended and self._at_s else None,
            ending=Ending.EXITED if self.ended else Ending.RUNNING,
        )
        return WorkloadSeries(
            id=f"pid/{self.info.pid}",
            lifetimes=(lifetime,),
            unit="bytes",
            scope=Scope.PROCESS,
            metric=Metric.ANON,
            labels={"command": self.info.title, "name": self.info.name},
            node_limit=self._machine_bytes,
        )
