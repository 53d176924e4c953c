"""Where this machine is the node of a workload's worst container, its process is looked into as any other is.

One answer comes of both: the process's verdict, holder, causes and plan, beside what the cluster told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from oakum.explain import containers
from oakum.explain.plan import RESTART, after_evidence
from oakum.loop.in_context import InContext
from oakum.loop.investigate import Settings, investigate
from oakum.loop.memory_sources import containers_here
from oakum.loop.out_of_reach import OutOfReach
from oakum.model.absent import Absent, AbsentKind
from oakum.model.assessment import Investigation
from oakum.model.container_memory import GROWING, ContainerMemory
from oakum.model.errors import OakumError
from oakum.model.evidence import Evidence
from oakum.model.kill import Kill
from oakum.model.log import LogReading
from oakum.model.policy import Policy
from oakum.model.step import Plan, Step
from oakum.model.surroundings import Surroundings
from oakum.model.target import CgroupTarget, PodTarget, WorkloadTarget

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.progress import Progress

ClusterTarget: TypeAlias = WorkloadTarget | PodTarget

ROLLED: Final = {"deploy": "deployment", "sts": "statefulset", "ds": "daemonset"}
"""The kinds whose pods their controller replaces one after the other, as kubectl calls them."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What the cluster told. ``worst``: None where no container could be watched; ``beside``: all that were.

    ``compared``: of replicas; ``told``: of ends. ``logs``: what its containers said. ``around``: what stands around the
    one that is judged.
    """

    answer: Investigation
    worst: ContainerMemory | None
    beside: Sequence[ContainerMemory] = ()
    kills: Sequence[Kill] = ()
    compared: Sequence[str] = ()
    told: Sequence[str] = ()
    logs: Sequence[LogReading] = ()
    around: Surroundings | None = None


def path_here(looked: Looked, machine: Machine) -> str | None:
    """The worst container's cgroup, where it runs on this machine."""
    return None if looked.worst is None else containers_here(machine).get(looked.worst.container_id)


def looked_into(
    target: ClusterTarget, looked: Looked, *, machine: Machine, policy: Policy, settings: Settings, progress: Progress
) -> Investigation:
    """The cluster's answer as it is, where the worst container does not run on this machine."""
    worst = looked.worst
    path = path_here(looked, machine)
    if worst is None or path is None:
        return looked.answer
    progress.stage(f"looking into {worst.title}, on this machine")
    settings = knowing(settings, worst)
    group = CgroupTarget(path)
    try:
        found = investigate(group, machine=machine, policy=policy, settings=settings, progress=progress)
    except OakumError as exc:
        what, again = f"what the heap of {worst.title} holds", f"oakum investigate {target}"
        missed = Absent(what, AbsentKind.UNREADABLE, exc.brief, again)
        return replace(looked.answer, absent=(*looked.answer.absent, missed))
    return both(target, looked, worst, found, str(group))


def knowing(settings: Settings, worst: ContainerMemory) -> Settings:
    """A history of hours is not overruled by half a minute of one process; what it prints was read from the cluster."""
    return replace(settings, known=worst.verdict if worst.past else None, printed=False)


def both(
    target: ClusterTarget,
    looked: Looked,
    worst: ContainerMemory,
    found: Investigation,
    group: str,
    *,
    afar: OutOfReach | None = None,
) -> Investigation:
    """``found``: of the worst container's process, which was looked at as ``group``. ``afar``: from elsewhere."""
    answer = looked.answer
    missed = found.absent if afar is None else tuple(map(afar.absent, found.absent))
    process = containers.after(worst, found.verdict, compared=found.growth is not None)
    verdict = containers.judged(
        replace(worst, verdict=process),
        target=str(target),
        beside=looked.beside,
        kills=looked.kills,
        # What a few seconds did not show of the others, the longer look at this one would belie.
        compared=looked.compared if worst.grows or process.name not in GROWING else (),
        told=looked.told,
        settles=process.settles.replace(group, str(target) if afar is None else f"{target} {afar.options}"),
    )
    return replace(
        found,
        target=str(target),
        verdict=verdict,
        series=answer.series
        if worst.past
        else replace(found.series, labels={**found.series.labels, **answer.series.labels}),
        curve=answer.curve if worst.past else found.curve,
        kills=answer.kills,
        replicas=answer.replicas,
        watched=answer.watched,
        evidence=(*_apart(answer.evidence, found.evidence), *found.evidence),
        absent=(*answer.absent, *(absent for absent in missed if absent not in answer.absent)),
        plan=after_evidence(Plan(tuple(_step(step, target, group, afar) for step in found.plan.steps)), answer.plan),
    )


def _apart(rows: Sequence[Evidence], others: Sequence[Evidence]) -> list[Evidence]:
    """Causes speak of the process's evidence by its names: the cluster's give way."""
    taken = {each.id for each in others}
    return [replace(each, id=f"cluster-{each.id}") if each.id in taken else each for each in rows]


def _step(step: Step, target: ClusterTarget, group: str, afar: OutOfReach | None) -> Step:
    """Of the workload, where it spoke of the container's cgroup."""
    if step.title.startswith(RESTART) and isinstance(target, WorkloadTarget) and target.kind in ROLLED:
        command = f"kubectl -n {target.namespace} rollout restart {ROLLED[target.kind]}/{target.name}"
        return replace(step, command=InContext(target.context).command(command))
    if afar is not None:
        return afar.step(step)
    command = step.command.replace(group, str(target))
    return replace(step, command=command)
