"""What one look at a workload of a cluster comes to: which container is judged, and what is told of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf, nan
from typing import TYPE_CHECKING, Final

import numpy as np

from oakum.explain import containers
from oakum.explain import workload as says
from oakum.explain.crash_plan import crash_plan
from oakum.explain.plan import keeping
from oakum.explain.rollback import rollback
from oakum.judge import curve
from oakum.loop.facts import Facts
from oakum.loop.in_cluster_causes import standing
from oakum.loop.in_cluster_loops import dies_too_soon, judged_loop, looping
from oakum.loop.in_cluster_seen import WorkloadSeen, rows_of
from oakum.loop.in_context import InContext
from oakum.loop.on_node import ClusterTarget, Looked
from oakum.model.absent import Absent
from oakum.model.admission import Instance, Replicas
from oakum.model.assessment import Investigation
from oakum.model.cluster import Cluster
from oakum.model.cluster_pod import Container, Pod, Role, Running
from oakum.model.container_memory import ContainerMemory
from oakum.model.errors import MachineError
from oakum.model.kill import Ended, Kill
from oakum.model.pod_cgroup import pod_cgroup
from oakum.model.series import Metric, Scope, Series, WorkloadSeries
from oakum.model.step import Plan
from oakum.model.target import PodTarget
from oakum.model.units import format_count
from oakum.model.verdict import Verdict, VerdictName

if TYPE_CHECKING:
    from oakum.host import Machine

MOST_KILLS: Final = 10
"""So many are told one by one, the latest; all are counted."""

FINISHED: Final = frozenset({"Succeeded", "Failed"})
"""Phases of a pod that runs nothing any more; one that was evicted is Failed."""


def concluded(target: ClusterTarget, seen: WorkloadSeen, cluster: Cluster, machine: Machine, facts: Facts) -> Looked:
    """Puts what is still to be told among ``facts``."""
    wanted = target.container if isinstance(target, PodTarget) else None
    rows = rows_of(target, seen.pods)
    seen.kills = [kill for kill in seen.kills if wanted in {None, kill.container}]
    told = {(pod.uid, container.name): _container(pod, container, seen, facts) for pod, container in rows}
    _tell_kills(seen.kills, facts)
    restarts = [
        line for pod, container in rows if (line := says.restarts_line(pod, container, _ends_of(seen, pod, container)))
    ]
    replicas = _compared(rows, seen)
    over_time = _over_time(seen.memories, seen.others, facts)
    facts.add(
        "asked",
        f"asked the API server {format_count(cluster.calls.total)} times",
        "API server",
        facts=dict(cluster.calls.by_verb),
    )
    reasons = tuple(says.reasons(seen.kills, restarts, replicas)) if seen.pods else (f"{seen.title} has no pods",)
    worst = containers.worst(seen.memories)
    loop = looping(worst, seen.loops)
    if worst is not None and worst.rollout is not None:
        facts.add("rollout", str(worst.rollout), worst.source, facts=worst.rollout.facts())
    if loop is not None and worst is None:
        series, verdict = loop.series, judged_loop(loop.loop, loop.series, target=str(target), told=reasons)
    elif worst is not None:
        series = worst.series
        verdict = containers.judged(
            worst,
            target=str(target),
            beside=seen.memories,
            kills=seen.kills,
            compared=over_time,
            told=reasons,
            settles=None if loop is None else worst.verdict.settles,
        )
    else:
        series, level, limit = _worst(str(target), rows, seen, machine.clock.now_s())
        verdict = Verdict(
            VerdictName.CANNOT_TELL, None, None, level, limit=limit, reasons=reasons, settles=_settles(rows, machine)
        )
    answer = Investigation(
        target=str(target),
        generated_at_s=machine.clock.now_s(),
        verdict=verdict,
        series_verdict=verdict if worst is None else worst.verdict,
        series=_placed(series, seen, cluster),
        runtime="unknown",
        curve=None if worst is None or loop is not None else curve(series),
        evidence=tuple(facts.evidence),
        absent=tuple(facts.absent),
        kills=tuple(seen.kills),
        watched=tuple(_placed(each, seen, cluster) for each in _replicas(worst, [*seen.memories, *seen.others])),
        replicas=_replicas_of(seen),
        plan=_way_back(target, worst, seen.workload),
    )
    if loop is not None:
        advice = crash_plan(loop.loop, workload=seen.workload, context=target.context)
        # It is gone before its heap could be looked into.
        return Looked(replace(answer, plan=advice, absent=(*answer.absent, dies_too_soon(loop))), None)
    around = next(
        (
            standing(pod, each, seen.usage.get((pod.uid, each.name)), seen.kills, told[pod.uid, each.name])
            for pod, each in rows
            if worst is not None and (pod.uid, each.name) == (worst.pod_uid, worst.name)
        ),
        None,
    )
    return Looked(answer, worst, seen.memories, seen.kills, over_time, reasons, around=around)


def _way_back(target: ClusterTarget, worst: ContainerMemory | None, workload: str) -> Plan:
    """Of what the cluster's history advises; nothing of a workload that is not accused."""
    if worst is None or worst.rollout is None:
        return Plan()
    return InContext(target.context).plan(keeping(str(target), rollback(worst.rollout, workload)))


