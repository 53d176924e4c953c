"""Who a series is about, and who owns that: pods by their workload."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from oakum.model.metrics import LabelSet
from oakum.sense.prometheus.choice import JOB_OWNER, POD_OWNER, SET_OWNER, LabelNames

_KINDS: Final = {
    "Deployment": "deploy",
    "StatefulSet": "sts",
    "DaemonSet": "ds",
    "Job": "job",
    "CronJob": "cronjob",
    "ReplicaSet": "replicaset",
}
_HASH: Final = re.compile(r"(.+)-[bcdfghjklmnpqrstvwxz2456789]{5,10}")
"""How a Deployment names its ReplicaSets: letters that spell no words (apimachinery, util/rand SafeEncodeString)."""


class PodKey(NamedTuple):
    """``cluster``: "" where the server holds one alone."""

    cluster: str
    namespace: str
    pod: str


class ContainerKey(NamedTuple):
    """A container of a pod, over all its runs."""

    of: PodKey
    container: str


class Owner(NamedTuple):
    """As targets are written: ``deploy``, ``sts``, …, ``pod`` for one that nobody owns."""

    kind: str
    name: str


def container_key(row: LabelSet, names: LabelNames) -> ContainerKey | None:
    """None for a series that is about no container."""
    pod, container = row.get(names.pod, ""), row.get(names.container, "")
    if not pod or not container:
        return None
    return ContainerKey(PodKey(row.get(names.cluster, ""), row.get(names.namespace, ""), pod), container)


@dataclass(slots=True)
class Owners:
    """Filled with label sets of kube-state-metrics; asked for the workload of a pod."""

    labels: LabelNames
    _pods: dict[PodKey, Owner] = field(default_factory=dict)
    _sets: dict[PodKey, Owner] = field(default_factory=dict)
    _jobs: dict[PodKey, Owner] = field(default_factory=dict)

    def add(self, metric: str, rows: Iterable[LabelSet]) -> None:
        table, label = {
            POD_OWNER: (self._pods, "pod"),
            SET_OWNER: (self._sets, "replicaset"),
            JOB_OWNER: (self._jobs, "job_name"),
        }[metric]
        for row in rows:
            name = row.get(f"exported_{label}") or row.get(label, "")
            kind, owner = row.get("owner_kind", ""), row.get("owner_name", "")
            if name and owner and kind in _KINDS:
                cluster, namespace = row.get(self.labels.cluster, ""), row.get(self.labels.namespace, "")
                table[PodKey(cluster, namespace, name)] = Owner(_KINDS[kind], owner)

    def of(self, pod: PodKey) -> Owner:
        owner = self._pods.get(pod)
        if owner is None:
            return Owner("pod", pod.pod)
        if owner.kind == "replicaset":
            return self._sets.get(pod._replace(pod=owner.name)) or _deployment(owner)
        if owner.kind == "job":
            return self._jobs.get(pod._replace(pod=owner.name)) or owner
        return owner

    def only(self, pods: Iterable[PodKey]) -> Owners:
        """What is known of these: small enough to be sent along with them."""
        return Owners(self.labels, {pod: self.of(pod) for pod in pods})


def _deployment(owner: Owner) -> Owner:
    """By its name, where nobody tells whose it is; a ReplicaSet that a person made has no such name."""
    match = _HASH.fullmatch(owner.name)
    return Owner("deploy", match[1]) if match else owner
