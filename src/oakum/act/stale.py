"""Whether a plan still fits what it was made for; what its own steps changed does not count against it."""

from __future__ import annotations

from dataclasses import replace

from oakum.model.action import Action, Restart, SetLimit, Stop, action_of
from oakum.model.plan_record import PlanRecord, StepState
from oakum.model.sighting import Sighting, differences
from oakum.model.units import format_duration

OPEN = frozenset({StepState.SHOWN, StepState.APPROVED})
"""States of a step of which nothing was done."""


def actions(record: PlanRecord) -> tuple[Action | None, ...]:
    """Of each step; None where only a person acts."""
    return tuple(action_of(step.step.does) for step in record.steps)


def begun(record: PlanRecord) -> tuple[Action, ...]:
    """The actions of which something was done, or may have been."""
    rows = zip(actions(record), record.steps, strict=True)
    return tuple(action for action, step in rows if action is not None and step.state not in OPEN)


def stale(record: PlanRecord, now: Sighting | None, now_s: float) -> tuple[str, ...]:
    """What changed since it was made, one line each; empty while it may be applied. ``now`` None: the target ended."""
    waiting = any(
        action is not None and step.state in OPEN for action, step in zip(actions(record), record.steps, strict=True)
    )
    told = []
    expires_at_s = record.seen.get("expires_at_s")
    if waiting and isinstance(expires_at_s, int | float) and now_s > expires_at_s:
        told.append(f"it was made {format_duration(now_s - record.made_at_s)} ago, and holds no longer")
    done = begun(record)
    if any(isinstance(action, Restart | Stop) for action in done):
        return tuple(told)
    then = Sighting.of(record.seen)
    if now is None:
        return (*told, f"pid {then.pid} has ended")
    if any(isinstance(action, SetLimit) for action in done):
        now = replace(now, limit_cgroup=then.limit_cgroup, limit_bytes=then.limit_bytes)
    return (*told, *differences(then, now))
