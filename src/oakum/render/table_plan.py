"""A plan as a person reads it before approving it, and as it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from oakum.model.plan_record import PlanRecord, StepRecord, StepState
from oakum.model.units import format_duration
from oakum.render.figures import clock_text
from oakum.render.names import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

_STYLES: Final = {
    StepState.APPLIED: "green",
    StepState.UNDONE: "green",
    StepState.FAILED: "red",
    StepState.APPLYING: "yellow",
    StepState.UNDOING: "yellow",
}
_NEXT: Final = {
    StepState.SHOWN: "nothing is done yet; to do it: oakum apply plan-{number}",
    StepState.APPROVED: "approved; to go on: oakum apply plan-{number}",
    StepState.APPLYING: "cut off; to go on: oakum apply plan-{number}",
    StepState.FAILED: "a step failed; again: oakum apply plan-{number}, or back: oakum undo plan-{number}",
    StepState.APPLIED: "applied; is it fixed? oakum verify inc-{incident}; back: oakum undo plan-{number}",
    StepState.UNDOING: "cut off; to go on: oakum undo plan-{number}",
    StepState.UNDONE: "taken back",
}


def plan_view(record: PlanRecord) -> RenderableType:
    from rich.console import Group  # noqa: PLC0415

    return Group(*_parts(record))


def _parts(record: PlanRecord) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415

    incident = f" (inc-{record.incident})" if record.incident else ""
    state = f"plan-{record.number}: {record.state.value}" if record.number else f"judged {record.seen.get('verdict')}"
    yield Text(f"{shown(record.target)}{incident}, {state}", "bold")
    command = record.seen.get("command")
    if isinstance(command, list | tuple):
        yield Text(f"  pid {record.seen.get('pid')}: {shown(' '.join(map(str, command)), 100)}", "dim")
    if not record.steps:
        yield Text("  nothing is to be done")
        return
    for number, step in enumerate(record.steps, 1):
        yield from _step(step, number)
    yield Text("")
    by_oakum = any(step.step.does for step in record.steps)
    if by_oakum:
        yield Text(f"  {_NEXT[record.state].format(number=record.number, incident=record.incident)}", "bold")
    expires_at_s = record.seen.get("expires_at_s")
    if by_oakum and record.state is StepState.SHOWN and isinstance(expires_at_s, int | float):
        until = clock_text(float(expires_at_s), now_s=record.made_at_s)
        yield Text(f"  it can be applied until {until} UTC, while the target is what it was", "dim")
    if not by_oakum:
        yield Text("  none of it is done by Oakum", "dim")


def _step(record: StepRecord, number: int) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415

    step = record.step
    who = "" if step.does else "you: "
    done = "" if record.state is StepState.SHOWN else f"  [{record.state.value}]"
    yield Text(f"\n  {number}. {who}{shown(step.title)}{done}", _STYLES.get(record.state, ""))
    rows = [
        ("effect", step.effect),
        ("risk", step.risk),
        ("takes", "" if step.takes_s is None else f"up to {format_duration(step.takes_s)}"),
        ("undo", step.undo),
        ("by hand" if step.does else "$", step.command),
        ("came of it", record.outcome),
    ]
    for name, text in rows:
        if text:
            yield Text(f"     {name}: {shown(text)}", "dim" if name in {"risk", "takes", "undo", "by hand"} else "")
