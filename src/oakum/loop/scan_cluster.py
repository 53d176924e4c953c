"""``oakum scan kube://[CONTEXT]``: which workloads of a cluster leak, are near their limit, or were killed for memory?

One look asks the API server for the pods and each node's kubelet once; a watch follows both, and the judge answers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Final

from oakum.explain.fleet import Kills, Member, row
from oakum.explain.oom_clues import Known
from oakum.explain.oom_verdict import verdict
from oakum.loop.kubelets import PER_S, Kubelets
from oakum.loop.scan import verdicts
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster import ChangeKind, Cluster, Question
from oakum.model.cluster_node import NodeUsage
from oakum.model.cluster_pod import Pod
from oakum.model.cluster_workload import Workload
from oakum.model.container_memory import ContainerMemory
from oakum.model.errors import CallerError, DataError, OakumError, TargetError
from oakum.model.kill import Ended
from oakum.model.scan import LATELY_S, Replicas, Scan, ScanRow, Skipped, Window
from oakum.model.source import ClusterSource
from oakum.model.target import WORKLOAD_KINDS
from oakum.model.units import format_count, format_duration
from oakum.sense.container_track import Source
from oakum.sense.fleet import Fleet, Place
from oakum.sense.owners import BETWEEN, Owners, Top

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

MOST_NAMED: Final = 3
"""Of nodes that do not tell so many are named; all are counted."""

LONGEST_PAUSE_S: Final = 240.0
"""A kubelet that does not answer is asked again after a pause, in seconds: each is twice as long, up to this."""

FIRST_ANSWER_S: Final = 15.0
"""An API server that has answered nothing at all by then, in seconds, is not waited for."""

UNHEARD_S: Final = 30.0
"""A watch that ends without its connection is told as such if it lost it longer ago, in seconds."""

HOLES: Final = frozenset({AbsentKind.UNREADABLE, AbsentKind.NOT_YET, AbsentKind.TOO_DEAR})
"""What was asked for, may be read, and was not: the scan is partial."""

OVER: Final = frozenset({"Succeeded", "Failed"})
"""Phases of a pod that runs no more."""

NOT_ASKED: Final = Absent(
    "what the nodes' kernels told of kills", AbsentKind.NOT_APPLICABLE, "a scan asks the API server and kubelets alone"
)


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

    return anyio.run(journey)


class _Scanning:
    """One scan while it is made. ``silent``: nodes that do not tell what their containers use, and why.

    ``due_s``: when one of them is asked again; ``told``: nodes that gave any answer, a refusal too.
    """

    def __init__(
        self, source: ClusterSource, cluster: Cluster, clock: Clock, settings: ClusterScan, progress: Progress
    ) -> None:
        self.source, self.cluster, self.clock, self.settings, self.progress = source, cluster, clock, settings, progress
        self.fleet = Fleet(settings.watch_s)
        self.owners: Owners | None = None
        self.kills: defaultdict[tuple[Top, str], Kills] = defaultdict(Kills)
        self.killed = 0
        self.silent: dict[str, Absent] = {}
        self.silences: Counter[str] = Counter()
        self.due_s: dict[str, float] = {}
        self.told: set[str] = set()
        self.absent: list[Absent] = []
        self.failed: OakumError | None = None
        self._early: list[tuple[Pod, Ended]] = []
        self._ended = False
        self._early_gone: list[Pod] = []
        self._last: dict[tuple[Top, str], Member] = {}

    async def done(self) -> Scan:
        where = f"namespace {self.settings.namespace}" if self.settings.namespace else "all namespaces"
        self.progress.stage(f"listing the pods of {where} in {self.cluster.place.context}")
        start_s = self.clock.now_s()
        await (self._watched() if self.settings.watch_s else self._looked())
        if self.failed is not None:
            raise await self._narrower(self.failed) from self.failed
        answer = self._answer(start_s)
        asked = format_count(self.cluster.calls.total)
        self.progress.stage(f"{format_count(len(self.fleet.pods))} pods; asked the API server {asked} times")
        return answer

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
            await self._until_over(group)
            self._check_heard(anyio.current_time())
            group.cancel_scope.cancel()

    async def _answers(self, group: TaskGroup) -> None:
        """Ends the scan of an API server that takes what it is asked and says nothing."""
        import anyio  # noqa: PLC0415

        begun_s = anyio.current_time()
        while not self.cluster.calls.answers:
            if anyio.current_time() - begun_s > FIRST_ANSWER_S:
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

        kubelets = Kubelets(self.cluster, group, self._heard, within_s=ASKED_EVERY_S)
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
            self.progress.standing(
                f"{format_count(len(self.fleet.pods))} pods, {format_count(self.killed)} kills for memory known,"
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
        for node in nodes:
            if node.ready is False:
                why = "it is not ready"
                self.silent[node.name] = Absent(
                    node.name, AbsentKind.UNREADABLE, why, f"kubectl describe node {node.name}"
                )
                # Not in the first look; a node that becomes ready is asked soon enough.
                self.silences[node.name] = 2
                self.due_s[node.name] = anyio.current_time() + ASKED_EVERY_S * 3
        self.owners = Owners(below)
        for pod, ended in self._early:
            self._note(pod, ended)
        self._early.clear()
        for pod in self._early_gone:
            self._leave(pod)
        self._early_gone.clear()

    async def _ask_once(self) -> None:
        """Each kubelet once; those that have not answered by then are told as such."""
        import anyio  # noqa: PLC0415

        left = self._told_by()
        if not left:
            return
        self.progress.stage(f"asking {format_count(len(left))} kubelets what their containers use")

        def heard(node: str, told: NodeUsage | Absent) -> None:
            left.discard(node)
            self._heard(node, told)

        begun: set[str] = set()
        within_s = len(left) / PER_S + LOOK_S
        with anyio.move_on_after(within_s):
            async with anyio.create_task_group() as group:
                kubelets = Kubelets(self.cluster, group, heard, within_s=LOOK_S)
                begun = kubelets.begun
                kubelets.ask(tuple(left))
        for node in left & begun:
            why = f"its kubelet has not answered in {format_duration(LOOK_S)}"
            self.silent[node] = Absent(
                node, AbsentKind.NOT_YET, why, f"kubectl get --raw /api/v1/nodes/{node}/proxy/healthz"
            )
        for node in left - begun:
            why = f"it was not asked: others held up the look for {format_duration(within_s)}"
            self.silent[node] = Absent(node, AbsentKind.TOO_DEAR, why, f"oakum scan {self.source} --for 5m")

    def _told_by(self) -> set[str]:
        """Nodes worth asking now. A role that may ask none of them does not change; one that is silent may wake up."""
        import anyio  # noqa: PLC0415

        told = {node for node in self.told if node in self.fleet.nodes}
        if told and all(node in self.silent and self.silent[node].kind is AbsentKind.NOT_PERMITTED for node in told):
            return set()
        now_s = anyio.current_time()
        return {node for node in self.fleet.nodes if self.due_s.get(node, now_s) <= now_s}

    def _heard(self, node: str, told: NodeUsage | Absent) -> None:
        import anyio  # noqa: PLC0415

        self.told.add(node)
        if isinstance(told, Absent):
            self.silent[node] = told
            self.silences[node] += 1
            pause_s = min(ASKED_EVERY_S * 2.0 ** min(self.silences[node] - 1, 10), LONGEST_PAUSE_S)
            self.due_s[node] = anyio.current_time() + pause_s
            return
        self.silent.pop(node, None)
        self.silences.pop(node, None)
        self.due_s.pop(node, None)
        self.fleet.hear(told)

    def _take(self, pod: Pod, *, gone: bool = False) -> None:
        for ended in self.fleet.gone(pod) if gone else self.fleet.take(pod):
            if self.owners is None:
                self._early.append((pod, ended))
            else:
                self._note(pod, ended)
        if gone and self.owners is None:
            self._early_gone.append(pod)
        elif gone:
            self._leave(pod)

    def _leave(self, pod: Pod) -> None:
        """The last pod of a workload may go: that it was killed for memory is told all the same."""
        assert self.owners is not None
        top = self.owners.top(pod)
        for container in pod.containers:
            kills = self.kills.get((top, container.name))
            if kills is not None:
                kills.forget(pod)
                if kills.for_memory:
                    self._last[top, container.name] = Member(pod, container, gone=True)

    def _note(self, pod: Pod, ended: Ended) -> None:
        assert self.owners is not None
        kill, _ = verdict(ended, Known(NOT_ASKED))
        self.killed += kill.kind.for_memory
        self.kills[self.owners.top(pod), ended.container].add(kill)

    def _answer(self, start_s: float) -> Scan:
        now_s = self.clock.now_s()
        rows: list[ScanRow] = []
        replicas: dict[str, Replicas] = {}
        memories, skipped = self._memories()
        holes = (*self.absent, *_summed(self.silent, self.fleet.nodes))
        for (top, _), members in self._members(memories).items():
            found, told = row(
                top.title,
                members,
                self.kills.get((top, members[0].container.name), Kills()),
                target=self._target(top, members[0].pod),
                at_s=now_s,
                since_s=min(start_s, now_s - LATELY_S[0]),
            )
            rows.append(found)
            replicas[found[0].id] = told
        return Scan(
            source=str(ClusterSource(self.cluster.place.context)),
            generated_at_s=now_s,
            window=Window(start_s, now_s, ASKED_EVERY_S if self.settings.watch_s else None),
            rows=tuple(rows),
            skipped=tuple(skipped),
            absent=(*holes, *self._unseen()),
            warnings=tuple(self._notes(rows)),
            replicas=replicas,
            partial=any(absent.kind in HOLES for absent in holes),
            origin=f"kube {self.cluster.place.server}",
        )

    def _members(self, memories: Mapping[Place, ContainerMemory]) -> dict[tuple[Top, str], list[Member]]:
        """By workload and container. Pods that are over stand there only where one was killed and none followed.

        Of a workload that has no pod left, and was killed for memory, the last one stands there.
        """
        assert self.owners is not None
        found: dict[tuple[Top, str], list[Member]] = {}
        over: dict[tuple[Top, str], list[Member]] = {}
        for pod, container in self.fleet.rows():
            key, place = (self.owners.top(pod), container.name), (pod.uid, container.name)
            member = Member(pod, container, self.fleet.usage.get(place), memories.get(place))
            (over if pod.phase in OVER else found).setdefault(key, []).append(member)
        for key, members in over.items():
            if key not in found and key in self.kills and self.kills[key].for_memory:
                found[key] = members
        return found | {key: [member] for key, member in self._last.items() if key not in found}

    def _memories(self) -> tuple[dict[Place, ContainerMemory], list[Skipped]]:
        """Of all that were followed, judged."""
        followed = [
            (pod, container, track.series())
            for pod, container in self.fleet.rows()
            if (track := self.fleet.track(pod, container)) is not None and track.samples
        ]
        if followed:
            self.progress.stage(f"judging {format_count(len(followed))} containers")
        found: dict[Place, ContainerMemory] = {}
        skipped: list[Skipped] = []
        for (pod, container, series), told in zip(followed, verdicts([each[2] for each in followed]), strict=True):
            if isinstance(told, DataError):
                skipped.append(Skipped(series.id, told.what))
                continue
            found[pod.uid, container.name] = ContainerMemory.of(
                pod,
                container,
                Source.KUBELET.value,
                series,
                told,
            )
        return found, skipped

    def _target(self, top: Top, pod: Pod) -> str:
        """What ``oakum investigate`` takes: an owner of another kind is looked at by one of its pods."""
        title = top.title if top.kind in WORKLOAD_KINDS.values() else pod.title
        return f"{title}@{self.source.context}" if self.source.context else title

    def _unseen(self) -> Iterator[Absent]:
        if self.fleet.unseen:
            what = f"how {format_count(self.fleet.unseen)} earlier runs ended"
            why = "the cluster keeps the last end of each container"
            yield Absent(
                what, AbsentKind.NOT_YET, why, f"oakum scan {self.source} --for 1h, which tells each from now on"
            )

    def _notes(self, rows: Sequence[ScanRow]) -> Iterator[str]:
        only = self.settings.namespace
        again = f"oakum scan {self.source}{f' --namespace {only}' if only else ''}"
        if not rows and only:
            yield f"no container runs in namespace {only}; next: oakum scan {self.source}    # all namespaces"
        elif not rows:
            yield f"no container runs in {self.cluster.place.context}"
        elif not self.settings.watch_s:
            yield f"one look tells what was killed and what is full, but no leak; next: {again} --for 5m"

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


def _summed(silent: Mapping[str, Absent], nodes: set[str]) -> Iterator[Absent]:
    """One for each kind of reason, however many nodes there are. ``nodes``: that containers run on."""
    by_kind: dict[AbsentKind, list[tuple[str, Absent]]] = {}
    for node, absent in sorted(silent.items()):
        if node in nodes:
            by_kind.setdefault(absent.kind, []).append((node, absent))
    for kind, told in by_kind.items():
        named = ", ".join(node for node, _ in told[:MOST_NAMED]) + (", …" if len(told) > MOST_NAMED else "")
        what = f"what containers use on {format_count(len(told))} of {format_count(len(nodes))} nodes ({named})"
        yield Absent(what, kind, told[0][1].why, told[0][1].get)
