"""The memory of the nodes on which pods run, as node-exporter tells it: what a container without a limit runs into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from oakum.model.metrics import LabelSet, MetricsServer, Selected, Span
from oakum.model.units import format_share, format_size
from oakum.sense.prometheus.beside import AVAILABLE, CAPACITY, NAMED, OF_POD, SWAP, SWAP_FREE, TOTAL, WAITING, Beside
from oakum.sense.prometheus.choice import Choice
from oakum.sense.prometheus.names import PodKey
from oakum.sense.prometheus.promql import Matcher, any_of, selector


@dataclass(frozen=True, slots=True)
class NodeMemory:
    """At the end of the window, in bytes. ``waiting``: the share of time in which tasks waited for memory (PSI).

    What is None is not told.
    """

    name: str
    total: float
    available: float | None = None
    swap: float | None = None
    swap_free: float | None = None
    waiting: float | None = None

    def limit(self, level: float) -> float:
        """What a container of ``level`` bytes now may come to: nobody else grows, and nothing is swapped."""
        return self.total if self.available is None else min(self.total, level + self.available)

    def __str__(self) -> str:
        if self.available is None:
            return f"its node {self.name} has {format_size(self.total)} in all; what of it is free is not told"
        said = f"its node {self.name} has {format_size(self.available)} of {format_size(self.total)} available"
        if self.swap:
            free = "" if self.swap_free is None else f", {format_size(self.swap_free)} of it free"
            said += f", swap of {format_size(self.swap)}{free}"
        elif self.swap is not None:
            said += ", no swap"
        if self.waiting is not None:
            said += f", and tasks waited for memory {format_share(self.waiting)} of the time"
        return said


async def nodes_of(
    server: MetricsServer, choice: Choice, beside: Beside, pods: Iterable[PodKey], span: Span
) -> dict[PodKey, NodeMemory]:
    """Those that are told. Raises what the server raises."""
    where = await _where(server, choice, beside, set(pods), span)
    found: dict[PodKey, NodeMemory] = {}
    for cluster in sorted({pod.cluster for pod in where}):
        own = {pod: node for pod, node in where.items() if pod.cluster == cluster}
        asked = _Asked(server, beside, span, choice.leak.labels.cluster, cluster)
        memories = await asked.memories(set(own.values()))
        found |= {pod: memories[node] for pod, node in own.items() if node in memories}
    return found


async def _where(
    server: MetricsServer, choice: Choice, beside: Beside, pods: set[PodKey], span: Span
) -> dict[PodKey, str]:
    """The node of each pod: by kube-state-metrics, else by the label that memory itself has."""
    if not pods:
        return {}
    own, state = choice.leak.labels, choice.state
    end = Span(max(span.start_s, span.end_s - 3600), span.end_s, span.step_s)
    found: dict[PodKey, str] = {}
    for metric, labels in ((choice.leak.metric, own), *(((OF_POD, state),) if OF_POD in beside.nodes else ())):
        asked = [
            any_of(labels.namespace, sorted({pod.namespace for pod in pods})),
            any_of(labels.pod, sorted({pod.pod for pod in pods})),
        ]
        if labels.cluster:
            asked.append(any_of(labels.cluster, sorted({pod.cluster for pod in pods})))
        for row in await server.series([selector(metric, asked)], end):
            pod = PodKey(row.get(labels.cluster, ""), row.get(labels.namespace, ""), row.get(labels.pod, ""))
            if pod in pods and row.get("node"):
                found[pod] = row["node"]
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """Of the nodes of one cluster. ``label``: by which memory tells clusters apart, "" where there is one cluster.

    What has no such label may be of any cluster, and is taken to be of this one.
    """

    server: MetricsServer
    beside: Beside
    span: Span
    label: str
    cluster: str

    def _own(self, labels: LabelSet) -> bool:
        return not self.label or labels.get(self.label, self.cluster) == self.cluster

    async def memories(self, nodes: set[str]) -> dict[str, NodeMemory]:
        found: dict[str, NodeMemory] = {}
        if not nodes:
            return found
        if TOTAL in self.beside.nodes:
            instances = await self._instances(nodes)
            if instances:
                found = await self._exported(instances)
        left = sorted(nodes - found.keys())
        if left and CAPACITY in self.beside.nodes:
            asked = selector(CAPACITY, [Matcher("resource", "=", "memory"), any_of("node", left)])
            for each in await self.server.instant(asked, self.span.end_s):
                if each.value.size and self._own(each.labels):
                    found[each.labels["node"]] = NodeMemory(each.labels["node"], float(each.value[-1]))
        return found

    async def _instances(self, nodes: set[str]) -> dict[str, str]:
        """The node of each ``instance`` of node-exporter; of a node that is told by two of them, neither."""
        asked = [selector(TOTAL, [any_of("node", sorted(nodes))])]
        if NAMED in self.beside.nodes:
            asked.append(selector(NAMED, [any_of("nodename", sorted(nodes))]))
        end = Span(max(self.span.start_s, self.span.end_s - 3600), self.span.end_s, self.span.step_s)
        found: dict[str, set[str]] = {}
        for row in await self.server.series(asked, end):
            if self._own(row):
                found.setdefault(row.get("node") or row.get("nodename", ""), set()).add(row.get("instance", ""))
        return {next(iter(own)): node for node, own in found.items() if node in nodes and len(own) == 1}

    async def _exported(self, instances: Mapping[str, str]) -> dict[str, NodeMemory]:
        where = any_of("instance", sorted(instances))
        names = "|".join(name for name in (TOTAL, AVAILABLE, SWAP, SWAP_FREE) if name in self.beside.nodes)
        told: dict[str, dict[str, float]] = {}

        def keep(labels: LabelSet, metric: str, value: float) -> None:
            if self._own(labels):
                told.setdefault(instances.get(labels.get("instance", ""), ""), {})[metric] = value

        for each in await self.server.instant(f'{{__name__=~"{names}",{where}}}', self.span.end_s):
            if each.value.size:
                keep(each.labels, each.labels.get("__name__", ""), float(each.value[-1]))
        if WAITING in self.beside.nodes:
            for each in await self.server.instant(f"rate({Selected(WAITING, (where,))}[5m])", self.span.end_s):
                if each.value.size:
                    keep(each.labels, WAITING, float(each.value[-1]))
        return {
            node: NodeMemory(node, has[TOTAL], has.get(AVAILABLE), has.get(SWAP), has.get(SWAP_FREE), has.get(WAITING))
            for node, has in told.items()
            if node and has.get(TOTAL, 0) > 0
        }
