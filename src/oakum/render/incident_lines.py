"""An incident in five lines, ready to paste into a chat; and the words that every face uses for its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oakum.model.incident import Answer, Incident, Record
from oakum.model.standing import Standing, Story
from oakum.model.units import format_duration
from oakum.render.names import shown

MARKS = {Answer.YES: "✓", Answer.NO: "✗", Answer.OPEN: "?"}
"""A sign for each answer, so that it can be told without colour."""


def incident_summary(story: Story) -> str:
    """What, impact, cause, clock, next: one line each, no line break at the end."""
    return "\n".join(
        shown(line)
        for line in (
            _what(story.record),
            f"Impact: {impact_text(story.record)}",
            f"Cause: {cause_text(story.record)}",
            f"Clock: {clock_line(story.record, story.standing)}",
            f"Next: {next_text(story.record)}",
        )
    )


def _what(record: Record) -> str:
    incident = record.incident
    return f"{incident.id} {incident.severity.value} {incident.state.value}: {incident.headline or incident.target}"


def impact_text(record: Record) -> str:
    impact = record.incident.impact
    parts = [
        f"{name} {said}" if name else said
        for name, said in (("", impact.service), ("users:", impact.user), ("business:", impact.business))
        if said
    ]
    return "; ".join(parts) or "nobody has said it yet"


def cause_text(record: Record) -> str:
    incident = record.incident
    if not incident.cause:
        return "not explained yet"
    where = next((str(cause["where"]) for cause in causes(record) if cause["cause"] == incident.cause), "")
    held = f", held by {incident.holder}" if incident.holder else ""
    return f"{incident.cause}{held}" + (f", at {where}" if where and where != incident.holder else "")


def clock_line(record: Record, standing: Standing) -> str:
    incident = record.incident
    owner = f"; owner {incident.owner}" if incident.owner else ""
    if not incident.is_open:
        return f"closed after {format_duration(standing.elapsed_s)}: {incident.closed_why}{owner}"
    left = f", {format_duration(standing.left_s)} left of it" if standing.left_s is not None else ""
    told = f"; escalated to level {incident.escalation}" if incident.escalation else ""
    due = f"; level {standing.level_due} is due" if standing.level_due > incident.escalation else ""
    return f"open for {format_duration(standing.elapsed_s)}, phase {standing.phase}{left}{told}{due}{owner}"


def next_text(record: Record) -> str:
    incident = record.incident
    if not incident.is_open:
        return f"oakum incident report {incident.id}"
    step = next(iter(steps(record)), None)
    if step is None:
        return f"oakum investigate {incident.target}"
    return f"{step['title']}" + (f": {step['command']}" if step["command"] else "")


def question(incident: Incident) -> str:
    """What the first step answers: an alert may be false where a leak is found, and the other way round."""
    return f"is the alert {shown(incident.alert)} true?" if incident.alert else "is it true?"


def last_document(record: Record) -> Mapping[str, Any]:
    """The last assessment's ``oakum.investigation/1``; {} where there is none."""
    return record.assessed[-1].document if record.assessed else {}


def causes(record: Record) -> Sequence[Mapping[str, Any]]:
    """One of each holder: without other readings of it."""
    found: Sequence[Mapping[str, Any]] = last_document(record).get("causes", [])
    return [cause for cause in found if not cause.get("instead_of")]


def steps(record: Record) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = last_document(record).get("plan", {}).get("steps", [])
    return found
