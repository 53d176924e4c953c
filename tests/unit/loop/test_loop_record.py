"""Investigations on record, with a real store: opened once, muted, cut off, and a store that fails at the end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from examples_render import NOW_S, healthy, leak, scan

from oakum.explain.plan import plan
from oakum.incident import Event, IncidentSettings
from oakum.loop import incident as journey
from oakum.loop.muting import with_mutes
from oakum.loop.record import Recorder, investigate_on_record
from oakum.model.action import SetLimit, facts_of
from oakum.model.errors import CallerError, DataError, MachineError, TargetError
from oakum.model.hands import LimitFiles
from oakum.model.incident import Answer, State
from oakum.model.mute import Mute
from oakum.model.plan_record import PlanRecord, StepRecord, StepState
from oakum.model.policy import Policy
from oakum.model.sighting import Sighting
from oakum.model.step import Step
from oakum.model.supervisor import Supervisor, SupervisorKind
from oakum.model.work import Holder, Work
from oakum.render import incident_html, incident_markdown, story_to_json
from oakum.store import open_store
from oakum.store.place import FilePlace

THIS = Holder("here", "boot-2", 100, 5)
CUT_OFF = Holder("here", "boot-1", 90, 4)
ELSEWHERE = Holder("there", "boot-9", 90, 4)


class Workers:
    """One machine where only this process runs."""

    def this(self):
        return THIS

    def gone(self, holder):
        return None if holder.host != THIS.host else holder != THIS


@pytest.fixture
def recorder(tmp_path):
    store = open_store(FilePlace(tmp_path / "oakum.db"), blobs="")
    yield Recorder(store, Workers(), "ann", Policy(), IncidentSettings(contacts=("infra",)))
    store.close()


def recorded(recorder, investigation, **options):
    return investigate_on_record("pid/4242", lambda: investigation, recorder, now_s=NOW_S, **options)


def later(investigation, seconds):
    return replace(investigation, generated_at_s=NOW_S + seconds)


def test_a_leak_is_on_record_with_its_evidence_and_nothing_is_left_over(recorder):
    found = recorded(recorder, leak(), alert="PodMemoryHigh")
    assert found.investigation.incident == "inc-1"
    record = recorder.store.incidents.record(1)
    assert (record.incident.state, record.incident.alert) == (State.EXPLAINED, "PodMemoryHigh")
    assert record.assessed[0].document["target"] == "pid/4242"
    assert recorder.store.blobs.digests() == sorted(recorder.store.incidents.digests())
    assert {kept.id for kept in record.kept} == {row.id for row in leak().evidence} | {"samples"}
    assert recorder.store.works.unfinished() == []
    assert journey.left(recorder).lines == ()


def test_on_record_the_answers_steps_go_on_from_the_incident(recorder):
    leaks = leak()
    advice = plan(leaks.verdict, leaks.causes, leaks.target, Policy())
    assert not any("inc-" in step.command for step in advice.steps)
    answer = recorded(recorder, replace(leaks, plan=advice)).investigation
    steps = {step.title.split()[0]: step.command for step in answer.plan.steps}
    assert (steps["Restart"], steps["Verify"]) == ("oakum plan inc-1", "oakum verify inc-1")
    assert steps["Keep"] == advice.steps[0].command


def test_looking_again_adds_to_the_same_incident(recorder):
    recorded(recorder, leak())
    assert recorded(recorder, later(leak(), 60)).investigation.incident == "inc-1"
    calm = replace(healthy(), series=replace(healthy().series, labels=leak().series.labels))
    assert recorded(recorder, later(calm, 90)).investigation.incident == "inc-1"
    assert len(recorder.store.incidents.list(closed=True)) == 1
    record = recorder.store.incidents.record(1)
    assert [row.document["verdict"]["verdict"] for row in record.assessed] == ["leak", "leak", "healthy"]
    assert record.incident.triage.answer is Answer.NO


def test_what_is_healthy_leaves_no_trace(recorder):
    assert recorded(recorder, healthy()).investigation.incident is None
    assert recorder.store.incidents.list(closed=True) == []
    assert recorder.store.works.unfinished() == []
    assert recorder.store.blobs.digests() == []


def test_a_target_that_fails_or_a_person_who_stops_it_leaves_no_work(recorder):
    for error in (TargetError("pid/4242 has ended"), KeyboardInterrupt()):

        def journey_that_fails(error=error):
            raise error

        with pytest.raises(type(error)):
            investigate_on_record("pid/4242", journey_that_fails, recorder, now_s=NOW_S)
    assert recorder.store.works.unfinished() == []


def test_what_was_cut_off_is_told_until_it_is_done_again(recorder):
    works = recorder.store.works
    for holder, subject in ((CUT_OFF, "pid/4242"), (ELSEWHERE, "pid/4242"), (THIS, "pid/1"), (CUT_OFF, "pid/7")):
        works.begin(Work("investigate", subject, f"oakum investigate {subject}", holder, NOW_S))
    told = [
        "left by a command that was cut off: investigate pid/4242 (pid 90); next: oakum investigate pid/4242",
        "left by a command that was cut off: investigate pid/7 (pid 90); next: oakum investigate pid/7",
    ]
    assert list(journey.left(recorder).lines) == told
    assert list(journey.left(recorder).lines) == told
    recorded(recorder, leak())
    assert list(journey.left(recorder).lines) == told[1:]
    assert {work.holder for work in works.unfinished()} == {ELSEWHERE, THIS, CUT_OFF}


class Limits:
    """Port MemoryLimits: what was raised stands still."""

    def read(self, path):
        return LimitFiles(path, 17, 2, {"memory.max": 600 << 20})


def raised(recorder, number):
    action = SetLimit("/shop", 400 << 20, 600 << 20, Supervisor(SupervisorKind.NONE), 86400.0)
    step = Step("Raise it", effect="room", risk="less for others", does=facts_of(action))
    seen = Sighting(THIS.host, THIS.boot, 4242, 9, 0, ("shop",), "/shop", 17)
    steps = (StepRecord(step, StepState.APPLIED, {"inode": 17}, NOW_S, NOW_S),)
    return recorder.store.plans.add(PlanRecord(number, "pid/4242", NOW_S, "d", steps, seen.facts(), StepState.APPLIED))


def test_a_limit_beyond_its_time_is_told_with_its_undo_until_it_is_taken_back_or_the_incident_closed(recorder):
    recorded(recorder, leak())
    made = raised(recorder, 1)
    assert journey.left(recorder, Limits(), now_s=NOW_S + 86000).lines == ()
    (line,) = journey.left(recorder, Limits(), now_s=NOW_S + 2 * 86400).lines
    assert line.startswith("the memory limit of /shop, 600 MiB since plan-1 (inc-1), was meant for 24 h")
    assert line.endswith("or back: oakum undo plan-1")
    undone = recorder.store.plans.change(replace(made, steps=(replace(made.steps[0], state=StepState.UNDONE),)))
    assert journey.left(recorder, Limits(), now_s=NOW_S + 2 * 86400).lines == ()
    recorder.store.plans.change(replace(undone, steps=made.steps))
    assert journey.left(recorder, Limits(), now_s=NOW_S + 2 * 86400).lines == (line,)
    journey.move(recorder, 1, Event.CLOSE, "it is configured so now", now_s=NOW_S + 2 * 86400)
    assert journey.left(recorder, Limits(), now_s=NOW_S + 2 * 86400).lines == ()


def test_a_plan_that_another_version_wrote_keeps_no_command_from_telling_the_rest(recorder):
    recorded(recorder, leak())
    made = raised(recorder, 1)
    step = replace(made.steps[0], step=replace(made.steps[0].step, does={"kind": "teleport"}))
    recorder.store.plans.add(replace(made, number=0, revision=0, steps=(step,)))
    assert len(journey.left(recorder, Limits(), now_s=NOW_S + 2 * 86400).lines) == 1


def test_evidence_of_a_dead_writer_is_removed_and_that_is_told_once(recorder):
    recorder.store.blobs.put([b"whole"])
    incoming = recorder.store.database.place.blobs / "incoming"
    (incoming / "half").write_bytes(b"half of a du")
    assert journey.left(recorder).lines == ("removed evidence that was cut off while it was written: 1 files",)
    assert journey.left(recorder).lines == ()


class FailingBlobs:
    """A disk that fills while the target was watched."""

    def put(self, _):
        raise MachineError("cannot write evidence", why="No space left on device", next_step="df -h")


def test_a_store_that_fails_at_the_end_does_not_take_the_answer_with_it(recorder):
    failing = replace(recorder, store=replace(recorder.store, blobs=FailingBlobs()))
    found = recorded(failing, leak())
    assert found.failed.what == "cannot write evidence"
    assert found.investigation.verdict == leak().verdict
    assert found.investigation.incident is None
    assert found.investigation.absent[-1].what == "the incident's record"
    assert len(recorder.store.works.unfinished()) == 1, "the next command says that it is to be done again"


def test_a_mute_closes_what_is_open_opens_nothing_and_can_be_lifted(recorder, processes):
    recorded(recorder, leak())
    made, closed = journey.mute(recorder, "inc-1", reason="it fills", for_s=60.0, processes=processes, now_s=NOW_S)
    assert [(one.id, one.closed_why) for one in closed] == [("inc-1", "muted, mute-1: it fills")]
    found = recorded(recorder, later(leak(), 30))
    assert (found.mute, found.investigation.incident) == (made, None)
    assert recorder.store.works.unfinished() == []
    assert recorded(recorder, later(leak(), 61)).mute is None, "it has run out"
    journey.mute(recorder, "inc-1", reason="it fills", for_s=600.0, processes=processes, now_s=NOW_S + 61)
    journey.unmute(recorder, 2, now_s=NOW_S + 62)
    assert recorded(recorder, later(leak(), 63)).mute is None


@pytest.fixture
def processes(machine):
    return machine.processes


@pytest.fixture
def machine():
    from fake_machine import FakeMachine  # noqa: PLC0415

    return FakeMachine()


def test_a_process_is_muted_as_what_it_is_not_by_its_number(recorder, machine):
    shop = machine.start(("/usr/bin/shop", "--port", "1"))
    made, _ = journey.mute(
        recorder, f"pid/{shop.pid}", reason="a cache", for_s=60.0, processes=machine.processes, now_s=NOW_S
    )
    assert made.covers("pid/999", "here: /usr/bin/shop --port 1")
    assert not made.covers(f"pid/{shop.pid}", "here: /usr/bin/till")
    with pytest.raises(TargetError):
        journey.mute(recorder, "pid/31999", reason="x", for_s=60.0, processes=machine.processes, now_s=NOW_S)


@pytest.mark.parametrize("change", [{"reason": " "}, {"for_s": 0.0}, {"target": "inc-9"}, {"target": "inc-x"}])
def test_a_mute_wants_a_reason_an_end_and_something_to_mute(recorder, processes, change):
    asked = {"target": "shop*", "reason": "a cache", "for_s": 60.0} | change
    with pytest.raises(CallerError):
        journey.mute(recorder, **asked, processes=processes, now_s=NOW_S)
    assert recorder.store.mutes.list() == []


def test_a_scan_marks_what_is_muted_shows_it_last_and_does_not_count_it(recorder):
    found = scan()
    worst = found.ranked[0][0].id
    leaks = found.leaks
    now_s = found.generated_at_s
    mute = Mute(worst, "a cache", "ann", now_s, now_s + 60)
    recorder.store.mutes.add(mute)
    marked = with_mutes(found, lambda: recorder.store, host="here")
    assert (marked.leaks, marked.ranked[-1][0].id, set(marked.muted)) == (leaks - 1, worst, {worst})
    late = replace(found, generated_at_s=now_s + 61)
    assert with_mutes(late, lambda: recorder.store, host="here").leaks == leaks


def test_a_scan_without_a_record_or_with_a_broken_one_stands(recorder):
    def broken():
        raise DataError("the record is broken", why="malformed")

    found = scan()
    assert with_mutes(found, lambda: None, host="here") is found
    marked = with_mutes(found, broken, host="here")
    assert (marked.leaks, marked.rows) == (found.leaks, found.rows)
    assert "mutes are not known: the record is broken: malformed" in marked.warnings


def test_a_report_is_the_same_to_the_byte_whenever_it_is_made_again_whatever_the_policy_is_by_then(recorder):
    recorded(recorder, leak())
    journey.note(recorder, 1, "rolled back", event=Event.STABILISE, now_s=NOW_S + 20)
    journey.escalate(recorder, 1, None, now_s=NOW_S + 30)
    changed = replace(recorder, policy=Policy(stabilise_budget_s=1.0, escalate_1_s=2.0))
    for make in (incident_html, incident_markdown, story_to_json):
        texts = {str(make(journey.story(one, 1, now_s=None))) for one in (recorder, changed)}
        assert len(texts) == 1
    assert str(story_to_json(journey.story(changed, 1, now_s=NOW_S + 40))) not in texts


def test_a_report_whose_samples_are_gone_says_so(recorder):
    recorded(recorder, leak())
    whole = journey.story(recorder, 1, now_s=None)
    assert whole.samples is not None
    (digest,) = recorder.store.blobs.digests()
    path = recorder.store.database.place.blobs / digest[:2] / digest
    path.write_bytes(b"spoilt")
    story = journey.story(recorder, 1, now_s=None)
    assert story.samples is None
    assert "is broken" in story.warnings[0]
    assert "is broken" in incident_html(story)
    assert "is broken" in incident_markdown(story)


def test_incidents_are_listed_the_worst_first_and_the_closed_last(recorder):
    calm = replace(leak().verdict, forecasts=(), limit=None)
    for command, verdict in (("one", calm), ("two", leak().verdict), ("three", calm)):
        series = replace(leak().series, labels={"command": command})
        recorded(recorder, replace(leak(), series=series, verdict=verdict))
    journey.move(recorder, 2, Event.CLOSE, "fixed", now_s=NOW_S)
    assert [one.number for one, _ in journey.listed(recorder, closed=True, now_s=NOW_S)] == [3, 1, 2]
    assert [one.number for one, _ in journey.listed(recorder, closed=False, now_s=NOW_S)] == [3, 1]


@pytest.mark.parametrize("text", ["", "inc-", "0", "-1", "inc-1x", "12345678901", "٣", "mute-1"])
def test_what_is_no_incident_is_the_callers_mistake(text):
    with pytest.raises(CallerError, match="no incident"):
        journey.number_of(text)
