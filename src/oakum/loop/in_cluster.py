"""``oakum investigate deploy/NAMESPACE/NAME``: a workload of a cluster, looked at and watched.

What it holds, what bounds it, how its runs ended and why, its replicas beside each other, and its nodes; then its
memory over time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf, nan
from typing import TYPE_CHECKING, Final

import numpy as np

from oakum import explain
from oakum.explain import containers
from oakum.explain import workload as says
from oakum.explain.crash_plan import crash_plan
from oakum.judge import curve
from oakum.loop.bridge import Opens
from oakum.loop.cluster_rights import tell_missing
from oakum.loop.consent import Consent
from oakum.loop.facts import Facts
from oakum.loop.from_afar import Ways, looked_into_from_afar
from oakum.loop.history import History, read_history
from oakum.loop.in_cluster_bounds import or_absent, tell_bounds
from oakum.loop.in_cluster_causes import standing, with_standing
from oakum.loop.in_cluster_ends import ended_meanwhile, read_ends
from oakum.loop.in_cluster_logs import logs_of_containers, with_cluster_logs
from oakum.loop.in_cluster_loops import Seen, beside, crash_loops, dies_too_soon, judged_loop, looping, tell_loops
from oakum.loop.in_context import InContext
from oakum.loop.investigate import Settings
from oakum.loop.kubelets import ask_all
from oakum.loop.memory_sources import memory_sources
from oakum.loop.on_node import ClusterTarget, Looked, looked_into, path_here
from oakum.loop.over_time import watch_memory
from oakum.loop.seen_before import SeenBefore, nothing
from oakum.model.absent import Absent, AbsentKind
from oakum.model.admission import Instance, Replicas
from oakum.model.assessment import Investigation
from oakum.model.cluster import Cluster
from oakum.model.cluster_node import ClusterNode, ContainerUsage, NodeUsage
from oakum.model.cluster_pod import Container, Pod, Role, Running
from oakum.model.cluster_workload import Workload
from oakum.model.container_memory import ContainerMemory
from oakum.model.crash_loop import CrashLoop
from oakum.model.errors import MachineError, TargetError
from oakum.model.kill import Ended, Kill
from oakum.model.log import LogReading
from oakum.model.pod_cgroup import pod_cgroup
from oakum.model.policy import Policy
from oakum.model.rights import HOME
from oakum.model.series import Metric, Scope, Series, WorkloadSeries
from oakum.model.target import PodTarget
from oakum.model.units import format_count, format_duration, format_size
from oakum.model.verdict import Verdict, VerdictName

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.progress import Progress

MOST_KILLS: Final = 10
"""So many are told one by one, the latest; all are counted."""

HERE_S: Final = 10.0
"""Containers are compared so long, in seconds, before the worst one's process is watched by itself."""

LOOKED_AT: Final = frozenset({Role.MAIN, Role.SIDECAR})
FINISHED: Final = frozenset({"Succeeded", "Failed"})
"""Phases of a pod that runs nothing any more; one that was evicted is Failed."""


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """``watch_s``: how long its memory is watched, in seconds; None: as long as its sources need, 0: not at all.

    ``execute``: whether programs of ours may be started in its containers; None: a person is asked.
    ``image``: of an ephemeral container that may be added where none can be started in the worst one; "" for no image.
    ``node_pod``: of a pod that may be made on its node where that cannot be either, in namespace ``home``.
    ``inside``: how the worst container's process is looked into; None: it is not.
    ``before``: tells what earlier looks kept of its containers. ``history``: a server that tells of them from before
    this look; None: none is known.
    """

    watch_s: float | None = None
    inside: Settings | None = None
    policy: Policy = field(default_factory=Policy)
    execute: bool | None = None
    image: str = ""
    before: SeenBefore = nothing
    history: History | None = None
    node_pod: str = ""
    home: str = HOME


