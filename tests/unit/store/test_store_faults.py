"""A file that is locked, full, broken or not to be written: one clear error each, and nothing lost."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from oakum.model.errors import CallerError, DataError, MachineError
from oakum.model.incident import Change, Incident, Severity, State
from oakum.store import open_store
from oakum.store.place import FilePlace

PLAIN = Incident("service shop", "pid/7", State.DETECTED, Severity.P3, 1.0, 1.0, 1.0)
NOBODY = 65534


@pytest.fixture
def place(tmp_path):
    return FilePlace(tmp_path / "oakum.db")


@pytest.fixture
def store(place):
    made = open_store(place, blobs="", wait_s=0.05)
    made.incidents.write(PLAIN.identity, lambda _: Change(PLAIN))
    yield made
    made.close()


def grown(store):
    """One more write."""
    return store.incidents.change(1, lambda was: Change(replace(was.incident, headline="x" * 100_000)))


def untouched(place):
    with closing(open_store(place, blobs="")) as again:
        assert again.incidents.get(1) == replace(PLAIN, number=1, revision=1)


def told(error):
    assert error.what
    assert error.why
    assert error.next_step
    return str(error)


def test_a_record_that_another_program_writes_to_is_said_to_be_locked(store, place):
    with closing(sqlite3.connect(place.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(MachineError, match="is locked") as caught:
            grown(store)
        assert store.incidents.get(1).revision == 1, "reading goes on"
        other.execute("ROLLBACK")
    assert "fuser" in told(caught.value)
    untouched(place)


def test_a_record_that_has_no_room_says_so_and_keeps_what_it_had(store, place):
    def filled(connection):
        connection.execute(text("pragma max_page_count = 1"))
        connection.execute(text("update incidents set headline = :long"), {"long": "x" * 100_000})

    with pytest.raises(MachineError, match="no room") as caught:
        store.database.write(filled)
    assert "df -h" in told(caught.value)
    untouched(place)


@contextmanager
def as_nobody():
    """Root may write anything: what is refused is refused to others."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shared():
    """A folder that anybody can reach."""
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def test_a_record_that_may_not_be_written_says_so(shared):
    place = FilePlace(shared / "oakum.db")
    with closing(open_store(place, blobs="")) as first:
        first.incidents.write(PLAIN.identity, lambda _: Change(PLAIN))
    place.path.chmod(0o444)
    shared.chmod(0o555)
    with as_nobody(), pytest.raises(MachineError, match="cannot") as caught:
        grown(open_store(place, blobs=""))
    assert str(place) in told(caught.value)
    shared.chmod(0o755)
    place.path.chmod(0o600)
    untouched(place)


def test_a_folder_that_may_not_be_written_says_so(shared):
    with as_nobody(), pytest.raises(MachineError, match="cannot open") as caught:
        open_store(FilePlace(shared / "deeper" / "oakum.db"), blobs="")
    assert "ls -ld" in told(caught.value)


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 4080])
def test_a_file_that_is_no_database_is_left_as_it_is(place, content):
    place.path.write_bytes(content)
    with pytest.raises(DataError, match="is broken") as caught:
        open_store(place, blobs="")
    assert ".recover" in told(caught.value)
    assert place.path.read_bytes() == content


