"""A real PostgreSQL that goes away, refuses or is held up: one clear error each, and nothing half-written."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import OperationalError
from stores import server

from oakum.model.errors import DataError, MachineError, RefusedError, TargetError
from oakum.model.incident import Change, Entry, EntryKind, Incident, Severity, State
from oakum.store import open_store
from oakum.store.faults import fault
from oakum.store.place import parse_place

PLAIN = Incident("service shop", "pid/7", State.DETECTED, Severity.P3, 1.0, 1.0, 1.0)
ENTRY = Entry(1.0, EntryKind.NOTE, "ann", "a note", State.DETECTED)


@pytest.fixture
def fragile():
    """A server of its own, to be stopped."""
    with server() as made:
        yield made


@pytest.fixture
def url(postgres):
    return postgres.database()


def opened(url, tmp_path, **options):
    return open_store(parse_place(url), blobs=str(tmp_path), **options)


def noted(store):
    return store.incidents.change(1, lambda was: Change(was.incident, (ENTRY,)))


def test_a_server_that_goes_away_is_told_and_what_was_confirmed_is_there_when_it_is_back(fragile, tmp_path):
    url = fragile.database()
    with closing(opened(url, tmp_path)) as store:
        store.incidents.write(PLAIN.identity, lambda _: Change(PLAIN, (ENTRY,)))
        fragile.stop("immediate")
        with pytest.raises(TargetError, match="cannot be reached") as caught:
            noted(store)
        assert "pg_isready" in caught.value.next_step
        fragile.start()
        noted(store)
        assert [entry.number for entry in store.incidents.record(1).timeline] == [1, 2]


def test_a_command_whose_server_is_gone_says_one_clear_error_exits_3_and_does_it_once_when_it_is_back(
    fragile, tmp_path
):
    url = fragile.database()
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "OAKUM_STORE": url}

    def spoken(*arguments):
        command = [Path(sys.executable).with_name("oakum"), "incident", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=tmp_path)
        return done.returncode, done.stdout, done.stderr

    with closing(opened(url, tmp_path)) as store:
        store.incidents.write(PLAIN.identity, lambda _: Change(PLAIN))
        fragile.stop("immediate")
        code, said, wrong = spoken("note", "1", "rolled back")
        assert (code, said) == (3, "")
        assert wrong.count("cannot be reached") == 1
        assert "next: pg_isready" in wrong
        assert "Traceback" not in wrong
        fragile.start()
        for _ in range(2):
            assert spoken("note", "1", "rolled back") == (0, "inc-1 is detected\n", "")
        assert [entry.text for entry in store.incidents.record(1).timeline] == ["rolled back"]


def test_a_server_that_goes_away_within_a_write_leaves_nothing_of_it(fragile, tmp_path):
    url = fragile.database()
    with closing(opened(url, tmp_path)) as store:
        store.incidents.write(PLAIN.identity, lambda _: Change(PLAIN))

        def gone(was):
            fragile.stop("immediate")
            return Change(replace(was.incident, owner="bob"), (ENTRY,))

        with pytest.raises(TargetError, match="cannot be reached"):
            store.incidents.change(1, gone)
        fragile.start()
        record = store.incidents.record(1)
        assert (record.incident.owner, record.incident.revision, record.timeline) == ("", 1, ())


def test_a_server_that_ends_our_session_is_told(url, tmp_path):
    with closing(opened(url, tmp_path)) as store, psycopg.connect(url, autocommit=True) as other:
        store.incidents.write(PLAIN.identity, lambda _: Change(PLAIN))

        def ended(was):
            other.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'oakum'")
            return Change(was.incident, (ENTRY,))

        with pytest.raises(TargetError, match="cannot be reached"):
            store.incidents.change(1, ended)
        assert store.incidents.record(1).timeline == ()


@pytest.fixture
def ended(url):
    """Call it to have the server end every session of ours."""

    def end():
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'oakum' and datname = current_database()"
            )

    return end


@pytest.fixture
def kept(url, tmp_path):
    """A store with one incident, that keeps its session."""
    with closing(opened(url, tmp_path)) as store:
        store.incidents.write(PLAIN.identity, lambda _: Change(PLAIN))
        yield store


def told(store):
    return [entry.number for entry in store.incidents.record(1).timeline]


def test_a_session_that_ended_while_nobody_used_it_is_made_anew_and_nothing_is_said(kept, ended):
    noted(kept)
    ended()
    noted(kept)
    assert told(kept) == [1, 2]
    ended()
    assert told(kept) == [1, 2]


def test_a_server_that_was_started_again_meanwhile_is_not_noticed(fragile, tmp_path):
    with closing(opened(fragile.database(), tmp_path)) as store:
        store.incidents.write(PLAIN.identity, lambda _: Change(PLAIN))
        fragile.stop("fast")
        fragile.start()
        noted(store)
        assert told(store) == [1]


@pytest.mark.parametrize("always", [False, True])
def test_a_session_that_ends_within_a_write_is_made_anew_once(kept, ended, always):
    asked = []

    def cut_off(was):
        asked.append(was)
        if always or len(asked) == 1:
            ended()
        return Change(was.incident, (ENTRY,))

    if always:
        with pytest.raises(TargetError, match="cannot be reached"):
            kept.incidents.change(1, cut_off)
    else:
        kept.incidents.change(1, cut_off)
    assert (told(kept), len(asked)) == ([] if always else [1], 2)


def test_a_table_that_another_session_holds_is_said_to_be_locked(url, tmp_path):
    with closing(opened(url, tmp_path, wait_s=0.05)) as store, psycopg.connect(url) as other:
        store.incidents.write(PLAIN.identity, lambda _: Change(PLAIN))
        other.execute("lock table incidents in access exclusive mode")
        with pytest.raises(MachineError, match="is locked") as caught:
            noted(store)
        other.rollback()
        assert caught.value.next_step.startswith("psql")
        noted(store)


def test_a_database_that_may_not_be_written_is_refused(url, tmp_path):
    with closing(opened(url, tmp_path)) as store, psycopg.connect(url, autocommit=True) as other:
        store.incidents.write(PLAIN.identity, lambda _: Change(PLAIN))
        name = url.rpartition("/oakum_")[2].partition("?")[0]
        other.execute(f"alter database oakum_{name} set default_transaction_read_only = on")
        # What a database says by default, a session hears when it begins.
        store.close()
        assert store.incidents.get(1).number == 1
        with pytest.raises(RefusedError, match="cannot be written"):
            noted(store)


def test_a_table_whose_pages_are_torn_is_said_to_be_broken_and_left_as_it_is(fragile, tmp_path):
    url = fragile.database()
    with closing(opened(url, tmp_path)) as store:
        store.incidents.write(PLAIN.identity, lambda _: Change(PLAIN))
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("checkpoint")
            (name,) = other.execute("select pg_relation_filepath('incidents')").fetchone()
        fragile.stop("fast")
        file = fragile.folder / "data" / name
        torn = b"\xff" * file.stat().st_size
        file.write_bytes(torn)
        fragile.start()
        for ask in (store.incidents.list, lambda: noted(store)):
            with pytest.raises(DataError, match="is broken") as caught:
                ask()
            assert "backup" in caught.value.next_step
    fragile.stop("fast")
    assert file.read_bytes() == torn
    fragile.start()


@pytest.mark.parametrize("change", [("/oakum_", "/nobody_"), ("oakum@", "nobody@"), ("?host=/tmp", "?host=/none")])
def test_a_database_that_cannot_be_reached_is_told_without_its_password(url, tmp_path, change):
    wrong = url.replace(*change).replace("@/", ":secret@/")
    with pytest.raises(TargetError, match="cannot be reached") as caught:
        opened(wrong, tmp_path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("cause", "family", "words"),
    [
        (psycopg.errors.DiskFull, MachineError, "no room"),
        (psycopg.errors.TooManyConnections, MachineError, "no room"),
        (psycopg.errors.AdminShutdown, TargetError, "cannot be reached"),
        (psycopg.errors.QueryCanceled, TargetError, "cannot be reached"),
        (psycopg.errors.InsufficientPrivilege, RefusedError, "cannot be written"),
    ],
)
def test_what_cannot_be_brought_about_here_is_told_too(cause, family, words):
    error = fault(OperationalError("select 1", {}, cause("the server's words")), parse_place("postgresql://db/oakum"))
    assert isinstance(error, family)
    assert words in error.what
    assert "the server's words" in error.why
    assert error.next_step
