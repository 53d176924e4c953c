"""kill -9 at every write of an incident, of what people say, of evidence and of a plan: nothing lost, nothing twice.

Each write point is found by strace in a real child process. What a child was told is done must be there; what is there
must be whole; and the same command again ends in the same record as if nothing had happened.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import fault_walk
import pytest
from examples_render import NOW_S
from fault_walk import BLOB, IN_VAIN, acknowledge, at, recorder, said

from oakum.loop import incident as journey
from oakum.loop.record import investigate_on_record
from oakum.model.errors import CallerError
from oakum.model.incident import EntryKind, State
from oakum.model.plan_record import StepState

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(shutil.which("strace") is None, reason="no strace here: apt-get install strace"),
]


@pytest.fixture
def walked(tmp_path, record_property):
    """Call it to walk one work: the folder of each child that was killed, in the order of its writes."""

    def run(name, template):
        done = subprocess.run(
            [
                *("strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={','.join(IN_VAIN)}"),
                *(part for kind in IN_VAIN for part in ("-e", f"inject={kind}:signal=KILL:when={at(kind)}")),
                *(sys.executable, fault_walk.__file__, name, str(template), str(tmp_path)),
            ],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        points = {kind: count for kind, count in told["points"].items() if count}
        assert points["write"], "at least what was acknowledged was written"
        kinds = ", ".join(f"{kind} {count}" for kind, count in points.items())
        record_property("walk_row", [name, str(sum(points.values())), kinds, str(told["seconds"])])
        return [tmp_path / f"{name}-{kind}-{point}" for kind in points for point in range(1, points[kind] + 1)]

    return run


@pytest.fixture
def template(tmp_path):
    """A record that holds one incident."""
    folder = tmp_path / "template"
    folder.mkdir()
    keeper = recorder(folder)
    investigate_on_record("pid/4242", lambda: fault_walk.investigation("first"), keeper, now_s=NOW_S)
    keeper.store.close()
    return folder


def acknowledged(folder):
    path = folder / "acknowledged"
    return path.read_text().split() if path.exists() else []


def whole(keeper, folder):
    """What is there is whole: the database, each piece of evidence that a record names, and nothing half-written."""
    journey.left(keeper)
    assert not list((folder / "blobs" / "incoming").glob("*"))
    for digest in keeper.store.incidents.digests():
        keeper.store.blobs.get(digest)
    for digest in keeper.store.blobs.digests():
        keeper.store.blobs.get(digest)
    file = folder / "oakum.db"
    if file.exists():
        with closing(sqlite3.connect(file)) as database:
            assert database.execute("pragma integrity_check").fetchall() == [("ok",)]
            assert database.execute("pragma foreign_key_check").fetchall() == []


def check_record(folder):
    """An investigation that was cut off: on record as a whole or not at all, told, and right once it is done again."""
    keeper = recorder(folder)
    told = journey.left(keeper).lines
    mine = [one for one in keeper.store.incidents.list() if one.identity.endswith(f": {folder.name}")]
    assert acknowledged(folder) in ([], [one.id for one in mine])
    cut_off = keeper.store.works.unfinished()
    assert len(told) >= len(cut_off)
    assert not (mine and cut_off), "it is on record, and its work has ended with it"
    assert mine == [] or len(keeper.store.incidents.record(mine[0].number).timeline) == 3
    whole(keeper, folder)
    again = investigate_on_record("pid/4242", lambda: fault_walk.investigation(folder.name), keeper, now_s=NOW_S)
    (mine_now,) = [one for one in keeper.store.incidents.list() if one.identity.endswith(f": {folder.name}")]
    assert again.investigation.incident == mine_now.id
    record = keeper.store.incidents.record(mine_now.number)
    assert [entry.kind for entry in record.timeline].count(EntryKind.OPENED) == 1
    assert len(record.assessed) == len(mine) + 1
    assert keeper.store.works.unfinished() == []
    whole(keeper, folder)
    keeper.store.close()


def test_an_investigation_that_is_killed_at_any_write_is_on_record_whole_or_is_told(walked, template):
    for folder in walked("record", template):
        check_record(folder)


def test_what_a_person_says_is_said_once_wherever_the_command_is_killed(walked, template):
    for folder in walked("say", template):
        keeper = recorder(folder)
        done = acknowledged(folder)
        for what, do in said(keeper)[len(done) :]:
            try:
                do()
            except CallerError:
                # It was done, and only not told: said again, it is refused.
                assert what != "note"
            acknowledge(folder, what)
        record = keeper.store.incidents.record(1)
        kinds = [entry.kind for entry in record.timeline]
        assert (kinds.count(EntryKind.NOTE), kinds.count(EntryKind.ESCALATED)) == (1, 1), folder
        assert [entry.state for entry in record.timeline].count(State.CLOSED) == 1
        assert (record.incident.state, record.incident.escalation) == (State.CLOSED, 1)
        assert [entry.number for entry in record.timeline] == list(range(1, len(kinds) + 1))
        whole(keeper, folder)
        keeper.store.close()


def test_evidence_that_is_killed_at_any_write_is_there_whole_or_not_at_all(walked, template):
    content = b"".join(BLOB)
    for folder in walked("blob", template):
        keeper = recorder(folder)
        for digest in acknowledged(folder):
            assert keeper.store.blobs.get(digest) == content
        before = keeper.store.blobs.digests()
        whole(keeper, folder)
        assert keeper.store.blobs.get(keeper.store.blobs.put(iter(BLOB))) == content
        assert len(keeper.store.blobs.digests()) <= len(before) + 1
        keeper.store.close()


ORDER = [StepState.SHOWN, StepState.APPLYING, StepState.APPLIED]


def test_a_plan_that_is_killed_at_any_write_has_all_its_steps_in_one_state_and_undo_data_before_the_change(
    walked, template
):
    for folder in walked("plan", template):
        keeper = recorder(folder)
        done = acknowledged(folder)
        plans = keeper.store.plans.of(1)
        assert len(plans) in ({1} if done else {0, 1})
        for plan in plans:
            assert {step.state for step in plan.steps} == {plan.state}
            assert [step.step.title for step in plan.steps] == ["one", "two"]
            assert all((step.undo_data is not None) == (plan.state is not StepState.SHOWN) for step in plan.steps)
            assert ORDER.index(plan.state) >= max(len(done) - 2, 0)
            assert len(keeper.store.plans.approvals(plan.number)) >= ("approved" in done)
        whole(keeper, folder)
        keeper.store.close()
