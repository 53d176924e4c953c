"""``oakum investigate postgresql://…``: a server that services talk to, asked for what it holds, over some seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from itertools import groupby
from math import inf
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from oakum import explain
from oakum.judge import curve, judge
from oakum.loop.facts import Facts
from oakum.model.absent import Absent, AbsentKind
from oakum.model.admission import Admission
from oakum.model.assessment import Investigation
from oakum.model.dependency import Asked, Dependency, Findings, Sample
from oakum.model.errors import CallerError, TargetError
from oakum.model.policy import Policy
from oakum.model.series import Metric, Scope, Series, Unit, WorkloadSeries
from oakum.model.target import DependencyTarget
from oakum.model.units import format_duration
from oakum.model.verdict import Verdict

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.progress import Progress

WATCH_S: Final = 20.0
"""How long is watched where nobody says it, in seconds."""

LEAST_WATCH_S: Final = 5.0
"""Nothing shorter tells anything, in seconds."""

LEAST_INTERVAL_S: Final = 0.5
"""A server is asked no more often, in seconds."""

LOOKS_S: Final = 0.1
"""So often it is looked at whether somebody else's watch is over, in seconds."""

LEAST_SAMPLES: Final = 4
"""A watch holds so many."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of dependency: what its samples are measured in, and the rules that read them.

    ``explain`` is pure. ``here`` adds to a whole sample what this machine knows; it is given the place too.
    ``admits``: who is connected, and how many may be; it is given a sample and the place.
    """

    name: str
    unit: Unit
    metric: Metric
    explain: Callable[[Asked[Any]], Findings]
    here: Callable[[Any, Machine, str], Any] = field(default=lambda sample, *_: sample)
    admits: Callable[[Any, str], Admission] = field(
        default=lambda sample, place: Admission("", place, "", None, 0, sample.at_s)
    )


@dataclass(frozen=True, slots=True)
class DependencySettings:
    """How one dependency is watched."""

    watch_s: float = WATCH_S
    """How long, in seconds."""

    interval_s: float = 1.0
    """Between two samples, in seconds."""

    policy: Policy = field(default_factory=Policy)

    @classmethod
    def of(
        cls, *, watch_s: float | None = None, interval_s: float | None = None, policy: Policy | None = None
    ) -> DependencySettings:
        """Raises CallerError for a watch too short to say anything, or an interval that does not fit in it."""
        chosen_s = WATCH_S if watch_s is None else watch_s
        every_s = min(max(chosen_s / 120, 1.0), 15.0) if interval_s is None else interval_s
        if chosen_s < LEAST_WATCH_S or every_s < LEAST_INTERVAL_S or chosen_s < LEAST_SAMPLES * every_s:
            raise CallerError(
                f"cannot tell anything from {format_duration(chosen_s)} with a sample every {format_duration(every_s)}",
                why=f"a watch of a dependency lasts {LEAST_WATCH_S:.0f} s or more and holds {LEAST_SAMPLES} samples or"
                f" more; samples are {LEAST_INTERVAL_S * 1000:.0f} ms apart or more",
                next_step="leave --for and --every out, or write for example --for 10m --every 5s",
            )
        return cls(chosen_s, every_s, policy or Policy())


def investigate_dependency(
    target: DependencyTarget,
    *,
    kind: Kind,
    opened: AbstractAsyncContextManager[Dependency[Any]],
    machine: Machine,
    settings: DependencySettings,
    progress: Progress,
) -> Investigation:
    """The journey, on a loop of its own. ``opened``: the way to it; nothing is asked before it is entered.

    Raises TargetError when the server does not answer, refuses, or is no such server.
    """
    import anyio  # noqa: PLC0415  (comes with the extra that speaks to the server)

    watch = DependencyWatch(target, kind, machine, settings, progress)

    async def journey() -> None:
        async with opened as dependency:
            await watch.run(dependency)

    anyio.run(journey)
    return watch.concluded()


