"""What a server of metrics tells of a workload's containers from before this look; the look goes on without it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from oakum.judge import judge, rollout_of
from oakum.loop.closer import closer
from oakum.loop.facts import Facts
from oakum.loop.scan_prometheus import SKEWED_S
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster_pod import Container, Pod
from oakum.model.container_memory import ContainerMemory
from oakum.model.errors import DataError, OakumError
from oakum.model.evidence import Cost
from oakum.model.metrics import About, MetricsServer, QueryBudget
from oakum.model.scan import ScanRow
from oakum.model.series import WorkloadSeries
from oakum.model.source import MetricsSource, ServiceSource
from oakum.model.units import format_count, format_duration, format_size
from oakum.sense.container_track import Source
from oakum.sense.prometheus.names import Owner
from oakum.sense.prometheus.promql import Matcher
from oakum.sense.prometheus.reading import Member, read
from oakum.sense.prometheus.shards import Group, Shard
from oakum.sense.prometheus.stock import Inventory, Wanted, take_stock

BUDGET: Final = QueryBudget(at_once=4, seconds=30.0, most_bytes=256 << 20)
"""Somebody waits for the answer, and asks about one workload."""

SHORTENED: Final = 40
"""Letters of a workload's name that its pods' names surely begin with: long ones are cut."""

TOLD: Final = frozenset({"anonymous memory", "workloads", "restarts"})
"""What an installation lacks that matters here; limits and ends are told by the cluster itself."""


@dataclass(frozen=True, slots=True)
class History:
    """``opens``: the server, once; ``place``: its address without anything secret; ``window_s``: how far back."""

    opens: Callable[[], AbstractAsyncContextManager[MetricsServer]]
    place: str
    window_s: float = 86_400.0


Row: TypeAlias = tuple[Pod, Container]
Named: TypeAlias = Mapping[tuple[str, str], Row]
"""By the names of pod and container."""


def history_of(
    source: MetricsSource,
    context: str | None,
    window_s: float,
    opens: Callable[[MetricsSource, QueryBudget], AbstractAsyncContextManager[MetricsServer]],
) -> History:
    """``context``: of the workload, where a service names no other."""
    if isinstance(source, ServiceSource) and source.context is None:
        source = replace(source, context=context)
    return History(lambda: opens(source, BUDGET), str(source), window_s)


async def read_history(
    history: History, workload: str, rows: Sequence[Row], *, again: str, facts: Facts
) -> list[ContainerMemory]:
    """One for each of ``rows`` that it tells of. ``workload``: at the top of the pods' owners: ``deploy/shop/cart``.

    ``again``: the command that asks once more. Only facts are missed.
    """
    if not rows:
        return []
    what = f"the memory of {workload} over the last {format_duration(history.window_s)}"
    try:
        async with history.opens() as server:
            return await _read(server, history, workload, rows, facts)
    except OakumError as exc:
        facts.miss(Absent(what, AbsentKind.UNREADABLE, exc.brief, exc.next_step or again))
        return []


async def _read(
    server: MetricsServer, history: History, workload: str, rows: Sequence[Row], facts: Facts
) -> list[ContainerMemory]:
    begun_s = time.monotonic()
    about = await server.about()
    end_s = facts.clock.now_s() + _ahead_s(server)
    stock = await take_stock(server, _wanted(workload, rows, end_s - history.window_s, end_s))
    what = f"the memory of {workload} before this look"
    group = _group(stock, workload, rows)
    if isinstance(group, Absent):
        facts.miss(replace(group, what=what))
        return []
    members, mixed = await read(server, stock, Shard((group,), False))
    for each in mixed:
        facts.miss(Absent(f"{what}, of {each.id}", AbsentKind.UNREADABLE, each.why))
    for absent in stock.absent:
        if absent.what in TOLD:
            facts.miss(absent)
    if server.asked.partial:
        said = "; ".join(server.asked.warnings) or "it says so"
        facts.miss(Absent(f"some of {what}", AbsentKind.UNREADABLE, f"{server.place} did not tell all: {said}"))
    by_name = _named(rows)
    judged = list(_judged(_own(members, by_name), by_name, facts))
    looked = await closer(server, stock, [member for member, _ in judged], [row for _, row in judged])
    found = list(_memories(looked, by_name))
    if found:
        _told(server, about, stock, found, time.monotonic() - begun_s, facts)
    return found


def _ahead_s(server: MetricsServer) -> float:
    """By how much its clock is ahead of ours, where that makes a difference to a window."""
    ahead_s = server.asked.ahead_s
    return 0.0 if ahead_s is None or abs(ahead_s) < SKEWED_S else ahead_s


def _wanted(workload: str, rows: Iterable[Row], start_s: float, end_s: float) -> Wanted:
    """The pods of the workload, those that are gone too: by how their names begin."""
    _, namespace, name = workload.split("/")
    names = {pod.name for pod, _ in rows}
    begin = f"{name[:SHORTENED]}{'-' if len(name) <= SHORTENED else ''}"
    # Of all that a name may hold, only a dot means something else in an expression.
    chosen = [f"{begin}.*", *sorted(names)]
    matcher = Matcher("pod", "=~", "|".join(chosen).replace(".", r"\.").replace(r"\.*", ".*"))
    return Wanted(start_s, end_s, None, (namespace,), (matcher,))


def _group(stock: Inventory, workload: str, rows: Iterable[Row]) -> Group | Absent:
    """The workload's pods, as the server knows them; in which of its clusters: where those run that run now."""
    kind, namespace, name = workload.split("/")
    now = {pod.name for pod, _ in rows}
    own: dict[str, Group] = {}
    for group in (group for shard in stock.shards for group in shard.groups):
        mine = group.owner == Owner(kind, name) or (group.owner.kind == "pod" and group.owner.name in now)
        if group.namespace == namespace and mine:
            found = own.setdefault(group.cluster, Group(group.cluster, namespace, Owner(kind, name)))
            found.pods.update(group.pods)
    running = [group for group in own.values() if now & group.pods.keys()]
    if len(running) == 1:
        return running[0]
    if not running:
        why = "it tells of none of its pods that run now: it has not scraped them yet, or watches another cluster"
        return Absent(workload, AbsentKind.NOT_YET, why, "the same command a few minutes later")
    named = ", ".join(sorted(group.cluster for group in running))
    why = f"pods of these names run in several clusters: {named}"
    return Absent(workload, AbsentKind.UNREADABLE, why, "a server, or a tenant, of this cluster alone")


