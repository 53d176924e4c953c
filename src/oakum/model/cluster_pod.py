"""Pods and their containers, as far as Oakum asks for them.

A field is Absent where the cluster did not tell it, or told what is not understood; None where it told that there is
none (no limit is set). Texts are "" where nothing was told. Times are UTC epoch seconds, by the clock of whoever wrote
them: of the node for what a container did, of the API server for when an object was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from oakum.model.absent import Absent

Bytes: TypeAlias = int | Absent | None
"""None: not set. Absent: not understood, or not told."""


@dataclass(frozen=True, slots=True)
class Owner:
    """What an object belongs to, as its owner reference names it. ``controller``: whether it makes the object."""

    kind: str
    name: str
    uid: str
    controller: bool = True


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not started: ``CrashLoopBackOff``, ``ImagePullBackOff``, ``ContainerCreating``."""

    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """It runs since then."""

    started_s: float | Absent


@dataclass(frozen=True, slots=True)
class Terminated:
    """How one run ended, as the node's runtime told it. ``signal``: 0 where none is told, which is nearly always."""

    reason: str
    exit_code: int | Absent
    started_s: float | Absent
    finished_s: float | Absent
    signal: int = 0
    message: str = ""
    container_id: str = ""


State: TypeAlias = Waiting | Running | Terminated | Absent


class Role(StrEnum):
    """What a container is for. A sidecar is an init container that is restarted always."""

    MAIN = "main"
    INIT = "init"
    SIDECAR = "sidecar"
    EPHEMERAL = "ephemeral"


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a pod with its two last states. ``last``: None before the first restart.

    ``limit_bytes``, ``request_bytes``: what the pod asks for. ``actual_limit_bytes``: what its node has set, which is
    another while a resize is under way. ``probes``: ``liveness``, ``readiness``, ``startup``, those that it has.
    ``container_id``: without the runtime's name; "" before it was made. ``program``: the name of what it starts,
    "" where the image alone knows it; ``memory_flags``: those of a list of harmless ones; ``variables``: names only.
    """

    name: str
    role: Role
    image: str
    state: State
    last: Terminated | None
    restarts: int | Absent
    request_bytes: Bytes
    limit_bytes: Bytes
    actual_limit_bytes: Bytes
    ready: bool | Absent
    image_id: str = ""
    container_id: str = ""
    probes: frozenset[str] = frozenset()
    program: str = ""
    memory_flags: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()

    @property
    def running(self) -> bool:
        return isinstance(self.state, Running)

    @property
    def bound_bytes(self) -> Bytes:
        """The limit that holds now: the node's word before the pod's wish."""
        return self.limit_bytes if isinstance(self.actual_limit_bytes, Absent) else self.actual_limit_bytes


@dataclass(frozen=True, slots=True)
class ContainerName:
    """Where a program is run, or a log is read."""

    namespace: str
    pod: str
    container: str

    def __str__(self) -> str:
        return f"pod/{self.namespace}/{self.pod}/{self.container}"


@dataclass(frozen=True, slots=True)
class Visitor:
    """An ephemeral container beside ``target``, whose processes it sees. It cannot be removed, only end.

    It is root, and may trace (SYS_PTRACE). Whatever ``command`` prints is its log, on its node's disk.
    """

    name: str
    image: str
    target: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pod:
    """``uid`` names one pod for ever; a StatefulSet gives the same name to its next one.

    ``version``: the resource version that it was read at. ``phase``, ``reason``, ``message``: of the pod as a whole
    (``Failed``, ``Evicted``). ``deleted_s``: when that was asked for, None where nobody did.
    ``limit_bytes``: of the pod as a whole, where one is set. ``shares_processes``: its containers see each other.
    ``addresses``: of the pod itself; none where it has those of its node, or has none yet.
    """

    namespace: str
    name: str
    uid: str
    version: str
    created_s: float | Absent
    deleted_s: float | Absent | None
    labels: Mapping[str, str]
    owners: tuple[Owner, ...]
    node: str
    phase: str
    reason: str
    message: str
    qos: str
    containers: tuple[Container, ...]
    limit_bytes: Bytes = None
    shares_processes: bool = False
    addresses: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return f"pod/{self.namespace}/{self.name}"

    @property
    def controller(self) -> Owner | None:
        """Who makes it, None for a pod that somebody made by hand."""
        return next((owner for owner in self.owners if owner.controller), None)

    def container(self, name: str) -> Container | None:
        return next((container for container in self.containers if container.name == name), None)
