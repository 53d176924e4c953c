"""One connection is kept: used again, never by two processes, and by threads one at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event

from oakum.model.incident import Change, Entry, EntryKind, Incident, Severity, State
from oakum.store import open_store
from oakum.store.place import FilePlace

PLAIN = Incident("service shop", "pid/7", State.DETECTED, Severity.P3, 1.0, 1.0, 1.0)


@pytest.fixture
def place(databases):
    return databases.place()


@pytest.fixture
def opened(place, tmp_path):
    """Call it for a store of its own, which counts the connections that it makes."""
    stores = []

    def opened(wait_s=60.0):
        store = open_store(place, blobs=str(tmp_path / "blobs"), wait_s=wait_s)
        stores.append(store)
        made = []
        event.listen(store.database.engine, "connect", lambda *_: made.append(os.getpid()))
        return store, made

    yield opened
    for store in stores:
        store.close()


@pytest.fixture
def store(opened):
    made, _ = opened()
    made.incidents.write(PLAIN.identity, lambda _: Change(PLAIN))
    return made


def noted(store, text):
    entry = Entry(1.0, EntryKind.NOTE, "ann", text, State.DETECTED)
    return store.incidents.change(1, lambda was: Change(was.incident, (entry,)))


def notes(store):
    timeline = store.incidents.record(1).timeline
    assert [entry.number for entry in timeline] == list(range(1, len(timeline) + 1))
    return [entry.text for entry in timeline]


def test_one_connection_serves_all_that_is_read_and_written(store, opened):
    later, connected = opened()
    for text in ("one", "two", "three"):
        noted(later, text)
        later.mutes.list()
    assert connected == [], "it was made when the store was opened"
    later.close()
    noted(later, "after it was closed")
    assert connected == [os.getpid()]
    assert notes(store) == ["one", "two", "three", "after it was closed"]


def test_a_forked_child_has_a_connection_of_its_own_and_the_parent_goes_on(store):
    noted(store, "before")
    with warnings.catch_warnings():
        # Newer Pythons warn where other threads run.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        code = 1
        try:
            assert store.database.engine.pool.checkedin() == 0, "none came along"
            for text in ("child 1", "child 2"):
                noted(store, text)
            store.close()
            code = 0
        finally:
            os._exit(code)
    mine = [f"parent {number}" for number in range(5)]
    for text in mine:
        noted(store, text)
    assert os.waitpid(child, 0)[1] == 0
    noted(store, "after")
    told = notes(store)
    assert (told[0], told[-1], sorted(told[1:-1])) == ("before", "after", sorted([*mine, "child 1", "child 2"]))


def test_another_thread_may_use_the_same_store_one_after_the_other_and_at_once(store):
    start = threading.Barrier(4)

    def run(name):
        start.wait()
        for number in range(5):
            noted(store, f"{name} {number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, "abcd"))
    assert sorted(notes(store)) == [f"{name} {number}" for name in "abcd" for number in range(5)]
    assert store.database.engine.pool.checkedin() == 1, "one is kept"


def test_a_connection_that_nobody_closed_ends_with_the_store(place, tmp_path):
    ended = []
    store = open_store(place, blobs=str(tmp_path / "blobs"))
    event.listen(store.database.engine, "close", lambda *_: ended.append("closed"))
    del store
    assert ended == ["closed"]


NOTE = """
import sys
from oakum import note_incident
place, name = sys.argv[1:]
sys.stdin.readline()
for number in range(8):
    note_incident("1", f"{name} {number}", store=place)
"""


def test_two_oakums_that_write_at_once_lose_nothing_and_do_nothing_twice(store, place, tmp_path):
    url = str(place) if isinstance(place, FilePlace) else place.url.replace("+psycopg", "")
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    names = ("one", "two")
    others = [
        subprocess.Popen([sys.executable, "-c", NOTE, url, name], stdin=subprocess.PIPE, env=environment, cwd=tmp_path)
        for name in names
    ]
    for other in others:
        other.stdin.write(b"\n")
        other.stdin.flush()
    mine = [f"mine {number}" for number in range(8)]
    for text in mine:
        noted(store, text)
    assert [other.wait() for other in others] == [0, 0]
    for other in others:
        other.stdin.close()
    assert sorted(notes(store)) == sorted([*mine, *(f"{name} {number}" for name in names for number in range(8))])
