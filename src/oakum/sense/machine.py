"""All processes and cgroups of this machine, watched side by side."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import numpy as np

from oakum.model.absent import Absent
from oakum.model.errors import TargetError
from oakum.model.ports import Cgroups, Clock, Processes, ProcessGauge
from oakum.model.series import Ending, Metric, Scope, Series, WorkloadSeries

LEAST_ANON_BYTES = 1 << 20
"""Processes smaller than this are not listed."""


class _Track:
    """Samples of one scope."""

    def __init__(self, name: str, scope: Scope, labels: dict[str, str], started_s: float | None) -> None:
        self.name, self.scope, self.labels, self.started_s = name, scope, labels, started_s
        self.at_s: list[float] = []
        self.value: list[float] = []
        self.limit = np.inf
        self.ended = False

    def add(self, at_s: float, value: float) -> None:
        self.at_s.append(at_s)
        self.value.append(value)

    def series(self, node_limit: float) -> WorkloadSeries:
        limit = np.full(len(self.at_s), self.limit) if np.isfinite(self.limit) else None
        ending = Ending.EXITED if self.ended else Ending.RUNNING
        lifetime = Series(np.array(self.at_s), np.array(self.value), limit, started_s=self.started_s, ending=ending)
        return WorkloadSeries(self.name, (lifetime,), "bytes", self.scope, Metric.ANON, self.labels, node_limit)


class MachineWatch:
    """Processes that start later are not joined in; those that end keep their samples."""

    def __init__(self, *, processes: Processes, cgroups: Cgroups, clock: Clock, interval_s: float) -> None:
        self._cgroups, self._clock, self._interval_s = cgroups, clock, interval_s
        self._machine_bytes = float(cgroups.machine_memory_bytes())
        self._begun_s, self._wall_s = clock.monotonic_s(), clock.now_s()
        self._gauges: list[tuple[ProcessGauge, _Track]] = []
        for info in processes.list():
            try:
                gauge = processes.open(info.pid)
            except TargetError:
                continue
            labels = {"command": info.title, "name": info.name, "cgroup": info.cgroup}
            self._gauges.append((gauge, _Track(f"pid/{info.pid}", Scope.PROCESS, labels, info.started_s)))
        self._groups = [
            _Track(f"cgroup{path}", Scope.CGROUP, {"cgroup": path}, None) for path in cgroups.list() if path != "/"
        ]
        self._sample()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        for gauge, _ in self._gauges:
            gauge.close()

    @property
    def scopes(self) -> int:
        return len(self._gauges) + len(self._groups)

    def tick(self) -> None:
        """Wait for the next sample and take it; a tick that comes too late is a gap."""
        due = int((self._clock.monotonic_s() - self._begun_s) / self._interval_s) + 1
        self._clock.sleep_until(self._begun_s + due * self._interval_s)
        self._sample()

    def _sample(self) -> None:
        at_s = self._wall_s + self._clock.monotonic_s() - self._begun_s
        for gauge, track in self._gauges:
            memory = None if track.ended else gauge.sample()
            if memory is None:
                track.ended = True
            else:
                track.add(at_s, float(memory.anon_bytes))
        for track in self._groups:
            found = self._cgroups.memory(track.labels["cgroup"])
            if not isinstance(found, Absent):
                track.add(at_s, float(found.anon_bytes))
                track.limit = float(found.limit.limit_bytes) if found.limit else np.inf

    def series(self) -> list[WorkloadSeries]:
        """What was seen, without the trifles."""
        limits = {track.labels["cgroup"]: track.limit for track in self._groups}
        for _, track in self._gauges:
            track.limit = limits.get(track.labels["cgroup"], np.inf)
        tracks = [*(track for _, track in self._gauges), *self._groups]
        return [
            track.series(self._machine_bytes)
            for track in tracks
            if track.value and max(track.value) >= LEAST_ANON_BYTES
        ]
