"""What speaks for and against each kind of end of a run.

The runtime's reason is read from a counter of the whole container: OOMKilled is told of runs that ended otherwise
(kubernetes/kubernetes#104454), and Error of runs that the kernel killed (containerd#8180). 137 is any SIGKILL.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from oakum.model.absent import Absent
from oakum.model.cluster_node import Event
from oakum.model.kill import Ended, KillKind
from oakum.model.oom import CLOCKS_APART_S, OomReport
from oakum.model.pod_cgroup import above_pods, pod_cgroup
from oakum.model.process import OomKill

SIGKILLED: Final = 137
SIGTERMED: Final = 143
JVM_EXIT: Final = 3

SAME_S: Final = 3.0
"""The cluster tells whole seconds: a kill this near to a run's end is its end."""

EVENT_S: Final = 45.0
"""A component tells of what it does within so long, in seconds."""

BEFORE_S: Final = 3600.0
"""What was told no longer ago than this says something of now, in seconds; events are kept for an hour."""

_JVM_ENDS: Final = "Terminating due to java.lang.OutOfMemoryError"
_JVM_ERROR: Final = "java.lang.OutOfMemoryError"

Weights: TypeAlias = Mapping[KillKind, float]
Told: TypeAlias = tuple[float, int]
"""A kill by the kernel: when, and which pid."""


