"""How an incident stands at one moment: its clock, its phase, what is due, what is done."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.model.curve import Curve
from oakum.model.incident import Answer, Record
from oakum.model.plan_record import Approval, PlanRecord
from oakum.model.series import WorkloadSeries


@dataclass(frozen=True, slots=True)
class Check:
    """One thing of a phase's list. OPEN: a person must say."""

    text: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Phase:
    """``from_s`` to ``to_s`` on the incident's clock, in seconds; ``to_s`` None: no end."""

    name: str
    from_s: float
    to_s: float | None
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Milestone:
    """What should be reached within ``budget_s``; ``took_s`` None: not yet."""

    name: str
    budget_s: float
    took_s: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """As of ``at_s`` (UTC epoch). ``elapsed_s``: on the clock of the phases, which stops when it is closed.

    ``level_due``: the escalation that the clock asks for; ``next_level_in_s``: until it asks for more, None: never.
    """

    at_s: float
    elapsed_s: float
    phase: str
    left_s: float | None
    level_due: int
    next_level_in_s: float | None
    phases: tuple[Phase, ...]
    milestones: tuple[Milestone, ...]
    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Story:
    """A record with all that can be said of it. ``samples``: of the last assessment, None where none were kept.

    ``watched``: of a cluster's workload, each container's since the incident was opened.
    """

    record: Record
    standing: Standing
    plans: tuple[PlanRecord, ...] = ()
    approvals: tuple[Approval, ...] = ()
    samples: WorkloadSeries | None = None
    curve: Curve | None = None
    warnings: tuple[str, ...] = ()
    watched: tuple[WorkloadSeries, ...] = ()
