"""Where the memory of each container of a workload is read, once somebody agreed to it.

On the node itself its cgroup; elsewhere a shell in the container, where it has room for one, and we may; else its
kubelet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from oakum.loop.role_command import role_command
from oakum.loop.room import Guest, Usage, refusal
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster import Cluster
from oakum.model.cluster_node import ContainerUsage
from oakum.model.cluster_pod import Container, Pod
from oakum.model.errors import MachineError, OakumError
from oakum.model.pod_cgroup import PodCgroup, pod_cgroup
from oakum.model.rights import PROGRAMS
from oakum.model.units import format_count
from oakum.sense.container_track import ContainerTrack, Source

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.consent import Consent
    from oakum.loop.facts import Facts
    from oakum.loop.progress import Progress

Row: TypeAlias = tuple[Pod, Container]

MOST_SHELLS: Final = 20
"""Shells run in so many containers at once, the largest; kubelets tell of the others."""

SHELL: Final = Guest("a shell", 8 << 20)
"""It takes one or two MiB of a container's limit; none is started where less than that is free below it."""


async def memory_sources(  # noqa: PLR0913  (what tells of memory, and who is asked)
    rows: Sequence[Row],
    usage: Usage,
    *,
    cluster: Cluster,
    machine: Machine,
    facts: Facts,
    progress: Progress,
    consent: Consent,
    command: str,
) -> list[ContainerTrack]:
    """One for each container that runs or ran, with where its memory is read. Only facts are missed.

    ``consent``: to a shell in each of them, asked for once for all: a person may take their time over that, so it is
    done before anything is watched. ``command``: that says yes to it.
    """
    running = [(pod, container) for pod, container in rows if container.running or container.container_id]
    tracks = await _sources(running, usage, cluster, machine, facts)
    _agreed(tracks, consent, command, facts, progress)
    return tracks


async def _sources(
    rows: Sequence[Row], usage: Usage, cluster: Cluster, machine: Machine, facts: Facts
) -> list[ContainerTrack]:
    here = pods_here(machine)
    tracks = [ContainerTrack(pod, each, Source.NODE) for pod, each in rows if pod.uid in here]
    others = [(pod, each) for pod, each in rows if pod.uid not in here]
    if not others:
        return tracks
    may = await _may_run(others[0][0].namespace, cluster, facts)
    others.sort(key=lambda row: -_own(usage.get((row[0].uid, row[1].name))))
    shells = 0
    for pod, container in others:
        if may and container.running and shells < MOST_SHELLS and _has_room(pod, container, usage, facts):
            shells += 1
            tracks.append(ContainerTrack(pod, container, Source.SHELL))
        else:
            tracks.append(ContainerTrack(pod, container, Source.KUBELET))
    return tracks


def _agreed(tracks: Sequence[ContainerTrack], consent: Consent, command: str, facts: Facts, progress: Progress) -> None:
    """Somebody says yes to a program in containers that serve; their kubelets tell where nobody does."""
    shells = [track for track in tracks if track.source is Source.SHELL]
    if not shells:
        return
    many = f"in {shells[0].name}" if len(shells) == 1 else f"in each of {format_count(len(shells))} containers"
    question = (
        f"A shell would be started {many}, for the watch: it takes one or two MiB of the limit. Then, in the one that"
        " grows most, a program that reads its heap: about 8 MiB."
    )
    refused = consent.refusal(question, command, progress)
    if refused is None:
        return
    facts.miss(replace(refused, what="the memory of containers at every second"))
    for track in shells:
        track.source = Source.KUBELET


def pods_here(machine: Machine) -> set[str]:
    """The uids of the pods that this machine is the node of."""
    return {whose.pod_uid for _, whose in _pod_cgroups(machine)}


def containers_here(machine: Machine) -> dict[str, str]:
    """The cgroup of each container that runs on this machine, by the container's id."""
    found = sorted(_pod_cgroups(machine), key=lambda each: -len(each[0]))
    return {whose.container_id: path for path, whose in found if whose.container_id}


def _pod_cgroups(machine: Machine) -> list[tuple[str, PodCgroup]]:
    try:
        return [(path, whose) for path in machine.cgroups.list() if (whose := pod_cgroup(path)) is not None]
    except MachineError:
        return []


async def _may_run(namespace: str, cluster: Cluster, facts: Facts) -> bool:
    what = "the memory of containers at every second"
    try:
        answers = await cluster.may(PROGRAMS.within(namespace))
    except OakumError as exc:
        facts.miss(Absent(what, AbsentKind.NOT_PERMITTED, exc.brief, exc.next_step))
        return False
    missing = " and ".join(f"{each.question.verb} {each.question.resource}" for each in answers if not each.allowed)
    if missing:
        why = f"not allowed to {missing} in namespace {namespace}"
        get = await role_command(cluster, PROGRAMS.capability, namespace)
        facts.miss(Absent(what, AbsentKind.NOT_PERMITTED, why, get))
    return not missing


def _has_room(pod: Pod, container: Container, usage: Usage, facts: Facts) -> bool:
    refused = refusal(pod, container, usage, SHELL, f"the memory of {pod.name}/{container.name} at every second")
    if refused is not None:
        facts.miss(refused)
    return refused is None


def _own(usage: ContainerUsage | None) -> int:
    return -1 if usage is None or isinstance(usage.rss_bytes, Absent) else usage.rss_bytes
