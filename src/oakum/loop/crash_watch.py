"""A crash loop's next lives, from their first second: armed before the start, sampled as fast as its node tells.

Starts and ends are told by a watch of its pods. On its node the memory of each new container is read ten times a second
from its cgroup; elsewhere its kubelet is asked, which measures every 10 to 15 seconds and may miss a life.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from oakum.loop.memory_sources import containers_here, pods_here
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster import Cluster
from oakum.model.cluster_pod import Container, Pod, Running, Terminated
from oakum.model.crash_loop import CrashLoop
from oakum.model.errors import OakumError
from oakum.model.kill import Ended
from oakum.model.series import Ending, Scope, Series, WorkloadSeries
from oakum.model.units import format_duration
from oakum.sense.container_track import Source
from oakum.sense.endings import Endings
from oakum.sense.track import Track

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.facts import Facts
    from oakum.loop.progress import Progress

EVERY_S: Final = 0.1
LISTED_EVERY_S: Final = 0.5
"""A new container's cgroup is looked for as often, in seconds."""

ASKED_EVERY_S: Final = 2.0
"""A kubelet is asked as often, in seconds: a life is short."""

LIVES: Final = 3
"""So many lives, each seen from start to death, say whether each goes the same way."""

ARMED_S: Final = 120.0
"""How long the next lives are waited for where nobody says it, in seconds."""


@dataclass(slots=True)
class _Run:
    """One run as the cluster tells it; ``track``: its samples."""

    name: str
    started_s: float | None = None
    end: Terminated | None = None


@dataclass(slots=True)
class _Armed:
    """``runs``: by container id, of the loops' containers; ``samples``: by container id, of all in their pods.

    ``silent``: by node, why its kubelet tells nothing.
    """

    loops: Sequence[CrashLoop]
    cluster: Cluster
    machine: Machine
    here: set[str]
    wall_s: float
    begun_s: float
    until_s: float
    endings: Endings = field(default_factory=Endings)
    ends: list[Ended] = field(default_factory=list)
    runs: dict[tuple[str, str], _Run] = field(default_factory=dict)
    samples: dict[tuple[str, str], list[tuple[float, float, float]]] = field(default_factory=dict)
    lost: Absent | None = None
    silent: dict[str, Absent] = field(default_factory=dict)

    def elapsed_s(self) -> float:
        import anyio  # noqa: PLC0415

        return anyio.current_time() - self.begun_s

    def now_s(self) -> float:
        return self.wall_s + self.elapsed_s()

    def over(self) -> bool:
        return self.elapsed_s() >= self.until_s or all(self._lives(loop) >= LIVES for loop in self.loops)

    def _lives(self, loop: CrashLoop) -> int:
        """That began and ended since."""
        return sum(
            run.end is not None and run.name == loop.container.name and run.started_s is not None
            for (uid, _), run in self.runs.items()
            if uid == loop.pod.uid and run.started_s is not None and run.started_s >= self.wall_s - 1
        )

    def begun(self, loop: CrashLoop) -> bool:
        """Whether a life of it began since."""
        return any(
            uid == loop.pod.uid
            and run.name == loop.container.name
            and run.started_s is not None
            and run.started_s >= self.wall_s - 1
            for (uid, _), run in self.runs.items()
        )

    def seen(self, pod: Pod) -> None:
        if pod.uid not in {loop.pod.uid for loop in self.loops}:
            return
        self.ends += self.endings.take(pod)
        wanted = {loop.container.name for loop in self.loops if loop.pod.uid == pod.uid}
        for container in pod.containers:
            if container.name in wanted:
                self._states(pod, container)

    def _states(self, pod: Pod, container: Container) -> None:
        state = container.state
        if isinstance(state, Running) and container.container_id:
            run = self.runs.setdefault((pod.uid, container.container_id), _Run(container.name))
            run.started_s = _known(state.started_s)
        for end in (container.last, state):
            if isinstance(end, Terminated) and end.container_id:
                run = self.runs.setdefault((pod.uid, end.container_id), _Run(container.name))
                run.started_s, run.end = _known(end.started_s), end