def _named(rows: Sequence[Row]) -> Named:
    return {(pod.name, container.name): (pod, container) for pod, container in rows}


def _own(members: Iterable[Member], by_name: Named) -> list[Member]:
    """Those that were asked for: a server tells of more containers than run now."""
    return [each for each in members if (each.series.labels["pod"], each.series.labels["container"]) in by_name]


def _judged(members: Iterable[Member], by_name: Named, facts: Facts) -> Iterator[tuple[Member, ScanRow]]:
    for member in members:
        told = member.series
        pod, container = by_name[told.labels["pod"], told.labels["container"]]
        labels = {**told.labels, "pod_uid": pod.uid, "node": pod.node, "source": Source.PROMETHEUS.value}
        series = replace(_bounded(told, container), labels=labels)
        try:
            yield member, (series, judge(series))
        except DataError as exc:
            what = f"the history of {pod.name}/{container.name}"
            facts.miss(Absent(what, AbsentKind.UNREADABLE, exc.brief))


def _memories(looked: Iterable[ScanRow], by_name: Named) -> Iterator[ContainerMemory]:
    for series, verdict in looked:
        pod, container = by_name[series.labels["pod"], series.labels["container"]]
        memory = ContainerMemory.of(pod, container, Source.PROMETHEUS.value, series, verdict)
        yield replace(memory, past=True, rollout=rollout_of(series, verdict))


def _bounded(told: WorkloadSeries, container: Container) -> WorkloadSeries:
    """Of the run that lives, with the limit that the cluster tells, where the server tells none."""
    last, bound = told.lifetimes[-1], container.bound_bytes
    if last.limit is not None or not isinstance(bound, int):
        return told
    limited = replace(last, limit=np.full(len(last), float(bound)))
    return replace(told, lifetimes=(*told.lifetimes[:-1], limited))


def _told(
    server: MetricsServer,
    about: About,
    stock: Inventory,
    found: Sequence[ContainerMemory],
    took_s: float,
    facts: Facts,
) -> None:
    span, asked = stock.span, server.asked
    samples = sum(memory.series.samples for memory in found)
    facts.add(
        "history",
        f"the last {format_duration(span.end_s - span.start_s)} of {format_count(len(found))} containers:"
        f" {format_count(samples)} samples of {stock.choice.leak.metric}, one every {format_duration(span.step_s)};"
        f" asked {format_count(asked.requests)} times, {format_size(asked.bytes)} came in {format_duration(took_s)}",
        f"{about} at {server.place}",
        cost=Cost(0.0, took_s, asked.bytes),
        facts={
            "server": server.place,
            "metrics": [*stock.choice.used, *stock.beside.used],
            "start_s": span.start_s,
            "end_s": span.end_s,
            "step_s": span.step_s,
            "samples": samples,
            "requests": asked.requests,
        },
    )
