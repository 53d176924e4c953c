"""``oakum scan kube://[CONTEXT]``: which workloads of a cluster leak, are near their limit, or were killed for memory?

One look asks the API server for the pods and each node's kubelet once; a watch follows both, and the judge answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING, Final

from oakum.loop.in_context import InContext
from oakum.loop.kill_book import KillBook
from oakum.loop.kubelets import PER_S, Kubelets
from oakum.loop.nodes_heard import NodesHeard
from oakum.loop.pod_metrics import PodMetrics, instead
from oakum.loop.scanned import Scanned, again
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster import ChangeKind, Cluster, Question
from oakum.model.cluster_node import NodeUsage
from oakum.model.cluster_pod import Pod
from oakum.model.cluster_workload import Workload
from oakum.model.errors import CallerError, OakumError, TargetError
from oakum.model.scan import Scan, Window
from oakum.model.source import ClusterSource
from oakum.model.units import format_count, format_duration
from oakum.sense.fleet import Fleet
from oakum.sense.owners import BETWEEN, Owners

if TYPE_CHECKING:
    from anyio import Event
    from anyio.abc import TaskGroup

    from oakum.loop.progress import Progress
    from oakum.model.ports import Clock

LEAST_WATCH_S: Final = 60.0
"""Kubelets measure every 10 to 15 s, and six samples can be judged."""

ASKED_EVERY_S: Final = 10.0
"""Kubelets are asked as often, in seconds."""

LOOK_S: Final = 6.0
"""For a first answer no kubelet is waited for any longer, in seconds, from the moment on that it is asked."""

TOLD_EVERY_S: Final = 1.0

FIRST_ANSWER_S: Final = 15.0
"""An API server that has answered nothing at all by then, in seconds, is not waited for."""

UNHEARD_S: Final = 30.0
"""A watch that ends without its connection is told as such if it lost it longer ago, in seconds."""


@dataclass(frozen=True, slots=True)
class ClusterScan:
    """How one scan of a cluster is made. ``watch_s``: 0: one look. ``namespace``: "" for all."""

    watch_s: float = 0.0
    namespace: str = ""

    @classmethod
    def of(
        cls, *, watch_s: float = 0.0, namespaces: Sequence[str] = (), source: ClusterSource | None = None
    ) -> ClusterScan:
        """Raises CallerError for a watch that could not be judged, and for some namespaces: it is one, or all.

        ``source``: that the commands of the errors name.
        """
        again = f"oakum scan {quote(str(source or ClusterSource()))}"
        if len(namespaces) > 1:
            raise CallerError(
                "of a cluster one namespace is scanned, or all",
                why=f"{len(namespaces)} were named",
                next_step="; ".join(f"{again} -n {quote(each)}" for each in namespaces),
            )
        if 0 < watch_s < LEAST_WATCH_S:
            raise CallerError(
                f"a cluster cannot be judged in {format_duration(watch_s)}",
                why="kubelets measure every 10 to 15 s, and six samples or more can be judged",
                next_step=f"{again} --for 2m    # or without --for: what is known now",
            )
        return cls(watch_s, "".join(namespaces))


def scan_cluster(
    source: ClusterSource,
    *,
    cluster: AbstractAsyncContextManager[Cluster],
    clock: Clock,
    settings: ClusterScan,
    progress: Progress,
) -> Scan:
    """On a loop of its own. ``cluster``: as wiring opens it.

    Raises TargetError where its pods may not be listed, or it does not answer.
    """
    import anyio  # noqa: PLC0415  (comes with the extra that opened the cluster)

    async def journey() -> Scan:
        async with cluster as opened:
            return await _Scanning(source, opened, clock, settings, progress).done()

    named = InContext(source.context)
    with named.errors():
        return named.scan(anyio.run(journey))


class _Scanning:
    """One scan while it is made."""

    def __init__(
        self, source: ClusterSource, cluster: Cluster, clock: Clock, settings: ClusterScan, progress: Progress
    ) -> None:
        self.source, self.cluster, self.clock, self.settings, self.progress = source, cluster, clock, settings, progress
        self.fleet = Fleet(settings.watch_s)
        self.kills, self.heard = KillBook(), NodesHeard(ASKED_EVERY_S)
        self.metrics = PodMetrics(cluster, settings.namespace, self.fleet, self.heard)
        self.absent: list[Absent] = []
        self.failed: OakumError | None = None
        self._ended = False

    async def done(self) -> Scan:
        where = f"namespace {self.settings.namespace}" if self.settings.namespace else "all namespaces"
        self.progress.stage(f"listing the pods of {where} in {self.cluster.place.context}")
        start_s = self.clock.now_s()
        await (self._watched() if self.settings.watch_s else self._looked())
        if self.failed is not None:
            raise await self._narrower(self.failed) from self.failed
        asked = format_count(self.cluster.calls.total)
        self.progress.stage(f"{format_count(len(self.fleet.pods))} pods; asked the API server {asked} times")
        return self._answer(start_s)

    def _answer(self, start_s: float) -> Scan:
        every_s = ASKED_EVERY_S if self.settings.watch_s else None
        place = self.cluster.place
        seen = Scanned(self.source, place.context, place.server, self.settings.namespace, self.fleet, self.kills)
        if followed := seen.followed():
            self.progress.stage(f"judging {format_count(len(followed))} containers")
        unheard = self.heard.absent(self.fleet.nodes, besides=self.metrics.told)
        absent = (*self.absent, *unheard, *instead(self.metrics, self.fleet.nodes))
        scan = seen.scan(followed, Window(start_s, self.clock.now_s(), every_s), absent)
        return replace(scan, nodes=self.heard.standing(self.fleet.nodes))

    async def _looked(self) -> None:
        import anyio  # noqa: PLC0415

        async def pods() -> None:
            try:
                found = await self.cluster.pods(self.settings.namespace)
            except OakumError as exc:
                self.failed = exc
                group.cancel_scope.cancel()
                return
            self.absent += found.odd
            for pod in found.items:
                self._take(pod)

        async with anyio.create_task_group() as group:
            group.start_soon(self._around)
            group.start_soon(pods)
            group.start_soon(self._answers, group)
        if self.failed is None:
            await self._ask_once()
            await self.metrics.ask()

    async def _watched(self) -> None:
        """From the first list on, so that no end of a run comes between."""
        import anyio  # noqa: PLC0415

        async with anyio.create_task_group() as group:
            synced = anyio.Event()
            group.start_soon(self._follow, synced, group)
            group.start_soon(self._answers, group)
            await self._around()
            await synced.wait()
            await self._ask_once()
            await self.metrics.ask()
            await self._until_over(group)
            self._check_heard(anyio.current_time())
            group.cancel_scope.cancel()

    async def _answers(self, group: TaskGroup) -> None:
        """Ends the scan of an API server that takes what it is asked and says nothing."""
        import anyio  # noqa: PLC0415

        begun_s = anyio.current_time()
        while not self.cluster.calls.answers:
            if self.cluster.calls.logins:
                # A program that logs somebody in may take its time.
                begun_s = anyio.current_time()
            elif anyio.current_time() - begun_s > FIRST_ANSWER_S:
                self.failed = self.failed or TargetError(
                    f"the API server of context {self.cluster.place.context} does not answer",
                    why=f"nothing came in {format_duration(FIRST_ANSWER_S)}, at {self.cluster.place.server}",
                    next_step="kubectl cluster-info    # is it up, and is this the right context?",
                )
                group.cancel_scope.cancel()
            await anyio.sleep(FIRST_ANSWER_S / 50)

    def _check_heard(self, now_s: float) -> None:
        """Of a watch that is over: it may have had no connection for its last part."""
        lost_s = now_s - self.cluster.calls.lost_s.get("watch pods", now_s)
        if lost_s > UNHEARD_S and not self._ended:
            what = f"what became of its pods in the last {format_duration(lost_s)}"
            why = "the API server did not answer until the watch was over"
            self.absent.append(Absent(what, AbsentKind.UNREADABLE, why, "kubectl cluster-info"))

    async def _until_over(self, group: TaskGroup) -> None:
        import anyio  # noqa: PLC0415

        kubelets = Kubelets(self.cluster, group, self._hear, within_s=ASKED_EVERY_S)
        many = format_count(sum(1 for _ in self.fleet.rows()))
        self.progress.stage(
            f"watching {many} containers for {format_duration(self.settings.watch_s)}, by their kubelets"
        )
        begun_s = asked_s = anyio.current_time()
        while (left_s := begun_s + self.settings.watch_s - anyio.current_time()) > 0:
            await anyio.sleep(min(TOLD_EVERY_S, left_s))
            if anyio.current_time() - asked_s >= ASKED_EVERY_S:
                asked_s = anyio.current_time()
                kubelets.ask(self._told_by())
                group.start_soon(self.metrics.ask)
            self.progress.standing(
                f"{format_count(len(self.fleet.pods))} pods, {format_count(self.kills.killed)} kills for memory known,"
                f" {format_duration(max(left_s, 0))} left"
            )

    async def _follow(self, synced: Event, group: TaskGroup) -> None:
        """Until it is cancelled, or the API server has been away for longer than is bearable."""
        try:
            async with aclosing(self.cluster.watch_pods(self.settings.namespace)) as changes:
                async for seen in changes:
                    if seen.item is not None:
                        self._take(seen.item, gone=seen.kind is ChangeKind.GONE)
                    elif seen.kind is ChangeKind.SYNCED:
                        if not self.fleet.pods and self.settings.namespace:
                            # The list of a namespace that nobody made is empty; this one says that it is not there.
                            await self.cluster.pods(self.settings.namespace)
                        synced.set()
        except OakumError as exc:
            self._ended = True
            if synced.is_set():
                what = "what became of its pods until the end of the watch"
                self.absent.append(Absent(what, AbsentKind.UNREADABLE, exc.brief, exc.next_step))
            else:
                self.failed = exc
                group.cancel_scope.cancel()

    async def _around(self) -> None:
        """What stands between pods and their workloads, and the nodes: three lists, however many pods there are."""
        import anyio  # noqa: PLC0415

        below: list[Workload] = []
        for kind in BETWEEN:
            try:
                below += (await self.cluster.workloads(kind, self.settings.namespace)).items
            except OakumError as exc:
                what = f"{kind}s, by which pods are known to be a workload's: the pods' own names and labels tell"
                self.absent.append(Absent(what, AbsentKind.UNREADABLE, exc.brief, exc.next_step))
        try:
            nodes = (await self.cluster.nodes()).items
        except OakumError:
            # Who may not list nodes may not ask their kubelets either, and is told that.
            nodes = ()
        self.heard.listed(nodes, anyio.current_time())
        self.kills.know(Owners(below))

    async def _ask_once(self) -> None:
        """Each kubelet once; those that have not answered by then are told as such."""
        import anyio  # noqa: PLC0415

        left = self._told_by()
        if not left:
            return
        self.progress.stage(f"asking {format_count(len(left))} kubelets what their containers use")

        def heard(node: str, told: NodeUsage | Absent) -> None:
            left.discard(node)
            self._hear(node, told)

        begun: set[str] = set()
        within_s = len(left) / PER_S + LOOK_S
        with anyio.move_on_after(within_s):
            async with anyio.create_task_group() as group:
                kubelets = Kubelets(self.cluster, group, heard, within_s=LOOK_S)
                begun = kubelets.begun
                kubelets.ask(tuple(left))
        for node in left & begun:
            why = f"its kubelet has not answered in {format_duration(LOOK_S)}"
            self.heard.missed(
                node, AbsentKind.NOT_YET, why, f"kubectl get --raw /api/v1/nodes/{quote(node)}/proxy/healthz"
            )
        for node in left - begun:
            why = f"it was not asked: others held up the look for {format_duration(within_s)}"
            self.heard.missed(node, AbsentKind.TOO_DEAR, why, f"{again(self.source, self.settings.namespace)} --for 5m")

    def _told_by(self) -> set[str]:
        """Nodes worth asking now."""
        import anyio  # noqa: PLC0415

        return self.heard.due(self.fleet.nodes, anyio.current_time())

    def _hear(self, node: str, told: NodeUsage | Absent) -> None:
        import anyio  # noqa: PLC0415

        self.heard.heard(node, told, anyio.current_time())
        if not isinstance(told, Absent):
            self.fleet.hear(told)

    def _take(self, pod: Pod, *, gone: bool = False) -> None:
        self.kills.take(pod, self.fleet.gone(pod) if gone else self.fleet.take(pod), gone=gone)

    async def _narrower(self, exc: OakumError) -> OakumError:
        """Who may not list the pods of all namespaces may list those of one: the error names the command."""
        own = self.cluster.place.namespace
        if self.settings.namespace or not isinstance(exc, TargetError) or not self.cluster.calls.answers:
            return exc
        try:
            everywhere, here = await self.cluster.may(
                [Question("list", "pods"), Question("list", "pods", namespace=own)]
            )
        except OakumError:
            return exc
        if everywhere.allowed:
            return exc
        name = own if here.allowed else "NAMESPACE"
        return TargetError(
            f"not allowed to list the pods of all namespaces in {self.cluster.place.context}",
            why=exc.why,
            next_step=f"oakum scan {self.source} --namespace {name}    # those of one alone",
        )
