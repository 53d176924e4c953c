"""Nodes, events and what is used at one moment. Absent, None and "" are as in ``cluster_pod``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oakum.model.absent import Absent
from oakum.model.cluster_pod import Bytes


@dataclass(frozen=True, slots=True)
class ClusterNode:
    """``allocatable_bytes``: what pods may ask for together. ``pressure``: the node is evicting for memory.

    ``ready``: False where its kubelet no longer tells. ``heard_s``: when that was told last.
    """

    name: str
    uid: str
    version: str
    capacity_bytes: Bytes
    allocatable_bytes: Bytes
    ready: bool | Absent
    pressure: bool | Absent
    heard_s: float | Absent
    cordoned: bool
    kubelet: str
    kernel: str
    runtime: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NodeStanding:
    """What is known of a node's memory at a look; None where nobody told.

    ``used_bytes``: its working set, page cache that was used lately with it. ``available_bytes``: before it evicts.
    """

    name: str
    capacity_bytes: int | None = None
    used_bytes: int | None = None
    available_bytes: int | None = None
    ready: bool | None = None
    pressure: bool | None = None
    cordoned: bool = False

    @property
    def used_share(self) -> float | None:
        if self.used_bytes is None or not self.capacity_bytes:
            return None
        return self.used_bytes / self.capacity_bytes

    @property
    def worst_first(self) -> tuple[bool, bool, float, str]:
        """Short of memory, then not ready, then by what is used; those that nobody told of last."""
        return not self.pressure, self.ready is not False, -(self.used_share or 0.0), self.name


@dataclass(frozen=True, slots=True)
class Event:
    """What a component told of an object. It goes after an hour by default: that none is there says nothing.

    ``about_*``: the object; its uid tells two of one name apart. ``field``: the part of it
    (``spec.containers{app}``). ``count``: how often it was told; ``first_s``, ``last_s``: from when to when.
    ``details``: its annotations, which name the containers of an eviction.
    """

    namespace: str
    name: str
    uid: str
    version: str
    reason: str
    message: str
    warning: bool
    about_kind: str
    about_name: str
    about_uid: str
    field: str
    count: int
    first_s: float | Absent
    last_s: float | Absent
    source: str
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ContainerUsage:
    """Memory of one running container at ``at_s``, by the clock of its node.

    ``working_set_bytes`` holds page cache that was used lately; ``rss_bytes`` does not.
    """

    namespace: str
    pod: str
    pod_uid: str
    container: str
    at_s: float | Absent
    working_set_bytes: int | Absent
    rss_bytes: int | Absent
    usage_bytes: int | Absent


@dataclass(frozen=True, slots=True)
class NodeUsage:
    """The node's own figures, and those of its containers. ``available_bytes``: before it evicts."""

    node: str
    at_s: float | Absent
    available_bytes: int | Absent
    working_set_bytes: int | Absent
    containers: tuple[ContainerUsage, ...]
