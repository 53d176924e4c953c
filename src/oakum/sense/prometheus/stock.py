"""What a server has to read, by its labels alone: which metrics, which containers, who owns them, in which shards."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import CallerError, TargetError, TooMuchError
from oakum.model.metrics import MetricsServer, Span
from oakum.model.units import format_duration
from oakum.sense.prometheus.beside import NOTHING, Beside, beside
from oakum.sense.prometheus.choice import CLUSTERS, LEAK, NAMED, Choice, LabelNames, chosen, leak_metric, state_metric
from oakum.sense.prometheus.names import ContainerKey, Owners, container_key
from oakum.sense.prometheus.promql import Matcher, any_of, selector
from oakum.sense.prometheus.shards import Shard, grouped, sharded

ANSWER_SAMPLES: Final = 200_000
"""Samples of one answer: about 6 MB of JSON."""

POINTS: Final = 1500
"""Samples of a series that are enough for a verdict: a step is chosen so that a window has no more."""

LEAST_STEPS: Final = 8
"""A window that holds fewer tells nothing."""

STEPS: Final = (15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 86400.0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """``step_s``: None chooses one. ``matchers``: of labels that the memory metric has."""

    start_s: float
    end_s: float
    step_s: float | None = None
    namespaces: tuple[str, ...] = ()
    matchers: tuple[Matcher, ...] = ()

    @property
    def narrowed(self) -> tuple[Matcher, ...]:
        return (*((any_of("namespace", self.namespaces),) if self.namespaces else ()), *self.matchers)


@dataclass(frozen=True, slots=True)
class Inventory:
    """What there is to read. ``shards``: in the order in which they are read; ``containers``: of pods, each once.

    ``narrowed``: by metric, those of the matchers asked for that are of a label of it.
    ``beside``: what else there is, asked of what grows. ``product``: of the server, "" where that was not asked.
    """

    choice: Choice
    owners: Owners
    span: Span
    every_s: float | None
    containers: int
    shards: tuple[Shard, ...]
    narrowed: Mapping[str, tuple[Matcher, ...]]
    absent: tuple[Absent, ...]
    beside: Beside = NOTHING
    product: str = ""

    @property
    def series(self) -> int:
        return sum(shard.series for shard in self.shards)

    def of(self, shard: Shard) -> Inventory:
        """As much of it as one shard is read by."""
        return replace(self, shards=(shard,), owners=self.owners.only(shard.pods), absent=())


async def take_stock(server: MetricsServer, wanted: Wanted) -> Inventory:
    """Labels only: no sample is read but of a few containers, to learn how often they are scraped.

    Raises TargetError that says what is missing, and what there is instead.
    """
    whole = Span(wanted.start_s, wanted.end_s, 60.0)
    names = await server.label_values("__name__", [f'{{__name__=~"{NAMED}"}}'], whole)
    leak = leak_metric(names)
    if leak is None:
        raise await _no_metric(server, names, whole)
    labels = await server.label_names([leak[0]], whole)
    state = state_metric(names)
    state_labels = await server.label_names([state], whole) if state else ()
    told = await _clusters(server, leak[0], labels, wanted, whole)
    state_told = await _clusters(server, state, state_labels, wanted, whole) if state else {}
    choice = chosen(
        names, labels, state_labels, telling=_telling(told, state_told), state_telling=_telling(state_told, {})
    )
    if choice is None:
        raise TargetError(
            f"{leak[0]} of {server.place} does not say of which container it is",
            why=f"namespace, pod and container are wanted, and its labels are {', '.join(labels)[:300]}",
            next_step="keep these labels of cAdvisor in the scrape configuration",
        )
    counts = await _containers(server, choice, wanted, whole)
    if not counts:
        raise await _no_series(server, choice, wanted, whole)
    narrowed = {metric: await _matching(server, metric, wanted, whole) for metric in choice.used}
    owners, refused = await _owners(server, choice, counts, narrowed, whole)
    every_s = await _scraped_every(server, choice, counts, wanted)
    span = _span(wanted, every_s)
    most = max(1, ANSWER_SAMPLES // span.points)
    shards = tuple(sharded(grouped(counts, owners), most))
    absent = (*choice.absent, *refused)
    return Inventory(choice, owners, span, every_s, len(counts), shards, narrowed, absent, await beside(server, whole))


async def _clusters(
    server: MetricsServer, metric: str, labels: Collection[str], wanted: Wanted, whole: Span
) -> dict[str, set[str]]:
    """The values of each label that may tell clusters apart, among what is asked for; best label first."""
    asked = selector(metric, await _matching(server, metric, wanted, whole))
    return {label: set(await server.label_values(label, [asked], whole)) for label in CLUSTERS if label in labels}


def _telling(told: Mapping[str, set[str]], state: Mapping[str, set[str]]) -> str:
    """The first that has more than one value, "" where none has.

    Who scraped it (``prometheus``) tells clusters apart only where each of them also scraped kube-state-metrics.
    """
    for label, values in told.items():
        if len(values) > 1 and (label != "prometheus" or not state or values <= state.get(label, set())):
            return label
    return ""


async def _matching(server: MetricsServer, metric: str, wanted: Wanted, whole: Span) -> tuple[Matcher, ...]:
    """Those of the matchers that some of it has: ``job`` of kube-state-metrics is another than that of cAdvisor."""
    return tuple(
        [
            matcher
            for matcher in wanted.matchers
            if await server.label_values(matcher.label, [selector(metric, [matcher])], whole)
        ]
    )


async def _containers(server: MetricsServer, choice: Choice, wanted: Wanted, whole: Span) -> Counter[ContainerKey]:
    """How many series each container has. Where all at once is too much, namespace by namespace."""
    leak, found = choice.leak, Counter[ContainerKey]()

    async def ask(*more: Matcher) -> None:
        asked = selector(leak.metric, (*leak.matchers, *wanted.narrowed, *more))
        keys = (container_key(row, leak.labels) for row in await server.series([asked], whole))
        found.update(key for key in keys if key is not None)

    try:
        await ask()
    except TooMuchError:
        matching = [selector(leak.metric, (*leak.matchers, *wanted.narrowed))]
        for namespace in await server.label_values(leak.labels.namespace, matching, whole):
            await ask(Matcher(leak.labels.namespace, "=", namespace))
    return found


async def _owners(
    server: MetricsServer,
    choice: Choice,
    counts: Counter[ContainerKey],
    narrowed: Mapping[str, tuple[Matcher, ...]],
    whole: Span,
) -> tuple[Owners, list[Absent]]:
    """Where all at once is too much, namespace by namespace; what is still refused is told and done without."""
    owners, refused = Owners(choice.state), dict[str, TooMuchError]()
    for metric in choice.owners:
        try:
            asked = selector(metric, [*_namespaces(counts, choice.state), *narrowed[metric]])
            owners.add(metric, await server.series([asked], whole))
        except TooMuchError:
            for namespace in sorted({key.of.namespace for key in counts}):
                one = selector(metric, [Matcher(choice.state.namespace, "=", namespace), *narrowed[metric]])
                try:
                    owners.add(metric, await server.series([one], whole))
                except TooMuchError as exc:
                    refused.setdefault(metric, exc)
    return owners, [
        Absent("workloads", AbsentKind.TOO_DEAR, f"not all of {metric} could be read: {exc.brief}", exc.next_step)
        for metric, exc in refused.items()
    ]


def _namespaces(counts: Counter[ContainerKey], labels: LabelNames) -> list[Matcher]:
    """A few are named; where there are many, all are asked for."""
    names = sorted({key.of.namespace for key in counts})
    return [any_of(labels.namespace, names)] if len(names) <= 50 else []


def _span(wanted: Wanted, every_s: float | None) -> Span:
    """On multiples of the step, so that the next scan asks for the same moments, and a cache may answer.

    Raises CallerError for a window that holds too few.
    """
    step_s = wanted.step_s
    if step_s is None:
        least = max((wanted.end_s - wanted.start_s) / POINTS, every_s or 60.0)
        step_s = next((step for step in STEPS if step >= least * 0.99), STEPS[-1])
    if wanted.end_s - wanted.start_s < LEAST_STEPS * step_s:
        raise CallerError(
            f"a window of {format_duration(wanted.end_s - wanted.start_s)} is too short",
            why=f"a sample every {format_duration(step_s)} is what there is, and {LEAST_STEPS} or more are needed",
            next_step=f"--window {math.ceil(LEAST_STEPS * step_s / 60)}min    # or more",
        )
    end_s = np.floor(wanted.end_s / step_s) * step_s
    return Span(float(np.ceil(wanted.start_s / step_s) * step_s), float(end_s), step_s)


async def _scraped_every(
    server: MetricsServer, choice: Choice, counts: Counter[ContainerKey], wanted: Wanted
) -> float | None:
    """The usual time between two samples of a few containers in the last half hour, None where they have none."""
    few = sorted(counts)[:: max(1, len(counts) // 5)][:5]
    labels = choice.leak.labels
    named = [
        any_of(labels.namespace, sorted({key.of.namespace for key in few})),
        any_of(labels.pod, sorted({key.of.pod for key in few})),
    ]
    query = selector(choice.leak.metric, (*choice.leak.matchers, *named)) + "[30m]"
    gaps = [np.diff(found.at_s) for found in await server.instant(query, wanted.end_s) if found.at_s.size > 1]
    return float(np.median(np.concatenate(gaps))) if gaps else None


async def _no_metric(server: MetricsServer, names: Collection[str], whole: Span) -> TargetError:
    """Says what there is instead, so that it can be told what to scrape."""
    there = sorted(names) or sorted(await server.label_values("__name__", ['{__name__!=""}'], whole))
    shown = ", ".join(there[:8]) + (f" and {len(there) - 8} more" if len(there) > 8 else "")
    return TargetError(
        f"{server.place} has no memory of containers",
        why=f"there is none of {', '.join(name for name, _ in LEAK)};"
        f" within the window it has {shown or 'no metric at all'}",
        next_step="scrape /metrics/cadvisor of the kubelets, or look further back: --window 7d",
    )


async def _no_series(server: MetricsServer, choice: Choice, wanted: Wanted, whole: Span) -> TargetError:
    """Which of the selectors matches nothing, and which values there are."""
    leak = choice.leak
    for matcher in wanted.narrowed:
        alone = [selector(leak.metric, (*leak.matchers, matcher))]
        if await server.series(alone, whole):
            continue
        values = await server.label_values(matcher.label, [selector(leak.metric, leak.matchers)], whole)
        shown = ", ".join(values[:8]) + (f" and {len(values) - 8} more" if len(values) > 8 else "")
        return TargetError(
            f"no {leak.metric} has {matcher}",
            why=f"its values of {matcher.label} are {shown}" if values else f"it has no label {matcher.label}",
            next_step="ask for one of these, or leave it out",
        )
    why = "each of the selectors matches some, but not the same ones"
    if not wanted.narrowed:
        why = "there are only series of pods and of pause containers (container is empty or POD)"
    return TargetError(
        f"no {leak.metric} of {server.place} is of such a container",
        why=why,
        next_step="--label and --namespace: ask for less",
    )
