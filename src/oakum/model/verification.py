"""Is it really fixed? What was asked of the time since, and what it answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from oakum.model.series import WorkloadSeries
from oakum.model.verdict import Verdict


class Outcome(StrEnum):
    """``quick`` and ``closed`` are passes: of the first check, and of the window that closes an incident."""

    CLOSED = "closed"
    QUICK = "quick"
    INCONCLUSIVE = "inconclusive"
    FAILED = "failed"


class CheckState(StrEnum):
    """``open``: it cannot be told, and ``why`` says what would tell."""

    PASSED = "passed"
    OPEN = "open"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One question of the gate. ``why``: the figures that it rests on, in one line."""

    name: str
    state: CheckState
    why: str


@dataclass(frozen=True, slots=True)
class Verification:
    """``incident``: 0 where none is verified. ``since_s``: UTC epoch since when it was to hold.

    ``seen_s``: how much of that time was looked at, in seconds. ``reopened``: why the incident was opened again, "".
    """

    target: str
    incident: int
    generated_at_s: float
    since_s: float
    seen_s: float
    outcome: Outcome
    checks: tuple[Check, ...]
    verdict: Verdict
    series: WorkloadSeries
    reopened: str = ""
    next: str = ""
