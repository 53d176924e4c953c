"""The samples of one scope as they come in, in the lifetimes that they fall into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from oakum.model.oom import CLOCKS_APART_S
from oakum.model.series import Ending, Metric, Scope, Series, WorkloadSeries


@dataclass(slots=True)
class _Life:
    """One lifetime. ``pid``: None for a scope that is no process."""

    pid: int | None
    started_s: float | None
    at_s: list[float] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    limit: list[float] = field(default_factory=list)
    ending: Ending = Ending.RUNNING
    last_s: float | None = None
    peak: float = 0.0
    taken: bool = False

    def series(self) -> Series:
        limit = np.array(self.limit)
        ended = self.ending is not Ending.RUNNING
        return Series(
            np.array(self.at_s),
            np.array(self.value),
            limit if np.isfinite(limit).any() else None,
            started_s=self.started_s,
            ended_s=self.last_s if ended else None,
            ending=self.ending,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Portion:
    """Samples of one lifetime that nobody was given before. ``begins``: they are its first. It may hold none."""

    samples: Series
    begins: bool
    pid: int | None


class Track:
    """Times, values and limits only grow; a lifetime that ended may be followed by another one."""

    def __init__(
        self,
        name: str,
        scope: Scope,
        labels: Mapping[str, str],
        *,
        pid: int | None = None,
        started_s: float | None = None,
    ) -> None:
        self.name, self.scope, self.labels = name, scope, labels
        self._lives = [_Life(pid, started_s)]

    def add(self, at_s: float, value: float, limit: float = np.inf) -> None:
        """A sample that is not later than the one before it is dropped: two ticks fell on one moment."""
        life = self._lives[-1]
        if life.last_s is None or at_s > life.last_s:
            life.last_s, life.peak = at_s, max(life.peak, value)
            life.at_s.append(at_s)
            life.value.append(value)
            life.limit.append(limit)

    @property
    def last_value(self) -> float | None:
        """None before the first sample of this lifetime."""
        values = self._lives[-1].value
        return values[-1] if values else None

    def end(self, ending: Ending = Ending.EXITED) -> None:
        self._lives[-1].ending = ending

    def begin(self, pid: int | None, started_s: float | None) -> None:
        """Another process has taken over, or a scope of the same name was made anew."""
        if self._lives[-1].last_s is None:
            self._lives.pop()
        self._lives.append(_Life(pid, started_s))

    def killed(self, killed_s: Mapping[int, float]) -> None:
        """The kernel says that it killed these, and when: before its start a number was another process's."""
        for life in self._lives:
            at_s = killed_s.get(life.pid) if life.pid is not None else None
            born_s = -np.inf if life.started_s is None else life.started_s
            if at_s is not None and at_s >= born_s - CLOCKS_APART_S and life.ending is not Ending.RUNNING:
                life.ending = Ending.OOM_KILLED

    @property
    def ended(self) -> bool:
        return self._lives[-1].ending is not Ending.RUNNING

    @property
    def lifetimes(self) -> int:
        return len(self._lives)

    @property
    def samples(self) -> int:
        return sum(len(life.at_s) for life in self._lives)

    @property
    def peak(self) -> float:
        return max((life.peak for life in self._lives), default=0.0)

    @property
    def begun_s(self) -> float | None:
        """The time of the first sample, in UTC epoch seconds."""
        return next((life.at_s[0] for life in self._lives if life.at_s), None)

    @property
    def last_s(self) -> float | None:
        """The time of the last sample, in UTC epoch seconds."""
        return next((life.last_s for life in reversed(self._lives) if life.last_s is not None), None)

    @property
    def pid(self) -> int | None:
        """Of the present lifetime."""
        return self._lives[-1].pid

    def take(self) -> list[Portion]:
        """What came since the last call, oldest first. It is held no longer: a watch of weeks takes no more room."""
        portions = []
        for life in self._lives:
            if life.at_s or life.taken:
                portions.append(Portion(life.series(), not life.taken, life.pid))
            if life.at_s:
                life.at_s, life.value, life.limit, life.taken = [], [], [], True
        del self._lives[:-1]
        return portions

    def series(self, node_limit: float) -> WorkloadSeries:
        lifetimes = tuple(life.series() for life in self._lives if life.at_s)
        return WorkloadSeries(self.name, lifetimes, "bytes", self.scope, Metric.ANON, self.labels, node_limit)
