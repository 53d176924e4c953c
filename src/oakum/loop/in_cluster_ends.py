"""How the runs of a workload's containers ended: what the cluster, its kubelets, logs and the kernel tell of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oakum.explain.crash_loop import loops
from oakum.explain.oom_clues import JVM_EXIT, Known
from oakum.explain.oom_verdict import verdicts
from oakum.loop.in_cluster_bounds import or_absent
from oakum.loop.memory_sources import containers_here, pods_here
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster import Cluster
from oakum.model.cluster_node import Event
from oakum.model.cluster_pod import ContainerName, Pod, Terminated
from oakum.model.errors import OakumError
from oakum.model.kill import Ended, Kill
from oakum.model.oom import OomReport
from oakum.model.units import format_count
from oakum.sense.endings import Endings

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.facts import Facts

SINCE_S: Final = 86_400.0
"""The kernel's log is asked as far back, in seconds."""

LOG_LINES: Final = 50


@dataclass(frozen=True, slots=True)
class Ends:
    """Oldest first. ``logs``: the last lines of the run before, by pod uid and container, where they say something."""

    ends: Sequence[Ended]
    kills: Sequence[Kill]
    logs: Mapping[tuple[str, str], str | Absent]


async def read_ends(
    pods: Sequence[Pod], cluster: Cluster, machine: Machine, facts: Facts, *, more: Sequence[Ended] = ()
) -> Ends:
    """``more``: ends that a watch told of since ``pods`` were read. Only facts are missed."""
    endings = Endings()
    ends = [*(ended for pod in pods for ended in endings.take(pod)), *more]
    if endings.unseen and not more:
        facts.miss(
            Absent(
                f"how {format_count(endings.unseen)} earlier runs ended",
                AbsentKind.NOT_YET,
                "the cluster keeps the last end of each container",
                "the kernel's log of its node tells of kills among them",
            )
        )
    events: list[Event] = []
    for pod in pods:
        if not any(ended.pod_uid == pod.uid for ended in ends):
            continue
        found = await or_absent(cluster.events(pod.namespace, about_uid=pod.uid), f"events of {pod.name}", facts)
        events += found.items if found is not None else ()
    latest = {(ended.pod_uid, ended.container): ended for ended in ends}
    logs = {key: await _last_words(ended, cluster) for key, ended in latest.items() if _speaks(ended, ends, pods)}
    local = {pod.node for pod in pods if pod.uid in pods_here(machine)}
    kills: list[Kill] = []
    for name in sorted({pod.node for pod in pods if pod.node}):
        reports = _kernel(name, machine, local=name in local)
        mine = [pod for pod in pods if pod.node == name]
        alive = containers_here(machine) if name in local else None
        own = [ended for ended in ends if ended.node == name]
        kills += verdicts(own, Known(reports, events), pods=mine, logs=logs, alive=alive)
    return Ends(ends, sorted(kills, key=lambda kill: kill.at_s or 0.0), logs)


async def ended_meanwhile(  # noqa: PLR0913  (as read_ends, and what was known before)
    found: Ends,
    pods: Sequence[Pod],
    again: Callable[[], Awaitable[Sequence[Pod]]],
    cluster: Cluster,
    machine: Machine,
    facts: Facts,
    *,
    besides: Collection[str],
) -> Ends:
    """With what ended since ``pods`` were read. ``besides``: uids of pods of which every end is told elsewhere."""
    try:
        now = [pod for pod in await again() if pod.uid not in besides]
    except OakumError as exc:
        what = "how runs ended during the watch"
        facts.miss(Absent(what, AbsentKind.UNREADABLE, exc.brief, exc.next_step))
        return found
    before, known = {pod.uid: pod for pod in pods}, Endings()
    for pod in pods:
        known.take(pod)
    more = [ended for pod in now if pod.uid in before for ended in known.take(pod)]
    young = [pod for pod in now if pod.uid not in before and Endings().take(pod)]
    if not more and not young:
        return found
    concerned = {ended.pod_uid: before[ended.pod_uid] for ended in more} | {pod.uid: pod for pod in young}
    later = await read_ends(list(concerned.values()), cluster, machine, facts, more=more)
    return Ends(
        [*(ended for ended in found.ends if ended.pod_uid not in concerned), *later.ends],
        sorted(
            [*(kill for kill in found.kills if kill.key[0] not in concerned), *later.kills],
            key=lambda kill: kill.at_s or 0.0,
        ),
        {**found.logs, **later.logs},
    )


def _speaks(ended: Ended, ends: Sequence[Ended], pods: Sequence[Pod]) -> bool:
    """Whether its last lines are wanted: a JVM's, and those of who dies over and over."""
    if ended.end.exit_code == JVM_EXIT:
        return True
    own = [each for each in ends if (each.pod_uid, each.container) == (ended.pod_uid, ended.container)]
    found = next((pod.container(ended.container) for pod in pods if pod.uid == ended.pod_uid), None)
    return found is not None and loops(found, own, ())


async def _last_words(ended: Ended, cluster: Cluster) -> str | Absent:
    """Between an end and the next start it is the present run's log: the one before that is removed by then."""
    name = ContainerName(ended.namespace, ended.pod, ended.container)
    try:
        now = (await cluster.pod(ended.namespace, ended.pod)).container(ended.container)
        over = now is not None and isinstance(now.state, Terminated)
        return await cluster.logs(name, previous=not over, lines=LOG_LINES)
    except OakumError as exc:
        return Absent(f"the last words of {name}", AbsentKind.UNREADABLE, exc.brief, exc.next_step)


def _kernel(name: str, machine: Machine, *, local: bool) -> Sequence[OomReport] | Absent:
    if local:
        return machine.kernel_log.oom_reports(machine.clock.now_s() - SINCE_S)
    return Absent(
        f"what the kernel of node {name} told of kills",
        AbsentKind.NOT_PERMITTED,
        "this machine is not that node",
        f"the same command on node {name}, as root: whose limit it was, and children that were killed",
    )
