"""Series: one lifetime's samples of one scope; a workload series: its lifetimes in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Unit: TypeAlias = Literal["bytes", "percent", "connections"]
"""Of the last, one is the least that can be told."""

MOST = 2.0**60
"""No memory is as large as an exbibyte: a limit from there on is how some kernels write that there is none."""

FAR_S = 1e10
"""An epoch time as large is no longer in seconds: it would be the year 2286."""


class Scope(StrEnum):
    """What a series measures."""

    PROCESS = "process"
    CONTAINER = "container"
    CGROUP = "cgroup"
    NODE = "node"
    SERVER = "server"
    UNKNOWN = "unknown"


class Metric(StrEnum):
    """Which memory figure. Leaks are judged on anonymous memory; proximity to a limit on the charged usage."""

    ANON = "anon"
    RSS = "rss"
    WORKING_SET = "working_set"
    USAGE = "usage"
    HEAP_USED = "heap_used"
    POST_GC = "post_gc"
    CONNECTIONS = "connections"
    UNKNOWN = "unknown"


class Ending(StrEnum):
    """How a lifetime ended."""

    RUNNING = "running"
    EXITED = "exited"
    OOM_KILLED = "oom-killed"
    REPLACED = "replaced"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Series:
    """The samples of one lifetime.

    ``at_s``: float64[n], UTC epoch seconds, strictly increasing.
    ``value``: float64[n], in the unit of the workload series; NaN never stands here: a gap is a missing sample.
    ``limit``: float64[n] or None, the tightest limit that binds at each sample, in the same unit; +inf is no limit.
    ``load``: float64[n] or None, requests per second at each sample.
    ``started_s``: when the process or container started, if known (it is older than the first sample).
    ``revision``: which of its workload's revisions ran, as its pod's name begins; "" where there are none.
    """

    at_s: Floats
    value: Floats
    limit: Floats | None = None
    load: Floats | None = None
    started_s: float | None = None
    ended_s: float | None = None
    ending: Ending = Ending.RUNNING
    revision: str = ""

    def __len__(self) -> int:
        return len(self.at_s)

    def __repr__(self) -> str:
        """Short: an event loop writes results of tasks out, whoever asked."""
        return f"<Series of {len(self)} samples, {self.ending}>"

    def rows(self, kept: slice | NDArray[np.bool_] | NDArray[np.intp]) -> Series:
        """These samples alone; when it began and how it ended stay."""
        return replace(
            self,
            at_s=self.at_s[kept],
            value=self.value[kept],
            limit=None if self.limit is None else self.limit[kept],
            load=None if self.load is None else self.load[kept],
        )


@dataclass(frozen=True, slots=True, eq=False)
class WorkloadSeries:
    """The ordered lifetimes of one container or process across restarts: what a verdict is about.

    ``taken``: how many samples there were, where some were let go once it was judged; None where all are here.
    ``killed``: where it stands for others beside it too, how often they all were killed for memory, and when last
    (UTC epoch seconds); None where its lifetimes tell.
    """

    id: str
    lifetimes: tuple[Series, ...]
    unit: Unit = "bytes"
    scope: Scope = Scope.UNKNOWN
    metric: Metric = Metric.UNKNOWN
    labels: Mapping[str, str] = field(default_factory=dict)
    node_limit: float | None = None
    taken: int | None = None
    killed: tuple[int, float | None] | None = None

    @property
    def samples(self) -> int:
        """How many were taken."""
        return sum(len(lifetime) for lifetime in self.lifetimes) if self.taken is None else self.taken

    @property
    def oom_kills(self) -> int:
        if self.killed is not None:
            return self.killed[0]
        return sum(lifetime.ending is Ending.OOM_KILLED for lifetime in self.lifetimes)

    @property
    def last_kill_s(self) -> float | None:
        """UTC epoch seconds; None where none is known."""
        if self.killed is not None:
            return self.killed[1]
        ends = [
            life.ended_s if life.ended_s is not None else float(life.at_s[-1])
            for life in self.lifetimes
            if life.ending is Ending.OOM_KILLED and (life.ended_s is not None or len(life))
        ]
        return max(ends, default=None)


def latest(*moments: float | None) -> float | None:
    """Of those that are known, None where none is."""
    return max((moment for moment in moments if moment is not None), default=None)