@dataclass(slots=True)
class _Seen:
    """``workload``: at the top of its owners; ``usage``: by pod uid and container; ``nodes``: by name.

    ``memories``: of each container the one that is judged; ``others``: told as well, by who sees less of it.
    ``most``: so many of its pods there may be, 0 where that is not told.
    """

    title: str
    workload: str
    pods: tuple[Pod, ...]
    usage: dict[tuple[str, str], ContainerUsage]
    nodes: dict[str, ClusterNode]
    ends: list[Ended]
    kills: list[Kill]
    memories: list[ContainerMemory] = field(default_factory=list)
    others: list[ContainerMemory] = field(default_factory=list)
    loops: Sequence[Seen] = ()
    most: int = 0


def investigate_workload(
    target: ClusterTarget,
    *,
    cluster: Opens,
    machine: Machine,
    settings: ClusterSettings,
    progress: Progress,
) -> Investigation:
    """The journey, the cluster's part on a loop of its own. ``cluster``: opens it, once for each part of the way.

    Raises as ``investigate_in_cluster``.
    """
    named = InContext(target.context)
    with named.errors():
        found = _investigated(target, cluster=cluster, machine=machine, settings=settings, progress=progress)
    return explain.told(named.investigation(found))


def _investigated(
    target: ClusterTarget, *, cluster: Opens, machine: Machine, settings: ClusterSettings, progress: Progress
) -> Investigation:
    import anyio  # noqa: PLC0415  (comes with the extra that opened the cluster)

    consent = Consent(agreed=settings.execute)

    async def journey() -> Looked:
        async with cluster() as opened:
            return await investigate_in_cluster(
                target, cluster=opened, machine=machine, settings=settings, consent=consent, progress=progress
            )

    looked = anyio.run(journey)
    answer = with_cluster_logs(_inside(target, looked, cluster, consent, machine, settings, progress), looked.logs)
    return with_standing(answer, looked.around)


def _inside(  # noqa: PLR0913, PLR0917  (as _investigated, and what was found)
    target: ClusterTarget,
    looked: Looked,
    cluster: Opens,
    consent: Consent,
    machine: Machine,
    settings: ClusterSettings,
    progress: Progress,
) -> Investigation:
    if settings.inside is None:
        return looked.answer
    replicas = looked.answer.replicas
    server = replace(settings.inside.with_server, replicas=1 if replicas is None else max(replicas.most, 1))
    inside = replace(settings.inside, with_server=server)
    if path_here(looked, machine) is not None:
        return looked_into(target, looked, machine=machine, policy=settings.policy, settings=inside, progress=progress)
    return looked_into_from_afar(
        target,
        looked,
        opens=cluster,
        ways=Ways(consent, settings.image, settings.node_pod, settings.home),
        machine=machine,
        policy=settings.policy,
        settings=inside,
        progress=progress,
    )