def _replicas_of(seen: WorkloadSeen) -> Replicas:
    """A pod that has finished holds no connection, and its address may be another's by now."""
    running = [pod for pod in seen.pods if pod.phase not in FINISHED]
    return Replicas(tuple(map(_instance, running)), max(seen.most, len(running)))


def _instance(pod: Pod) -> Instance:
    """Its containers start after it; of those that were restarted the pods' own time says too much."""
    times = [
        each.state.started_s
        for each in pod.containers
        if each.role is Role.MAIN and isinstance(each.state, Running) and isinstance(each.state.started_s, float)
    ]
    return Instance(pod.title, min(times, default=None), frozenset(pod.addresses))


def _placed(series: WorkloadSeries, seen: WorkloadSeen, cluster: Cluster) -> WorkloadSeries:
    """With where it runs, by which records know it."""
    where = {"server": cluster.place.server, "context": cluster.place.context, "workload": seen.workload}
    return replace(series, labels={**series.labels, **where})


def _replicas(worst: ContainerMemory | None, memories: Sequence[ContainerMemory]) -> list[WorkloadSeries]:
    """What this look saw of the container that is judged, and of the same one in other pods, the fastest first."""
    if worst is None:
        return []
    others = [memory for memory in memories if memory.name == worst.name and memory is not worst]
    others.sort(key=lambda memory: -(memory.verdict.rate_per_s or 0.0))
    return [memory.seen for memory in (worst, *others) if memory.seen is not None]


def _over_time(memories: Sequence[ContainerMemory], others: Sequence[ContainerMemory], facts: Facts) -> list[str]:
    """Puts them among the evidence; what is to be said of replicas. ``others``: that are not judged."""
    for memory in (*memories, *others):
        facts.add("memory", containers.memory_line(memory), memory.source, facts=containers.memory_facts(memory))
    compared = list(containers.replicas(memories))
    for line, values in compared:
        facts.add("replicas", line, "their memory over time", facts=values)
    return [line for line, _ in compared]


def _container(pod: Pod, container: Container, seen: WorkloadSeen, facts: Facts) -> str:
    """The id of the evidence."""
    usage = seen.usage.get((pod.uid, container.name))
    return facts.add(
        "container",
        says.usage_line(pod, container, usage),
        "API server and kubelet",
        facts={
            "pod": pod.name,
            "pod_uid": pod.uid,
            "container": container.name,
            "role": container.role.value,
            "node": pod.node,
            "qos": pod.qos,
            "image": container.image,
            "image_id": container.image_id,
            "limit_bytes": _told(container.bound_bytes),
            "request_bytes": _told(container.request_bytes),
            "restarts": _told(container.restarts),
            **says.restarts_facts(_ends_of(seen, pod, container)),
            "rss_bytes": None if usage is None else _told(usage.rss_bytes),
            "working_set_bytes": None if usage is None else _told(usage.working_set_bytes),
        },
    )


