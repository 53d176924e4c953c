"""How a run of a container ended, and whether it was for memory: never told by one field, always with a confidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from oakum.model.absent import Absent
from oakum.model.cluster_pod import Bytes, Role, Terminated
from oakum.model.oom import Blame

Key: TypeAlias = tuple[str, str, int | None, float | None]
"""Pod uid, container, number of the run (the first is 0), when it ended (UTC epoch seconds)."""


class KillKind(StrEnum):
    """What ended a run, or happened in it."""

    OOM = "oom-killed"
    CHILD = "child-oom-killed"
    """The kernel killed a process of the container, and its first process went on."""
    LIVENESS = "liveness-killed"
    EVICTED = "evicted"
    STOPPED = "stopped"
    """Somebody deleted its pod."""
    JVM = "jvm-out-of-memory"
    """A JVM that ends itself: the kernel was not asked."""
    KILLED = "killed"
    """SIGKILL, by whom is not known."""
    EXITED = "exited"
    CANNOT_TELL = "cannot-tell"

    @property
    def for_memory(self) -> bool:
        return self in {KillKind.OOM, KillKind.CHILD, KillKind.EVICTED, KillKind.JVM}


class Boundary(StrEnum):
    """Whose limit was hit."""

    CONTAINER = "container"
    POD = "pod"
    ANCESTOR = "all pods of the node"
    """The cgroup above the pods (kubepods, or that of a quality of service)."""
    NODE = "node"
    HEAP = "the JVM's heap"


@dataclass(frozen=True, slots=True)
class Ended:
    """A run of a container that ended. ``run``: None where the cluster does not count.

    ``pod_reason``: why the whole pod ended (``Evicted``). ``deleted_s``: when its pod was deleted, None if it was not.
    ``limit_bytes``: that bound it. ``finished_s``: UTC epoch by its node's clock, None where that is not told.
    """

    namespace: str
    pod: str
    pod_uid: str
    node: str
    container: str
    role: Role
    image: str
    run: int | None
    end: Terminated
    limit_bytes: Bytes
    liveness: bool
    pod_reason: str = ""
    pod_message: str = ""
    deleted_s: float | None = None

    @property
    def finished_s(self) -> float | None:
        return None if isinstance(self.end.finished_s, Absent) else self.end.finished_s

    @property
    def key(self) -> Key:
        return self.pod_uid, self.container, self.run, self.finished_s


@dataclass(frozen=True, slots=True)
class Kill:
    """The verdict. ``confidence``: 0 to 1, of ``kind``; ``speaks_for``, ``against``: one line for each fact.

    ``at_s``: UTC epoch, None where nobody tells. ``boundary``: None where it is not known; ``limit_bytes``: that limit.
    ``group``: whether all of the container was killed as one (memory.oom.group), None where that is not known.
    ``blame``: who held the memory, where the kernel's table is there. ``absent``: what would make it surer.
    """

    key: Key
    namespace: str
    pod: str
    container: str
    kind: KillKind
    confidence: float
    at_s: float | None
    boundary: Boundary | None
    limit_bytes: int | None
    group: bool | None
    speaks_for: tuple[str, ...]
    against: tuple[str, ...]
    absent: tuple[Absent, ...] = ()
    blame: Blame | None = None