@dataclass(frozen=True, slots=True)
class Clue:
    """A fact, and by how much it changes the log-odds of each kind."""

    text: str
    weights: Weights


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the run's own end.

    ``reports``: of the kernel of its node, while it ran; Absent where that log may not be read. ``oom_kills``: by how
    much the kernel's counter of the container's cgroup grew in this run (``memory.events``). ``log``: its last lines.
    """

    reports: Sequence[OomReport] | Absent
    events: Sequence[Event] = ()
    oom_kills: int | Absent | None = None
    log: str | Absent | None = None


def clues_of(ended: Ended, known: Known, match: tuple[OomReport, OomKill] | None) -> list[Clue]:
    """``match``: the kill by the kernel that ended it, None where there is none."""
    return [
        *_of_end(ended),
        *_of_kernel(ended, known, match),
        *_of_events(ended, known.events),
        *_of_log(ended, known.log),
    ]


def _of_end(ended: Ended) -> Iterator[Clue]:
    code, reason = ended.end.exit_code, ended.end.reason
    if isinstance(code, Absent):
        yield Clue("its exit code is not known", {})
    elif reason == "OOMKilled" and code == SIGKILLED:
        yield Clue("the runtime says OOMKilled, exit code 137", {KillKind.OOM: 5.0})
    elif reason == "OOMKilled":
        text = f"the runtime says OOMKilled, but the exit code is {code}: its counter is that of all processes"
        yield Clue(text, {KillKind.CHILD: 3.5, KillKind.OOM: 1.0, KillKind.EXITED: 1.0})
    elif code == SIGKILLED:
        kinds = (KillKind.KILLED, KillKind.OOM, KillKind.LIVENESS, KillKind.STOPPED, KillKind.EVICTED)
        yield Clue(f"exit code 137 is a SIGKILL by anybody ({reason or 'no reason told'})", dict.fromkeys(kinds, 1.5))
    elif code == JVM_EXIT:
        yield Clue(
            "exit code 3 is that of a JVM with -XX:+ExitOnOutOfMemoryError, and of other programs too",
            {KillKind.JVM: 1.5, KillKind.EXITED: 1.5},
        )
    else:
        told = "it was asked to end (SIGTERM)" if code == SIGTERMED else f"it ended by itself with exit code {code}"
        yield Clue(told, {KillKind.EXITED: 4.0, KillKind.STOPPED: 1.0, KillKind.OOM: -4.0})
    if ended.pod_reason == "Evicted":
        yield Clue(f"its pod was evicted: {ended.pod_message[:160]}", {KillKind.EVICTED: 7.0})
    if ended.deleted_s is not None and ended.finished_s is not None and ended.finished_s >= ended.deleted_s - SAME_S:
        yield Clue("its pod had been deleted before", {KillKind.STOPPED: 4.0})
    elif ended.pod_reason != "Evicted":
        yield Clue("its pod was neither deleted nor evicted", {KillKind.STOPPED: -5.0, KillKind.EVICTED: -5.0})
    if not ended.liveness:
        yield Clue("it has no liveness probe", {KillKind.LIVENESS: -6.0})


def _of_kernel(ended: Ended, known: Known, match: tuple[OomReport, OomKill] | None) -> Iterator[Clue]:
    if match is not None:
        name = f"{match[1].victim} (pid {match[1].pid})"
        if ended.end.exit_code == SIGKILLED:
            yield Clue(f"the kernel killed {name} of it for memory as it ended", {KillKind.OOM: 7.0})
        else:
            text = f"the kernel killed {name} of it for memory, and it ended by itself right after"
            yield Clue(text, {KillKind.CHILD: 8.0})
    elif not isinstance(known.reports, Absent):
        against = {KillKind.OOM: -2.0, KillKind.CHILD: -2.0}
        yield Clue("the kernel's log tells of no kill in it at that time (a kill may leave no line)", against)
        if ended.end.reason == "OOMKilled" and _above(ended, known.reports):
            against = {KillKind.OOM: -4.0, KillKind.CHILD: -4.0}
            yield Clue(
                "another one was killed at the limit of all pods in that time: every runtime is told of it", against
            )
    if isinstance(known.oom_kills, int):
        if known.oom_kills > 0:
            yield Clue(
                f"the kernel counted {known.oom_kills} OOM kills in it", {KillKind.OOM: 3.0, KillKind.CHILD: 3.0}
            )
        else:
            against = {KillKind.OOM: -5.0, KillKind.CHILD: -5.0}
            yield Clue("the kernel counted no OOM kill in it", against)


def _above(ended: Ended, reports: Sequence[OomReport]) -> bool:
    """Whether the limit above all pods was hit while it ran: with cgroup v1 every container below is notified, and
    containerd then calls each of them OOMKilled.
    """
    start_s, at_s = ended.end.started_s, ended.finished_s
    if at_s is None or isinstance(start_s, Absent):
        return False
    return any(
        above_pods(report.limit_cgroup) and start_s - SAME_S <= report.at_s <= at_s + SAME_S for report in reports
    )


def _of_events(ended: Ended, events: Sequence[Event]) -> Iterator[Clue]:
    mine = [event for event in events if event.about_uid == ended.pod_uid]
    now = [event for event in mine if _meanwhile(event, ended.finished_s)]
    yield from _told_now(ended, now)
    before = [event for event in mine if event not in now and _probed_before(event, ended)]
    if before and not any("probe" in event.message for event in now):
        times = max(event.count for event in before)
        text = f"its kubelet told {times} times before of failed liveness probes (it tells less the more it told)"
        yield Clue(text, {KillKind.LIVENESS: 2.5})


def _probed_before(event: Event, ended: Ended) -> bool:
    """A kubelet tells of one object 25 times, and then once in five minutes (client-go's event correlator)."""
    at_s = ended.finished_s
    if at_s is None or isinstance(event.last_s, Absent) or event.field != f"spec.containers{{{ended.container}}}":
        return False
    return "failed liveness probe" in event.message and 0 <= at_s - event.last_s < BEFORE_S


def _told_now(ended: Ended, events: Sequence[Event]) -> Iterator[Clue]:
    for event in events:
        about = event.field in {
            "",
            f"spec.containers{{{ended.container}}}",
            f"spec.initContainers{{{ended.container}}}",
        }
        if event.reason == "Killing" and about and "probe" in event.message:
            yield Clue(f"its kubelet told: {event.message}", {KillKind.LIVENESS: 6.0})
        elif event.reason == "Killing" and about and event.message.startswith("Stopping container"):
            yield Clue(f"its kubelet told: {event.message}", {KillKind.STOPPED: 4.0})
        elif event.reason == "Evicted":
            yield Clue(f"its kubelet told: {event.message[:160]}", {KillKind.EVICTED: 6.0})


def _meanwhile(event: Event, at_s: float | None) -> bool:
    """Whether one of its times can be that. Of a counted event only the first and the last are kept."""
    if at_s is None or isinstance(event.first_s, Absent) or isinstance(event.last_s, Absent):
        return False
    return event.first_s - SAME_S <= at_s <= event.last_s + EVENT_S


def _of_log(ended: Ended, log: str | Absent | None) -> Iterator[Clue]:
    if not isinstance(log, str):
        return
    if _JVM_ENDS in log:
        yield Clue(f"its log ends with: {_JVM_ENDS}", {KillKind.JVM: 7.0})
    elif _JVM_ERROR in log:
        weight = 3.0 if ended.end.exit_code == JVM_EXIT else 0.5
        yield Clue(f"its log tells of {_JVM_ERROR}", {KillKind.JVM: weight})
    elif ended.end.exit_code == JVM_EXIT:
        yield Clue(f"its last lines tell of no {_JVM_ERROR}", {KillKind.JVM: -3.0, KillKind.EXITED: 2.0})


def kernel_kill(
    ended: Ended, reports: Sequence[OomReport], taken: Collection[Told]
) -> tuple[OomReport, OomKill] | None:
    """The kill that ended this run: in its cgroup, nearest to its end."""
    at_s = ended.finished_s
    if at_s is None:
        return None
    near = [
        (abs(kill.at_s - at_s), report, kill)
        for report in reports
        for kill in report.kills
        if (kill.at_s, kill.pid) not in taken and inside(kill, ended) and abs(kill.at_s - at_s) <= _apart_s(kill, ended)
    ]
    nearest = min(near, key=lambda each: each[0], default=None)
    return None if nearest is None else nearest[1:]


def _apart_s(kill: OomKill, ended: Ended) -> float:
    """How far a kill's stamp may be from the end of the run that it ended, in seconds.

    The container's id names one run. Where the runtime tells OOMKilled of its SIGKILL too, only the clocks are apart;
    an end that was told otherwise may have come long after a child was killed.
    """
    where, end = pod_cgroup(kill.task_cgroup), ended.end
    named = where is not None and bool(where.container_id) and where.container_id == end.container_id
    return CLOCKS_APART_S if named and (end.exit_code, end.reason) == (SIGKILLED, "OOMKilled") else SAME_S


def inside(kill: OomKill, ended: Ended) -> bool:
    where = pod_cgroup(kill.task_cgroup)
    if where is None or where.pod_uid != ended.pod_uid:
        return False
    return not (where.container_id and ended.end.container_id) or where.container_id == ended.end.container_id
