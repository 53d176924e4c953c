"""Workloads, and what bounds, scales and guards them. Absent, None and "" are as in ``cluster_pod``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from oakum.model.absent import Absent
from oakum.model.cluster_pod import Bytes, Owner

Count: TypeAlias = int | Absent

KINDS: Final[Mapping[str, str]] = {
    "Deployment": "deploy",
    "StatefulSet": "sts",
    "DaemonSet": "ds",
    "ReplicaSet": "replicaset",
    "Job": "job",
    "CronJob": "cronjob",
}
"""What owner references call them, to how targets do."""


@dataclass(frozen=True, slots=True)
class Template:
    """A container as a workload's template describes it."""

    name: str
    image: str
    request_bytes: Bytes
    limit_bytes: Bytes


@dataclass(frozen=True, slots=True)
class Workload:
    """``kind``: as targets name it (``deploy``, ``sts``, ``ds``, ``job``), ``replicaset`` or ``cronjob``.

    ``wanted``, ``ready``, ``updated``: replicas. ``settled``: whether its controller has seen its last change.
    ``selector``: which pods are its own, as a label selector; "" where it has none.
    ``managers``: who else writes to it (a GitOps tool, a chart), by the labels and annotations that they leave.
    ``asks``: a digest of all that it asks for: ``version`` changes with its state too.
    """

    kind: str
    namespace: str
    name: str
    uid: str
    version: str
    created_s: float | Absent
    owners: tuple[Owner, ...]
    wanted: Count
    ready: Count
    updated: Count
    settled: bool | Absent
    selector: str
    labels: Mapping[str, str]
    containers: tuple[Template, ...]
    managers: tuple[str, ...] = ()
    asks: str = ""

    @property
    def title(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"

    @property
    def controller(self) -> Owner | None:
        return next((owner for owner in self.owners if owner.controller), None)


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """A HorizontalPodAutoscaler. ``metrics``: what it scales by (``memory``, ``cpu``, or another metric's name)."""

    namespace: str
    name: str
    target_kind: str
    target_name: str
    least: Count
    most: Count
    now: Count
    metrics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What a VerticalPodAutoscaler would give a container, in bytes of memory."""

    container: str
    target_bytes: Bytes
    upper_bytes: Bytes


@dataclass(frozen=True, slots=True)
class VerticalAutoscaler:
    """``mode``: ``Off`` only tells; ``Recreate``, ``Auto``, ``InPlaceOrRecreate`` change the pods."""

    namespace: str
    name: str
    target_kind: str
    target_name: str
    mode: str
    recommendations: tuple[Recommendation, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """A PodDisruptionBudget. ``allowed``: how many of its pods may go now."""

    namespace: str
    name: str
    selector: str
    allowed: Count
    healthy: Count
    wanted: Count


@dataclass(frozen=True, slots=True)
class Quota:
    """A ResourceQuota's bounds on memory. ``hard``, ``used``: bytes by the quota's own key (``limits.memory``)."""

    namespace: str
    name: str
    hard: Mapping[str, Bytes]
    used: Mapping[str, Bytes]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a LimitRange says of memory for one ``kind``: ``Container`` or ``Pod``. ``ratio``: limit to request."""

    namespace: str
    name: str
    kind: str
    least_bytes: Bytes
    most_bytes: Bytes
    default_limit_bytes: Bytes
    default_request_bytes: Bytes
    ratio: float | Absent | None


@dataclass(frozen=True, slots=True)
class Priority:
    """A PriorityClass: the lower ``value`` is evicted first."""

    name: str
    value: Count
    default: bool
