"""kill -9 at every write of an incident, of what people say, of evidence and of a plan: nothing lost, nothing twice.

On SQLite, from nothing (its first creation) too, and on a real PostgreSQL, before and after all that is sent to it;
and that server going away itself, before and after each message.

Each write point is found by strace in a real child process. What a child was told is done must be there; what is there
must be whole; and the same command again ends in the same record as if nothing had happened.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import fault_walk
import psycopg
import pytest
from examples_render import NOW_S
from fault_walk import BLOB, IN_VAIN, LATER_S, WORKS, acknowledge, at, copied, database_url, recorder, said
from postgres_server import PostgresServer
from relay import Relay

from oakum.incident import Event, Keeping
from oakum.loop import incident as journey
from oakum.loop.record import investigate_on_record
from oakum.loop.retain import retain as retain_on_record
from oakum.model.errors import CallerError, OakumError
from oakum.model.incident import EXPIRED, EntryKind, State
from oakum.model.plan_record import StepState

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(shutil.which("strace") is None, reason="no strace here: apt-get install strace"),
]


@pytest.fixture
def walked(tmp_path, record_property):
    """Call it to walk one work: the folder of each child that was killed, as soon as it was."""

    def run(name, template):
        with subprocess.Popen(
            [
                *("strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={','.join(IN_VAIN)}"),
                *(part for kind in IN_VAIN for part in ("-e", f"inject={kind}:signal=KILL:when={at(kind)}")),
                *(sys.executable, fault_walk.__file__, name, str(template), str(tmp_path)),
            ],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as walk:
            try:
                last = yield from killed(walk.stdout)
                assert walk.wait() == 0
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(walk.pid, signal.SIGKILL)
        points = {kind: count for kind, count in last["points"].items() if count}
        assert points["write"], "at least what was acknowledged was written"
        kinds = ", ".join(f"{kind} {count}" for kind, count in points.items())
        where = "PostgreSQL" if (template / "server").exists() else "SQLite"
        record_property("walk_row", [name, where, str(sum(points.values())), kinds, str(last["seconds"])])

    return run


def killed(lines):
    """Each folder, and what was told last."""
    for line in lines:
        told = json.loads(line)
        if "points" in told:
            return told
        folder = Path(told["killed"])
        yield folder
        dropped(folder)
    pytest.fail("the walk ended before it was done")


def dropped(folder):
    """Hundreds of databases are more than a small disk holds."""
    server = folder / "server"
    if server.exists():
        with psycopg.connect(database_url(server.read_text(), Path("postgres")), autocommit=True) as connection:
            connection.execute(f'drop database "{folder.name}" with (force)')


@contextmanager
def postgres():
    made = PostgresServer()
    with psycopg.connect(database_url(made.folder, Path("postgres")), autocommit=True) as connection:
        # No machine dies here: what the kernel has taken, it keeps.
        connection.execute("alter system set fsync = off")
        connection.execute("select pg_reload_conf()")
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def server():
    """The folder of a PostgreSQL's socket."""
    with postgres() as made:
        yield made.folder


_templates = itertools.count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def nothing(request, tmp_path):
    """Where a record may be made."""
    folder = tmp_path / f"from-{next(_templates)}"
    folder.mkdir()
    if request.param == "postgresql":
        on(request.getfixturevalue("server"), folder)
    return folder


def on(server, folder):
    """The record of ``folder`` is a new database of ``server``."""
    (folder / "server").write_text(str(server))
    with psycopg.connect(database_url(server, Path("postgres")), autocommit=True) as connection:
        connection.execute(f'create database "{folder.name}"')


@pytest.fixture
def template(nothing):
    """A record that holds one incident."""
    return with_an_incident(nothing)


def with_an_incident(folder):
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


def test_a_record_whose_making_is_killed_at_any_write_is_made_by_the_next_command(walked, nothing):
    for folder in walked("first", nothing):
        check_record(folder)


def check_said(folder):
    """What a person said before it was cut off is not said again; all that is left is."""
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


def test_what_a_person_says_is_said_once_wherever_the_command_is_killed(walked, template):
    for folder in walked("say", template):
        check_said(folder)


@pytest.mark.parametrize("nothing", ["sqlite"], indirect=True)
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


@pytest.fixture
def closed(template):
    """A record whose one incident is closed, with samples that the next retention removes."""
    keeper = recorder(template)
    journey.move(keeper, 1, Event.CLOSE, "fixed", now_s=NOW_S + 7)
    (kept,) = keeper.store.blobs.kept()
    keeper.store.close()
    os.utime(template / "blobs" / kept.digest[:2] / kept.digest, (NOW_S, NOW_S))
    return template


def test_evidence_that_expires_is_said_to_before_it_goes_and_once_wherever_retention_is_killed(walked, closed):
    for folder in walked("retain", closed):
        keeper = recorder(folder)
        ((digest,),) = [claim.digests for claim in keeper.store.incidents.claims()]
        there, said = keeper.store.blobs.has(digest), keeper.store.incidents.record(1).expiry(digest)
        assert there or said, "it is not gone in silence"
        assert not (there and acknowledged(folder))
        retain_on_record(keeper, Keeping(), now_s=LATER_S)
        assert keeper.store.blobs.digests() == []
        assert [EXPIRED in entry.facts for entry in keeper.store.incidents.record(1).timeline].count(True) == 1
        (warning,) = journey.story(keeper, 1, now_s=None).warnings
        assert "no longer kept" in warning
        keeper.store.close()


CHECKS = {"record": check_record, "say": check_said}
UNREACHABLE = 3
OTHERWISE = 99


def exit_code(work):
    """Of a child that does ``work`` as a command would: only the error that is wanted counts as one of its family."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        code = OTHERWISE
        try:
            work()
            code = 0
        except OakumError as exc:
            wanted = "cannot be reached" in exc.what and "pg_isready" in exc.next_step
            code = exc.exit_code if wanted else OTHERWISE
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", CHECKS)
def test_a_postgresql_that_goes_away_at_any_message_is_told_once_and_nothing_is_lost_or_done_twice(
    name, answered, tmp_path, record_property
):
    begun_s = time.monotonic()
    with postgres() as server, closing(Relay(server.folder)) as relay:
        (tmp_path / "from").mkdir()
        on(server.folder, tmp_path / "from")
        template = with_an_incident(tmp_path / "from")
        for message in itertools.count(1):
            folder = tmp_path / f"{name}-{message}"
            copied(template, folder)
            (folder / "server").write_text(str(relay.folder))
            relay.cut_at(message, answered=answered, cut=lambda: server.stop("immediate"))
            code = exit_code(lambda folder=folder: WORKS[name](folder))
            (folder / "server").write_text(str(server.folder))
            if not relay.was_cut:
                assert code == 0
                break
            assert code == UNREACHABLE, folder
            server.start()
            CHECKS[name](folder)
            dropped(folder)
    when = "the server gone after a message" if answered else "the server gone before a message"
    seconds = str(round(time.monotonic() - begun_s, 1))
    record_property("walk_row", [name, "PostgreSQL", str(message - 1), when, seconds])
