"""One container of one workload, in all its pods: one row of a cluster's scan. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import inf, nan
from typing import Final

import numpy as np

from oakum.explain import containers
from oakum.model.absent import Absent
from oakum.model.cluster_node import ContainerUsage
from oakum.model.cluster_pod import Container, Pod, Waiting
from oakum.model.container_memory import ContainerMemory
from oakum.model.kill import Kill, KillKind
from oakum.model.scan import LATELY_S, Replicas, ScanRow
from oakum.model.series import Metric, Scope, Series, WorkloadSeries
from oakum.model.units import format_count, format_share, format_size
from oakum.model.verdict import Verdict, VerdictName

ONE_LOOK: Final = "one look tells no leak: that shows over time"
NO_ANON: Final = "its working set is all that is told: page cache, which fills by itself, is part of it"


@dataclass(frozen=True, slots=True)
class Member:
    """The container in one pod. ``usage``: what it uses now; ``memory``: over time, judged; None: nobody told.

    ``gone``: its pod is no longer there; this is how it was seen last.
    """

    pod: Pod
    container: Container
    usage: ContainerUsage | None = None
    memory: ContainerMemory | None = None
    gone: bool = False

    @property
    def share(self) -> float | None:
        """Of its limit that is in use, with page cache that was used lately. None: not told, or no limit."""
        limit = self.container.bound_bytes
        told = None if self.usage is None else self.usage.working_set_bytes
        return told / limit if isinstance(told, int) and isinstance(limit, int) and limit else None

    @property
    def size(self) -> tuple[int, Metric] | None:
        """What it holds: anonymous memory, or its working set where nothing else is told."""
        if self.usage is not None and isinstance(self.usage.rss_bytes, int):
            return self.usage.rss_bytes, Metric.RSS
        if self.usage is not None and isinstance(self.usage.working_set_bytes, int):
            return self.usage.working_set_bytes, Metric.WORKING_SET
        return None

    @property
    def restarts(self) -> int:
        return self.container.restarts if isinstance(self.container.restarts, int) else 0


@dataclass(slots=True)
class Kills:
    """Of one container of one workload: how many of which kind, the latest, and the last of each pod that is there."""

    counts: Counter[KillKind] = field(default_factory=Counter)
    latest: Kill | None = None
    last: dict[str, Kill] = field(default_factory=dict)
    pods: int = 0
    """That were killed for memory, each once."""
    own: Kill | None = None
    """The latest at its own limit."""

    def add(self, kill: Kill) -> None:
        """Each once, in any order of time."""
        self.counts[kill.kind] += 1
        if kill.kind.for_memory:
            before = self.last.get(kill.pod)
            self.pods += before is None
            self.last[kill.pod] = _later(before, kill)
            self.latest = _later(self.latest, kill)
            if containers.at_own_limit(kill):
                self.own = _later(self.own, kill)

    def forget(self, pod: Pod) -> None:
        """It is gone. That it was killed stays counted."""
        self.last.pop(pod.name, None)

    @property
    def for_memory(self) -> int:
        return sum(count for kind, count in self.counts.items() if kind.for_memory)


def _later(before: Kill | None, kill: Kill) -> Kill:
    return kill if before is None or (kill.at_s or 0.0) >= (before.at_s or 0.0) else before


def row(
    workload: str,
    members: Sequence[Member],
    kills: Kills,
    *,
    target: str,
    at_s: float,
    since_s: float | None = None,
) -> tuple[ScanRow, Replicas]:
    """``target``: what ``oakum investigate`` is given. ``at_s``: of the look.

    ``since_s``: a kill at its own limit after that, in any of its pods, speaks against health; an hour if not given.
    """
    memories = [member.memory for member in members if member.memory is not None]
    judged = containers.worst(memories)
    worst = _worst(members, kills)
    told = list(_reasons(members, kills, worst))
    if judged is None:
        series, verdict = _one_look(worst, at_s, tuple(told), target)
    else:
        worst = next(member for member in members if member.memory is judged)
        compared = [line for line, _ in containers.replicas(memories)]
        of_it = list(kills.last.values())
        verdict = containers.judged(
            judged, target=target, beside=memories[:1], kills=of_it, compared=compared, told=told
        )
        verdict = _not_calm(verdict, kills.own, target, at_s - LATELY_S[0] if since_s is None else since_s)
        series = judged.series
    container = worst.container.name
    found = Replicas(
        workload=workload,
        container=container,
        worst=worst.pod.name,
        pods=sum(not member.gone for member in members),
        running=sum(member.container.running and not member.gone for member in members),
        restarts=sum(member.restarts for member in members),
        kills=kills.for_memory,
        oom_kills=kills.counts[KillKind.OOM] + kills.counts[KillKind.CHILD],
        last_kill_s=None if kills.latest is None else kills.latest.at_s,
        share=max((member.share for member in members if member.share is not None), default=None),
    )
    labels = {
        "namespace": worst.pod.namespace,
        "workload": workload,
        "container": container,
        "pod": worst.pod.name,
        "node": worst.pod.node,
        "image": worst.container.image,
    }
    return (replace(series, id=f"{workload}/{container}", labels=labels), verdict), found


def _not_calm(verdict: Verdict, kill: Kill | None, target: str, since_s: float) -> Verdict:
    """A workload of which a pod is killed again and again is not healthy because the pod that is judged is calm."""
    if verdict.name is not VerdictName.HEALTHY or kill is None or (kill.at_s is not None and kill.at_s < since_s):
        return verdict
    told = f"it is not called healthy: {kill.pod} was killed for memory at its own limit lately"
    return replace(
        verdict,
        name=VerdictName.CANNOT_TELL,
        probability=None,
        reasons=(told, *verdict.reasons),
        settles=f"its memory for longer: oakum investigate {target} --for 15m",
    )


def _worst(members: Sequence[Member], kills: Kills) -> Member:
    """The one that is nearest to its limit, or holds most; where nobody tells, the one that was killed last."""
    latest = kills.latest

    def weight(member: Member) -> tuple[float, float, bool, int]:
        killed = latest is not None and latest.pod == member.pod.name
        return member.share or 0.0, _own(member), killed, member.restarts

    return max(members, key=weight)


def _own(member: Member) -> float:
    return -1.0 if member.size is None else float(member.size[0])


def _one_look(worst: Member, at_s: float, told: tuple[str, ...], target: str) -> tuple[WorkloadSeries, Verdict]:
    bound = worst.container.bound_bytes
    limit = float(bound) if isinstance(bound, int) else None
    own = _own(worst)
    metric = Metric.RSS if worst.size is None else worst.size[1]
    lives: tuple[Series, ...] = ()
    if own >= 0:
        when = worst.usage.at_s if worst.usage is not None else at_s
        seen_s = at_s if isinstance(when, Absent) else when
        lives = (Series(np.array([seen_s]), np.array([own]), np.array([inf if limit is None else limit])),)
    verdict = Verdict(
        VerdictName.CANNOT_TELL,
        None,
        None,
        own if own >= 0 else nan,
        limit=limit,
        reasons=(*told, *([NO_ANON] if metric is Metric.WORKING_SET else []), ONE_LOOK),
        settles=f"its memory over time: oakum investigate {target} --for 5m",
    )
    return WorkloadSeries("", lives, "bytes", Scope.CONTAINER, metric), verdict


def _reasons(members: Sequence[Member], kills: Kills, worst: Member) -> Iterator[str]:
    many = format_count(len(members))
    latest = kills.latest
    if latest is not None:
        counts = ", ".join(
            f"{format_count(count)} {kind.value}" for kind, count in kills.counts.most_common() if kind.for_memory
        )
        where = f" in {format_count(kills.pods)} pods" if kills.pods > 1 else ""
        when = "" if latest.at_s is None else f" at {datetime.fromtimestamp(latest.at_s, UTC):%Y-%m-%d %H:%M:%S}Z"
        yield f"killed for memory: {counts}{where}, the last was {latest.pod}{when}"
    others = {kind: count for kind, count in kills.counts.items() if not kind.for_memory and kind not in CALM}
    if others:
        told = ", ".join(f"{format_count(count)} {kind.value}" for kind, count in others.items())
        yield f"other ends: {told}"
    if worst.gone:
        yield f"no pod of it is left: {worst.pod.name} is gone"
    elif worst.share is not None and worst.usage is not None and isinstance(worst.container.bound_bytes, int):
        used, limit = worst.usage.working_set_bytes, worst.container.bound_bytes
        size = "" if isinstance(used, Absent) else f" ({format_size(used)} of {format_size(limit)})"
        fullest = f", the fullest of {many}" if len(members) > 1 else ""
        yield f"{worst.pod.name} uses {format_share(worst.share)} of its limit{size}{fullest}"
    elif worst.usage is None and worst.container.running:
        yield f"what {worst.pod.name} uses is not told by node {worst.pod.node or '?'}"
    elif worst.usage is not None and worst.container.bound_bytes is None:
        yield "it has no limit: its node's memory is what bounds it"
    restarts = sum(member.restarts for member in members)
    if restarts:
        most = max(members, key=lambda member: member.restarts)
        of = f" in {many} pods, {format_count(most.restarts)} of them {most.pod.name}" if len(members) > 1 else ""
        yield f"restarted {'once' if restarts == 1 else f'{format_count(restarts)} times'}{of}"
    waiting = Counter(
        member.container.state.reason
        for member in members
        if not member.gone and isinstance(member.container.state, Waiting) and member.container.state.reason
    )
    if waiting:
        yield "not running: " + ", ".join(f"{format_count(count)} {why}" for why, count in waiting.most_common())


CALM: Final = frozenset({KillKind.EXITED, KillKind.STOPPED})
"""Ends that say nothing of memory, and are the usual ones."""
