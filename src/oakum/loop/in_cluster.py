"""``oakum investigate deploy/NAMESPACE/NAME``: a workload of a cluster, looked at and watched.

What it holds, what bounds it, how its runs ended and why, its replicas beside each other, and its nodes; then its
memory over time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from oakum import explain
from oakum.explain import containers
from oakum.loop.bridge import Opens
from oakum.loop.cluster_rights import tell_missing
from oakum.loop.consent import Consent
from oakum.loop.facts import Facts
from oakum.loop.from_afar import Ways, looked_into_from_afar
from oakum.loop.history import History, read_history
from oakum.loop.in_cluster_answer import concluded
from oakum.loop.in_cluster_causes import with_standing
from oakum.loop.in_cluster_ends import ended_meanwhile, read_ends
from oakum.loop.in_cluster_logs import logs_of_containers, with_cluster_logs
from oakum.loop.in_cluster_loops import beside, crash_loops, tell_loops
from oakum.loop.in_cluster_seen import WorkloadSeen, pods_again, read_nodes, read_pods, rows_of
from oakum.loop.in_context import InContext
from oakum.loop.investigate import Settings
from oakum.loop.memory_sources import memory_sources
from oakum.loop.on_node import ClusterTarget, Looked, looked_into, path_here
from oakum.loop.over_time import watch_memory
from oakum.loop.seen_before import SeenBefore, nothing
from oakum.model.absent import Absent, AbsentKind
from oakum.model.assessment import Investigation
from oakum.model.cluster import Cluster
from oakum.model.cluster_pod import Container, Pod
from oakum.model.container_memory import ContainerMemory
from oakum.model.crash_loop import CrashLoop
from oakum.model.log import LogReading
from oakum.model.policy import Policy
from oakum.model.rights import HOME
from oakum.model.units import format_duration

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.progress import Progress

HERE_S: Final = 10.0
"""Containers are compared so long, in seconds, before the worst one's process is watched by itself."""


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """``watch_s``: how long its memory is watched, in seconds; None: as long as its sources need, 0: not at all.

    ``execute``: whether programs of ours may be started in its containers; None: a person is asked.
    ``image``: of an ephemeral container that may be added where none can be started in the worst one; "" for no image.
    ``node_pod``: of a pod that may be made on its node where that cannot be either, in namespace ``home``.
    ``inside``: how the worst container's process is looked into; None: it is not.
    ``before``: tells what earlier looks kept of its containers. ``history``: a server that tells of them from before
    this look; None: none is known.
    """

    watch_s: float | None = None
    inside: Settings | None = None
    policy: Policy = field(default_factory=Policy)
    execute: bool | None = None
    image: str = ""
    before: SeenBefore = nothing
    history: History | None = None
    node_pod: str = ""
    home: str = HOME


def investigate_workload(
    target: ClusterTarget,
    *,
    cluster: Opens,
    machine: Machine,
    settings: ClusterSettings,
    progress: Progress,
) -> Investigation:
    """The journey, the cluster's part on a loop of its own. ``cluster``: opens it, once for each part of the way.

    Raises as ``investigate_in_cluster``.
    """
    named = InContext(target.context)
    with named.errors():
        found = _investigated(target, cluster=cluster, machine=machine, settings=settings, progress=progress)
    return explain.told(named.investigation(found))


def _investigated(
    target: ClusterTarget, *, cluster: Opens, machine: Machine, settings: ClusterSettings, progress: Progress
) -> Investigation:
    import anyio  # noqa: PLC0415  (comes with the extra that opened the cluster)

    consent = Consent(agreed=settings.execute)

    async def journey() -> Looked:
        async with cluster() as opened:
            return await investigate_in_cluster(
                target, cluster=opened, machine=machine, settings=settings, consent=consent, progress=progress
            )

    looked = anyio.run(journey)
    answer = with_cluster_logs(_inside(target, looked, cluster, consent, machine, settings, progress), looked.logs)
    return with_standing(answer, looked.around)


