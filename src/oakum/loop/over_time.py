"""The memory of a workload's containers over time: each from the nearest source that tells of it.

On the node itself its cgroup is read; elsewhere a shell in the container prints its own cgroup's figures once a second,
where somebody agreed to it, it has a shell and room for one, and we may; else its kubelet is asked, which measures
every 10 to 15 seconds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from oakum.judge import judge
from oakum.loop import seen_before
from oakum.loop.kubelets import Kubelets
from oakum.loop.memory_sources import containers_here
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster import Cluster, Executed
from oakum.model.cluster_node import NodeUsage
from oakum.model.cluster_pod import ContainerName, Pod
from oakum.model.container_memory import ContainerMemory
from oakum.model.errors import DataError, OakumError
from oakum.model.series import Series, WorkloadSeries
from oakum.model.units import format_count, format_duration
from oakum.model.verdict import Verdict
from oakum.sense.container_track import ContainerTrack, Source
from oakum.sense.joined import joined
from oakum.sense.shell_memory import EVERY_S, NO_FILES, ShellLines, command

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.facts import Facts
    from oakum.loop.progress import Progress

Again: TypeAlias = Callable[[], Awaitable[Sequence[Pod]]]

FAST_S: Final = 30.0
"""How long is watched where every second is told, in seconds."""

SLOW_S: Final = 120.0
"""And where only kubelets tell: their figures are up to 15 s apart, and six can be judged."""

ASKED_EVERY_S: Final = 5.0
"""Kubelets are asked as often, in seconds: no figure of theirs is missed, and most are met twice."""

TOLD_EVERY_S: Final = 2.0
CONNECTS_S: Final = 15.0

MOST_STARTS: Final = 6
"""A shell is started anew so often in a row at most: its container restarts, or the API server does."""

WORKED_S: Final = 10.0
"""One that told for longer, in seconds, did work."""

LONGEST_PAUSE_S: Final = 15.0
"""Before a lost one is started anew, in seconds: each pause is twice as long, up to this."""

SHELL_LIVES_S: Final = 60.0
"""A shell ends after so long, in seconds, and in a longer watch another goes on: one that nobody hears any more (Oakum
was killed, or lost its connection) stays in the container for no longer."""

MOST_SILENCES: Final = 6
"""A kubelet that did not answer as often in a row is asked no more."""


@dataclass(slots=True)
class _Watch:
    """``again``: the pods as they are now. ``deaf``: nodes whose kubelets do not tell; ``silent``: how often not.
    ``here_s``: as ``watch_memory`` has it.

    ``begun_s``: by the clock of the loop. ``asked_s``: after so long ``again`` was asked last;
    ``known_s``: the last that was answered.
    """

    tracks: list[ContainerTrack]
    cluster: Cluster
    machine: Machine
    again: Again
    facts: Facts
    progress: Progress
    watch_s: float | None
    here_s: float | None
    wall_s: float
    begun_s: float
    deaf: set[str] = field(default_factory=set)
    silent: dict[str, int] = field(default_factory=dict)
    asked_s: float = -1e9
    known_s: float = -1e9
    lost: Absent | None = None

    def of(self, source: Source) -> list[ContainerTrack]:
        return [track for track in self.tracks if track.source is source]

    def elapsed_s(self) -> float:
        import anyio  # noqa: PLC0415

        return anyio.current_time() - self.begun_s

    def left_s(self) -> float:
        """0 where nothing tells anything."""
        slow = self.of(Source.KUBELET)
        told = [track for track in slow if track.pod.node not in self.deaf]
        if not told and len(slow) == len(self.tracks):
            return 0.0
        wanted = (SLOW_S if told else FAST_S) if self.watch_s is None else self.watch_s
        restarts = any(track.ended or track.lifetimes > 1 for track in self.tracks)
        if self.here_s is not None and len(self.of(Source.NODE)) == len(self.tracks) and not restarts:
            wanted = min(wanted, self.here_s)
        return wanted - self.elapsed_s()

    def unheard(self, node: str, why: Absent) -> None:
        """A kubelet, or the API server on the way to it, may come back; a role does not change."""
        self.silent[node] = self.silent.get(node, 0) + 1
        if why.kind is AbsentKind.NOT_PERMITTED or self.silent[node] >= MOST_SILENCES:
            self.deaf.add(node)
            self.facts.miss(why)

    def now_s(self) -> float:
        """The wall clock is read once: setting it disorders no sample."""
        return self.wall_s + self.elapsed_s()


async def watch_memory(  # noqa: PLR0913  (everything that tells of memory comes together here)
    tracks: list[ContainerTrack],
    *,
    cluster: Cluster,
    machine: Machine,
    again: Again,
    facts: Facts,
    progress: Progress,
    watch_s: float | None,
    here_s: float | None,
    before: Mapping[seen_before.Whose, tuple[Series, ...]],
) -> list[ContainerMemory]:
    """One for each container that could be sampled. Only facts are missed.

    ``tracks``: of ``memory_sources``. ``before``: what earlier looks kept of the same containers; it is judged with
    what is seen now.
    ``again``: reads the same pods anew. ``here_s``: how long at most, where all run on this machine and none restarts.
    """
    import anyio  # noqa: PLC0415  (comes with the extra that opened the cluster)

    if not tracks:
        return []
    watch = _Watch(
        tracks,
        cluster,
        machine,
        again,
        facts,
        progress,
        watch_s,
        here_s,
        wall_s=machine.clock.now_s(),
        begun_s=anyio.current_time(),
    )
    told = ", ".join(sorted({track.source.value for track in tracks}))
    progress.stage(f"watching {format_count(len(tracks))} containers for {format_duration(watch.left_s())}, by {told}")
    async with anyio.create_task_group() as group:
        for track in watch.of(Source.SHELL):
            group.start_soon(_by_shell, watch, track)
        if watch.of(Source.NODE):
            group.start_soon(_by_node, watch)
        group.start_soon(_by_kubelets, watch)
        group.start_soon(_tell, watch)
    if watch.lost is not None:
        facts.miss(watch.lost)
    for track in tracks:
        if not track.samples:
            facts.miss(
                Absent(
                    f"the memory of {track.name} over time",
                    AbsentKind.UNREADABLE,
                    f"{track.source.value} told nothing of it in {format_duration(watch.elapsed_s())}",
                    "a longer --for; or the same command on its node, as root",
                )
            )
    return [_judged(track, before) for track in tracks if track.samples]


def _judged(track: ContainerTrack, before: Mapping[seen_before.Whose, tuple[Series, ...]]) -> ContainerMemory:
    seen, pod, container = track.series(), track.pod, track.container
    series = joined(before.get(seen_before.whose(seen), ()), seen)
    return ContainerMemory.of(
        pod,
        container,
        track.source.value,
        series,
        judge(series),
        seen,
    )


async def _by_node(watch: _Watch) -> None:
    import anyio  # noqa: PLC0415

    paths = containers_here(watch.machine)
    while watch.left_s() > 0:
        for track in watch.of(Source.NODE):
            path = paths.get(track.container.container_id, "")
            memory = watch.machine.cgroups.memory(path) if path else None
            if memory is None or isinstance(memory, Absent):
                await _refresh(watch)
                paths = containers_here(watch.machine)
                continue
            limit = memory.limit
            track.add(watch.now_s(), memory.anon_bytes, None if limit is None else limit.limit_bytes)
        await anyio.sleep(min(EVERY_S, max(watch.left_s(), 0)))


async def _by_shell(watch: _Watch, track: ContainerTrack) -> None:
    """For as long as it runs; again in the run that follows it. Without a shell, its kubelet tells."""
    import anyio  # noqa: PLC0415

    until_s, lost, why = watch.watch_s or FAST_S, 0, ""
    while lost < MOST_STARTS:
        begun_s = watch.elapsed_s()
        lives_s = min(until_s - begun_s, SHELL_LIVES_S)
        if lives_s <= 1:
            return
        lines = ShellLines()

        def heard(content: bytes, lines: ShellLines = lines) -> None:
            for sample in lines.feed(content):
                track.add(watch.now_s(), sample.anon_bytes, sample.limit_bytes)

        name = ContainerName(track.pod.namespace, track.pod.name, track.container.name)
        why = ""
        try:
            done = await watch.cluster.run(name, command(lives_s), within_s=lives_s + CONNECTS_S, heard=heard)
            why = _why(done)
        except OakumError as exc:
            why = str(exc.brief)
        if why and not track.samples:
            _give_up_shell(watch, track, why)
            return
        if not why and watch.elapsed_s() - begun_s >= lives_s - EVERY_S:
            continue  # its time is over, and the next goes on
        # What ran it has ended, or the connection did. One that worked for a while is no sign of one that never will.
        lost = 1 if watch.elapsed_s() - begun_s > WORKED_S else lost + 1
        lost_s, pause_s = watch.elapsed_s(), min(2.0 ** (lost - 1), LONGEST_PAUSE_S)
        while until_s - watch.elapsed_s() > 1:
            await anyio.sleep(pause_s)
            await _refresh(watch)
            if watch.known_s > lost_s and track.container.running:
                break
    watch.facts.miss(
        Absent(
            f"the memory of {track.name} from {format_duration(watch.elapsed_s())} after the begin of the watch",
            AbsentKind.UNREADABLE,
            f"its shell was lost {MOST_STARTS} times, last: {why or 'it ended early'}",
            "the same command again",
        )
    )


def _why(done: Executed | Absent) -> str:
    if isinstance(done, Absent):
        return done.why
    if done.code == NO_FILES:
        return "it does not see its own cgroup"
    return "its shell cannot run the program" if done.code else ""


def _give_up_shell(watch: _Watch, track: ContainerTrack, why: str) -> None:
    track.source = Source.KUBELET
    watch.progress.stage(f"no shell in {track.name}: its kubelet tells, {format_duration(watch.left_s())} more")
    watch.facts.miss(
        Absent(
            f"the memory of {track.name} at every second",
            AbsentKind.NOT_APPLICABLE,
            why,
            "the same command on its node, as root; here its kubelet tells it every 10 to 15 s",
        )
    )


async def _by_kubelets(watch: _Watch) -> None:
    """Side by side: nobody waits for one that is slow."""
    import anyio  # noqa: PLC0415

    def heard(node: str, told: NodeUsage | Absent) -> None:
        if isinstance(told, Absent):
            watch.unheard(node, told)
            return
        watch.silent.pop(node, None)
        seen = {(each.pod_uid, each.container): each for each in told.containers}
        for track in watch.of(Source.KUBELET):
            each = seen.get((track.pod.uid, track.container.name))
            if each is not None and isinstance(each.rss_bytes, int) and isinstance(each.at_s, float):
                # The same figure, told again, has the same time: it is dropped.
                track.add(each.at_s, each.rss_bytes)

    async with anyio.create_task_group() as group:
        kubelets = Kubelets(watch.cluster, group, heard)
        while True:
            tracks = watch.of(Source.KUBELET)
            kubelets.ask({track.pod.node for track in tracks} - watch.deaf)
            # Also where shells alone tell: which run it is that they tell of.
            if tracks or watch.elapsed_s() - watch.asked_s >= ASKED_EVERY_S:
                await _refresh(watch)
            left_s = watch.left_s()
            if left_s <= 0:
                return
            await anyio.sleep(min(ASKED_EVERY_S if tracks else 1.0, left_s))


async def _refresh(watch: _Watch) -> None:
    """At most once a second; an API server that does not answer is asked again later."""
    if watch.elapsed_s() - watch.asked_s < 1.0:
        return
    asked_s = watch.asked_s = watch.elapsed_s()
    try:
        pods = {pod.uid: pod for pod in await watch.again()}
    except OakumError as exc:
        what = "which of its containers ran until the end"
        watch.lost = Absent(what, AbsentKind.UNREADABLE, exc.brief, exc.next_step)
        return
    watch.lost, watch.known_s = None, asked_s
    for track in watch.tracks:
        track.now(pods.get(track.pod.uid))


def _judged_so_far(track: ContainerTrack) -> tuple[WorkloadSeries, Verdict] | None:
    """None without samples, and for samples that make no series: that is told at the end."""
    series = track.series()
    try:
        return (series, judge(series)) if series.samples else None
    except DataError:
        return None


async def _tell(watch: _Watch) -> None:
    """The one that grows most, now and then."""
    import anyio  # noqa: PLC0415

    while (left_s := watch.left_s()) > 0:
        await anyio.sleep(min(TOLD_EVERY_S, left_s))
        judged = [each for track in watch.tracks if (each := _judged_so_far(track)) is not None]
        if judged:
            series, verdict = max(judged, key=lambda each: each[1].rate_per_s or 0.0)
            watch.progress.watched(series, verdict, max(watch.left_s(), 0.0))