@dataclass(frozen=True, slots=True)
class Caught:
    """What was seen while it was armed: of each loop its lives, none where nothing could be sampled, and new ends."""

    lives: Sequence[WorkloadSeries]
    ends: Sequence[Ended]


async def watch_lives(
    loops: Sequence[CrashLoop],
    *,
    cluster: Cluster,
    machine: Machine,
    facts: Facts,
    progress: Progress,
    watch_s: float | None,
) -> Caught:
    """One series for each loop, in their order. Only facts are missed."""
    import anyio  # noqa: PLC0415  (comes with the extra that opened the cluster)

    until_s = ARMED_S if watch_s is None else watch_s
    armed = _Armed(loops, cluster, machine, pods_here(machine), machine.clock.now_s(), anyio.current_time(), until_s)
    for loop in loops:
        armed.endings.take(loop.pod)
    names = ", ".join(loop.name for loop in loops[:3])
    progress.stage(f"armed for the next start of {names}: up to {format_duration(until_s)}, or {LIVES} lives")
    async with anyio.create_task_group() as group:
        for namespace in sorted({loop.pod.namespace for loop in loops}):
            group.start_soon(_follow, armed, namespace)
        if any(loop.pod.uid in armed.here for loop in loops):
            group.start_soon(_by_cgroup, armed)
        for node in sorted({loop.pod.node for loop in loops if loop.pod.uid not in armed.here}):
            group.start_soon(_by_kubelet, armed, node)
        while not armed.over():  # noqa: ASYNC110  (time ends it, or what several tasks have seen)
            await anyio.sleep(EVERY_S)
        group.cancel_scope.cancel()
    if armed.lost is not None:
        facts.miss(armed.lost)
    lives = [_series(armed, loop) for loop in loops]
    for loop, series in zip(loops, lives, strict=True):
        if not series.samples:
            _missed(loop, armed, facts)
    return Caught(lives, armed.ends)


def _missed(loop: CrashLoop, armed: _Armed, facts: Facts) -> None:
    what = f"the memory of {loop.name} from a start to its death"
    silent = armed.silent.get(loop.pod.node)
    begun = armed.begun(loop)
    if silent is not None and loop.pod.uid not in armed.here:
        facts.miss(replace(silent, what=what))
    elif not begun:
        why, get = f"it did not start within {format_duration(armed.until_s)}", "a longer --for: its backoff may be"
        facts.miss(Absent(what, AbsentKind.NOT_YET, why, f"{get} 5 minutes"))
    elif loop.pod.uid in armed.here:
        why = "it started, and ended before its cgroup was found or read"
        facts.miss(Absent(what, AbsentKind.NOT_YET, why, "the same command again: another life may be longer"))
    else:
        why = "its kubelet measures every 10 to 15 s, and it lives shorter"
        facts.miss(Absent(what, AbsentKind.NOT_YET, why, f"the same command on node {loop.pod.node}, as root"))


async def _follow(armed: _Armed, namespace: str) -> None:
    """Its starts and ends. Without the right to watch, or without an API server, samples have no life to belong to."""
    labels = [loop.pod.labels for loop in armed.loops if loop.pod.namespace == namespace]
    shared = dict(set(labels[0].items()).intersection(*(each.items() for each in labels[1:])))
    selector = ",".join(f"{name}={value}" for name, value in sorted(shared.items()))
    try:
        async with aclosing(armed.cluster.watch_pods(namespace, selector=selector)) as changes:
            async for change in changes:
                if change.item is not None:
                    armed.seen(change.item)
    except OakumError as exc:
        what = f"when the containers in {namespace} started and ended"
        armed.lost = Absent(what, AbsentKind.UNREADABLE, exc.brief, exc.next_step or "a role that may watch pods")


async def _by_cgroup(armed: _Armed) -> None:
    import anyio  # noqa: PLC0415

    uids = {loop.pod.uid for loop in armed.loops}
    paths: dict[tuple[str, str], str] = {}
    listed_s = -math.inf
    while True:
        if armed.elapsed_s() - listed_s >= LISTED_EVERY_S:
            listed_s = armed.elapsed_s()
            paths = containers_here_of(armed.machine, uids)
        for whose, path in list(paths.items()):
            memory = armed.machine.cgroups.memory(path)
            if isinstance(memory, Absent):
                del paths[whose]
                continue
            limit = math.inf if memory.limit is None else float(memory.limit.limit_bytes)
            armed.samples.setdefault(whose, []).append((armed.now_s(), float(memory.anon_bytes), limit))
        await anyio.sleep(EVERY_S)


