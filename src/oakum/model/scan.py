"""Many workload series, each with its verdict: the result of ``oakum scan``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from oakum.model.absent import Absent
from oakum.model.cluster_node import NodeStanding
from oakum.model.kept_scan import Since
from oakum.model.mute import Mute
from oakum.model.node import NodeView
from oakum.model.oom import Blame, OomReport
from oakum.model.series import WorkloadSeries
from oakum.model.verdict import SEVERITY, Verdict, VerdictName

ScanRow: TypeAlias = tuple[WorkloadSeries, Verdict]

LATELY_S: Final = (3600.0, 86_400.0)
"""A kill for memory that is no longer ago, in seconds, puts a workload before others; an hour more than a day."""


@dataclass(frozen=True, slots=True)
class Window:
    """What was looked at, in UTC epoch seconds. ``step_s``: the usual time between two samples, None if none."""

    start_s: float
    end_s: float
    step_s: float | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """One series that could not be judged, and why. ``labels``: as far as its reader knew them."""

    id: str
    why: str
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Replicas:
    """What a cluster tells of one container in all pods of one workload.

    ``worst``: the pod whose series stands for all. ``pods``: that have it; ``running``: of them now.
    ``restarts``: of all together, as far as they are told. ``kills``: for memory, that the cluster still knows of or
    that were seen, ``oom_kills``: by the kernel; ``last_kill_s``: the last one, UTC epoch seconds. ``share``: the
    largest part of its limit that one of them has in use, page cache that was used lately with it; None where nobody
    tells, or there is no limit.
    """

    workload: str
    container: str
    worst: str
    pods: int
    running: int
    restarts: int
    kills: int = 0
    oom_kills: int = 0
    last_kill_s: float | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """``source``: as it was asked for. ``rows``: in any order; ``ranked`` has the worst first.

    ``muted``: by the id of a series, who said that it is no leak; such rows come last and count as no leak.
    ``warnings``: what the reader took for granted (the unit of the times, rows that were sorted or dropped).
    ``replicas``: by the id of a series, where it is a workload's of a cluster.
    ``partial``: not all that was asked for could be read; ``absent`` or ``warnings`` say what.
    ``node``, ``ooms``: this machine, and each time within the last day that memory ran out, oldest first.
    ``nodes``: of a cluster, those that its pods run on and those in trouble, the worst first.
    ``origin``: the API server that ``source`` is known by, or with, elsewhere too; "" where that is ``source`` itself.
    ``kept``: as what it is on record, "" where it is not; ``since``: what has changed since another that is.
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
    nodes: tuple[NodeStanding, ...] = ()
    replicas: Mapping[str, Replicas] = field(default_factory=dict)
    partial: bool = False
    origin: str = ""
    kept: str = ""
    since: Since | None = None

    @property
    def shown(self) -> tuple[ScanRow, ...]:
        """All, or those alone that are new since the scan it was compared with. In any order."""
        if self.since is None or not self.since.only_fresh:
            return self.rows
        return tuple(row for row in self.rows if row[0].id in self.since.fresh)

    @property
    def ranked(self) -> tuple[ScanRow, ...]:
        """Those that are shown: by verdict, then by what dies first, how sure, what a cluster tells, then by id.

        Of those that cannot be told the ones that were killed for memory within the hour come before.
        """

        def place(row: ScanRow) -> tuple[bool, int, bool, float, float, tuple[float, float, int, str]]:
            (severity, *sure), standing = worse(row), self._standing(row)
            calm = row[1].name is VerdictName.CANNOT_TELL and standing[0] > -len(LATELY_S)
            return row[0].id in self.muted, severity, calm, sure[0], sure[1], standing

        return tuple(sorted(self.shown, key=place))

    def _standing(self, row: ScanRow) -> tuple[float, float, int, str]:
        """Killed for memory within the last hour, or day; the part of the limit that is in use; restarts."""
        name = row[0].id
        found = self.replicas.get(name)
        if found is None:
            return 0.0, 0.0, 0, name
        ago_s = math.inf if found.last_kill_s is None else self.generated_at_s - found.last_kill_s
        lately = sum(ago_s < within_s for within_s in LATELY_S)
        return -lately, -(found.share or 0.0), -found.restarts, name

    @property
    def leaks(self) -> int:
        """How many series leak, and are not muted."""
        return self._leaks(self.rows)

    @property
    def leaks_shown(self) -> int:
        """Of them, how many are shown."""
        return self._leaks(self.shown)

    def _leaks(self, rows: tuple[ScanRow, ...]) -> int:
        return sum(verdict.name is VerdictName.LEAK and series.id not in self.muted for series, verdict in rows)

    def count(self, name: VerdictName) -> int:
        return sum(verdict.name is name for _, verdict in self.rows)


def worse(row: ScanRow) -> tuple[int, float, float]:
    """The worse, the less: by verdict, then by what dies first, then by how sure."""
    verdict = row[1]
    dies_in_s = min((forecast.p50_s for forecast in verdict.forecasts), default=math.inf)
    return -SEVERITY.index(verdict.name), dies_in_s, -(verdict.probability or 0.0)
