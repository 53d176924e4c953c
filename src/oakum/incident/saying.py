"""What people do to an incident: note, capture, move, escalate, close. Said twice, a word is said once."""

from __future__ import annotations

from dataclasses import replace

from oakum.incident.machine import Event, moved
from oakum.incident.phases import escalation_times, standing
from oakum.incident.settings import IncidentSettings
from oakum.model.errors import CallerError
from oakum.model.incident import Change, Entry, EntryKind, Incident, Kept, Record
from oakum.model.policy import Policy
from oakum.model.units import format_duration

LEVELS = 3


def noted(record: Record, text: str, *, author: str, now_s: float) -> Change | None:
    """None: it is the last thing that was said, by the same person."""
    if not text.strip():
        raise CallerError("a note without words", next_step="oakum incident note ID 'what was seen or done'")
    last = record.timeline[-1] if record.timeline else None
    if last is not None and (last.kind, last.author, last.text) == (EntryKind.NOTE, author, text):
        return None
    incident = touched(record.incident, now_s)
    return Change(incident, (entry_of(incident, EntryKind.NOTE, author, text),))


def captured(record: Record, kept: Kept, *, author: str, now_s: float) -> Change:
    """A dump among its evidence: it is kept as long as all of that, and the timeline says who took it."""
    incident = touched(record.incident, now_s)
    return Change(incident, (entry_of(incident, EntryKind.EVIDENCE, author, f"captured: {kept.title}"),), kept=(kept,))


def moving(record: Record, event: Event, why: str, *, author: str, now_s: float) -> Change:
    """Raises CallerError for a move that the state does not allow, or one without a reason."""
    if not why.strip():
        raise CallerError(f"{event.value} without a reason", next_step="say why; it stays on record")
    incident = moved(record.incident, event, at_s=now_s, why=why)
    entry = entry_of(incident, EntryKind.MOVED, author, f"{incident.state.value}: {why}", event=event.value)
    return Change(incident, (entry,))


def escalated(
    record: Record, level: int | None, *, author: str, now_s: float, policy: Policy, settings: IncidentSettings
) -> Change:
    """To ``level``, or to that which the clock asks for, at least one more than none.

    Raises CallerError when that level knows already, or the incident is closed.
    """
    incident = record.incident
    if not incident.is_open:
        raise CallerError(f"{incident.id} is closed", next_step=f"oakum incident show {incident.id}")
    stands = standing(record, now_s=now_s, policy=policy)
    wanted = max(stands.level_due, 1) if level is None else level
    if not 1 <= wanted <= LEVELS:
        raise CallerError(f"there is no level {wanted}", why=f"levels are 1 to {LEVELS}")
    if wanted <= incident.escalation:
        raise CallerError(
            f"{incident.id} is at level {incident.escalation} already",
            why=_due(incident.escalation, stands.elapsed_s, policy),
            next_step=f"oakum incident escalate {incident.id} --level {min(incident.escalation + 1, LEVELS)}",
        )
    contact = settings.contacts[wanted - 1] if len(settings.contacts) >= wanted else ""
    changed = replace(touched(incident, now_s), escalation=wanted)
    text = f"escalated to level {wanted}" + (f": {contact}" if contact else "")
    due_s = escalation_times(policy)[wanted - 1]
    entry = entry_of(changed, EntryKind.ESCALATED, author, text, level=wanted, due_s=due_s, contact=contact)
    return Change(changed, (entry,))


def _due(level: int, elapsed_s: float, policy: Policy) -> str:
    if level >= LEVELS:
        return "there is no level above it"
    left_s = escalation_times(policy)[level] - elapsed_s
    return f"level {level + 1} is due " + (f"in {format_duration(left_s)}" if left_s > 0 else "now")


def touched(incident: Incident, now_s: float) -> Incident:
    """Changed at ``now_s``, or when it was last changed: time in a record never runs backwards."""
    return replace(incident, changed_at_s=max(now_s, incident.changed_at_s))


def entry_of(incident: Incident, kind: EntryKind, author: str, text: str, **facts: object) -> Entry:
    """A line of the timeline as of the incident's last change."""
    return Entry(incident.changed_at_s, kind, author, text, incident.state, facts=facts)
