"""The table of states: what it holds, what it refuses, and its picture in the docs."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from oakum.incident import MOVES, Event, allowed, moved, picture
from oakum.model.errors import CallerError
from oakum.model.incident import Incident, Severity, State

DOCS = Path(__file__).parents[3] / "docs" / "incidents.md"
INCIDENT = Incident("service shop", "pid/7", State.DETECTED, Severity.P3, 100.0, 100.0, 100.0, number=12)


def through(*events, at_s=200.0):
    incident = INCIDENT
    for event in events:
        incident = moved(incident, event, at_s=at_s, why="a reason")
    return incident


def test_every_state_has_its_row_and_every_state_can_be_reached_and_left():
    assert set(MOVES) == set(State)
    reached = {State.DETECTED} | {after for moves in MOVES.values() for after in moves.values()}
    assert reached == set(State)
    assert all(set(moves.values()) - {state} for state, moves in MOVES.items())


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
def test_a_move_is_in_the_table_or_is_refused_with_what_is_allowed(state, event):
    incident = Incident("service shop", "pid/7", state, Severity.P3, 1.0, 1.0, 1.0, number=12)
    if event in MOVES[state]:
        assert moved(incident, event, at_s=2.0).state is MOVES[state][event]
        return
    with pytest.raises(CallerError, match=f"inc-12 is {state.value}: it cannot {event.value}") as caught:
        moved(incident, event, at_s=2.0)
    assert all(event.value in caught.value.why for event in allowed(state))
    assert caught.value.next_step == "oakum incident show inc-12"


def test_the_whole_way_from_detected_to_closed_and_back():
    way = (Event.ASSESS, Event.STABILISE, Event.EXPLAIN, Event.FIX, Event.VERIFY, Event.PROVE)
    closed = through(*way)
    assert (closed.state, closed.closed_at_s, closed.is_open) == (State.CLOSED, 200.0, False)
    again = through(*way, Event.REOPEN, at_s=300.0)
    assert (again.state, again.closed_at_s, again.closed_why, again.clock_from_s) == (State.REOPENED, None, "", 300.0)
    assert through(*way, Event.REOPEN, *way).state is State.CLOSED


def test_an_incident_is_never_closed_by_anything_but_proof_or_a_person():
    closing = {event for moves in MOVES.values() for event, after in moves.items() if after is State.CLOSED}
    assert closing == {Event.PROVE, Event.CLOSE}


def test_a_clock_that_was_set_back_turns_no_record_back():
    assert moved(INCIDENT, Event.ASSESS, at_s=5.0).changed_at_s == 100.0


def test_the_picture_in_the_docs_is_that_of_the_table():
    drawn = re.search(r"```mermaid\n(.*?)\n```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert drawn is not None
    assert drawn[1] == picture()


def test_the_picture_holds_every_move_and_no_other():
    told = {
        (before, event, after)
        for before, after, events in re.findall(r"^ +(\w+) --> (\w+): (.*)$", picture(), re.MULTILINE)
        for event in events.split(", ")
    }
    assert told == {(state, event, after) for state, moves in MOVES.items() for event, after in moves.items()}
