"""Was it killed for memory, and at whose limit? Every source lies in its own way: each fact speaks for or against."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from math import exp
from typing import Final

from oakum.explain.oom import blame
from oakum.explain.oom_clues import Clue, Known, Told, clues_of, inside, kernel_kill
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster_pod import Bytes, Container, Pod, Role, Terminated
from oakum.model.kill import Boundary, Ended, Kill, KillKind
from oakum.model.oom import Blame, OomReport
from oakum.model.pod_cgroup import PodCgroup, above_pods, pod_cgroup
from oakum.model.process import OomKill

SURE: Final = 0.6
"""A verdict that is less probable is that it cannot be told."""

SUREST: Final = 0.99
"""Nothing is told as certain."""


def verdicts(
    ends: Sequence[Ended],
    known: Known,
    *,
    pods: Sequence[Pod],
    logs: Mapping[tuple[str, str], str | Absent],
    alive: Collection[str] | None = None,
) -> list[Kill]:
    """One for each end, and one for each kill by the kernel that ended none of them: oldest first, none twice.

    ``pods``: that are looked at; kills outside of them are left out. ``logs``: the last lines of the latest run that
    ended, by pod uid and container. ``alive``: ids of the containers that have processes now, read after the kernel's
    log: of a run that has ended since, the cluster may not tell yet. None: that is not known.
    """
    found = []
    taken: set[Told] = set()
    latest = {(ended.pod_uid, ended.container): ended.key for ended in ends}
    for ended in ends:
        name = (ended.pod_uid, ended.container)
        log = logs.get(name) if latest[name] == ended.key else None
        kill, used = verdict(ended, replace(known, log=log), taken)
        found.append(kill)
        taken |= used
    if not isinstance(known.reports, Absent):
        found += _children(pods, known.reports, taken, alive)
    return sorted(found, key=lambda kill: kill.at_s or 0.0)


def verdict(ended: Ended, known: Known, taken: Collection[Told] = ()) -> tuple[Kill, set[Told]]:
    """The verdict, and which of the kernel's kills (time, pid) it accounts for."""
    match = None if isinstance(known.reports, Absent) else kernel_kill(ended, known.reports, taken)
    clues = clues_of(ended, known, match)
    kind, confidence = _weighed(clues)
    report, kill = (None, None) if match is None else match
    boundary = _boundary(kind, report, ended)
    made = Kill(
        key=ended.key,
        namespace=ended.namespace,
        pod=ended.pod,
        container=ended.container,
        kind=kind,
        confidence=confidence,
        at_s=ended.finished_s if kill is None else kill.at_s,
        boundary=boundary,
        limit_bytes=_limit(boundary, report, ended.limit_bytes),
        group=None if report is None else bool(report.group) or len(report.kills) > 1,
        speaks_for=tuple(clue.text for clue in clues if clue.weights.get(kind, 0.0) > 0),
        against=tuple(clue.text for clue in clues if clue.weights.get(kind, 0.0) < 0),
        absent=tuple(_absent(kind, known, report)),
        blame=_blame(report),
    )
    return made, set() if report is None else {(each.at_s, each.pid) for each in report.kills if inside(each, ended)}


def _weighed(clues: Sequence[Clue]) -> tuple[KillKind, float]:
    """Softmax over the kinds."""
    kinds = [kind for kind in KillKind if kind is not KillKind.CANNOT_TELL]
    scores = {kind: sum(clue.weights.get(kind, 0.0) for clue in clues) for kind in kinds}
    total = sum(exp(score) for score in scores.values())
    best = max(kinds, key=lambda kind: scores[kind])
    share = exp(scores[best]) / total
    return (best if share >= SURE else KillKind.CANNOT_TELL), round(min(share, SUREST), 3)


def _boundary(kind: KillKind, report: OomReport | None, ended: Ended) -> Boundary | None:
    if kind is KillKind.JVM:
        return Boundary.HEAP
    if kind is KillKind.EVICTED:
        return Boundary.NODE
    if report is None or not kind.for_memory:
        return None
    return whose_limit(report, ended.limit_bytes)


def whose_limit(report: OomReport, own_bytes: Bytes) -> Boundary | None:
    """``own_bytes``: the container's own limit."""
    if report.constraint == "none":
        return Boundary.NODE
    whose = pod_cgroup(report.limit_cgroup)
    if whose is None:
        return Boundary.ANCESTOR if above_pods(report.limit_cgroup) else None
    # A pod's limit is the sum of its containers': with one of them, it is the container's own.
    same = isinstance(own_bytes, int) and report.limit_bytes == own_bytes
    return Boundary.CONTAINER if whose.container_id or same else Boundary.POD


