"""A plan as it is kept: each step with its state and what takes it back, and who approved what was shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from oakum.model.step import Step


class StepState(StrEnum):
    """``applying`` and ``undoing`` are written before the first effect: found later, they say where it was cut off."""

    SHOWN = "shown"
    APPROVED = "approved"
    APPLYING = "applying"
    APPLIED = "applied"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StepRecord:
    """``undo_data``: what is needed to take it back, None until it is recorded, and that is before the first change."""

    step: Step
    state: StepState = StepState.SHOWN
    undo_data: Mapping[str, object] | None = None
    began_at_s: float | None = None
    ended_at_s: float | None = None
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """``seen``: what the target was like when the plan was made; a plan is stale when that no longer holds.

    ``digest``: of what was shown; an approval names it, so that it approves nothing else.
    """

    incident: int
    target: str
    made_at_s: float
    digest: str
    steps: tuple[StepRecord, ...] = ()
    seen: Mapping[str, object] = field(default_factory=dict)
    state: StepState = StepState.SHOWN
    number: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Approval:
    """``how``: ``typed`` or ``--yes``."""

    plan: int
    digest: str
    author: str
    how: str
    at_s: float
