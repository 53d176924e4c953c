"""Figures that services tell of themselves, summed for each pod: requests they serve, and the size of their heap."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from oakum.model.errors import TooMuchError
from oakum.model.metrics import MetricsServer, Selected, Span
from oakum.model.series import Floats, Metric, Series, WorkloadSeries
from oakum.sense.prometheus.beside import Beside
from oakum.sense.prometheus.choice import LabelNames
from oakum.sense.prometheus.lives import Points
from oakum.sense.prometheus.names import PodKey
from oakum.sense.prometheus.promql import any_of

ANSWER_SAMPLES: Final = 200_000
"""Samples of one answer."""

KNOWN: Final = 0.5
"""Of the samples of a lifetime so many must have a figure near them, or it says nothing of that lifetime."""

SCRAPES: Final = 4
"""A rate over fewer of them comes and goes with each one that is late."""


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """``metric``: by which it is known; ``kind``: of a heap; UNKNOWN of requests. ``points``: the sum of a pod."""

    metric: str
    kind: Metric
    points: Points


Asking = Callable[[Selected], str]


@dataclass(frozen=True, slots=True)
class PerPod:
    """Asks for pods of one shard. ``labels``: of the memory metric: the cluster must be told by the same one."""

    server: MetricsServer
    labels: LabelNames
    span: Span
    every_s: float | None

    async def loads(self, beside: Beside, pods: Iterable[PodKey]) -> dict[PodKey, Figure]:
        """Requests per second, each at the middle of what it is the mean of. Raises what the server raises."""
        # A second more: since Prometheus 3.0 a range leaves out the sample at its very begin.
        window = max(self.span.step_s, SCRAPES * (self.every_s or 60.0)) + 1.0
        found = await self._each(
            [(each, Metric.UNKNOWN) for each in beside.requests], pods, lambda each: f"rate({each}[{_seconds(window)}])"
        )
        for figure in found.values():
            figure.points.at_s = figure.points.at_s - window / 2
        return found

    async def heaps(self, beside: Beside, pods: Iterable[PodKey]) -> dict[PodKey, Figure]:
        """Bytes: of each step the least, since what is used rises until the next collection."""
        return await self._each(
            [(each.selected, each.metric) for each in beside.heaps],
            pods,
            lambda each: f"min_over_time({each}[{_seconds(self.span.step_s)}])",
        )

    async def pressures(self, beside: Beside, pods: Iterable[PodKey]) -> dict[PodKey, Figure]:
        """The share of the last minutes in which its containers, all together, waited for memory; one point."""
        if self.span.points > 1:
            return await replace(self, span=replace(self.span, start_s=self.span.end_s)).pressures(beside, pods)
        return await self._each(
            [(each, Metric.UNKNOWN) for each in beside.pressures], pods, lambda each: f"rate({each}[5m])"
        )

    async def _each(
        self, metrics: Sequence[tuple[Selected, Metric]], pods: Iterable[PodKey], asking: Asking
    ) -> dict[PodKey, Figure]:
        """Of each pod by the first of ``metrics`` that tells of it."""
        found: dict[PodKey, Figure] = {}
        left = sorted(set(pods))
        many = max(1, ANSWER_SAMPLES // self.span.points)
        for selected, kind in metrics:
            for begin in range(0, len(left), many):
                for pod, points in (await self._told(selected, left[begin : begin + many], asking)).items():
                    found[pod] = Figure(selected.metric, kind, points)
            left = [pod for pod in left if pod not in found]
        return found

    async def _told(self, selected: Selected, pods: Sequence[PodKey], asking: Asking) -> dict[PodKey, Points]:
        """Where the server wants less at once, one half after the other."""
        if not pods:
            return {}
        where = [any_of("namespace", sorted({pod.namespace for pod in pods}))]
        where.append(any_of("pod", sorted({pod.pod for pod in pods})))
        if self.labels.cluster:
            where.append(any_of(self.labels.cluster, sorted({pod.cluster for pod in pods})))
        asked = Selected(selected.metric, (*selected.matchers, *where))
        by = ", ".join(matcher.label for matcher in where)
        try:
            answer = await self.server.over(f"sum by ({by}) ({asking(asked)})", self.span)
        except TooMuchError:
            if len(pods) == 1:
                raise
            half = len(pods) // 2
            return {
                **await self._told(selected, pods[:half], asking),
                **await self._told(selected, pods[half:], asking),
            }
        wanted, found = set(pods), dict[PodKey, Points]()
        for each in answer:
            key = PodKey(
                each.labels.get(self.labels.cluster, ""), each.labels.get("namespace", ""), each.labels.get("pod", "")
            )
            if key in wanted and each.at_s.size:
                found.setdefault(key, Points()).add(each.at_s, each.value)
        return found


def one_after_the_other(figures: Sequence[Figure]) -> Figure | None:
    """Of the pods of one chain, of which one takes another's place."""
    if not figures:
        return None
    points = Points()
    for figure in figures:
        points.add(figure.points.at_s, figure.points.value)
    return Figure(figures[-1].metric, figures[-1].kind, points)


def loaded(life: Series, load: Points, step_s: float) -> Floats | None:
    """float64[n]: at each sample, where most of them have a rate within two steps; None where they have not."""
    if not len(life) or not load.at_s.size:
        return None
    after = np.clip(np.searchsorted(load.at_s, life.at_s), 0, load.at_s.size - 1)
    before = np.clip(after - 1, 0, None)
    away = np.minimum(np.abs(load.at_s[after] - life.at_s), np.abs(load.at_s[before] - life.at_s))
    if np.mean(away <= 2 * step_s) < KNOWN:
        return None
    return np.interp(life.at_s, load.at_s, load.value)


def heap_series(whole: WorkloadSeries, heap: Figure) -> WorkloadSeries:
    """The heap over the present lifetime of ``whole``."""
    life = whole.lifetimes[-1]
    kept = (heap.points.at_s >= life.at_s[0]) & (heap.points.at_s <= life.at_s[-1])
    own = Series(heap.points.at_s[kept], heap.points.value[kept], started_s=life.started_s)
    return WorkloadSeries(whole.id, (own,) if kept.any() else (), "bytes", whole.scope, heap.kind, whole.labels)


def _seconds(seconds: float) -> str:
    return f"{max(1, math.ceil(seconds))}s"