def test_a_database_with_torn_pages_is_said_to_be_broken(store, place):
    grown(store)
    store.close()
    content = bytearray(place.path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    place.path.write_bytes(content)
    with pytest.raises(DataError, match="is broken"), closing(open_store(place, blobs="")) as again:
        again.incidents.list(closed=True)


@pytest.mark.parametrize("instead", [True, False])
def test_a_file_that_was_removed_or_replaced_while_it_was_open_is_told_and_none_is_made_in_silence(
    store, place, tmp_path, instead
):
    grown(store)
    other = FilePlace(tmp_path / "new.db")
    with closing(open_store(other, blobs="")) as new:
        new.incidents.write(PLAIN.identity, lambda _: Change(replace(PLAIN, owner="another")))
    place.path.rename(tmp_path / "moved.db")
    if instead:
        other.path.rename(place.path)
    for _ in range(2):
        with pytest.raises(MachineError, match="was removed or replaced") as caught:
            grown(store)
        assert "-wal" in told(caught.value)
    store.close()
    assert place.path.exists() is instead
    if instead:
        for journal in ("-wal", "-shm"):
            Path(f"{place.path}{journal}").rename(tmp_path / f"moved.db{journal}")
        for path, owner in ((place.path, "another"), (tmp_path / "moved.db", "")):
            with closing(open_store(FilePlace(path), blobs="")) as again:
                assert again.incidents.get(1).owner == owner


IN_ANOTHER_PROCESS = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("create table if not exists theirs (x)")
database.execute("insert into theirs values (1)")
print(database.execute("select revision from incidents").fetchone()[0])
database.close()
"""


def test_a_second_store_on_the_same_file_does_not_end_the_locks_of_the_first(store, place):
    """They would be those of the process, and another process would think itself alone, and empty the journal."""
    journal = place.path.with_name(place.path.name + "-wal")
    open_store(place, blobs="").close()
    for revision in (2, 3):
        assert grown(store).revision == revision
        asked = [sys.executable, "-c", IN_ANOTHER_PROCESS, str(place.path)]
        assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout == f"{revision}\n"
        assert journal.stat().st_size > 0, "we hold it open"
    store.close()
    with closing(open_store(place, blobs="")) as again:
        assert again.incidents.get(1).revision == 3


def test_a_folder_where_a_file_is_wanted_is_said(tmp_path):
    with pytest.raises(MachineError, match="cannot open"):
        open_store(FilePlace(tmp_path), blobs="")


def test_nobody_else_may_read_what_targets_do(store, place):
    digest = store.blobs.put([b"secret"])
    files = [place.path, place.blobs / digest[:2] / digest]
    assert [stat.S_IMODE(path.stat().st_mode) & 0o077 for path in files] == [0, 0]
    assert [stat.S_IMODE(path.stat().st_mode) for path in (place.blobs, place.blobs / digest[:2])] == [0o700] * 2


def test_a_link_to_a_file_that_is_not_there_yet_makes_one_that_nobody_else_may_read(tmp_path):
    link, target = tmp_path / "oakum.db", tmp_path / "elsewhere.db"
    link.symlink_to(target)
    open_store(FilePlace(link), blobs="").close()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_what_a_dead_writer_left_half_written_is_swept_and_a_living_ones_is_not(store, place):
    left = place.blobs / "incoming" / "left"

    def parts():
        yield b"first"
        left.write_bytes(b"half of a dump")
        assert store.blobs.sweep() == 1
        yield b"second"

    digest = store.blobs.put(parts())
    assert store.blobs.get(digest) == b"firstsecond"
    assert not left.exists()


def test_without_the_extra_postgresql_and_buckets_name_what_to_install(monkeypatch):
    from oakum.store.bucket import bucket  # noqa: PLC0415
    from oakum.store.place import parse_place  # noqa: PLC0415

    for name in ("psycopg", "obstore", "obstore.store", "obstore.exceptions"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MachineError, match="PostgreSQL") as caught:
        open_store(parse_place("postgresql://nowhere/x"), blobs="unused")
    assert caught.value.next_step == "pip install 'oakum[postgres]'"
    with pytest.raises(MachineError, match="buckets") as caught:
        bucket("s3://evidence")
    assert caught.value.next_step == "pip install 'oakum[s3]'"


def test_an_address_with_a_port_that_is_none_is_the_callers_mistake():
    from oakum.store.place import parse_place  # noqa: PLC0415

    with pytest.raises(CallerError, match="no address"):
        open_store(parse_place("postgresql://host:port/x"), blobs="unused")
