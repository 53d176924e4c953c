"""Reads one shard: samples of its containers and what is known of them, put together to series of workloads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from oakum.model.errors import TooMuchError
from oakum.model.metrics import LabelSet, MetricsServer, Samples, Selected, Span
from oakum.model.scan import Skipped
from oakum.model.series import WorkloadSeries
from oakum.sense.prometheus.chains import PodLives, chained, series_id
from oakum.sense.prometheus.choice import CLUSTERS, Asked
from oakum.sense.prometheus.lives import Told
from oakum.sense.prometheus.names import ContainerKey, Owner, PodKey, container_key
from oakum.sense.prometheus.shards import Part, Shard
from oakum.sense.prometheus.stock import ANSWER_SAMPLES, Inventory

LEAST_POINTS: Final = 16
"""A window of fewer steps is not asked for in halves any more."""

FACT_POINTS: Final = 48
"""How often limits and starts are asked for over a window: they change seldom."""


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One series of a workload; those that run side by side have one id.

    ``working_set``: bytes at the end of the window, of the pod that runs; None where it is not told. ``pods``: those
    that followed each other, the one that runs last.
    """

    series: WorkloadSeries
    working_set: float | None
    pods: tuple[PodKey, ...]


async def read(server: MetricsServer, stock: Inventory, shard: Shard) -> tuple[list[Member], list[Skipped]]:
    """Its members, and what could not be told apart.

    Raises TooMuchError where the server wants less at once than one pod over a few steps.
    """
    return await _Reading(server, stock, shard).members()


@dataclass(slots=True)
class _Reading:
    server: MetricsServer
    stock: Inventory
    shard: Shard
    told: dict[ContainerKey, Told] = field(default_factory=dict)
    pods: dict[PodKey, int] = field(init=False)

    def __post_init__(self) -> None:
        self.pods = self.shard.pods

    async def members(self) -> tuple[list[Member], list[Skipped]]:
        span, choice = self.stock.span, self.stock.choice
        seldom = Span(span.start_s, span.end_s, max(span.step_s, (span.end_s - span.start_s) / FACT_POINTS))
        async for known, run, found in self._over(choice.leak, span):
            known.run(run).add(found.at_s, found.value)
            known.labels.setdefault(run, found.labels)
        async for known, run, found in self._over(choice.started, seldom):
            known.start(run).add(found.at_s, found.value)
        async for known, _, found in self._over(choice.limit, seldom):
            known.limit.add(found.at_s, found.value)
        async for known, _, found in self._over(choice.killed, span, only=1.0):
            known.killed.add(found.at_s, found.value)
        async for known, _, found in self._over(choice.restarts, span):
            known.restarts.add(found.at_s, found.value)
        async for known, _, found in self._over(choice.working_set, Span(span.end_s, span.end_s, span.step_s)):
            known.working_set = float(found.value[-1])
        return self._members()

    async def _over(
        self, asked: Asked | None, span: Span, *, only: float | None = None
    ) -> AsyncIterator[tuple[Told, str, Samples]]:
        """What is known of the container that each series is about, by which run, and the samples."""
        if asked is None:
            return
        for part in self.shard.parts(max(1, ANSWER_SAMPLES // span.points)):
            async for found in self._asked(asked, part, span, only):
                key = container_key(found.labels, asked.labels)
                # A selector of names takes them in all its namespaces.
                if key is not None and key.of in self.pods and found.at_s.size:
                    run = found.labels.get(self.stock.choice.run, "") if self.stock.choice.run else ""
                    yield self.told.setdefault(key, Told()), run, found

    async def _asked(self, asked: Asked, part: Part, span: Span, only: float | None) -> AsyncIterator[Samples]:
        """Where the server wants less at once, one half after the other: of the pods, then of the time."""
        try:
            answer = await self.server.last(self._selected(asked, part, only), span)
        except TooMuchError:
            smaller = self._halves(part, span)
            if not smaller:
                raise
            for half, while_ in smaller:
                async for found in self._asked(asked, half, while_, only):
                    yield found
        else:
            for found in answer:
                yield found

    def _halves(self, part: Part, span: Span) -> list[tuple[Part, Span]]:
        pods = part.halves()
        if pods is not None:
            return [(half, span) for half in pods]
        if span.points < LEAST_POINTS:
            return []
        middle_s = span.start_s + span.points // 2 * span.step_s
        first = Span(span.start_s, middle_s - span.step_s, span.step_s)
        return [(part, first), (part, Span(middle_s, span.end_s, span.step_s))]

    def _selected(self, asked: Asked, part: Part, only: float | None) -> Selected:
        """What was really sampled: of what is gone, a plain selector would tell for 5 minutes more."""
        more = self.stock.narrowed.get(asked.metric, ())
        where = (*asked.matchers, *part.matchers(asked.labels), *more)
        return Selected(asked.metric, where, self.stock.every_s, only)

    def _members(self) -> tuple[list[Member], list[Skipped]]:
        span, found = self.stock.span, list[Member]()
        mixed: dict[str, Skipped] = {}
        pods: dict[tuple[str, str, Owner, str], list[PodLives]] = {}
        for key, told in self.told.items():
            both = told.beside(span.step_s)
            if both is not None:
                name = series_id(self.stock.owners.of(key.of), key)
                why = _mixed(key, *both, self.stock.choice.run)
                mixed.setdefault(name, Skipped(name, why, {"pod": key.of.pod}))
                continue
            lives = told.lifetimes(span.end_s, span.step_s)
            if lives:
                group = (key.of.cluster, key.of.namespace, self.stock.owners.of(key.of), key.container)
                pods.setdefault(group, []).append(PodLives(key, lives))
        for (_, _, owner, container), each in sorted(pods.items()):
            for series, names in chained(owner, each, self.stock.choice.metric, span.step_s):
                own = tuple(each[0].key.of._replace(pod=name) for name in names)
                found.append(Member(series, self.told[ContainerKey(own[-1], container)].working_set, own))
        return found, list(mixed.values())


def _mixed(key: ContainerKey, one: LabelSet, other: LabelSet, run: str) -> str:
    """Why it cannot be judged, and by which label it could be."""
    same = f"two containers {key.container} of a pod {key.of.pod} live side by side"
    labels = [name for name in sorted(one.keys() | other.keys()) if one.get(name, "") != other.get(name, "")]
    labels = [name for name in labels if name not in {run, "id", "name"}]
    if not labels:
        return f"{same}, and no label tells them apart"
    best = min(labels, key=lambda name: (CLUSTERS.index(name) if name in CLUSTERS else len(CLUSTERS), name))
    values = " and ".join(repr(each.get(best, "")) for each in (one, other))
    return f"{same}, of {best} {values}: ask for one alone, --label {best}=…"
