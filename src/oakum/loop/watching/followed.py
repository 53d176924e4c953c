"""One series under watch: the judge's state of it, its last verdict, and its samples, thinned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from oakum.judge import JudgeState, state_of
from oakum.model.series import Ending, Metric, Scope, Series, WorkloadSeries
from oakum.model.verdict import Verdict, VerdictName
from oakum.sense.joined import in_a_row
from oakum.sense.thinned import Thinned
from oakum.sense.track import Portion, Track

FOUND = frozenset({VerdictName.LEAK, VerdictName.SUSPECT})

OFTENEST_S, SELDOMEST_S = 10.0, 600.0
"""How long after one judgement the next may come at the earliest, and comes at the latest, in seconds."""

GROWN_SHARE = 0.1
"""A history that grew by this share is judged again."""

MOVED_BYTES, MOVED_SHARE, IDLE_S = 1 << 20, 0.005, 3600.0
"""What is healthy and moved by less since it was last judged is judged again after IDLE_S only, in seconds."""

MOST_LIVES = 256
"""Lifetimes that the judge's state holds."""

AS_ONE = 256
"""So many samples are added to the state at once."""


@dataclass(frozen=True, slots=True)
class Looked:
    """How often it was looked at more closely, when last, and how close at the most (a ``Depth``)."""

    looks: int = 0
    at_s: float = float("-inf")
    depth: int = 0


