"""Retention on a real record: what goes is said first, two of them do it once, and a cut-off one is gone on with."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest
from examples_render import NOW_S, leak

from oakum.host.workers import LiveWorkers
from oakum.incident import Event, IncidentSettings, Keeping
from oakum.loop import incident as journey
from oakum.loop.record import Recorder, investigate_on_record
from oakum.loop.retain import retain
from oakum.model.errors import MachineError
from oakum.model.incident import EntryKind
from oakum.model.policy import Policy
from oakum.render import incident_html, incident_markdown
from oakum.store import open_store
from oakum.store.place import FilePlace

DAY_S = 86_400.0
LATER_S = NOW_S + 40 * DAY_S


@pytest.fixture
def recorder(tmp_path):
    store = open_store(FilePlace(tmp_path / "oakum.db"), blobs="")
    yield Recorder(store, LiveWorkers(), "ann", Policy(), IncidentSettings())
    store.close()


def recorded(recorder, command):
    """Of a leak of its own; the digest of its samples."""
    series = replace(leak().series, labels={"command": command}, id=command)
    found = investigate_on_record("pid/4242", lambda: replace(leak(), series=series), recorder, now_s=NOW_S)
    number = journey.number_of(found.investigation.incident)
    (digest,) = recorder.store.incidents.claims()[-1].digests
    aged(recorder, digest, NOW_S)
    return number, digest


def aged(recorder, digest, at_s):
    os.utime(recorder.store.database.place.blobs / digest[:2] / digest, (at_s, at_s))


@pytest.fixture
def record(recorder):
    """One that is open, one that was closed long ago, and a file that no record names."""
    still_open, over = recorded(recorder, "open"), recorded(recorder, "over")
    journey.move(recorder, over[0], Event.CLOSE, "fixed", now_s=NOW_S + 60)
    unnamed = recorder.store.blobs.put([b"left by a run that was cut off"])
    aged(recorder, unnamed, NOW_S)
    return {"open": still_open, "over": over, "unnamed": unnamed}


def lines(recorder, number):
    timeline = recorder.store.incidents.record(number).timeline
    return [entry.text for entry in timeline if entry.kind is EntryKind.EVIDENCE]


def test_what_was_kept_for_long_enough_goes_and_the_record_says_so(recorder, record):
    number, digest = record["over"]
    done = retain(recorder, Keeping(), now_s=LATER_S)
    assert {each.blob.digest: each.why.value for each in done.gone} == {digest: "expired", record["unnamed"]: "unnamed"}
    assert recorder.store.blobs.digests() == [record["open"][1]]
    assert done.bytes_after == sum(blob.size_bytes for blob in recorder.store.blobs.kept())
    assert lines(recorder, number)[0].startswith("evidence expired: 1 file, ")
    story = journey.story(recorder, number, now_s=None)
    assert (story.samples, story.warnings) == (None, (f"the samples are no longer kept: {lines(recorder, number)[0]}",))
    for text in (incident_html(story), incident_markdown(story)):
        assert "no longer kept" in text
        assert "broken" not in text
    assert journey.story(recorder, record["open"][0], now_s=None).samples is not None


def test_done_again_there_is_nothing_left_to_do_or_to_say(recorder, record):
    retain(recorder, Keeping(), now_s=LATER_S)
    before = recorder.store.incidents.record(record["over"][0])
    again = retain(recorder, Keeping(), now_s=LATER_S + 5)
    assert (again.gone, again.bytes_before) == ((), again.bytes_after)
    assert recorder.store.incidents.record(record["over"][0]) == before


def test_a_dry_run_tells_the_same_and_does_nothing(recorder, record):
    kept, before = recorder.store.blobs.kept(), recorder.store.incidents.record(record["over"][0])
    recorder.store.scans.add("host", NOW_S, {"n": 1})
    dry = retain(recorder, Keeping(), now_s=LATER_S, dry_run=True)
    assert (recorder.store.blobs.kept(), recorder.store.incidents.record(record["over"][0])) == (kept, before)
    assert recorder.store.scans.last("host").document == {"n": 1}
    done = retain(recorder, Keeping(), now_s=LATER_S)
    assert (dry.gone, dry.bytes_after) == (done.gone, done.bytes_after)
    assert (dry.scans, done.scans, done.judge_states) == (None, 1, 0)


def test_scans_and_judge_states_are_kept_as_long_as_evidence_and_a_day_at_least(recorder):
    store = recorder.store
    for at_s in (NOW_S - 0.5 * DAY_S, NOW_S - 1.5 * DAY_S, NOW_S - 31 * DAY_S):
        store.scans.add("host", at_s, {})
        store.judge_states.put(f"pid/{at_s}", b"", revision=0, at_s=at_s)
    done = retain(recorder, Keeping(), now_s=NOW_S)
    assert (done.scans, done.judge_states) == (1, 1)
    done = retain(recorder, Keeping(keep_s=0.0), now_s=NOW_S)
    assert (done.scans, done.judge_states) == (1, 1)


def test_two_at_once_say_it_once_and_leave_nothing(recorder, record):
    store = recorder.store
    with closing(open_store(store.database.place, blobs="")) as other:
        both, start = (recorder, replace(recorder, store=other)), threading.Barrier(2)

        def run(one):
            start.wait()
            return retain(one, Keeping(), now_s=LATER_S)

        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(run, both))
    assert store.blobs.digests() == [record["open"][1]]
    assert len(lines(recorder, record["over"][0])) == 1
    assert [one.stayed for one in done] == [(), ()]


class CutOffError(Exception):
    """As kill -9 would, before a file is removed."""


def test_cut_off_after_it_was_said_the_next_one_removes_what_is_still_there_and_says_nothing_twice(recorder, record):
    class Blobs:
        """Those of the record, of which none can be removed."""

        def kept(self):
            return recorder.store.blobs.kept()

        def remove(self, _, **__):
            raise CutOffError

    cut_off = replace(recorder, store=replace(recorder.store, blobs=Blobs()))
    with pytest.raises(CutOffError):
        retain(cut_off, Keeping(), now_s=LATER_S)
    number, digest = record["over"]
    assert recorder.store.blobs.has(digest)
    assert journey.story(recorder, number, now_s=None).warnings == (), "it is still there, and told"
    retain(recorder, Keeping(), now_s=LATER_S + 9)
    assert not recorder.store.blobs.has(digest)
    assert len(lines(recorder, number)) == 1


def test_what_is_reopened_while_another_decides_stays(recorder, record):
    number, digest = record["over"]
    incidents = recorder.store.incidents

    class Reopening:
        """The record's, where somebody reopens the incident once its evidence was told to go."""

        def claims(self):
            found = incidents.claims()
            journey.move(recorder, number, Event.REOPEN, "it leaks again", now_s=LATER_S)
            return found

        def change(self, *arguments):
            return incidents.change(*arguments)

    late = replace(recorder, store=replace(recorder.store, incidents=Reopening()))
    done = retain(late, Keeping(), now_s=LATER_S)
    assert [each.blob.digest for each in done.stayed] == [digest]
    assert recorder.store.blobs.has(digest)
    assert lines(recorder, number) == []
    assert done.bytes_after == sum(blob.size_bytes for blob in recorder.store.blobs.kept())


def test_evidence_in_a_place_that_may_be_shared_goes_only_when_it_is_named(recorder, record, tmp_path):
    assert recorder.store.blobs_alone
    shared = open_store(FilePlace(tmp_path / "other.db"), blobs=str(recorder.store.database.place.blobs))
    assert not shared.blobs_alone
    shared.close()
    done = retain(recorder, Keeping(unnamed=False), now_s=LATER_S)
    assert [each.blob.digest for each in done.gone] == [record["over"][1]]


def test_a_file_that_cannot_be_removed_is_told_and_the_record_stands(recorder, record, monkeypatch):
    def refused(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.unlink", refused)
    with pytest.raises(MachineError, match="cannot remove evidence") as caught:
        retain(recorder, Keeping(), now_s=LATER_S)
    assert "Permission denied" in caught.value.why
    monkeypatch.undo()
    retain(recorder, Keeping(), now_s=LATER_S)
    assert recorder.store.blobs.digests() == [record["open"][1]]
