"""Phases, budgets and escalation are counted from the record, so that they outlive whoever counts; what people say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.incident import Event, IncidentSettings, escalated, moving, noted, standing
from oakum.model.errors import CallerError
from oakum.model.incident import Answer, Entry, EntryKind, Incident, Kept, Record, Severity, State, Triage
from oakum.model.policy import Policy

POLICY = Policy()
BEGAN_S = 1_795_000_000.0
SETTINGS = IncidentSettings(contacts=("infra on call", "the platform lead", "the director"))
INCIDENT = Incident("host: shop", "pid/7", State.ASSESSED, Severity.P2, BEGAN_S, BEGAN_S, BEGAN_S, number=12)


def move(event, after_s, state=State.ASSESSED):
    return Entry(BEGAN_S + after_s, EntryKind.MOVED, "ann", event.value, state, facts={"event": event.value})


def at(after_s, record=None):
    return standing(record or Record(INCIDENT), now_s=BEGAN_S + after_s, policy=POLICY)


@pytest.mark.parametrize(
    ("after_s", "phase", "left_s", "level"),
    [
        (0, "stabilise", 300, 0),
        (299, "stabilise", 1, 0),
        (300, "root cause", 1500, 0),
        (899, "root cause", 901, 0),
        (900, "root cause", 900, 1),
        (1799, "root cause", 1, 1),
        (1800, "fix", None, 2),
        (3600, "fix", None, 3),
        (10**7, "fix", None, 3),
    ],
)
def test_the_phase_and_the_level_that_is_due_follow_from_how_long_it_is_open(after_s, phase, left_s, level):
    stands = at(after_s)
    assert (stands.phase, stands.left_s, stands.level_due, stands.elapsed_s) == (phase, left_s, level, after_s)


def test_it_says_when_the_next_level_is_due():
    assert [at(after_s).next_level_in_s for after_s in (0, 900, 2000, 3600)] == [900, 900, 1600, None]


def test_a_clock_that_was_set_back_shows_no_time_that_was_before_the_last_change():
    record = Record(replace(INCIDENT, changed_at_s=BEGAN_S + 400))
    assert at(-5000, record).elapsed_s == 400


def test_the_clock_stops_when_it_is_closed_and_begins_anew_when_it_is_reopened():
    closed = Record(replace(INCIDENT, state=State.CLOSED, closed_at_s=BEGAN_S + 600, changed_at_s=BEGAN_S + 600))
    stands = at(10**6, closed)
    assert (stands.elapsed_s, stands.phase, stands.level_due, stands.left_s) == (600, "closed", 0, None)
    again = Record(replace(INCIDENT, state=State.REOPENED, clock_from_s=BEGAN_S + 5000, changed_at_s=BEGAN_S + 5000))
    assert (at(5100, again).elapsed_s, at(5100, again).phase) == (100, "stabilise")


def checks(record):
    return {check.text: check.answer for phase in at(50, record).phases for check in phase.checks}


def test_each_phases_list_is_ticked_by_what_is_on_record():
    assert set(checks(Record(INCIDENT)).values()) == {Answer.NO, Answer.OPEN}
    record = Record(
        replace(INCIDENT, holder="shop.Cache", cause="listener", triage=Triage(Answer.YES, BEGAN_S)),
        (move(Event.STABILISE, 20), move(Event.FIX, 30), move(Event.PROVE, 40)),
        kept=(Kept("capture-2", "a capture", "memory", BEGAN_S),),
    )
    ticked = {text for text, answer in checks(record).items() if answer is Answer.YES}
    assert len(ticked) == 7
    by_people = {text for text, answer in checks(record).items() if answer is Answer.OPEN}
    assert "what was learnt is written down" in by_people


def test_a_fix_of_before_it_was_reopened_is_no_fix():
    record = Record(replace(INCIDENT, clock_from_s=BEGAN_S + 35), (move(Event.FIX, 30),))
    assert checks(record)["a fix is in place"] is Answer.NO


def test_milestones_are_measured_against_their_budgets():
    record = Record(INCIDENT, (move(Event.ASSESS, 20), move(Event.ASSESS, 25), move(Event.STABILISE, 100)))
    assert [(one.name, one.budget_s, one.took_s) for one in at(200, record).milestones] == [
        ("assess", 30, 20),
        ("recover", 60, 80),
    ]
    assert [one.took_s for one in at(200).milestones] == [None, None]


def raised(record, level=None, after_s=10.0):
    return escalated(
        record, level, author="ann", now_s=BEGAN_S + after_s, policy=POLICY, settings=SETTINGS
    ).incident.escalation


def test_it_is_escalated_to_what_the_clock_asks_for_and_never_twice_to_one_level():
    assert [raised(Record(INCIDENT), after_s=after_s) for after_s in (10, 900, 1800, 9999)] == [1, 1, 2, 3]
    assert raised(Record(INCIDENT), level=3) == 3
    told = Record(replace(INCIDENT, escalation=1))
    with pytest.raises(CallerError, match="at level 1 already") as caught:
        raised(told)
    assert "level 2 is due in 30 min" in caught.value.why
    assert caught.value.next_step.endswith("--level 2")
    assert raised(told, after_s=1800) == 2
    with pytest.raises(CallerError, match="already") as caught:
        raised(Record(replace(INCIDENT, escalation=3)), level=3)
    assert "no level above" in caught.value.why


def test_an_escalation_names_whom_to_tell():
    change = escalated(Record(INCIDENT), 2, author="ann", now_s=BEGAN_S, policy=POLICY, settings=SETTINGS)
    assert change.entries[0].text == "escalated to level 2: the platform lead"
    assert change.entries[0].kind is EntryKind.ESCALATED


@pytest.mark.parametrize("level", [0, 4, -1])
def test_a_level_that_is_none_is_refused(level):
    with pytest.raises(CallerError, match="no level"):
        raised(Record(INCIDENT), level=level)


def test_a_closed_incident_is_not_escalated():
    with pytest.raises(CallerError, match="closed"):
        raised(Record(replace(INCIDENT, state=State.CLOSED)))


def test_a_note_that_was_the_last_word_of_the_same_person_is_not_written_again():
    note = noted(Record(INCIDENT), "limit raised", author="ann", now_s=BEGAN_S + 5)
    entry = note.entries[0]
    assert (entry.kind, entry.text, entry.author, entry.at_s) == (EntryKind.NOTE, "limit raised", "ann", BEGAN_S + 5)
    record = Record(note.incident, (entry,))
    assert noted(record, "limit raised", author="ann", now_s=BEGAN_S + 9) is None
    assert noted(record, "limit raised", author="bob", now_s=BEGAN_S + 9) is not None
    assert noted(record, "and again", author="ann", now_s=BEGAN_S + 9) is not None


def test_words_are_wanted():
    for act in (
        lambda: noted(Record(INCIDENT), " \n", author="ann", now_s=1.0),
        lambda: moving(Record(INCIDENT), Event.CLOSE, "", author="ann", now_s=1.0),
    ):
        with pytest.raises(CallerError, match="without") as caught:
            act()
        assert caught.value.next_step


def test_a_move_by_a_person_keeps_the_reason():
    change = moving(Record(INCIDENT), Event.CLOSE, "a test of ours", author="ann", now_s=BEGAN_S + 5)
    assert (change.incident.state, change.incident.closed_why) == (State.CLOSED, "a test of ours")
    assert change.entries[0].text == "closed: a test of ours"
