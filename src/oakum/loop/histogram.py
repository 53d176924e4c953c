"""``oakum heap histogram``: the cheapest that a JVM tells of its heap, by class, without a dump."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oakum.loop.capturing.wanted import chosen, missing
from oakum.loop.consent import Consent
from oakum.loop.dumped import Occasion
from oakum.loop.jvm_asked import jvm_asked
from oakum.model.errors import RefusedError, TargetError
from oakum.model.histogram import ClassCount, ClassHistogram
from oakum.model.runtime import RuntimeName
from oakum.model.target import Target
from oakum.model.units import format_duration
from oakum.probe.jvm import Reach
from oakum.probe.jvm_cost import histogram_pause_s
from oakum.probe.native import may_walk
from oakum.probe.room import pause_refusal

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.progress import Progress
    from oakum.loop.terms import Terms


def histogram(target: Target, *, machine: Machine, terms: Terms, progress: Progress) -> ClassHistogram:
    """Raises TargetError; RefusedError where it could stop it for too long, or nobody agreed."""
    pid, runtime = chosen(target, machine, progress, able={RuntimeName.JVM})
    if runtime.name is not RuntimeName.JVM:
        raise TargetError(
            f"pid {pid} runs {runtime}, and only a JVM counts its objects by class",
            next_step=f"oakum investigate pid/{pid}    # blocks by size and by C++ class"
            if may_walk(runtime)
            else f"oakum heap capture pid/{pid} --output FILE",
        )
    command = f"oakum heap histogram pid/{pid} --inspect"
    occasion = Occasion(pid, machine, terms.budget, command, progress)

    def agree(reach: Reach) -> None:
        most_s = histogram_pause_s(occasion.anon_bytes())
        why = Consent(agreed=terms.inspect).denied(
            f"{reach.how(pid)} It counts every object, garbage too, for which it stands still for up to about"
            f" {format_duration(most_s)}; no collection is forced.",
            progress,
        )
        if why:
            again = terms.budget.asked(command)
            raise RefusedError(f"the classes of pid {pid} were not counted", why=why, next_step=again)

    with jvm_asked(pid, machine, agree) as (session, _):
        most_s = histogram_pause_s(session.pools().heap_used_bytes)
        refused = pause_refusal("a class histogram", most_s, terms.budget, command)
        if refused is not None:
            raise missing(refused)
        found, pause_s = session.histogram(within_s=4 * most_s + 30)
    rows = [ClassCount(name, count, size) for name, (count, size) in found.items()]
    return ClassHistogram(
        str(target),
        pid,
        str(runtime),
        machine.clock.now_s(),
        pause_s,
        most_s,
        tuple(sorted(rows, key=lambda row: (-row.bytes, row.name))),
    )
