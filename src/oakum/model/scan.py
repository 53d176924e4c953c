"""Many workload series, each with its verdict: the result of ``oakum scan``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from oakum.model.absent import Absent
from oakum.model.mute import Mute
from oakum.model.node import NodeView
from oakum.model.oom import Blame, OomReport
from oakum.model.series import WorkloadSeries
from oakum.model.verdict import Verdict, VerdictName

ScanRow: TypeAlias = tuple[WorkloadSeries, Verdict]

_SEVERITY: Final = (VerdictName.LEAK, VerdictName.SUSPECT, VerdictName.CANNOT_TELL, VerdictName.HEALTHY)


@dataclass(frozen=True, slots=True)
class Window:
    """What was looked at, in UTC epoch seconds. ``step_s``: the usual time between two samples, None if none."""

    start_s: float
    end_s: float
    step_s: float | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """One series that could not be judged, and why."""

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class Scan:
    """``source``: as it was asked for. ``rows``: in any order; ``ranked`` has the worst first.

    ``muted``: by the id of a series, who said that it is no leak; such rows come last and count as no leak.
    ``warnings``: what the reader took for granted (the unit of the times, rows that were sorted or dropped).
    ``node``, ``ooms``: this machine, and each time within the last day that memory ran out, oldest first.
    """

    source: str
    generated_at_s: float
    window: Window
    rows: tuple[ScanRow, ...]
    skipped: tuple[Skipped, ...] = ()
    absent: tuple[Absent, ...] = ()
    warnings: tuple[str, ...] = ()
    muted: Mapping[str, Mute] = field(default_factory=dict)
    node: NodeView | None = None
    ooms: tuple[tuple[OomReport, Blame], ...] = ()

    @property
    def ranked(self) -> tuple[ScanRow, ...]:
        return tuple(sorted(worst_first(self.rows), key=lambda row: row[0].id in self.muted))

    @property
    def leaks(self) -> int:
        """How many series leak, and are not muted."""
        return sum(verdict.name is VerdictName.LEAK and series.id not in self.muted for series, verdict in self.rows)

    def count(self, name: VerdictName) -> int:
        return sum(verdict.name is name for _, verdict in self.rows)


def worst_first(rows: Iterable[ScanRow]) -> tuple[ScanRow, ...]:
    """By verdict, then by what dies first, then by how sure, then by id so that the order is always the same."""
    return tuple(sorted(rows, key=_rank))


def _rank(row: ScanRow) -> tuple[int, float, float, str]:
    series, verdict = row
    dies_in_s = min((forecast.p50_s for forecast in verdict.forecasts), default=math.inf)
    return _SEVERITY.index(verdict.name), dies_in_s, -(verdict.probability or 0.0), series.id
