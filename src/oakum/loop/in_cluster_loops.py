"""Crash loops of a workload: who is in one, its next lives caught beside the watch of the others, and told."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from oakum.explain import crash_loop as says
from oakum.loop import seen_before
from oakum.loop.crash_watch import Caught, watch_lives
from oakum.loop.in_cluster_ends import Ends, read_ends
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster import Cluster
from oakum.model.cluster_pod import Container, Pod
from oakum.model.container_memory import ContainerMemory
from oakum.model.crash_loop import CrashLoop
from oakum.model.series import Series, WorkloadSeries
from oakum.model.units import format_duration
from oakum.model.verdict import Verdict
from oakum.sense.joined import joined

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.facts import Facts
    from oakum.loop.progress import Progress

Row: TypeAlias = tuple[Pod, Container]


@dataclass(frozen=True, slots=True)
class Seen:
    """``series``: its lives with those of earlier looks; ``now``: of this one alone."""

    loop: CrashLoop
    series: WorkloadSeries
    now: WorkloadSeries


def crash_loops(rows: Sequence[Row], found: Ends) -> list[CrashLoop]:
    made = (_loop(pod, container, found) for pod, container in rows)
    return [loop for loop in made if says.loops(loop.container, loop.ends, loop.kills)]


def _loop(pod: Pod, container: Container, found: Ends) -> CrashLoop:
    whose = (pod.uid, container.name)
    return CrashLoop(
        pod,
        container,
        tuple(ended for ended in found.ends if (ended.pod_uid, ended.container) == whose),
        tuple(kill for kill in found.kills if (kill.key[0], kill.container) == whose),
        found.logs.get(whose),
    )


async def beside(  # noqa: PLR0913  (both watches come together here)
    others: Callable[[], Coroutine[Any, Any, None]],
    loops: Sequence[CrashLoop],
    found: Ends,
    *,
    cluster: Cluster,
    machine: Machine,
    facts: Facts,
    progress: Progress,
    watch_s: float | None,
    before: Mapping[seen_before.Whose, tuple[Series, ...]],
) -> tuple[Ends, list[Seen]]:
    """``others``: watches the containers that are in no loop. All ends, also those of the watch, and what was seen."""
    import anyio  # noqa: PLC0415  (comes with the extra that opened the cluster)

    caught = Caught((), ())

    async def lives() -> None:
        nonlocal caught
        caught = await watch_lives(
            loops, cluster=cluster, machine=machine, facts=facts, progress=progress, watch_s=watch_s
        )

    async with anyio.create_task_group() as group:
        group.start_soon(others)
        group.start_soon(lives)
    pods = list({loop.pod.uid: loop.pod for loop in loops}.values())
    later = await read_ends(pods, cluster, machine, facts, more=caught.ends)
    kept = [kill for kill in found.kills if kill.key[0] not in {pod.uid for pod in pods}]
    all_of = Ends(
        [*found.ends, *caught.ends],
        sorted([*kept, *later.kills], key=lambda kill: kill.at_s or 0.0),
        {**found.logs, **{whose: log for whose, log in later.logs.items() if isinstance(log, str)}},
    )
    seen = [
        Seen(_loop(loop.pod, loop.container, all_of), joined(before.get(seen_before.whose(series), ()), series), series)
        for loop, series in zip(loops, caught.lives, strict=True)
    ]
    return all_of, seen


def tell_loops(seen: Sequence[Seen], target: str, facts: Facts) -> list[ContainerMemory]:
    """Puts them among the evidence; the memory of those whose lives could be sampled."""
    memories = []
    for each in seen:
        for line, values in says.told(each.loop):
            facts.add("loop", line, "API server, its log and the kernel", facts=values)
        if isinstance(each.loop.log, Absent):
            facts.miss(each.loop.log)
        if each.series.samples:
            memories.append(_memory(each, target))
    return memories


def _memory(seen: Seen, target: str) -> ContainerMemory:
    pod, container, series = seen.loop.pod, seen.loop.container, seen.series
    return ContainerMemory.of(
        pod,
        container,
        series.labels.get("source", ""),
        series,
        says.judged(seen.loop, series, target=target),
        seen.now,
    )


def looping(worst: ContainerMemory | None, seen: Sequence[Seen]) -> Seen | None:
    """The loop that the worst container is in; where nothing could be sampled, the first one. None: it is in none."""
    if worst is None:
        return next(iter(seen), None)
    whose = (worst.pod_uid, worst.name)
    return next((each for each in seen if (each.loop.pod.uid, each.loop.container.name) == whose), None)


def judged_loop(loop: CrashLoop, series: WorkloadSeries, *, target: str, told: Sequence[str]) -> Verdict:
    """Where no life could be sampled. ``told``: of ends."""
    verdict = says.judged(loop, series, target=target)
    return replace(verdict, reasons=(*verdict.reasons, *told))


def dies_too_soon(seen: Seen) -> Absent:
    lasted = says.lasting(seen.loop.ends)
    why = f"it lives {format_duration(lasted[-1])}, and two captures take longer" if lasted else "it dies too soon"
    return Absent(f"what the heap of {seen.loop.name} holds", AbsentKind.NOT_YET, why, "the first steps of the plan")
