"""A Kubernetes cluster as Oakum sees it: the port, and what its calls give. Every call crosses a network.

The port raises OakumError families only: TargetError (no answer, not allowed, not there), CallerError (a name that
cannot be meant), DataError (an answer that is no JSON), MachineError (a login program that is missing here).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, Protocol, TypeAlias, TypeVar

from oakum.model.absent import Absent
from oakum.model.cluster_hands import ClusterHands
from oakum.model.cluster_node import ClusterNode, ContainerUsage, Event, NodeUsage
from oakum.model.cluster_pod import ContainerName, Pod, Visitor
from oakum.model.cluster_workload import (
    Autoscaler,
    Bounds,
    Budget,
    Priority,
    Quota,
    VerticalAutoscaler,
    Workload,
)

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Listing(Generic[T_co]):
    """All objects of one kind as of one moment. ``version``: where a watch goes on from.

    ``odd``: objects that are none (no name, no uid): left out, and told.
    """

    items: tuple[T_co, ...]
    version: str
    odd: tuple[Absent, ...] = ()


class ChangeKind(StrEnum):
    """What became of an object."""

    ADDED = "added"
    CHANGED = "changed"
    GONE = "gone"
    SYNCED = "synced"
    """Everything that is there has been told at least once."""


@dataclass(frozen=True, slots=True)
class Seen(Generic[T_co]):
    """One step of a watch. ``item``: as it is now; for GONE as it was last seen; None for SYNCED.

    ``relisted``: found by comparing lists after the watch was interrupted: what came between is not known.
    """

    kind: ChangeKind
    item: T_co | None
    relisted: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """May I? ``resource``: ``pods`` or ``pods/exec``; ``group``: "" for the core; ``namespace``: "" for all."""

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Permission:
    """The cluster's answer. ``why``: what it says of the rule, "" for nothing."""

    question: Question
    allowed: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Executed:
    """A program that was run in a container. ``code``: its exit code. ``cut``: more came than was asked for."""

    code: int
    out: bytes
    err: bytes
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Which cluster, as whom. ``user``: the kubeconfig's name for it, never a secret."""

    context: str
    server: str
    user: str
    namespace: str


@dataclass(slots=True)
class Calls:
    """What was asked of the API server. ``by_verb``: ``list pods`` to how often; ``waited_s``: for our own limit.

    ``answers``: of any kind, refusals too. ``logins``: how many are waited for now. ``lost_s``: a watch that has no
    connection now, to when it lost it, by the clock of the loop that it runs on.
    """

    by_verb: dict[str, int] = field(default_factory=dict)
    waited_s: float = 0.0
    refused: int = 0
    answers: int = 0
    logins: int = 0
    lost_s: dict[str, float] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.by_verb.values())


class Tunnel(Protocol):
    """A connection to one port of a pod."""

    async def send(self, data: bytes) -> None:
        """Raises TargetError when it has ended."""

    async def receive(self) -> bytes:
        """b"" at the end. Raises TargetError when nothing listens there."""


class Conversation(Protocol):
    """A program that runs in a container, with its standard input and output. It ends when it is left."""

    async def send(self, data: bytes) -> None:
        """Raises TargetError when it has ended."""

    async def receive(self) -> bytes:
        """What it says next, never nothing. Raises TargetError when it has ended or could not be started, and why."""


Dial: TypeAlias = Callable[[], AbstractAsyncContextManager[Tunnel]]
"""Opens one connection more to the same port."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A pod behind a service, and the port that it listens on itself."""

    namespace: str
    pod: str
    port: int


Selector: TypeAlias = str
"""A label selector as the API takes it: ``app=cart,tier in (web, api)``; "" for all."""


