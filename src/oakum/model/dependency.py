"""A dependency as Oakum sees it: a server that services talk to, asked over a network for what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from oakum.model.absent import Absent
from oakum.model.cause import Cause
from oakum.model.evidence import Cost
from oakum.model.policy import Policy
from oakum.model.series import WorkloadSeries
from oakum.model.step import Plan
from oakum.model.verdict import Verdict


class Sample(Protocol):
    """What the server told at one moment; each kind of dependency has its own, with all that was asked beside.

    ``at_s``: UTC epoch seconds, by this machine's clock. ``level`` is what is judged, in the unit of its kind, and
    ``limit`` what it ends at, None for none. ``started_s``: when the server started, as it tells it itself (the same
    number for the same start), None where it does not: another one begins a new lifetime.
    """

    @property
    def at_s(self) -> float: ...

    @property
    def level(self) -> float: ...

    @property
    def limit(self) -> float | None: ...

    @property
    def started_s(self) -> float | None: ...

    @property
    def cost(self) -> Cost:
        """``seconds``: of the server's time where it tells that, else how long its answers took."""


SampleT = TypeVar("SampleT", bound=Sample)
SampleT_co = TypeVar("SampleT_co", bound=Sample, covariant=True)


class Dependency(Protocol[SampleT_co]):
    """One server, behind an adapter. Every call crosses a network and has a deadline."""

    @property
    def place(self) -> str:
        """What it is known by whoever asks: scheme, host, port and database; no user, nothing secret."""

    async def sample(self, *, whole: bool) -> SampleT_co:
        """``whole``: also what is too dear to be asked again and again; the first and the last sample are.

        Raises SilentError where nothing came in time, TargetError where the server is gone, refuses, or is no such
        server. Asked again, it connects again.
        """


@dataclass(frozen=True, slots=True)
class Asked(Generic[SampleT]):
    """What was asked of a dependency: all that its rules are given.

    ``target``: as it is printed. ``samples``: at least one, oldest first; the first is whole, and so is the last unless
    ``cut`` says why there is none. ``watch_s``: how long was meant to be watched. ``missed``: how many samples did
    not come. ``series_verdict``: of their levels alone.
    """

    target: str
    samples: tuple[SampleT, ...]
    series: WorkloadSeries
    series_verdict: Verdict
    watch_s: float
    policy: Policy
    missed: int = 0
    cut: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """One fact of a dependency, to be put among the evidence. ``kind`` becomes its id. ``at_s``: UTC epoch seconds."""

    kind: str
    title: str
    origin: str
    at_s: float
    cost: Cost = field(default_factory=Cost)
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the rules of one kind of dependency say. ``verdict`` is the assessment; ``runtime``: what the server is."""

    verdict: Verdict
    runtime: str
    told: tuple[Told, ...] = ()
    absent: tuple[Absent, ...] = ()
    causes: tuple[Cause, ...] = ()
    plan: Plan = field(default_factory=Plan)
