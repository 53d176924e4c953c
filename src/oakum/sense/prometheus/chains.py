"""The pods of a workload one after the other: a pod that takes the place of another goes on where that one ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from oakum.model.series import Ending, Metric, Scope, Series, WorkloadSeries
from oakum.sense.prometheus.lives import LINGERS_S
from oakum.sense.prometheus.names import ContainerKey, Owner


@dataclass(frozen=True, slots=True, eq=False)
class PodLives:
    """The lifetimes of one container of one pod, in order; at least one."""

    key: ContainerKey
    lives: Sequence[Series]

    @property
    def first_s(self) -> float:
        return float(self.lives[0].at_s[0])

    @property
    def last_s(self) -> float:
        return float(self.lives[-1].at_s[-1])


@dataclass(slots=True)
class _Chain:
    pods: list[str] = field(default_factory=list)
    lives: list[Series] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        return self.lives[-1].ending is not Ending.RUNNING

    @property
    def last_s(self) -> float:
        return float(self.lives[-1].at_s[-1])

    def follow(self, pod: PodLives, revision: str) -> None:
        """The one before is cut where this one begins: a rollout starts the new pod first."""
        while self.lives and self.lives[-1].at_s[0] >= pod.first_s:
            self.lives.pop()
        if self.lives:
            before = self.lives.pop()
            ending = before.ending if before.ending is Ending.OOM_KILLED else Ending.REPLACED
            self.lives.append(replace(before.rows(before.at_s < pod.first_s), ending=ending))
        self.pods.append(pod.key.of.pod)
        self.lives += (replace(life, revision=revision) for life in pod.lives)


def chained(
    owner: Owner, pods: Sequence[PodLives], metric: Metric, step_s: float
) -> list[tuple[WorkloadSeries, tuple[str, ...]]]:
    """``pods``: of one workload, and one container's name. One series for each that runs side by side, and its pods.

    The last sample of a pod is told at the end of its step: both may be there for so long, though one had gone.

    A chain that ended has a place in the answer only where none of this workload goes on.
    """
    chains: list[_Chain] = []
    overlap_s = max(LINGERS_S, 2 * step_s)
    for pod in sorted(pods, key=lambda each: (each.first_s, each.key.of.pod)):
        free = [chain for chain in chains if chain.ended and chain.last_s <= pod.first_s + overlap_s]
        chain = max(free, key=lambda each: each.last_s, default=None)
        if chain is None:
            chain = _Chain()
            chains.append(chain)
        chain.follow(pod, _revision(owner, pod.key))
    living = [chain for chain in chains if not chain.ended] or chains
    return [(_series(owner, chain, pods[0].key, metric), tuple(chain.pods)) for chain in living]


def _revision(owner: Owner, key: ContainerKey) -> str:
    """A Deployment's pods are named for their ReplicaSet, which is named for their template: one for each revision."""
    above, _, _ = key.of.pod.rpartition("-")
    return above if owner.kind == "deploy" else ""


def series_id(owner: Owner, key: ContainerKey) -> str:
    at = f"@{key.of.cluster}" if key.of.cluster else ""
    return f"{owner.kind}/{key.of.namespace}/{owner.name}/{key.container}{at}"


def _series(owner: Owner, chain: _Chain, key: ContainerKey, metric: Metric) -> WorkloadSeries:
    cluster, namespace, _ = key.of
    told = {
        "namespace": namespace,
        "pod": chain.pods[-1],
        "container": key.container,
        "workload": f"{owner.kind}/{owner.name}",
        **({"cluster": cluster} if cluster else {}),
    }
    return WorkloadSeries(series_id(owner, key), tuple(chain.lives), "bytes", Scope.CONTAINER, metric, told)