class Cluster(Protocol):
    """Reading verbs, running a program, and an ephemeral container to run it in.

    ``namespace``: "" for all of them, where it has a default. What changes objects is ``hands``, and nothing else is.
    """

    @property
    def place(self) -> Place: ...

    @property
    def calls(self) -> Calls: ...

    @property
    def hands(self) -> ClusterHands: ...

    async def version(self) -> str:
        """As the API server tells it: ``v1.36.2``."""

    async def namespaces(self) -> Listing[str]: ...

    async def may(self, questions: Sequence[Question]) -> Sequence[Permission]:
        """In the order asked."""

    async def pods(self, namespace: str = "", *, selector: Selector = "", node: str = "") -> Listing[Pod]: ...

    async def pod(self, namespace: str, name: str) -> Pod: ...

    async def workloads(self, kind: str, namespace: str = "") -> Listing[Workload]: ...

    async def workload(self, kind: str, namespace: str, name: str) -> Workload: ...

    async def top(self, pod: Pod) -> Workload | Absent:
        """The workload at the top of its owners: of a ReplicaSet's pod the Deployment. Absent: made by hand."""

    async def pods_of(self, workload: Workload) -> Listing[Pod]:
        """Those whose chain of owners ends in it: labels alone would take others' too."""

    async def nodes(self) -> Listing[ClusterNode]: ...

    async def node(self, name: str) -> ClusterNode: ...

    async def events(self, namespace: str = "", *, about_uid: str = "") -> Listing[Event]: ...

    async def autoscalers(self, namespace: str = "") -> Listing[Autoscaler]: ...

    async def vertical_autoscalers(self, namespace: str = "") -> Listing[VerticalAutoscaler] | Absent:
        """Absent: this cluster has none installed."""

    async def budgets(self, namespace: str = "") -> Listing[Budget]: ...

    async def quotas(self, namespace: str = "") -> Listing[Quota]: ...

    async def bounds(self, namespace: str = "") -> Listing[Bounds]: ...

    async def priorities(self) -> Listing[Priority]: ...

    async def usage(self, node: str, *, within_s: float | None = None) -> NodeUsage | Absent:
        """The node's own view, through the API server. Absent: not permitted, or the node does not answer.

        ``within_s``: for its answer, from the moment on that it is asked: to wait for a turn costs nothing of it.
        """

    async def pod_metrics(self, namespace: str = "") -> Listing[ContainerUsage] | Absent:
        """Working sets alone, without uids, as metrics-server tells them. Absent: not served, or not permitted."""

    def watch_pods(self, namespace: str = "", *, selector: Selector = "") -> AsyncGenerator[Seen[Pod], None]:
        """All that is there, then SYNCED, then what changes. It outlives the API server's restarts.

        Nothing is told twice and no object's last state is missed: after an interruption it lists again and tells what
        differs. Close it when it is left (``contextlib.aclosing``). It raises once the API server does not answer for
        longer than is bearable, or refuses.
        """

    def watch_events(self, namespace: str = "") -> AsyncGenerator[Seen[Event], None]: ...

    async def logs(
        self,
        container: ContainerName,
        *,
        previous: bool = False,
        lines: int = 200,
        most_bytes: int | None = None,
        stamped: bool = False,
    ) -> str | Absent:
        """The last lines. Absent: there are none of that run any more, and why.

        ``most_bytes``: of these the first so many. ``stamped``: before each when it was said, as its node knows it.
        """

    async def run(
        self,
        container: ContainerName,
        command: Sequence[str],
        *,
        within_s: float,
        given: bytes = b"",
        most_bytes: int = 16 << 20,
        heard: Callable[[bytes], None] | None = None,
    ) -> Executed | Absent:
        """Absent: the image has no such program. Raises TargetError when the container is gone or it takes too long.

        ``heard``: is given what it prints as it comes, and that is kept nowhere.
        """

    def converse(self, container: ContainerName, command: Sequence[str]) -> AbstractAsyncContextManager[Conversation]:
        """As ``run``, for one that is asked and answers. Its standard input is closed when it is left.

        No command: with the program that the container was started with, where that listens.
        """

    async def visit(self, pod: Pod, visitor: Visitor) -> None:
        """Adds it to the pod; it is started later, or never: its state tells. Raises TargetError when refused."""

    def forward(self, namespace: str, pod: str, port: int) -> AbstractAsyncContextManager[Tunnel]: ...

    async def backends(self, namespace: str, service: str, port: int | None) -> Sequence[Backend]:
        """The pods that are ready behind a port of a service, by name; at least one. ``port``: None for its only one.

        Raises TargetError where there is no such service or port, or none is ready.
        """


GITOPS: Mapping[str, str] = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "argocd.argoproj.io/instance": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
    "meta.helm.sh/release-name": "Helm",
}
"""Labels and annotations by which whoever else writes to an object is known."""
