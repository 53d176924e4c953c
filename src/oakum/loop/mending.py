"""The demo's chapter of acting: incident, plan, restart, the fixed version, and the gate that closes the incident."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from oakum.act.plan import Wish
from oakum.incident import Event
from oakum.loop import act
from oakum.loop.bench import Bench
from oakum.loop.incident import number_of
from oakum.loop.progress import Progress
from oakum.loop.record import kept
from oakum.loop.showing import Service
from oakum.loop.verify import verify
from oakum.model.absent import Absent, AbsentKind
from oakum.model.action import Restart, action_of
from oakum.model.assessment import Investigation
from oakum.model.errors import OakumError
from oakum.model.plan_record import PlanRecord
from oakum.model.supervisor import SupervisorKind
from oakum.model.verification import Outcome, Verification

RESTART = "the restart"
MOST_LOOKS = 4
"""A busy machine may want more than one look until the gate can answer."""

AGAIN_S = 8.0
"""How long each further look takes, in seconds: what earlier ones saw counts."""


def opened(leaking: Investigation, bench: Bench) -> int | Absent:
    """The number of the incident that the finding opens."""
    name = kept(leaking, bench.recorder).investigation.incident
    if name is None:
        why = f"it was judged {leaking.verdict.name.value}: there is nothing to act upon"
        return Absent("the incident", AbsentKind.NOT_APPLICABLE, why, "oakum demo    # on a machine with less to do")
    return number_of(name)


def restarted(number: int, leaky: Service, bench: Bench, shows: Callable[[PlanRecord], None]) -> PlanRecord | Absent:
    """Planned, shown, approved by the demo itself, applied; Absent: why the service was left as it was."""
    if not leaky.cgroup:
        return Absent(RESTART, AbsentKind.NOT_APPLICABLE, leaky.why_not, "run the demo as root")
    try:
        plan = act.plan(f"inc-{number}", Wish(), bench=bench)
        shows(plan)
        refused = _others(plan)
        return refused or act.apply(f"plan-{plan.number}", act.Assent(yes=True), bench=bench)
    except OakumError as exc:
        return Absent(RESTART, AbsentKind.NOT_YET, exc.brief, exc.next_step)


def _others(plan: PlanRecord) -> Absent | None:
    """A demo restarts what is its own, and never by somebody else's supervisor."""
    restarts = [action for step in plan.steps if isinstance(action := action_of(step.step.does), Restart)]
    if not restarts:
        why = plan.steps[0].step.effect if plan.steps else f"it was judged {plan.seen.get('verdict')}"
    elif restarts[0].by.kind is not SupervisorKind.NONE:
        why = f"on this machine it would be restarted by somebody else: {restarts[0].by}"
    else:
        return None
    return Absent(RESTART, AbsentKind.NOT_APPLICABLE, why, "run the demo as root, from a terminal")


def deployed(number: int, fixed: Service, bench: Bench) -> None:
    bench.move(number, Event.FIX, f"the fixed version runs as pid {fixed.pid}: its cache has a bound")


def verified(number: int, fixed: Service, bench: Bench, progress: Progress, *, watch_s: float) -> Verification:
    """The gate is asked until it knows, a few times at most."""
    told = replace(bench, progress=progress)
    found = verify(f"inc-{number}", bench=told, watch_s=watch_s, on=f"pid/{fixed.pid}")
    for _ in range(MOST_LOOKS - 1):
        if found.outcome in {Outcome.CLOSED, Outcome.FAILED}:
            break
        found = verify(f"inc-{number}", bench=told, watch_s=AGAIN_S, on=f"pid/{fixed.pid}")
    return found