def containers_here_of(machine: Machine, uids: set[str]) -> dict[tuple[str, str], str]:
    """The cgroups of these pods' containers on this machine, by pod uid and container id."""
    found = containers_here(machine)
    return {(uid, name): path for name, path in found.items() for uid in uids if uid in path or _dashed(uid) in path}


def _dashed(uid: str) -> str:
    """As systemd writes it."""
    return uid.replace("-", "_")


async def _by_kubelet(armed: _Armed, node: str) -> None:
    import anyio  # noqa: PLC0415

    while True:
        try:
            usage = await armed.cluster.usage(node)
        except OakumError as exc:
            usage = Absent(f"the memory on node {node}", AbsentKind.UNREADABLE, exc.brief, exc.next_step)
        if isinstance(usage, Absent):
            armed.silent[node] = usage
        else:
            armed.silent.pop(node, None)
            for each in usage.containers:
                if isinstance(each.rss_bytes, int) and isinstance(each.at_s, float):
                    _told_by_kubelet(armed, each.pod_uid, each.container, each.at_s, float(each.rss_bytes))
        await anyio.sleep(ASKED_EVERY_S)


def _told_by_kubelet(armed: _Armed, uid: str, container: str, at_s: float, own_bytes: float) -> None:
    """It names no run: it is of the one that ran then."""
    begun = [
        (run.started_s, container_id, run)
        for (pod_uid, container_id), run in armed.runs.items()
        if (pod_uid, run.name) == (uid, container) and run.started_s is not None and run.started_s <= at_s
    ]
    if not begun:
        return
    # One whose end nobody saw is over all the same, once another began.
    _, container_id, run = max(begun, key=lambda each: each[0])
    ended_s = None if run.end is None else _known(run.end.finished_s)
    if ended_s is not None and at_s > ended_s + 1:
        return
    rows = armed.samples.setdefault((uid, container_id), [])
    if not rows or at_s > rows[-1][0]:
        rows.append((at_s, own_bytes, math.inf))


def _series(armed: _Armed, loop: CrashLoop) -> WorkloadSeries:
    pod, container = loop.pod, loop.container
    source = Source.NODE if pod.uid in armed.here else Source.KUBELET
    labels = {
        "namespace": pod.namespace,
        "pod": pod.name,
        "pod_uid": pod.uid,
        "container": container.name,
        "node": pod.node,
        "source": source.value,
    }
    lives = [
        _lifetime(run, armed.samples[key], container)
        for key, run in armed.runs.items()
        if key[0] == pod.uid and run.name == container.name and armed.samples.get(key)
    ]
    lives = sorted((life for life in lives if len(life)), key=lambda life: float(life.at_s[0]))
    empty = Track(f"{pod.title}/{container.name}", Scope.CONTAINER, labels).series(math.inf)
    return replace(empty, lifetimes=tuple(lives))


def _lifetime(run: _Run, rows: Sequence[tuple[float, float, float]], container: Container) -> Series:
    bound = container.bound_bytes
    track = Track("", Scope.CONTAINER, {}, started_s=run.started_s)
    for at_s, own_bytes, limit in rows:
        # A group that is being taken down is empty before it is gone.
        if own_bytes > 0:
            known = limit if math.isfinite(limit) or not isinstance(bound, int) else float(bound)
            track.add(at_s, own_bytes, known)
    if run.end is not None:
        track.end(Ending.OOM_KILLED if run.end.reason == "OOMKilled" else Ending.EXITED)
    found = track.series(math.inf).lifetimes
    life = found[0] if found else replace(_empty(), started_s=run.started_s)
    return replace(life, ended_s=_known(run.end.finished_s)) if run.end is not None else life


def _empty() -> Series:
    import numpy as np  # noqa: PLC0415

    return Series(np.empty(0), np.empty(0))


def _known(at_s: float | Absent) -> float | None:
    return None if isinstance(at_s, Absent) else at_s
