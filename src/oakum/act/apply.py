"""Applies a plan, step by step. What is about to be done is written first, so that a crash leaves no riddle.

Each step goes ``shown → applying → applied``: undo data is in the record before anything changes. Cut off anywhere,
the next apply looks at the world, says what was left, and goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from oakum.act.stale import OPEN, actions, stale
from oakum.act.steps import Deed, deed_for
from oakum.act.tools import Tools
from oakum.model.action import Action
from oakum.model.errors import CallerError, OakumError, RefusedError
from oakum.model.plan_record import Approval, PlanRecord, StepRecord, StepState
from oakum.model.ports import Plans
from oakum.model.sighting import Sighting

ToolsFor: TypeAlias = Callable[[PlanRecord, int, bool], Tools]
"""(plan, place of the step, whether a kill was approved)."""

Approve: TypeAlias = Callable[[PlanRecord], Approval]
"""Asks whoever may approve. Raises RefusedError when they do not."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What applying and undoing need beside the plan. ``told``: hears each step as it begins and ends."""

    plans: Plans
    tools: ToolsFor
    approve: Approve
    look: Callable[[int], Sighting | None]
    now_s: Callable[[], float]
    told: Callable[[str], None]


def apply(record: PlanRecord, desk: Desk, *, kill: bool = False) -> PlanRecord:
    """Applied already: nothing happens. Raises RefusedError for a stale plan, with what changed."""
    deeds = actions(record)
    if record.state is StepState.APPLIED:
        return record
    if record.state in {StepState.UNDOING, StepState.UNDONE}:
        raise CallerError(f"plan-{record.number} was undone", next_step=f"oakum plan {record.target}")
    if not any(deeds):
        raise CallerError(
            f"plan-{record.number} has nothing that Oakum does",
            why="its steps are a person's",
            next_step=f"oakum plan {record.target} --restart",
        )
    check_fresh(record, desk)
    record = approved(record, desk, kill=kill)
    may_kill = any("--kill" in approval.how for approval in _approvals(record, desk))
    for place, action in enumerate(deeds):
        if action is not None and record.steps[place].state is not StepState.APPLIED:
            record = _step(record, place, action, desk, may_kill=may_kill)
    return desk.plans.change(replace(record, state=StepState.APPLIED))


def check_fresh(record: PlanRecord, desk: Desk) -> None:
    """Raises RefusedError with what changed."""
    changed = stale(record, desk.look(Sighting.of(record.seen).pid), desk.now_s())
    if changed:
        raise RefusedError(
            f"plan-{record.number} is stale: nothing was done",
            why="; ".join(changed),
            next_step=f"oakum plan {record.target}    # makes a new one",
        )


def approved(record: PlanRecord, desk: Desk, *, kill: bool) -> PlanRecord:
    """What was approved and cut off goes on by that approval; what failed, or kills, wants another one."""
    known = _approvals(record, desk)
    enough = bool(known) and (not kill or any("--kill" in approval.how for approval in known))
    if enough and record.state in {StepState.APPROVED, StepState.APPLYING}:
        return record
    desk.plans.approve(desk.approve(record))
    return desk.plans.change(replace(record, state=StepState.APPROVED))


def _approvals(record: PlanRecord, desk: Desk) -> list[Approval]:
    return [approval for approval in desk.plans.approvals(record.number) if approval.digest == record.digest]


def _step(record: PlanRecord, place: int, action: Action, desk: Desk, *, may_kill: bool) -> PlanRecord:
    deed = deed_for(action, desk.tools(record, place, may_kill))
    title = record.steps[place].step.title
    if record.steps[place].state is StepState.APPLYING:
        desk.told(f"step {place + 1} was cut off and is gone on with: {title}")
    else:
        desk.told(f"step {place + 1}: {title}")
        record = _begin(record, place, deed, desk)
    data = record.steps[place].undo_data or {}
    try:
        done = deed.do(data)
    except OakumError as exc:
        failed = replace(record.steps[place], state=StepState.FAILED, ended_at_s=desk.now_s(), outcome=exc.what)
        desk.plans.change(with_step(record, place, failed, StepState.FAILED))
        raise
    desk.told(done.outcome)
    applied = replace(
        record.steps[place],
        state=StepState.APPLIED,
        ended_at_s=desk.now_s(),
        outcome=done.outcome,
        undo_data=dict(done.data),
    )
    return desk.plans.change(with_step(record, place, applied, StepState.APPLYING))


def _begin(record: PlanRecord, place: int, deed: Deed, desk: Desk) -> PlanRecord:
    """The step's undo data is written, and nothing is done yet."""
    step = record.steps[place]
    if step.state in OPEN:
        check_fresh(record, desk)
    data = dict(deed.before(step.undo_data if step.state is StepState.FAILED else None))
    begun = replace(step, state=StepState.APPLYING, undo_data=data, began_at_s=desk.now_s(), outcome="")
    return desk.plans.change(with_step(record, place, begun, StepState.APPLYING))


def with_step(record: PlanRecord, place: int, step: StepRecord, state: StepState) -> PlanRecord:
    steps = (*record.steps[:place], step, *record.steps[place + 1 :])
    return replace(record, steps=steps, state=state)
