"""The clock of an incident: phases with their lists, budgets, and when whom to tell. It is counted from the record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from oakum.incident.machine import Event, allowed
from oakum.model.incident import Answer, EntryKind, Record, State
from oakum.model.policy import Policy
from oakum.model.standing import Check, Milestone, Phase, Standing

STABILISE: Final = "stabilise"
ROOT_CAUSE: Final = "root cause"
FIX: Final = "fix"


def standing(record: Record, *, now_s: float, policy: Policy) -> Standing:
    """As of ``now_s``, or of its last change where the clock was set back: time in a record never runs backwards."""
    incident = record.incident
    at_s = max(now_s, incident.changed_at_s)
    stops_s = incident.closed_at_s if incident.closed_at_s is not None else at_s
    elapsed_s = max(stops_s - incident.clock_from_s, 0.0)
    phases = _phases(record, policy)
    phase = next(one for one in phases if one.to_s is None or elapsed_s < one.to_s)
    times = escalation_times(policy)
    later = [time_s for time_s in times if time_s > elapsed_s] if incident.is_open else []
    return Standing(
        at_s=at_s,
        elapsed_s=elapsed_s,
        phase=phase.name if incident.is_open else State.CLOSED.value,
        left_s=None if phase.to_s is None or not incident.is_open else phase.to_s - elapsed_s,
        level_due=sum(time_s <= elapsed_s for time_s in times) if incident.is_open else 0,
        next_level_in_s=later[0] - elapsed_s if later else None,
        phases=phases,
        milestones=_milestones(record, policy),
        allowed=tuple(event.value for event in allowed(incident.state)),
    )


def escalation_times(policy: Policy) -> tuple[float, float, float]:
    """When levels 1, 2 and 3 are to be told, on the incident's clock, in seconds."""
    return policy.escalate_1_s, policy.escalate_2_s, policy.escalate_3_s


def _phases(record: Record, policy: Policy) -> tuple[Phase, ...]:
    incident = record.incident
    reached = _reached(record)
    captured = any(kept.id.startswith("capture") for kept in record.kept)
    ends_s = policy.stabilise_budget_s, policy.root_cause_budget_s
    triage = incident.triage.answer if incident.triage is not None else Answer.OPEN
    stable = Answer.YES if Event.STABILISE in reached else Answer.OPEN
    return (
        Phase(
            STABILISE,
            0.0,
            ends_s[0],
            (
                Check("the alert is true", triage),
                Check("evidence was captured before anything was changed", _known(captured)),
                Check("the service is stable, or its death is far enough", stable),
            ),
        ),
        Phase(
            ROOT_CAUSE,
            ends_s[0],
            ends_s[1],
            (
                Check("what grows, and who holds it, has a name", _known(bool(incident.holder))),
                Check("the cause is explained", _known(Event.EXPLAIN in reached or bool(incident.cause))),
                Check("growth with the load was ruled out", Answer.OPEN),
            ),
        ),
        Phase(
            FIX,
            ends_s[1],
            None,
            (
                Check("a fix is in place", _known(Event.FIX in reached)),
                Check("the fix is verified", _known(Event.PROVE in reached)),
                Check("limits were reviewed by what was measured", Answer.OPEN),
                Check("alerts and dashboards would show it the next time", Answer.OPEN),
                Check("what was learnt is written down", Answer.OPEN),
            ),
        ),
    )


def _reached(record: Record) -> frozenset[str]:
    """What happened since its clock began."""
    return frozenset(
        str(entry.facts.get("event"))
        for entry in record.timeline
        if entry.kind is EntryKind.MOVED and entry.at_s >= record.incident.clock_from_s
    )


def _milestones(record: Record, policy: Policy) -> tuple[Milestone, ...]:
    from_s = record.incident.clock_from_s
    assessed_s = _first(record, lambda event: event == Event.ASSESS)
    stable_s = _first(record, lambda event: event == Event.STABILISE)
    recovering_s = assessed_s if assessed_s is not None else from_s
    return (
        Milestone("assess", policy.assess_budget_s, None if assessed_s is None else assessed_s - from_s),
        Milestone("recover", policy.recover_budget_s, None if stable_s is None else stable_s - recovering_s),
    )


def _first(record: Record, wanted: Callable[[object], bool]) -> float | None:
    times: Sequence[float] = [
        entry.at_s
        for entry in record.timeline
        if entry.at_s >= record.incident.clock_from_s and wanted(entry.facts.get("event"))
    ]
    return min(times, default=None)


def _known(holds: bool) -> Answer:  # noqa: FBT001  (it is the answer)
    return Answer.YES if holds else Answer.NO