async def investigate_in_cluster(
    target: ClusterTarget,
    *,
    cluster: Cluster,
    machine: Machine,
    settings: ClusterSettings,
    consent: Consent,
    progress: Progress,
) -> Looked:
    """Raises TargetError when it is not there, or the cluster does not answer."""
    progress.stage(f"looking at {target} in {cluster.place.context}")
    facts = Facts(machine.clock)
    title, workload, pods, most = await _pods(target, cluster, facts)
    seen = _Seen(title, workload, pods, {}, {}, [], [], most=most)
    await _nodes(seen, cluster, facts)
    progress.stage("reading how earlier runs ended")
    found = await read_ends(seen.pods, cluster, machine, facts)
    loops = crash_loops(_rows(target, seen.pods), found) if settings.watch_s != 0 else ()
    rows = [(pod, each) for pod, each in _rows(target, seen.pods) if not _among(pod, each, loops)]
    past = await _past(target, seen.workload, rows, settings.history, facts, progress)
    if settings.watch_s != 0:
        before = settings.before(cluster.place.server, seen.workload)
        # Whoever is asked for a yes holds up all that runs on this loop: a crash loop's next start would be missed.
        tracks = await memory_sources(
            rows,
            seen.usage,
            cluster=cluster,
            machine=machine,
            facts=facts,
            progress=progress,
            consent=consent,
            command=f"oakum investigate {target} --exec",
        )

        async def again() -> Sequence[Pod]:
            return await _pods_again(target, cluster)

        async def watched() -> None:
            seen.memories += await watch_memory(
                tracks,
                cluster=cluster,
                machine=machine,
                again=again,
                facts=facts,
                progress=progress,
                watch_s=settings.watch_s,
                here_s=None if settings.inside is None else HERE_S,
                before=before,
            )

        if loops:
            found, seen.loops = await beside(
                watched,
                loops,
                found,
                cluster=cluster,
                machine=machine,
                facts=facts,
                progress=progress,
                watch_s=settings.watch_s,
                before=before,
            )
            seen.memories += tell_loops(seen.loops, str(target), facts)
        else:
            await watched()
        looping_pods = {loop.pod.uid for loop in loops}
        found = await ended_meanwhile(found, seen.pods, again, cluster, machine, facts, besides=looping_pods)
    seen.memories, seen.others = containers.over_both(seen.memories, past)
    seen.ends, seen.kills = list(found.ends), list(found.kills)
    logs: Sequence[LogReading] = ()
    if settings.inside is None or settings.inside.logs:
        progress.stage("reading what its containers say")
        patterns = () if settings.inside is None else settings.inside.patterns
        logs = await logs_of_containers(_rows(target, seen.pods), cluster, facts, patterns)
    await tell_missing(target.namespace, cluster, facts)
    return replace(_concluded(target, seen, cluster, machine, facts), logs=logs)


async def _past(
    target: ClusterTarget,
    workload: str,
    rows: Sequence[tuple[Pod, Container]],
    history: History | None,
    facts: Facts,
    progress: Progress,
) -> list[ContainerMemory]:
    """What a server of metrics tells of them from before. ``workload``: at the top of their owners."""
    again = f"oakum investigate {target}"
    if history is None:
        what, why = f"the memory of {workload} before this look", "no Prometheus is named that may have kept it"
        get = f"{again} --prometheus URL, or url in [prometheus] of oakum.toml"
        facts.miss(Absent(what, AbsentKind.NOT_YET, why, get))
        return []
    progress.stage(f"reading its last {format_duration(history.window_s)} from {history.place}")
    made = [(pod, container) for pod, container in rows if container.container_id]
    return await read_history(history, workload, made, again=again, facts=facts)


def _among(pod: Pod, container: Container, loops: Sequence[CrashLoop]) -> bool:
    return any((loop.pod.uid, loop.container.name) == (pod.uid, container.name) for loop in loops)


async def _pods_again(target: ClusterTarget, cluster: Cluster) -> Sequence[Pod]:
    if isinstance(target, PodTarget):
        return [await cluster.pod(target.namespace, target.name)]
    return (await cluster.pods_of(await cluster.workload(target.kind, target.namespace, target.name))).items


def _rows(target: ClusterTarget, pods: Sequence[Pod]) -> list[tuple[Pod, Container]]:
    wanted = target.container if isinstance(target, PodTarget) else None
    return [
        (pod, container)
        for pod in pods
        for container in pod.containers
        if container.role in LOOKED_AT and wanted in {None, container.name}
    ]


async def _pods(target: ClusterTarget, cluster: Cluster, facts: Facts) -> tuple[str, str, tuple[Pod, ...], int]:
    """Its title, that of the workload at the top, its pods, how many of those there may be (0: not told)."""
    if isinstance(target, PodTarget):
        pod = await cluster.pod(target.namespace, target.name)
        if target.container is not None and pod.container(target.container) is None:
            names = ", ".join(container.name for container in pod.containers)
            raise TargetError(
                f"{pod.title} has no container {target.container}",
                why=f"it has: {names}",
                next_step=f"oakum investigate {replace(target, container=None)}",
            )
        top = await cluster.top(pod)
        if isinstance(top, Absent):
            facts.miss(top)
            return pod.title, pod.title, (pod,), 0
        _workload(top, cluster, facts)
        return pod.title, top.title, (pod,), await tell_bounds(top, cluster, facts)
    workload = await cluster.workload(target.kind, target.namespace, target.name)
    _workload(workload, cluster, facts)
    most = await tell_bounds(workload, cluster, facts)
    found = await cluster.pods_of(workload)
    for odd in found.odd:
        facts.miss(odd)
    return workload.title, workload.title, found.items, most