def _tell_kills(kills: Sequence[Kill], facts: Facts) -> None:
    for kill in kills[-MOST_KILLS:]:
        facts.add("kill", says.kill_line(kill), "API server and kernel", facts=says.kill_facts(kill))
        for absent in kill.absent:
            facts.miss(absent)
    if len(kills) > MOST_KILLS:
        facts.add("kills", f"of {format_count(len(kills))} in all: {says.kills_line(kills)}", "API server and kernel")


def _ends_of(seen: WorkloadSeen, pod: Pod, container: Container) -> list[Ended]:
    return [ended for ended in seen.ends if (ended.pod_uid, ended.container) == (pod.uid, container.name)]


def _compared(rows: Sequence[tuple[Pod, Container]], seen: WorkloadSeen) -> list[str]:
    held: dict[str, list[tuple[str, int]]] = {}
    for pod, container in rows:
        own = says.own_bytes(seen.usage.get((pod.uid, container.name)))
        if isinstance(own, int):
            held.setdefault(container.name, []).append((pod.name, own))
    return [line for name, each in held.items() if (line := says.compared(name, each))]


def _worst(
    target: str, rows: Sequence[tuple[Pod, Container]], seen: WorkloadSeen, now_s: float
) -> tuple[WorkloadSeries, float, float | None]:
    """The container that is nearest to its limit, or the largest: its one sample, what it holds, and its limit."""
    best: tuple[float, float, str, float, float | None] | None = None
    labels: dict[str, dict[str, str]] = {}
    for pod, container in rows:
        usage = seen.usage.get((pod.uid, container.name))
        own = says.own_bytes(usage)
        if usage is None or not isinstance(own, int):
            continue
        limit = float(container.bound_bytes) if isinstance(container.bound_bytes, int) else None
        at_s = now_s if isinstance(usage.at_s, Absent) else usage.at_s
        name = f"{pod.title}/{container.name}"
        labels[name] = {"namespace": pod.namespace, "pod": pod.name, "container": container.name, "node": pod.node}
        row = (own / limit if limit else 0.0, float(own), name, at_s, limit)
        best = row if best is None else max(best, row)
    if best is None:
        return WorkloadSeries(target, (), scope=Scope.CONTAINER, metric=Metric.RSS), nan, None
    _, own_bytes, name, at_s, limit = best
    series = Series(np.array([at_s]), np.array([own_bytes]), np.array([inf if limit is None else limit]))
    told = WorkloadSeries(name, (series,), scope=Scope.CONTAINER, metric=Metric.RSS, labels=labels[name])
    return told, own_bytes, limit


def _settles(rows: Sequence[tuple[Pod, Container]], machine: Machine) -> str:
    """A leak shows over time; on its node this very version can watch it."""
    running = {container.container_id: pod for pod, container in rows if container.running and container.container_id}
    try:
        found = ((path, pod_cgroup(path)) for path in machine.cgroups.list())
        paths = [path for path, whose in found if whose is not None and whose.container_id in running]
    except MachineError:
        paths = []
    if paths:
        return f"its memory over time: oakum investigate cgroup{min(paths, key=len)} --for 10m"
    nodes = sorted({pod.node for pod in running.values() if pod.node})
    where = f"on node {nodes[0]}" if nodes else "on its node"
    return f"its memory over time: oakum investigate cgroup/PATH --for 10m    # {where}"


def _told(value: int | Absent | None) -> int | str | None:
    return "unknown" if isinstance(value, Absent) else value