def _limit(boundary: Boundary | None, report: OomReport | None, own_bytes: Bytes) -> int | None:
    if boundary not in {Boundary.CONTAINER, Boundary.POD, Boundary.ANCESTOR}:
        return None
    if report is not None and report.limit_bytes is not None:
        return report.limit_bytes
    return own_bytes if boundary is Boundary.CONTAINER and isinstance(own_bytes, int) else None


def _blame(report: OomReport | None) -> Blame | None:
    return None if report is None else blame(report)


def _absent(kind: KillKind, known: Known, report: OomReport | None) -> Iterator[Absent]:
    if isinstance(known.reports, Absent):
        if kind not in {KillKind.EXITED, KillKind.STOPPED}:
            yield known.reports
    elif report is None and kind is KillKind.OOM:
        why = "the node's kernel log has no line of it: it wrapped, or the victim left none"
        yield Absent("whose limit was hit", AbsentKind.NOT_YET, why, "oakum watch, which keeps the lines")
    if kind is KillKind.CANNOT_TELL and isinstance(known.log, Absent):
        yield known.log


def _children(
    pods: Sequence[Pod], reports: Sequence[OomReport], taken: Collection[Told], alive: Collection[str] | None
) -> Iterator[Kill]:
    """Kills by the kernel that ended no run that is known: a child died and the first process lived on, or the run
    that it ended is no longer told by the cluster.
    """
    known = {pod.uid: pod for pod in pods}
    for report in reports:
        left: dict[PodCgroup, list[OomKill]] = {}
        for kill in report.kills:
            where = pod_cgroup(kill.task_cgroup)
            if where is not None and where.pod_uid in known and (kill.at_s, kill.pid) not in taken:
                left.setdefault(where, []).append(kill)
        for where, kills in left.items():
            yield _alone(known[where.pod_uid], where, report, kills, alive)


def _alone(
    pod: Pod, where: PodCgroup, report: OomReport, kills: Sequence[OomKill], alive: Collection[str] | None
) -> Kill:
    """All of one container that the kernel killed at one time, as one."""
    container, lives = _of_cgroup(pod, where)
    names = ", ".join(f"{kill.victim} (pid {kill.pid})" for kill in kills)
    text = f"the kernel killed {names} for memory"
    bound = container or _only(pod)
    own = None if bound is None else bound.bound_bytes
    boundary = whose_limit(report, own)
    if lives and alive is not None and where.container_id not in alive:
        kind, confidence, more = KillKind.OOM, 0.95, "its run has ended, which the cluster does not tell of yet"
    elif lives:
        kind, confidence, more = KillKind.CHILD, 0.98, "the container's first process lives on: no restart tells of it"
    elif container is not None:
        kind, confidence, more = KillKind.CHILD, 0.9, "the run went on for a while: a child was killed"
    else:
        kind, confidence, more = KillKind.OOM, 0.8, "in a run that the cluster no longer tells of"
    count = container.restarts if container is not None else None
    return Kill(
        key=(pod.uid, container.name if container else "", count if isinstance(count, int) else None, kills[0].at_s),
        namespace=pod.namespace,
        pod=pod.name,
        container=bound.name if bound else "",
        kind=kind,
        confidence=confidence,
        at_s=kills[0].at_s,
        boundary=boundary,
        limit_bytes=_limit(boundary, report, own),
        group=bool(report.group) or len(kills) > 1,
        speaks_for=(text, more),
        against=(),
        blame=blame(report),
    )


def _of_cgroup(pod: Pod, where: PodCgroup) -> tuple[Container | None, bool]:
    """Which container it is, and whether that very run still runs. (None, False): a run that is not known."""
    for container in pod.containers:
        if where.container_id and container.container_id == where.container_id:
            return container, container.running
        ends = (container.last, container.state)
        if any(isinstance(end, Terminated) and end.container_id == where.container_id != "" for end in ends):
            return container, False
    return None, False


def _only(pod: Pod) -> Container | None:
    """A pod's one container; None where it could be any of several."""
    several = [container for container in pod.containers if container.role in {Role.MAIN, Role.SIDECAR}]
    return several[0] if len(several) == 1 else None
