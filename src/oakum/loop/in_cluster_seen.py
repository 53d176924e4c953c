"""What is seen of a workload of a cluster at one look: its pods, their nodes, and what the kubelets tell of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from oakum.loop.facts import Facts
from oakum.loop.in_cluster_bounds import or_absent, tell_bounds
from oakum.loop.in_cluster_loops import Seen
from oakum.loop.kubelets import ask_all
from oakum.loop.on_node import ClusterTarget
from oakum.model.absent import Absent
from oakum.model.cluster import Cluster
from oakum.model.cluster_node import ClusterNode, ContainerUsage, NodeUsage
from oakum.model.cluster_pod import Container, Pod, Role
from oakum.model.cluster_workload import Workload
from oakum.model.container_memory import ContainerMemory
from oakum.model.errors import TargetError
from oakum.model.kill import Ended, Kill
from oakum.model.target import PodTarget
from oakum.model.units import format_count, format_size

LOOKED_AT: Final = frozenset({Role.MAIN, Role.SIDECAR})


@dataclass(slots=True)
class WorkloadSeen:
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


def rows_of(target: ClusterTarget, pods: Sequence[Pod]) -> list[tuple[Pod, Container]]:
    """The containers that are looked at, each with its pod."""
    wanted = target.container if isinstance(target, PodTarget) else None
    return [
        (pod, container)
        for pod in pods
        for container in pod.containers
        if container.role in LOOKED_AT and wanted in {None, container.name}
    ]


async def read_pods(target: ClusterTarget, cluster: Cluster, facts: Facts) -> tuple[str, str, tuple[Pod, ...], int]:
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


async def pods_again(target: ClusterTarget, cluster: Cluster) -> Sequence[Pod]:
    if isinstance(target, PodTarget):
        return [await cluster.pod(target.namespace, target.name)]
    return (await cluster.pods_of(await cluster.workload(target.kind, target.namespace, target.name))).items


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


async def read_nodes(seen: WorkloadSeen, cluster: Cluster, facts: Facts) -> None:
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


def _number(value: int | Absent) -> str:
    return "?" if isinstance(value, Absent) else format_count(value)