@dataclass(slots=True)
class DependencyWatch:
    """The samples as they come. ``cut``: why the last whole one is missing, "" where it is not."""

    target: DependencyTarget
    kind: Kind
    machine: Machine
    settings: DependencySettings
    progress: Progress
    place: str = ""
    samples: list[Any] = field(default_factory=list)
    missed: list[TargetError] = field(default_factory=list)
    cut: str = ""

    async def run(
        self,
        dependency: Dependency[Any],
        *,
        begun: Callable[[], object] = lambda: None,
        over: Callable[[], bool] | None = None,
    ) -> None:
        """``begun``: called after the first sample. ``over``: asked whether to end; not given: when the time is up."""
        import anyio  # noqa: PLC0415

        clock = self.machine.clock
        self.progress.stage(f"asking {self.target}")
        first = await dependency.sample(whole=True)
        self.place = dependency.place
        self._take(first, whole=True)
        begun()
        if over is not None:
            await self._until(over, dependency)
            return
        begun_s = clock.monotonic_s()
        end_s, due_s = begun_s + self.settings.watch_s, begun_s
        while True:
            due_s = max(due_s + self.settings.interval_s, clock.monotonic_s())
            # The last one is near.
            if due_s > end_s - self.settings.interval_s / 2:
                break
            await anyio.sleep(max(0.0, due_s - clock.monotonic_s()))
            await self._sample(dependency, whole=False)
            self.progress.watched(self._series(), self._judged(), max(0.0, end_s - clock.monotonic_s()))
        await anyio.sleep(max(0.0, end_s - clock.monotonic_s()))
        await self._last(dependency)

    async def _until(self, over: Callable[[], bool], dependency: Dependency[Any]) -> None:
        import anyio  # noqa: PLC0415

        clock = self.machine.clock
        begun_s = due_s = clock.monotonic_s()
        while not over():
            due_s = max(due_s + self.settings.interval_s, clock.monotonic_s())
            while not over() and clock.monotonic_s() < due_s:  # noqa: ASYNC110  (another thread's event)
                await anyio.sleep(min(LOOKS_S, max(0.0, due_s - clock.monotonic_s())))
            if not over():
                await self._sample(dependency, whole=False)
        self.settings = replace(self.settings, watch_s=clock.monotonic_s() - begun_s)
        await self._last(dependency)

    async def _last(self, dependency: Dependency[Any]) -> None:
        if not await self._sample(dependency, whole=True):
            self.cut = self.missed[-1].brief

    async def _sample(self, dependency: Dependency[Any], *, whole: bool) -> bool:
        """One that does not come is a gap: a server that was started again answers the next question."""
        try:
            self._take(await dependency.sample(whole=whole), whole=whole)
        except TargetError as exc:
            if not self.missed or self.missed[-1].what != exc.what:
                self.progress.stage(f"{exc.brief}; asking again")
            self.missed.append(exc)
            return False
        return True

    def _take(self, sample: Sample, *, whole: bool) -> None:
        if self.samples and sample.at_s <= self.samples[-1].at_s:
            return  # the wall clock was set back: a moment that has been told is not told again
        self.samples.append(self.kind.here(sample, self.machine, self.place) if whole else sample)

    def admission(self) -> Admission:
        """At the last sample that told who is connected."""
        told = [sample for sample in self.samples if self.kind.admits(sample, self.place).connections]
        return self.kind.admits((told or self.samples)[-1], self.place)

    def _series(self) -> WorkloadSeries:
        lives = [list(life) for _, life in groupby(self.samples, key=lambda sample: sample.started_s)]
        return WorkloadSeries(
            str(self.target),
            tuple(map(_life, lives)),
            unit=self.kind.unit,
            scope=Scope.SERVER,
            metric=self.kind.metric,
            labels={"dependency": self.place},
        )

    def _judged(self) -> Verdict:
        return judge(self._series())

    def concluded(self) -> Investigation:
        series, clock = self._series(), self.machine.clock
        verdict = judge(series)
        missed, samples = len(self.missed), tuple(self.samples)
        settings = self.settings
        asked = Asked(
            target=str(self.target),
            samples=samples,
            series=series,
            series_verdict=verdict,
            watch_s=settings.watch_s,
            policy=settings.policy,
            missed=missed,
            cut=self.cut,
        )
        found, facts = self.kind.explain(asked), Facts(clock)
        for told in found.told:
            facts.add(told.kind, told.title, told.origin, cost=told.cost, facts=told.facts)
            # Told when the server told it, not when it was read.
            facts.evidence[-1] = replace(facts.evidence[-1], at_s=told.at_s)
        for absent in (*found.absent, *self._gaps()):
            facts.miss(absent)
        answer = Investigation(
            target=str(self.target),
            generated_at_s=clock.now_s(),
            verdict=found.verdict,
            series_verdict=verdict,
            series=series,
            runtime=found.runtime,
            curve=curve(series),
            evidence=tuple(facts.evidence),
            absent=tuple(facts.absent),
            causes=found.causes,
            plan=found.plan,
            partial=bool(self.cut),
        )
        return explain.told(answer)

    def _gaps(self) -> list[Absent]:
        if not self.missed:
            return []
        last = self.missed[-1]
        count = len(self.missed)
        what = f"{count} of {len(self.samples) + count} samples"
        return [Absent(what, AbsentKind.UNREADABLE, last.brief, last.next_step)]


def _life(samples: Sequence[Sample]) -> Series:
    limits = np.array([inf if sample.limit is None else sample.limit for sample in samples])
    return Series(
        np.array([sample.at_s for sample in samples]),
        np.array([float(sample.level) for sample in samples]),
        limits,
        started_s=samples[0].started_s,
    )
