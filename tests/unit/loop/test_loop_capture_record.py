"""Captures on record: the very file among an incident's evidence, with who took it, until the evidence expires."""

from __future__ import annotations

import hashlib
import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from examples_render import NOW_S, leak

from oakum.host.workers import LiveWorkers
from oakum.incident import Event, IncidentSettings, Keeping
from oakum.loop import incident as incidents
from oakum.loop.capturing.record import check_record, on_record
from oakum.loop.record import Recorder, investigate_on_record
from oakum.loop.retain import retain
from oakum.model.capture import Capture
from oakum.model.errors import CallerError
from oakum.model.evidence import Cost
from oakum.model.policy import Policy
from oakum.store import open_store
from oakum.store.place import FilePlace

DAY_S = 86_400.0
CONTENT = b"JAVA PROFILE 1.0.2\0" + bytes(3 << 20)


@pytest.fixture
def recorder(tmp_path):
    with closing(open_store(FilePlace(tmp_path / "oakum.db"), blobs="")) as store:
        yield Recorder(store, LiveWorkers(), "ann", Policy(), IncidentSettings())


@pytest.fixture
def number(recorder):
    found = investigate_on_record("pid/4242", leak, recorder, now_s=NOW_S)
    return incidents.number_of(found.investigation.incident)


@pytest.fixture
def capture(tmp_path):
    file = tmp_path / "shop.hprof"
    file.write_bytes(CONTENT)
    cost = Cost(0.5, 0.5, len(CONTENT))
    return Capture(
        "pid/4242", 4242, "jvm 17", str(file), len(CONTENT), "hprof", NOW_S, None, None, cost, 0, redacted=True
    )


def test_the_very_file_is_evidence_and_the_record_says_who_took_it_and_what_it_cost(recorder, number, capture):
    found = on_record(capture, number, recorder, now_s=NOW_S + 60)
    assert (found.incident, found.digest) == (f"inc-{number}", hashlib.sha256(CONTENT).hexdigest())
    assert recorder.store.blobs.get(found.digest) == CONTENT
    record = recorder.store.incidents.record(number)
    kept = record.kept[-1]
    assert (kept.digest, kept.author, kept.size_bytes) == (found.digest, "ann", len(CONTENT))
    assert kept.facts["redacted"] is True
    assert record.timeline[-1].text.endswith("3.00 MiB, without texts; it stood still for 500 ms")
    assert record.timeline[-1].author == "ann"


def test_a_raw_or_sealed_one_says_so_on_the_timeline(recorder, number, capture):
    on_record(replace(capture, redacted=False, sealed_to=("age1x",)), number, recorder, now_s=NOW_S + 60)
    assert "with the program's texts, sealed" in recorder.store.incidents.record(number).timeline[-1].text


def test_it_expires_with_the_evidence_of_its_incident_and_the_users_own_file_stays(recorder, number, capture):
    found = on_record(capture, number, recorder, now_s=NOW_S + 60)
    os.utime(recorder.store.database.place.blobs / found.digest[:2] / found.digest, (NOW_S, NOW_S))
    assert not retain(recorder, Keeping(), now_s=NOW_S + 100 * DAY_S).gone
    incidents.move(recorder, number, Event.CLOSE, "fixed", now_s=NOW_S + 120)
    gone = retain(recorder, Keeping(), now_s=NOW_S + 40 * DAY_S).gone
    assert found.digest in {each.blob.digest for each in gone}
    assert not recorder.store.blobs.has(found.digest)
    assert Path(capture.file).read_bytes() == CONTENT


def test_what_cannot_go_on_record_is_told_before_the_target_is_touched(recorder, number):
    check_record(number, "shop.hprof", recorder)
    with pytest.raises(CallerError):
        check_record(number + 1, "shop.hprof", recorder)
    with pytest.raises(CallerError, match="standard output"):
        check_record(number, "-", recorder)
