"""What an investigation does to the record: opens once, adds, reopens, or leaves it alone."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from examples_render import NOW_S, cannot_tell, filling_cache, healthy, hostile, leak

from oakum.incident import IncidentSettings, identity, moved, recording
from oakum.incident.machine import Event
from oakum.incident.opening import Finding
from oakum.model.cause import CauseName
from oakum.model.incident import Answer, EntryKind, Impact, Kept, Runbook, Severity, State
from oakum.model.policy import Policy
from oakum.model.verdict import Forecast

POLICY = Policy()
SETTINGS = IncidentSettings(
    "the shop's team", "checkout fails", "orders lost", (), Runbook("RB-010", related=("RB-1",))
)


def finding(investigation, **changes):
    return replace(Finding(investigation, "host: shop", "pid/4242 leaks", {"n": 1}, author="ann"), **changes)


def written(known, investigation, **changes):
    """The change, as the store would have it numbered."""
    change = recording(finding(investigation, **changes), policy=POLICY, settings=SETTINGS)(known)
    if change is None:
        return None
    return replace(change, incident=replace(change.incident, number=change.incident.number or len(known) + 1))


def opened(investigation, **changes):
    return written([], investigation, **changes).incident


def later(investigation, seconds=60.0):
    return replace(investigation, generated_at_s=NOW_S + seconds)


def with_cause(investigation, name):
    return replace(investigation, causes=(replace(investigation.causes[0], name=name, holder="another"),))


def events(change):
    return [entry.facts.get("event", entry.kind.value) for entry in change.entries]


def test_a_leak_opens_an_explained_incident_with_all_that_people_said_once():
    change = written([], leak(), kept=(Kept("a", "a", "a", 1.0),), samples="ab", works=(3,))
    incident = change.incident
    assert events(change) == ["opened", "assess", "explain"]
    assert (incident.state, incident.cause, incident.holder) == (
        State.EXPLAINED,
        "unbounded-cache",
        leak().causes[0].holder,
    )
    assert (incident.owner, incident.runbook.id, incident.runbook.related) == ("the shop's team", "RB-010", ("RB-1",))
    assert incident.impact == Impact("checkout fails", "orders lost", incident.impact.service)
    assert "reaches its limit" in incident.impact.service
    assert (incident.opened_at_s, incident.clock_from_s) == (NOW_S, NOW_S)
    assert (change.assessed[0].document, change.assessed[0].samples) == ({"n": 1}, "ab")
    assert (len(change.kept), change.finishes) == (1, (3,))
    assert {entry.author for entry in change.entries} == {"ann"}


def test_a_suspicion_opens_an_incident_that_is_not_explained_and_names_no_cause():
    change = written([], filling_cache())
    assert events(change) == ["opened", "assess"]
    assert (change.incident.state, change.incident.cause, change.incident.severity) == (
        State.ASSESSED,
        "",
        Severity.P4,
    )
    assert change.incident.triage.answer is Answer.OPEN


@pytest.mark.parametrize("investigation", [healthy, cannot_tell])
def test_what_is_no_leak_opens_nothing(investigation):
    assert written([], investigation()) is None


def test_the_same_leak_opens_once_and_each_later_look_is_added():
    first = opened(leak())
    change = written([first], later(leak()))
    assert change.incident.number == first.number
    assert events(change) == ["assess"]
    assert change.incident.opened_at_s == NOW_S
    assert change.incident.changed_at_s == NOW_S + 60


def test_a_suspicion_becomes_the_leak_that_it_was_about():
    first = opened(filling_cache())
    change = written([first], later(leak()))
    assert events(change) == ["assess", "explain"]
    assert (change.incident.number, change.incident.cause) == (first.number, "unbounded-cache")
    assert written([change.incident], later(filling_cache(), 120.0)).incident.cause == "unbounded-cache"


def test_another_cause_is_another_leak_unless_the_first_is_still_among_its_causes():
    first = opened(leak())
    other = with_cause(leak(), CauseName.LISTENER)
    change = written([first], later(other))
    assert (change.incident.number, change.incident.cause) == (2, "listener")
    both = replace(leak(), causes=(*other.causes, *leak().causes))
    assert written([first], later(both)).incident.number == first.number


def test_a_healthy_look_is_added_to_what_is_open_and_the_alert_is_said_to_be_untrue():
    change = written([opened(leak())], later(healthy()))
    assert change.incident.triage.answer is Answer.NO
    assert change.incident.verdict == "healthy"
    assert change.incident.is_open
    assert change.incident.severity is opened(leak()).severity, "how bad it was is not forgotten"


def closed(incident, at_s):
    return moved(incident, Event.CLOSE, at_s=at_s, why="fixed")


def test_what_leaks_again_soon_after_it_was_closed_is_reopened_and_its_clock_begins_anew():
    before = closed(replace(opened(leak()), escalation=2), NOW_S + 10)
    change = written([before], later(leak(), POLICY.closing_window_s))
    assert events(change)[0] == "reopen"
    assert change.incident.number == before.number
    assert (change.incident.clock_from_s, change.incident.escalation) == (NOW_S + POLICY.closing_window_s, 0)
    assert change.incident.is_open


def test_what_leaks_again_much_later_is_a_new_incident_that_names_the_one_before():
    before = closed(opened(leak()), NOW_S + 10)
    change = written([before], later(leak(), POLICY.closing_window_s + 11))
    assert (change.incident.number, change.incident.before) == (2, 1)
    assert "inc-1 before" in change.entries[0].text


def test_a_suspicion_alone_reopens_nothing():
    change = written([closed(opened(leak()), NOW_S + 10)], later(filling_cache()))
    assert events(change)[0] == "opened"


@pytest.mark.parametrize("last", [(Event.FIX,), (Event.FIX, Event.VERIFY)])
def test_a_leak_after_the_fix_reopens_and_a_suspicion_does_not(last):
    incident = opened(leak())
    for event in last:
        incident = moved(incident, event, at_s=NOW_S)
    assert events(written([incident], later(leak())))[0] == "reopen"
    change = written([incident], later(filling_cache()))
    assert events(change) == ["assess"]
    assert change.incident.state is incident.state


def test_how_bad_it_is_only_gets_worse_while_it_is_open():
    calm = replace(leak(), verdict=replace(leak().verdict, forecasts=(), limit=None))
    soon = replace(leak(), verdict=replace(leak().verdict, forecasts=(Forecast("limit", 10.0, 20.0, 30.0),)))
    near = replace(leak(), verdict=replace(leak().verdict, forecasts=(Forecast("limit", 1e4, 1.1e4, 1e5),), limit=None))
    assert [opened(found).severity for found in (calm, near, soon)] == [Severity.P3, Severity.P2, Severity.P1]
    assert written([opened(soon)], later(calm)).incident.severity is Severity.P1
    assert written([opened(calm)], later(soon)).incident.severity is Severity.P1


@pytest.mark.parametrize(
    ("alert", "answer"),
    [
        ("", Answer.YES),
        ("somebody's own", Answer.YES),
        ("PodMemoryHigh", Answer.NO),
        ("podmemoryhigh", Answer.NO),
        ("OOMKilled", Answer.NO),
        ("PodRestartingFrequently", Answer.NO),
    ],
)
def test_whether_the_alert_is_true_is_answered_by_what_was_measured(alert, answer):
    calm = replace(leak(), verdict=replace(leak().verdict, level=100.0, limit=1000.0))
    incident = opened(calm, alert=alert)
    assert incident.triage.answer is answer
    assert len(incident.triage.why) > 1
    assert incident.alert == alert


@pytest.mark.parametrize(("level", "answer"), [(799.0, Answer.NO), (800.0, Answer.YES)])
def test_memory_is_high_from_the_policys_share_of_the_limit_on(level, answer):
    found = replace(leak(), verdict=replace(leak().verdict, level=level, limit=1000.0))
    assert opened(found, alert="PodMemoryHigh").triage.answer is answer
    unlimited = replace(leak(), verdict=replace(leak().verdict, limit=None))
    assert opened(unlimited, alert="PodMemoryHigh").triage.answer is Answer.OPEN


def test_every_symptom_is_answered_or_says_what_would_tell():
    symptoms = {symptom.name: symptom for symptom in opened(leak()).symptoms}
    assert symptoms["steady growth"].answer is Answer.YES
    assert symptoms["OOM kills"].answer is Answer.NO
    assert all("not measured" in one.evidence for one in symptoms.values() if one.answer is Answer.OPEN)


def test_hostile_names_are_kept_as_they_are():
    assert json.dumps(opened(hostile()).headline)
    assert opened(hostile()).target == hostile().target


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("pid/7", {"command": "shop --port 1"}), ("pid/9", {"command": "shop --port 1"}), True),
        (("pid/7", {"command": "shop"}), ("pid/7", {"command": "till"}), False),
        (
            ("pid/7", {"command": "s", "cgroup": "/a.service"}),
            ("pid/7", {"command": "s", "cgroup": "/b.service"}),
            False,
        ),
        (("pid/7", {"command": "s", "cgroup": "/1.scope"}), ("pid/7", {"command": "s", "cgroup": "/2.scope"}), True),
        (("pid/7", {}), ("pid/8", {}), False),
        (("cgroup/a", {}), ("cgroup/a", {"command": "x"}), True),
        (("pid/7", {"command": "x" * 999 + "1"}), ("pid/7", {"command": "x" * 999 + "2"}), False),
    ],
)
def test_a_service_is_itself_across_restarts_and_pids(one, other, same):
    assert (identity(*one, host="a") == identity(*other, host="a")) is same
    assert identity(*one, host="a") != identity(*one, host="b")


def test_an_identity_is_short_enough_for_every_index():
    assert len(identity("pid/7", {"command": "x" * 100_000 + "\udc80"}, host="a")) < 300


def test_a_workload_of_a_cluster_is_the_same_from_every_machine():
    assert identity("deploy/shop/api@east", {}, host="a") == identity("deploy/shop/api@east", {}, host="b")


def test_the_opening_entry_is_the_first_line_of_its_timeline():
    first = written([], leak(), alert="PodMemoryHigh").entries[0]
    assert (first.kind, first.text) == (EntryKind.OPENED, "opened: alert PodMemoryHigh")
