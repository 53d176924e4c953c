"""The runs of one container out of its samples: where one ends and the next begins, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from oakum.model.metrics import LabelSet
from oakum.model.series import Ending, Floats, Series

EMPTY: Final = np.empty(0)

LINGERS_S: Final = 300.0
"""Of a container that is gone, its last sample may be told for so long: cAdvisor keeps it, and queries look back."""


@dataclass(slots=True, eq=False)
class Points:
    """``at_s``, ``value``: float64[n], times strictly increasing."""

    at_s: Floats = field(default_factory=lambda: EMPTY)
    value: Floats = field(default_factory=lambda: EMPTY)

    def add(self, at_s: Floats, value: Floats) -> None:
        """The same run told by two series, one after the other or twice: each time once, what came first stays."""
        if not self.at_s.size:
            self.at_s, self.value = at_s, value
            return
        both_at, both = np.concatenate([self.at_s, at_s]), np.concatenate([self.value, value])
        order = np.argsort(both_at, kind="stable")
        first = order[np.insert(np.diff(both_at[order]) > 0, 0, True)]
        self.at_s, self.value = both_at[first], both[first]


@dataclass(slots=True, eq=False)
class Told:
    """All that is known of one container, as it was told. Times are UTC epoch seconds.

    ``runs``: by what tells one run from another ("" where nothing does); ``limit``: changes of the memory limit in
    bytes; ``started``: by run, when it began; ``killed``: moments when its last end was said to be an OOM kill;
    ``restarts``: the count over time; ``working_set``: bytes, at the end; ``labels``: by run.
    """

    runs: dict[str, Points] = field(default_factory=dict)
    started: dict[str, Points] = field(default_factory=dict)
    limit: Points = field(default_factory=Points)
    killed: Points = field(default_factory=Points)
    restarts: Points = field(default_factory=Points)
    working_set: float | None = None
    labels: dict[str, LabelSet] = field(default_factory=dict)

    def beside(self, step_s: float) -> tuple[LabelSet, LabelSet] | None:
        """Two runs that lived side by side for longer than one that is gone is told: they are two containers."""
        longest = ""
        for name in sorted(self.runs, key=lambda name: float(self.runs[name].at_s[0])):
            begin, end = self.runs[name].at_s[0], self.runs[name].at_s[-1]
            if longest:
                other_end = self.runs[longest].at_s[-1]
                nested = name.startswith(longest) or longest.startswith(name)
                if not nested and min(end, other_end) - begin > LINGERS_S + 2 * step_s:
                    return self.labels.get(longest, {}), self.labels.get(name, {})
            if not longest or end > other_end:
                longest = name
        return None

    def run(self, name: str) -> Points:
        return self.runs.setdefault(name, Points())

    def start(self, name: str) -> Points:
        return self.started.setdefault(name, Points())

    def lifetimes(self, end_s: float, step_s: float) -> list[Series]:
        """In order of time. ``end_s``: of the window; what was not told until then has ended."""
        runs = sorted(self._runs(), key=lambda run: (run.begun_s, run.at_s[0]))
        begins_s = np.array([run.begun_s for run in runs])
        found: list[Series] = []
        for number, run in enumerate(runs):
            after = runs[number + 1].begun_s if number + 1 < len(runs) else np.inf
            last_s = found[-1].at_s[-1] if found else -np.inf
            # What lingers after the next one has begun is not its memory any more.
            kept = (run.at_s < after) & (run.at_s > last_s)
            if kept.any():
                last_s = run.at_s[kept][-1]
                ending = Ending.RUNNING
                if np.isfinite(after) or last_s < end_s - max(LINGERS_S, 3 * step_s):
                    killed = self._killed(begins_s, after, last_s, step_s)
                    ending = Ending.OOM_KILLED if killed else Ending.EXITED
                found.append(self._life(run, kept, ending))
        return found

    def _life(self, run: _Run, kept: np.ndarray, ending: Ending) -> Series:
        at_s, value = run.at_s[kept], run.value[kept]
        return Series(
            at_s,
            value,
            self._limits(at_s),
            started_s=run.started_s,
            ended_s=None if ending is Ending.RUNNING else float(at_s[-1]),
            ending=ending,
        )

    def _killed(self, begins_s: Floats, after_s: float, last_s: float, step_s: float) -> bool:
        """Whether the state that was told while the next run lived, or after the last one, names an OOM kill.

        ``begins_s``: of all runs, in order.
        A step looks back as far as the one before it, and so may still hold the state of one end earlier. Of the last
        run such a state is told until its pod goes: only what stays for longer than a pod takes to go is its own.
        """
        if np.isfinite(after_s):
            begin = after_s + step_s
            number = np.searchsorted(begins_s, after_s, side="right")
            end = begins_s[number] if number < begins_s.size else np.inf
        else:
            begin, end = last_s + max(LINGERS_S, 2 * step_s), np.inf
        return bool(np.any((self.killed.at_s > begin) & (self.killed.at_s < end)))

    def _limits(self, at_s: Floats) -> Floats | None:
        """The limit in force at each sample; before the first that was told, that one."""
        if not self.limit.at_s.size:
            return None
        held = np.clip(np.searchsorted(self.limit.at_s, at_s, side="right") - 1, 0, None)
        limit = self.limit.value[held]
        found: Floats = np.where(limit > 0, limit, np.inf)
        return found if np.isfinite(found).any() else None

    def _runs(self) -> list[_Run]:
        found = []
        for name, points in self.runs.items():
            started = self.started.get(name, Points())
            for begun_s, part in _apart(points, started, self.restarts if len(self.runs) == 1 else Points()):
                found.append(_Run(part.at_s, part.value, begun_s))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    at_s: Floats
    value: Floats
    started_s: float | None

    @property
    def begun_s(self) -> float:
        """When it began, as far as that is known: never after its first sample."""
        first_s = float(self.at_s[0])
        return first_s if self.started_s is None else min(self.started_s, first_s)


def _apart(points: Points, started: Points, restarts: Points) -> list[tuple[float | None, Points]]:
    """One series that was told of several runs, cut where the time of the start changes, else where the count rises."""
    starts = np.unique(started.value[(started.value > 0) & np.isfinite(started.value)])
    cuts = starts[1:]
    if not starts.size and restarts.at_s.size > 1:
        cuts = restarts.at_s[1:][np.diff(restarts.value) > 0]
    bounds = [0, *np.searchsorted(points.at_s, cuts, side="left").tolist(), len(points.at_s)]
    found: list[tuple[float | None, Points]] = []
    for number, (begin, end) in enumerate(zip(bounds, bounds[1:], strict=False)):
        if end > begin:
            begun_s = float(starts[number]) if starts.size else None
            found.append((begun_s, Points(points.at_s[begin:end], points.value[begin:end])))
    return found
