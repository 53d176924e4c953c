"""The incident's states and the moves between them, as a table; its picture is drawn from the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from oakum.model.errors import CallerError
from oakum.model.incident import Incident, State


class Event(StrEnum):
    """What happens to an incident."""

    ASSESS = "assess"
    STABILISE = "stabilise"
    EXPLAIN = "explain"
    FIX = "fix"
    VERIFY = "verify"
    PROVE = "prove"
    CLOSE = "close"
    REOPEN = "reopen"


MOVES: Final[Mapping[State, Mapping[Event, State]]] = MappingProxyType(
    {
        State.DETECTED: {Event.ASSESS: State.ASSESSED, Event.CLOSE: State.CLOSED},
        State.ASSESSED: {
            Event.ASSESS: State.ASSESSED,
            Event.STABILISE: State.STABILISED,
            Event.EXPLAIN: State.EXPLAINED,
            Event.CLOSE: State.CLOSED,
        },
        State.STABILISED: {
            Event.ASSESS: State.STABILISED,
            Event.STABILISE: State.STABILISED,
            Event.EXPLAIN: State.EXPLAINED,
            Event.FIX: State.FIXED,
            Event.CLOSE: State.CLOSED,
        },
        # A cause is often named before anything is done: stabilising then changes nothing but the timeline.
        State.EXPLAINED: {
            Event.ASSESS: State.EXPLAINED,
            Event.STABILISE: State.EXPLAINED,
            Event.EXPLAIN: State.EXPLAINED,
            Event.FIX: State.FIXED,
            Event.CLOSE: State.CLOSED,
        },
        State.FIXED: {
            Event.ASSESS: State.FIXED,
            Event.VERIFY: State.VERIFYING,
            Event.REOPEN: State.REOPENED,
            Event.CLOSE: State.CLOSED,
        },
        State.VERIFYING: {
            Event.ASSESS: State.VERIFYING,
            Event.PROVE: State.CLOSED,
            Event.REOPEN: State.REOPENED,
            Event.CLOSE: State.CLOSED,
        },
        State.CLOSED: {Event.REOPEN: State.REOPENED},
        State.REOPENED: {
            Event.ASSESS: State.ASSESSED,
            Event.STABILISE: State.STABILISED,
            Event.EXPLAIN: State.EXPLAINED,
            Event.CLOSE: State.CLOSED,
        },
    }
)
"""What each state allows. Nothing else happens to it."""


def allowed(state: State) -> tuple[Event, ...]:
    return tuple(MOVES[state])


def moved(incident: Incident, event: Event, *, at_s: float, why: str = "") -> Incident:
    """``why`` is kept where it closes. Raises CallerError for a move that the table does not hold."""
    after = MOVES[incident.state].get(event)
    if after is None:
        can = ", ".join(allowed(incident.state))
        raise CallerError(
            f"{incident.id} is {incident.state.value}: it cannot {event.value}",
            why=f"from there it can: {can}",
            next_step=f"oakum incident show {incident.id}",
        )
    changed = replace(incident, state=after, changed_at_s=max(at_s, incident.changed_at_s))
    if after is State.CLOSED:
        return replace(changed, closed_at_s=changed.changed_at_s, closed_why=why)
    if event is Event.REOPEN:
        # Its clock and its levels begin anew; how bad it is will be assessed anew.
        return replace(changed, closed_at_s=None, closed_why="", clock_from_s=changed.changed_at_s, escalation=0)
    return changed


def picture() -> str:
    """The table as a state diagram in Mermaid's words."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.DETECTED.value}"]
    for state, moves in MOVES.items():
        names: dict[State, list[str]] = {}
        for event, after in moves.items():
            names.setdefault(after, []).append(event.value)
        lines += [f"    {state.value} --> {after.value}: {', '.join(events)}" for after, events in names.items()]
    lines.append(f"    {State.CLOSED.value} --> [*]")
    return "\n".join(lines)