def _inside(  # noqa: PLR0913, PLR0917  (as _investigated, and what was found)
    target: ClusterTarget,
    looked: Looked,
    cluster: Opens,
    consent: Consent,
    machine: Machine,
    settings: ClusterSettings,
    progress: Progress,
) -> Investigation:
    if settings.inside is None:
        return looked.answer
    replicas = looked.answer.replicas
    server = replace(settings.inside.with_server, replicas=1 if replicas is None else max(replicas.most, 1))
    inside = replace(settings.inside, with_server=server)
    if path_here(looked, machine) is not None:
        return looked_into(target, looked, machine=machine, policy=settings.policy, settings=inside, progress=progress)
    return looked_into_from_afar(
        target,
        looked,
        opens=cluster,
        ways=Ways(consent, settings.image, settings.node_pod, settings.home),
        machine=machine,
        policy=settings.policy,
        settings=inside,
        progress=progress,
    )


async def investigate_in_cluster(
    target: ClusterTarget,
    *,
    cluster: Cluster,
    machine: Machine,
    settings: ClusterSettings,
    consent: Consent,
    progress: Progress,
) -> Looked:
    """Raises TargetError when it is not there, or the cluster does not answer."""
    progress.stage(f"looking at {target} in {cluster.place.context}")
    facts = Facts(machine.clock)
    title, workload, pods, most = await read_pods(target, cluster, facts)
    seen = WorkloadSeen(title, workload, pods, {}, {}, [], [], most=most)
    await read_nodes(seen, cluster, facts)
    progress.stage("reading how earlier runs ended")
    found = await read_ends(seen.pods, cluster, machine, facts)
    loops = crash_loops(rows_of(target, seen.pods), found) if settings.watch_s != 0 else ()
    rows = [(pod, each) for pod, each in rows_of(target, seen.pods) if not _among(pod, each, loops)]
    past = await _past(target, seen.workload, rows, settings.history, facts, progress)
    if settings.watch_s != 0:
        before = settings.before(cluster.place.server, seen.workload)
        # Whoever is asked for a yes holds up all that runs on this loop: a crash loop's next start would be missed.
        tracks = await memory_sources(
            rows,
            seen.usage,
            cluster=cluster,
            machine=machine,
            facts=facts,
            progress=progress,
            consent=consent,
            command=f"oakum investigate {target} --exec",
        )

        async def again() -> Sequence[Pod]:
            return await pods_again(target, cluster)

        async def watched() -> None:
            seen.memories += await watch_memory(
                tracks,
                cluster=cluster,
                machine=machine,
                again=again,
                facts=facts,
                progress=progress,
                watch_s=settings.watch_s,
                here_s=None if settings.inside is None else HERE_S,
                before=before,
            )

        if loops:
            found, seen.loops = await beside(
                watched,
                loops,
                found,
                cluster=cluster,
                machine=machine,
                facts=facts,
                progress=progress,
                watch_s=settings.watch_s,
                before=before,
            )
            seen.memories += tell_loops(seen.loops, str(target), facts)
        else:
            await watched()
        looping_pods = {loop.pod.uid for loop in loops}
        found = await ended_meanwhile(found, seen.pods, again, cluster, machine, facts, besides=looping_pods)
    seen.memories, seen.others = containers.over_both(seen.memories, past)
    seen.ends, seen.kills = list(found.ends), list(found.kills)
    logs: Sequence[LogReading] = ()
    if settings.inside is None or settings.inside.logs:
        progress.stage("reading what its containers say")
        patterns = () if settings.inside is None else settings.inside.patterns
        logs = await logs_of_containers(rows_of(target, seen.pods), cluster, facts, patterns)
    await tell_missing(target.namespace, cluster, facts)
    return replace(concluded(target, seen, cluster, machine, facts), logs=logs)


async def _past(
    target: ClusterTarget,
    workload: str,
    rows: Sequence[tuple[Pod, Container]],
    history: History | None,
    facts: Facts,
    progress: Progress,
) -> list[ContainerMemory]:
    """What a server of metrics tells of them from before. ``workload``: at the top of their owners."""
    again = f"oakum investigate {target}"
    if history is None:
        what, why = f"the memory of {workload} before this look", "no Prometheus is named that may have kept it"
        get = f"{again} --prometheus URL, or url in [prometheus] of oakum.toml"
        facts.miss(Absent(what, AbsentKind.NOT_YET, why, get))
        return []
    progress.stage(f"reading its last {format_duration(history.window_s)} from {history.place}")
    made = [(pod, container) for pod, container in rows if container.container_id]
    return await read_history(history, workload, made, again=again, facts=facts)


def _among(pod: Pod, container: Container, loops: Sequence[CrashLoop]) -> bool:
    return any((loop.pod.uid, loop.container.name) == (pod.uid, container.name) for loop in loops)