def _workload(workload: Workload, cluster: Cluster, facts: Facts) -> None:
    by = f", written by {' and '.join(workload.managers)}" if workload.managers else ""
    wanted, ready = _number(workload.wanted), _number(workload.ready)
    facts.add(
        "workload",
        f"{workload.title} in {cluster.place.context}: {ready} of {wanted} replicas are ready{by}",
        "API server",
        facts={
            "context": cluster.place.context,
            "kind": workload.kind,
            "namespace": workload.namespace,
            "name": workload.name,
            "uid": workload.uid,
            "managers": list(workload.managers),
            "containers": {each.name: each.image for each in workload.containers},
        },
    )


async def _nodes(seen: _Seen, cluster: Cluster, facts: Facts) -> None:
    names = sorted({pod.node for pod in seen.pods if pod.node})
    told: dict[str, NodeUsage | Absent] = {}
    await ask_all(cluster, names, told.__setitem__)
    for name in names:
        node = await or_absent(cluster.node(name), f"node {name}", facts)
        if node is not None:
            seen.nodes[name] = node
        usage = told[name]
        if isinstance(usage, Absent):
            facts.miss(usage)
            _node(name, node, None, facts)
            continue
        seen.usage |= {(each.pod_uid, each.container): each for each in usage.containers}
        _node(name, node, usage.available_bytes, facts)


def _node(name: str, node: ClusterNode | None, available: int | Absent | None, facts: Facts) -> None:
    if node is None:
        return
    parts = ["ready" if node.ready is True else "not ready" if node.ready is False else "readiness not told"]
    parts.append(_pressure(node))
    if isinstance(available, int) and isinstance(node.capacity_bytes, int):
        parts.append(f"{format_size(available)} of {format_size(node.capacity_bytes)} available")
    if node.cordoned:
        parts.append("cordoned")
    facts.add(
        "node",
        f"node {name}: {', '.join(parts)}",
        "API server and kubelet",
        facts={"node": name, "kubelet": node.kubelet, "kernel": node.kernel, "available_bytes": available}
        if isinstance(available, int)
        else {"node": name, "kubelet": node.kubelet, "kernel": node.kernel},
    )


def _pressure(node: ClusterNode) -> str:
    if isinstance(node.pressure, Absent):
        return "memory pressure not told"
    return "evicts for memory now" if node.pressure else "no memory pressure"


def _concluded(target: ClusterTarget, seen: _Seen, cluster: Cluster, machine: Machine, facts: Facts) -> Looked:
    wanted = target.container if isinstance(target, PodTarget) else None
    rows = _rows(target, seen.pods)
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


def _replicas_of(seen: _Seen) -> Replicas:
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


def _placed(series: WorkloadSeries, seen: _Seen, cluster: Cluster) -> WorkloadSeries:
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


def _container(pod: Pod, container: Container, seen: _Seen, facts: Facts) -> str:
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


def _ends_of(seen: _Seen, pod: Pod, container: Container) -> list[Ended]:
    return [ended for ended in seen.ends if (ended.pod_uid, ended.container) == (pod.uid, container.name)]


def _compared(rows: Sequence[tuple[Pod, Container]], seen: _Seen) -> list[str]:
    held: dict[str, list[tuple[str, int]]] = {}
    for pod, container in rows:
        own = says.own_bytes(seen.usage.get((pod.uid, container.name)))
        if isinstance(own, int):
            held.setdefault(container.name, []).append((pod.name, own))
    return [line for name, each in held.items() if (line := says.compared(name, each))]


def _worst(
    target: str, rows: Sequence[tuple[Pod, Container]], seen: _Seen, now_s: float
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


def _number(value: int | Absent) -> str:
    return "?" if isinstance(value, Absent) else format_count(value)
