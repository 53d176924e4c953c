"""Takes a plan back, the last step first, by the undo data that was recorded before each."""

from __future__ import annotations

from dataclasses import replace

from oakum.act.apply import Desk, with_step
from oakum.act.stale import OPEN, actions, begun
from oakum.act.steps import deed_for
from oakum.model.action import SetLimit, Stop
from oakum.model.errors import CallerError, RefusedError
from oakum.model.plan_record import PlanRecord, StepState
from oakum.model.sighting import Sighting

REVERSIBLE = (SetLimit, Stop)
"""What leaves something behind that can be put back."""


def undo(record: PlanRecord, desk: Desk) -> PlanRecord:
    """Undone already: nothing happens. Cut off anywhere, it goes on. Raises OakumError with the step that resists."""
    if record.state is StepState.UNDONE:
        return record
    if record.state in OPEN:
        raise CallerError(
            f"nothing of plan-{record.number} was applied",
            why="there is nothing to take back",
            next_step=f"oakum apply plan-{record.number}",
        )
    if not any(isinstance(action, REVERSIBLE) for action in begun(record)):
        raise CallerError(
            f"nothing of plan-{record.number} can be taken back",
            why="a restart is no change: what ended is gone, and what runs is as it was started",
            next_step=f"oakum plan {record.target}",
        )
    _check_place(record, desk)
    desk.plans.approve(desk.approve(record))
    for place, action in reversed(list(enumerate(actions(record)))):
        step = record.steps[place]
        if not isinstance(action, REVERSIBLE) or step.undo_data is None or step.state is StepState.UNDONE:
            continue
        desk.told(f"taking back step {place + 1}: {step.step.title}")
        undoing = replace(step, state=StepState.UNDOING)
        record = desk.plans.change(with_step(record, place, undoing, StepState.UNDOING))
        outcome = deed_for(action, desk.tools(record, place, False)).undo(step.undo_data)
        desk.told(outcome)
        undone = replace(undoing, state=StepState.UNDONE, ended_at_s=desk.now_s(), outcome=outcome)
        record = desk.plans.change(with_step(record, place, undone, StepState.UNDOING))
    return desk.plans.change(replace(record, state=StepState.UNDONE))


def _check_place(record: PlanRecord, desk: Desk) -> None:
    """Undo data is of one machine and one boot."""
    then, now = Sighting.of(record.seen), desk.look(0)
    if now is not None and (then.host, then.boot) != (now.host, now.boot):
        raise RefusedError(
            f"plan-{record.number} was applied on {then.host}, and not since this machine was started",
            why="what it changed is gone with that",
            next_step="oakum scan host",
        )