class Followed:
    """``name``: the target as it is printed, of the present lifetime. ``key``: what its state is stored by."""

    def __init__(self, track: Track, identity: str, key: str, node_limit: float) -> None:
        self.identity, self.key, self.scope = identity, key, track.scope
        self.node_limit = node_limit
        self.name, self.labels, self.pid = track.name, dict(track.labels), track.pid
        self._state = state_of(WorkloadSeries(key, (), "bytes", self.scope, Metric.ANON, self.labels, node_limit))
        self._pending: list[Series] = []
        self._seen = Thinned()
        self._goes_on = False
        self._ending = Ending.RUNNING
        self.begun_s: float | None = None
        self.started_s: float | None = None
        self.last_s, self.last_value, self.peak = -np.inf, 0.0, 0.0
        self.limit = np.inf
        self.verdict: Verdict | None = None
        self.judged_s, self._judged_value = -np.inf, 0.0
        self.found_since_s: float | None = None
        self.healthy_since_s: float | None = None
        self.found_times = 0
        self.looked = Looked()

    def go_on(self, state: JudgeState, lives: Sequence[Series], *, same_life: bool) -> None:
        """With what an earlier watch knew. ``same_life``: the process that it saw last still runs."""
        self._state, self._seen, self._goes_on = state, Thinned(lives), same_life
        self.peak = max((life.highest for life in state.facts.lives), default=0.0)
        if same_life and state.facts.lives:
            self.begun_s = state.facts.lives[-1].first_s

    def add(self, portions: Sequence[Portion]) -> list[tuple[str, Ending]]:
        """Samples that no clock of ours could have made later (somebody set it back) are left out.

        Gives the lifetimes that have ended with them, by name, and how.
        """
        ended: list[tuple[str, Ending]] = []
        for portion in portions:
            if portion.begins and not self._goes_on:
                self._begin(portion)
            elif len(portion.samples):
                self._extend(portion)
            self._goes_on = False
            if portion.samples.ending is not self._ending and portion.samples.ending is not Ending.RUNNING:
                self._end(portion.samples.ending)
                ended.append((self.name, portion.samples.ending))
        return ended

    def _begin(self, portion: Portion) -> None:
        if not len(portion.samples):
            return
        self._flush()
        if len(self._state.facts.lives) >= MOST_LIVES:
            # A worker that is recycled each minute: what is seen of its last lifetimes stays.
            seen = WorkloadSeries(
                self.key, self._seen.lives, "bytes", self.scope, Metric.ANON, self.labels, self.node_limit
            )
            self._state = state_of(seen)
        known = self._state.facts.lives
        samples = _later(portion.samples, known[-1].last_s if known else -np.inf)
        if not len(samples):
            return
        self._seen.add(Portion(samples, begins=True, pid=portion.pid), begins=True)
        self._state = self._state.added(samples, begins=True)
        self.begun_s, self._ending = float(samples.at_s[0]), Ending.RUNNING
        self._noted(samples, portion.pid)

    def _extend(self, portion: Portion) -> None:
        if self.begun_s is None:
            self._begin(portion)
            return
        known = self._state.facts.lives
        samples = _later(portion.samples, max(self.last_s, known[-1].last_s if known else -np.inf))
        if not len(samples):
            return
        self._pending.append(samples)
        self._noted(samples, portion.pid)
        if len(self._pending) >= AS_ONE:
            self._flush()

    def _noted(self, samples: Series, pid: int | None) -> None:
        self.started_s = samples.started_s
        self.last_s, self.last_value = float(samples.at_s[-1]), float(samples.value[-1])
        self.peak = max(self.peak, float(samples.value.max()))
        self.limit = np.inf if samples.limit is None else float(samples.limit[-1])
        if pid is not None:
            self.pid, self.name = pid, f"pid/{pid}"

    def _end(self, ending: Ending) -> None:
        """The kernel may tell only later that it was a kill."""
        self._flush()
        self._ending = ending
        self._seen.end(ending)
        if ending is Ending.OOM_KILLED:
            self._state = self._state.killed()

    def _flush(self) -> None:
        if not self._pending:
            return
        # How it ended is told apart from its samples.
        samples = replace(in_a_row(self._pending), ended_s=None, ending=Ending.RUNNING)
        self._pending = []
        self._state = self._state.added(samples)
        self._seen.add(Portion(samples, begins=False, pid=self.pid), begins=False)

    @property
    def state(self) -> JudgeState:
        """With every sample so far."""
        self._flush()
        return self._state

    @property
    def ended(self) -> bool:
        return self._ending is not Ending.RUNNING

    def due(self, now_s: float, least: int) -> bool:
        """Whether it is worth judging again. ``least``: samples that a verdict needs."""
        if self.begun_s is None or self.ended or self._samples() < least:
            return False
        wait_s = min(max(GROWN_SHARE * (now_s - self.begun_s), OFTENEST_S), SELDOMEST_S)
        if self.verdict is None:
            return True
        if now_s < self.judged_s + wait_s:
            return False
        moved = abs(self.last_value - self._judged_value) > max(MOVED_BYTES, MOVED_SHARE * self._judged_value)
        return moved or self.verdict.name in FOUND or now_s >= self.judged_s + IDLE_S

    def _samples(self) -> int:
        return self._state.facts.samples + sum(map(len, self._pending))

    def judge(self) -> Verdict:
        """Anew, and since when it has been found."""
        self.verdict = self.state.verdict()
        self.judged_s, self._judged_value = self.last_s, self.last_value
        if self.verdict.name in FOUND:
            self.healthy_since_s = None
            self.found_times += 1
            if self.found_since_s is None:
                self.found_since_s = self.last_s
        else:
            self.found_since_s, self.found_times = None, 0
            if self.healthy_since_s is None and self.verdict.name is VerdictName.HEALTHY:
                self.healthy_since_s = self.last_s
        return self.verdict

    def series(self) -> WorkloadSeries:
        """What was seen, thinned."""
        self._flush()
        return WorkloadSeries(
            self.name, self._seen.lives, "bytes", self.scope, Metric.ANON, self.labels, self.node_limit
        )

    @property
    def is_process(self) -> bool:
        return self.scope is Scope.PROCESS


def by_wall(series: WorkloadSeries, wall_of: Callable[[float], float]) -> WorkloadSeries:
    """``series`` with its stamps as today's wall clock tells them: what others know is told by that."""
    shift_s = wall_of(0.0)
    if shift_s == 0:
        return series

    def told(at_s: float | None) -> float | None:
        return None if at_s is None else at_s + shift_s

    lives = (
        replace(life, at_s=life.at_s + shift_s, started_s=told(life.started_s), ended_s=told(life.ended_s))
        for life in series.lifetimes
    )
    return replace(series, lifetimes=tuple(lives))


def _later(samples: Series, after_s: float) -> Series:
    return samples.rows(samples.at_s > after_s)
