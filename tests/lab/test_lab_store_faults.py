"""The record on a disk that is really full, or may really not be written; on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing

import psycopg
import pytest
from postgres_server import NOBODY, PostgresServer

from oakum.model.errors import MachineError
from oakum.model.incident import Change, Entry, EntryKind, Incident, Severity, State
from oakum.store import open_store
from oakum.store.place import parse_place

pytestmark = pytest.mark.lab

PLAIN = Incident("service shop", "pid/7", State.DETECTED, Severity.P3, 1.0, 1.0, 1.0)
ENTRY = Entry(1.0, EntryKind.NOTE, "ann", "a note", State.DETECTED)
MIB = 1 << 20


class Disk:
    """A real file system of a few MiB. ``folder``: where it is mounted."""

    def __init__(self, folder, size_mib) -> None:
        self.folder = folder
        folder.mkdir()
        self._mount("-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", folder)

    def resize(self, size_mib):
        self._mount("-o", f"remount,size={size_mib}m", self.folder)

    def allow(self, how):
        """``ro`` or ``rw``."""
        self._mount("-o", f"remount,{how}", self.folder)

    def unmount(self):
        subprocess.run(["umount", "-l", self.folder], check=True)

    def _mount(self, *arguments):
        done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no mount here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path):
    made = Disk(tmp_path / "disk", 2)
    yield made
    made.unmount()


def noted(store):
    return store.incidents.change(1, lambda was: Change(was.incident, (ENTRY,)))


def filled(store):
    """Writes until there is no room: how many went in, and what was told then."""
    for number in range(1000):
        try:
            store.judge_states.put(f"pid/{number}", os.urandom(MIB // 4), revision=0, at_s=1.0)
        except MachineError as exc:
            return number, exc
    return pytest.fail("the disk is never full")


def goes_on(store, there):
    """All that was confirmed is there, and more can be written."""
    assert [store.judge_states.get(f"pid/{number}") is not None for number in range(there + 1)] == [True] * there + [
        False
    ]
    noted(store)
    assert len(store.incidents.record(1).timeline) == 1


@pytest.mark.parametrize("again", [False, True], ids=["the same command", "the next one"])
def test_a_sqlite_record_on_a_full_disk_says_so_keeps_what_it_confirmed_and_goes_on_when_there_is_room(disk, again):
    place = parse_place(str(disk.folder / "oakum.db"))
    store = open_store(place, blobs="")
    store.incidents.write(PLAIN.identity, lambda _: Change(PLAIN))
    there, error = filled(store)
    assert there > 0
    assert "no room" in error.what
    assert f"df -h {disk.folder}" in error.next_step
    if again:
        store.close()
        store = open_store(place, blobs="")
    disk.resize(8)
    goes_on(store, there)
    store.close()


def test_evidence_on_a_full_disk_leaves_nothing_half_written(disk):
    with closing(open_store(parse_place(str(disk.folder / "oakum.db")), blobs="")) as store:
        small = store.blobs.put([b"small"])
        with pytest.raises(MachineError, match="cannot write evidence") as caught:
            store.blobs.put(os.urandom(MIB // 4) for _ in range(40))
        assert caught.value.why == "No space left on device"
        assert store.blobs.digests() == [small]
        assert not list((disk.folder / "oakum.blobs" / "incoming").iterdir())
        assert store.blobs.remove(small) == 5


def test_a_sqlite_record_on_a_disk_that_may_only_be_read_says_so_and_is_left_as_it_is(disk):
    place = parse_place(str(disk.folder / "oakum.db"))
    with closing(open_store(place, blobs="")) as store:
        store.incidents.write(PLAIN.identity, lambda _: Change(PLAIN))
        digest = store.blobs.put([b"evidence"])
    disk.allow("ro")
    with pytest.raises(MachineError, match="cannot") as caught, closing(open_store(place, blobs="")) as store:
        noted(store)
    assert "--store" in caught.value.next_step
    disk.allow("rw")
    with closing(open_store(place, blobs="")) as store:
        goes_on(store, 0)
        assert store.blobs.get(digest) == b"evidence"


def test_a_postgresql_record_on_a_full_disk_says_so_keeps_what_it_confirmed_and_goes_on_when_there_is_room(tmp_path):
    server = PostgresServer()
    disk = Disk(server.folder / "disk", 12)
    try:
        os.chown(disk.folder, NOBODY, NOBODY)
        url = server.database()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"create tablespace tiny location '{disk.folder}'")
            connection.execute("create database full_disk tablespace tiny")
        place = parse_place(url.replace("/" + url.split("/")[3].partition("?")[0], "/full_disk"))
        with closing(open_store(place, blobs=str(tmp_path))) as store:
            store.incidents.write(PLAIN.identity, lambda _: Change(PLAIN))
            there, error = filled(store)
            assert there > 0
            assert "no room" in error.what
            assert "df -h" in error.next_step
            disk.resize(40)
            goes_on(store, there)
    finally:
        disk.unmount()
        server.close()
