"""metrics.k8s.io in the place of kubelets that may not be asked: it tells working sets, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from oakum.loop.nodes_heard import NodesHeard
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster import Cluster
from oakum.model.errors import OakumError
from oakum.model.units import format_count
from oakum.sense.fleet import Fleet


class PodMetrics:
    """``heard``: which nodes' kubelets may not be asked; it changes while it is held.

    ``told``: those whose containers are told of here. ``unserved``: why nothing is, None where it was not asked.
    """

    def __init__(self, cluster: Cluster, namespace: str, fleet: Fleet, heard: NodesHeard) -> None:
        self._cluster, self._namespace, self._fleet, self._heard = cluster, namespace, fleet, heard
        self._asking = False
        self.told: set[str] = set()
        self.unserved: Absent | None = None

    async def ask(self) -> None:
        """One list, where a kubelet may not be asked. One that is not served, or not permitted, is not asked again."""
        nodes = self._heard.forbidden()
        lasting = self.unserved is not None and self.unserved.kind is not AbsentKind.UNREADABLE
        if not nodes & self._fleet.nodes or lasting or self._asking:
            return
        self._asking = True
        try:
            found = await self._cluster.pod_metrics(self._namespace)
        except OakumError as exc:
            found = Absent("metrics.k8s.io", AbsentKind.UNREADABLE, exc.brief, exc.next_step)
        finally:
            self._asking = False
        if isinstance(found, Absent):
            self.unserved = found
            return
        self.told |= self._fleet.hear_metrics(found.items, nodes)


def instead(metrics: PodMetrics, nodes: Collection[str]) -> Iterator[Absent]:
    """What is not known where working sets are all that is told. ``nodes``: that containers run on."""
    told = metrics.told & set(nodes)
    if told:
        yield Absent(
            f"anonymous memory of containers on {format_count(len(told))} of {format_count(len(nodes))} nodes",
            AbsentKind.NOT_PERMITTED,
            "their kubelets may not be asked, and metrics.k8s.io tells working sets alone, which hold page cache too",
            "a role that may get nodes/proxy: oakum doctor --role read",
        )
    elif metrics.unserved is not None:
        yield metrics.unserved
