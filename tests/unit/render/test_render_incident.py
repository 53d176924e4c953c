"""An incident in every form: five lines, a table, JSON by its schema, a page, Markdown that no name breaks out of."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from examples_render import HOSTILE, NOW_S, hostile, leak, leaking_series, restarting_series
from rich.console import Console
from test_render_codec import _validator

from oakum import render
from oakum.incident import IncidentSettings, recording, standing
from oakum.incident.opening import Finding
from oakum.model.errors import DataError
from oakum.model.incident import (
    Answer,
    Entry,
    EntryKind,
    Incident,
    Kept,
    Record,
    Runbook,
    Severity,
    State,
    Symptom,
    Triage,
)
from oakum.model.mute import Mute
from oakum.model.plan_record import Approval, PlanRecord, StepRecord
from oakum.model.policy import Policy
from oakum.model.standing import Story
from oakum.model.step import Step
from oakum.render.codec_samples import samples_from_bytes, samples_to_bytes
from oakum.render.headline import headline

MUTE = Mute("pid/7", "a cache", "ann", NOW_S, NOW_S + 60, number=3)


def story(investigation, *, said="the shop's team", **more):
    """As it stands ten minutes after it was opened by ``investigation``."""
    settings = IncidentSettings(said, said, said, (), Runbook("RB-010", said, related=(said,)))
    sentence = headline(investigation.target, investigation.verdict, "bytes", now_s=NOW_S)
    document = json.loads(json.dumps(render.investigation_to_json(investigation)))
    kept = (Kept("samples", said, said, NOW_S, digest="ab" * 32, size_bytes=9000, media_type="x", author=said),)
    finding = Finding(investigation, "host: shop", sentence, document, kept, author=said, alert=said)
    change = recording(finding, policy=Policy(), settings=settings)([])
    record = Record(replace(change.incident, number=12), change.entries, change.assessed, change.kept)
    stands = standing(record, now_s=NOW_S + 600, policy=Policy())
    return Story(record, stands, samples=investigation.series, curve=investigation.curve, **more)


def planned():
    plan = PlanRecord(12, "pid/7", NOW_S, "d1", (StepRecord(Step("restart it", "frees it", "a pause")),), number=4)
    return {"plans": (plan,), "approvals": (Approval(4, "d1", "ann", "typed", NOW_S),)}


BARE = Record(Incident("a", "pid/7", State.DETECTED, Severity.P4, NOW_S, NOW_S, NOW_S, number=12))


def bare():
    return Story(BARE, standing(BARE, now_s=NOW_S, policy=Policy()))


STORIES = [lambda: story(leak()), lambda: story(hostile(), said=HOSTILE), lambda: story(leak(), **planned()), bare]


def printed(view, width=100):
    console = Console(width=width, file=None, record=True, force_terminal=False)
    with console.capture() as captured:
        console.print(view)
    return captured.get()


@pytest.mark.parametrize("make", STORIES)
def test_the_summary_has_five_lines_whatever_the_names_are(make):
    lines = render.incident_summary(make()).split("\n")
    assert len(lines) == 5
    assert all(line.isprintable() for line in lines)
    assert [line.partition(":")[0] for line in lines[1:]] == ["Impact", "Cause", "Clock", "Next"]
    assert lines[0].startswith("inc-12 ")


def test_the_summary_says_what_a_chat_needs():
    first, impact, cause, clock, after = render.incident_summary(story(leak())).split("\n")
    assert "P1 explained: pid/4242 leaks: sure" in first
    assert "users: the shop's team" in impact
    assert leak().causes[0].holder in cause
    assert str(leak().causes[0].where[0]) in cause
    assert clock == "Clock: open for 10 min, phase root cause, 20 min left of it; owner the shop's team"
    assert leak().plan.steps[0].title in after


def test_the_summary_of_a_closed_one_says_why_it_is_over():
    was = story(leak()).record
    closed = replace(was.incident, state=State.CLOSED, closed_at_s=NOW_S + 60, closed_why="fixed in 4.2")
    record = replace(was, incident=closed)
    lines = render.incident_summary(Story(record, standing(record, now_s=NOW_S + 999, policy=Policy()))).split("\n")
    assert lines[3].startswith("Clock: closed after 60 s: fixed in 4.2") or "1 min" in lines[3]
    assert lines[4] == "Next: oakum incident report inc-12"


def test_a_level_that_is_due_and_was_not_told_stands_in_the_summary():
    was = story(leak())
    stands = standing(was.record, now_s=NOW_S + 2000, policy=Policy())
    assert "level 2 is due" in render.incident_summary(replace(was, standing=stands))


@pytest.mark.parametrize("make", STORIES)
def test_the_json_is_valid_by_its_schema(make):
    document = render.story_to_json(make())
    _validator("oakum.incident/1").validate(json.loads(json.dumps(document, allow_nan=False)))


def test_the_json_of_an_assessment_names_the_incident():
    (assessed,) = render.story_to_json(story(leak()))["assessments"]
    assert assessed["investigation"]["incident"] == "inc-12"
    _validator("oakum.investigation/1").validate(assessed["investigation"])


def test_evidence_that_expired_is_said_to_have_wherever_it_is_named():
    kept = story(leak())
    line = Entry(
        NOW_S, EntryKind.EVIDENCE, "ann", "evidence expired: 1 file", State.CLOSED, facts={"expired": ["ab" * 32]}
    )
    gone = replace(kept, record=replace(kept.record, timeline=(*kept.record.timeline, line)))
    for made, expired in ((kept, False), (gone, True)):
        texts = (printed(render.incident_view(made)), render.incident_html(made), render.incident_markdown(made))
        assert [", expired" in text for text in texts] == [expired] * 3
        (row,) = render.story_to_json(made)["evidence"]
        assert row["expired"] is expired


def test_lists_of_incidents_and_mutes_are_valid_by_their_schemas():
    rows = [(story(leak()).record.incident, story(leak()).standing), (BARE.incident, bare().standing)]
    listed = render.incidents_to_json(rows, place="/x", now_s=NOW_S)
    _validator("oakum.incidents/1").validate(json.loads(json.dumps(listed, allow_nan=False)))
    mutes = render.mutes_to_json([MUTE, replace(MUTE, lifted_at_s=NOW_S, lifted_by="bob")], now_s=NOW_S)
    _validator("oakum.mutes/1").validate(json.loads(json.dumps(mutes, allow_nan=False)))
    assert [mute["holds"] for mute in mutes["mutes"]] == [True, False]


@pytest.mark.parametrize("make", STORIES)
def test_the_page_is_one_file_without_scripts_where_every_name_is_escaped(make):
    page = render.incident_html(make())
    assert page.startswith("<!doctype html>")
    assert not re.search(r"<script|<link|<img|src=|href=|url\(", page)
    assert "\x1b" not in page
    assert "\u202e" not in page
    page.encode("utf-8")


def test_the_page_draws_the_samples_and_tells_plans_and_approvals():
    page = render.incident_html(story(leak(), **planned()))
    assert "<svg" in page
    assert "restart it" in page
    assert "approved by ann (typed)" in page
    assert "<svg" not in render.incident_html(bare())


def test_no_name_breaks_out_of_the_markdown():
    evil = "# [x](http://evil) <b> | `rm` *_~ &amp; \n- more"
    record = replace(
        story(leak()).record,
        incident=replace(
            BARE.incident,
            headline=evil,
            owner=evil,
            closed_why=evil,
            triage=Triage(Answer.YES, NOW_S, (evil,)),
            symptoms=(Symptom("s", Answer.NO, evil),),
        ),
    )
    text = render.incident_markdown(Story(record, bare().standing))
    assert "<b>" not in text
    assert "[x](" not in text
    assert "\n- more" not in text
    rows = [line for line in text.splitlines() if line.startswith("| ✗")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 4 for row in rows)


@pytest.mark.parametrize("make", STORIES)
def test_the_markdown_tells_what_the_page_tells(make):
    text = render.incident_markdown(make())
    assert text.startswith("# inc-12: ")
    for head in ("## Symptoms", "## Phases", "## Timeline", "## Evidence"):
        assert head in text
    assert "\x1b" not in text


@pytest.mark.parametrize("make", STORIES)
@pytest.mark.parametrize("width", [40, 100])
def test_the_table_holds_the_summary_the_phases_and_the_timeline(make, width):
    text = printed(render.incident_view(make()), width)
    for word in ("inc-12", "stabilise", "root cause", "timeline", "symptoms"):
        assert word in text
    assert "\x1b" not in text


def test_the_first_step_asks_of_the_alert_by_its_name():
    """An alert that is not true, of a service that leaks, must not read as if the leak were not."""
    called, nobody = story(leak(), said="PodMemoryHigh"), story(leak(), said="")
    assert "is the alert PodMemoryHigh true? " in printed(render.incident_view(called))
    assert "is it true? " in printed(render.incident_view(nobody))
    assert "<h2>Is the alert PodMemoryHigh true? " in render.incident_html(called)
    assert "## Is the alert PodMemoryHigh true? " in render.incident_markdown(called)


def test_each_effect_and_risk_ends_with_one_stop():
    text = render.incident_markdown(story(leak()))
    lines = [line for line in text.split("\n") if " Risk: " in line]
    assert lines
    assert all(re.search(r"[^.]\. Risk: .*[^.]\.$", line) for line in lines), lines


def test_tables_of_incidents_and_mutes_say_when_there_are_none():
    assert "no incidents" in printed(render.incidents_table([], now_s=NOW_S))
    assert "nothing is muted" in printed(render.mutes_table([], now_s=NOW_S))
    listed = printed(render.incidents_table([(BARE.incident, bare().standing)], now_s=NOW_S))
    assert "inc-12" in listed
    assert "mute-3" in printed(render.mutes_table([MUTE, replace(MUTE, scope=HOSTILE)], now_s=NOW_S))


def test_pages_of_incidents_and_mutes_escape_every_name():
    evil = replace(BARE.incident, headline=HOSTILE)
    for page in (
        render.incidents_html([(evil, bare().standing)], place=HOSTILE, now_s=NOW_S),
        render.mutes_html([replace(MUTE, scope=HOSTILE, reason=HOSTILE)], now_s=NOW_S),
    ):
        assert "<script" not in page
        assert "inc-12" in page or "mute-3" in page


@pytest.mark.parametrize("series", [leaking_series, restarting_series])
def test_samples_come_back_as_they_went_in_and_the_same_ones_are_the_same_bytes(series):
    content = samples_to_bytes(series(), leak().curve)
    again, curve = samples_from_bytes(content)
    assert samples_to_bytes(again, curve) == content
    for was, now in zip(series().lifetimes, again.lifetimes, strict=True):
        np.testing.assert_array_equal(was.value, now.value)
        assert (was.ending, was.started_s, was.ended_s) == (now.ending, now.started_s, now.ended_s)
        assert (was.limit is None) == (now.limit is None)
    np.testing.assert_array_equal(curve.fit, leak().curve.fit)
    assert samples_from_bytes(samples_to_bytes(series(), None))[1] is None


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b'{"schema":"other"}', b"\xff", b'{"schema":"oakum.samples/1"}']
)
def test_what_are_no_samples_is_a_data_error(content):
    with pytest.raises(DataError):
        samples_from_bytes(content)
