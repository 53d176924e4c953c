"""One process watched at a steady interval: its anonymous memory, the limits over it, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import numpy as np

from oakum.model.absent import Absent
from oakum.model.ports import Cgroups, Clock, KernelLog, Processes
from oakum.model.process import CgroupMemory
from oakum.model.series import Ending, Metric, Scope, Series, WorkloadSeries
from oakum.model.units import format_duration, format_size

LIMIT_EVERY_S = 1.0
"""The cgroup's own figures are read this often, in seconds: limits seldom change."""


@dataclass(frozen=True, slots=True)
class Told:
    """``facts``: (title, values) of each."""

    series: WorkloadSeries
    facts: tuple[tuple[str, dict[str, object]], ...]


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

    def told(self, kernel_log: KernelLog) -> Told:
        """The series with how it ended by the kernel's word, and the facts beside it."""
        series = self.series()
        kills = kernel_log.oom_kills(self._wall_s) if self.ended else []
        killed = not isinstance(kills, Absent) and any(kill.pid == self.info.pid for kill in kills)
        if killed:
            last = replace(series.lifetimes[-1], ending=Ending.OOM_KILLED)
            series = replace(series, lifetimes=(*series.lifetimes[:-1], last))
        return Told(series, self._facts())

    def _facts(self) -> tuple[tuple[str, dict[str, object]], ...]:
        seconds = self._at_s[-1] - self._at_s[0] if self._at_s else 0.0
        gaps = f", {self.missed} missed" if self.missed else ""
        rows: list[tuple[str, dict[str, object]]] = [
            (
                f"{len(self._at_s)} samples of anonymous memory in {format_duration(seconds)}{gaps}",
                {"samples": len(self._at_s), "missed": self.missed, "interval_s": self._interval_s},
            )
        ]
        if self.cgroup is not None:
            rows.append((_cgroup_text(self.cgroup), _cgroup_facts(self.cgroup)))
        return tuple(rows)

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


def _cgroup_text(cgroup: CgroupMemory) -> str:
    limit = cgroup.limit
    bound = f"limit {format_size(limit.limit_bytes)} (of {limit.path or 'an ancestor'})" if limit else "no limit"
    kills = f", {cgroup.kills} OOM kills so far" if cgroup.kills else ""
    return (
        f"cgroup {cgroup.path}: {format_size(cgroup.usage_bytes)} charged, {format_size(cgroup.anon_bytes)} anonymous,"
        f" {format_size(cgroup.file_bytes)} page cache; {bound}{kills}"
    )


def _cgroup_facts(cgroup: CgroupMemory) -> dict[str, object]:
    return {
        "path": cgroup.path,
        "version": cgroup.version,
        "usage_bytes": cgroup.usage_bytes,
        "anon_bytes": cgroup.anon_bytes,
        "file_bytes": cgroup.file_bytes,
        "working_set_bytes": cgroup.working_set_bytes,
        "swap_bytes": cgroup.swap_bytes,
        "kills": cgroup.kills,
        "pressure_some_us": cgroup.pressure_some_us,
        "limits": [[limit.path, limit.limit_bytes] for limit in cgroup.limits],
    }
