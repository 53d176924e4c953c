"""What the containers of a workload say: the last lines of the present run and of the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import Event
from typing import Final

import anyio
import anyio.to_thread

from oakum.explain.logs import Whose, steps, with_logs
from oakum.logs import library, read_log
from oakum.loop.facts import Facts
from oakum.loop.logs import tell
from oakum.model.absent import Absent, AbsentKind
from oakum.model.assessment import Investigation
from oakum.model.cluster import Cluster
from oakum.model.cluster_pod import Container, ContainerName, Pod
from oakum.model.errors import OakumError
from oakum.model.log import LogPattern, LogReading
from oakum.model.step import Plan
from oakum.model.units import format_count, format_size
from oakum.model.verdict import VerdictName

LINES: Final = 5_000
"""Of each log so many lines, the last."""

MOST_BYTES: Final = 16 << 20
"""And of those lines no more than so many bytes, the first."""

MOST_CONTAINERS: Final = 12
"""Those that were restarted most often; the others are counted."""

WITHIN_S: Final = 20.0


async def logs_of_containers(
    rows: Sequence[tuple[Pod, Container]], cluster: Cluster, facts: Facts, patterns: Sequence[LogPattern] = ()
) -> tuple[LogReading, ...]:
    """The gravest are told by ``explain``; a container that has said nothing yet is left out."""
    until_s = facts.clock.monotonic_s() + WITHIN_S
    ordered = sorted(rows, key=lambda row: -_restarts(row[1]))
    found: list[LogReading] = []
    with anyio.move_on_after(WITHIN_S) as scope:
        for pod, container in ordered[:MOST_CONTAINERS]:
            for previous in (False, True) if _restarts(container) else (False,):
                name = ContainerName(pod.namespace, pod.name, container.name)
                read = await _read(name, cluster, facts, patterns or library(), previous=previous, until_s=until_s)
                if read is not None:
                    found.append(read)
    if scope.cancelled_caught:
        why = f"they did not all come within {WITHIN_S:.0f} s"
        facts.miss(Absent("the logs of the other containers", AbsentKind.TOO_DEAR, why, "kubectl logs POD"))
    left = len(ordered) - MOST_CONTAINERS
    if left > 0:
        what, why = f"the logs of {format_count(left)} more containers", "those restarted most often are read"
        facts.miss(Absent(what, AbsentKind.TOO_DEAR, why, "oakum investigate pod/NAMESPACE/NAME"))
    return tell(found, facts)


async def _read(
    name: ContainerName,
    cluster: Cluster,
    facts: Facts,
    patterns: Sequence[LogPattern],
    *,
    previous: bool,
    until_s: float,
) -> LogReading | None:
    try:
        text = await cluster.logs(name, previous=previous, lines=LINES, most_bytes=MOST_BYTES, stamped=True)
    except OakumError as exc:
        text = Absent(f"the log of {name}", AbsentKind.UNREADABLE, exc.brief, exc.next_step)
    if isinstance(text, Absent):
        if text.kind is not AbsentKind.NOT_YET:
            facts.miss(text)
        return None
    raw = text.encode("utf-8", "replace")
    if not raw:
        return None
    read = await _found(raw, patterns, facts, str(name), previous=previous, until_s=until_s)
    notes = []
    if read.lines >= LINES:
        notes.append(f"its last {format_count(LINES)} lines were read")
    if len(raw) >= MOST_BYTES:
        notes.append(f"only the first {format_size(MOST_BYTES)} of its last lines were read")
    return replace(read, notes=(*read.notes, *notes))


async def _found(
    raw: bytes, patterns: Sequence[LogPattern], facts: Facts, name: str, *, previous: bool, until_s: float
) -> LogReading:
    """In a thread, which ends by itself where nobody waits for it any more."""
    clock, left = facts.clock, Event()
    now_s = clock.now_s()

    def over() -> bool:
        return left.is_set() or clock.monotonic_s() >= until_s

    def read() -> LogReading:
        return read_log([raw], patterns, now_s=now_s, name=name, previous=previous, over=over)

    try:
        return await anyio.to_thread.run_sync(read, abandon_on_cancel=True)
    finally:
        left.set()


def with_cluster_logs(answer: Investigation, readings: Sequence[LogReading]) -> Investigation:
    """The answer with what the logs say in its verdict, its causes and its plan."""
    whose = Whose.of(answer.generated_at_s, answer.runtime)
    verdict, causes = with_logs(answer.verdict, answer.causes, readings, whose)
    plan = answer.plan
    if verdict.name in {VerdictName.SUSPECT, VerdictName.CANNOT_TELL}:
        plan = Plan((*plan.steps, *steps(readings, answer.target, whose).steps))
    return replace(answer, verdict=verdict, causes=causes, plan=plan)


def _restarts(container: Container) -> int:
    return 0 if isinstance(container.restarts, Absent) else container.restarts
