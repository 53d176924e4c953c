"""What a watch knows of each series goes on with the next watch, whatever the record does meanwhile."""

from __future__ import annotations

import pytest
from watching_world import HOST, climbing, track_of

from oakum.loop.watching.book import ALIKE, RESTS_S, Book
from oakum.loop.watching.remembered import from_bytes
from oakum.model.errors import MachineError
from oakum.store import open_store
from oakum.store.place import FilePlace

START_S = 1.7e9
MIB = 1 << 20


class Failing:
    """Judge states of a record that is away while ``away`` is set. ``asked``: how often it was asked for something."""

    def __init__(self, states):
        self._states, self.away, self.asked = states, False, 0

    def _there(self):
        self.asked += 1
        if self.away:
            raise MachineError("no room for the record", why="disk full")

    def get(self, series):
        self._there()
        return self._states.get(series)

    def put(self, series, state, *, revision, at_s):
        self._there()
        return self._states.put(series, state, revision=revision, at_s=at_s)


@pytest.fixture
def states(tmp_path):
    store = open_store(FilePlace(tmp_path / "oakum.db"), blobs="")
    yield Failing(store.judge_states)
    store.close()


def book_of(states):
    told = []
    return Book(states, host=HOST, machine_bytes=2.0**33, told=lambda target, text: told.append((target, text))), told


def names(book):
    return {followed.name: followed.key for followed in book}


def held(book, name):
    return next(followed for followed in book if followed.name == name)


def stored(book, now_s=START_S + 10_000):
    book.store(now_s, all_of_it=True)


def test_processes_of_one_command_line_are_told_apart_and_each_goes_on_with_its_own_history(states):
    book, _ = book_of(states)
    book.take([track_of(climbing(1, 500), name=f"pid/{pid}") for pid in (1, 2, 3)], START_S + 500)
    assert names(book) == {"pid/1": "here: shop", "pid/2": "here: shop #2", "pid/3": "here: shop #3"}
    stored(book)
    # The first has ended meanwhile; the others are seen in another order.
    again, _ = book_of(states)
    tracks = [track_of(climbing(1, 50), name=f"pid/{pid}", start_s=START_S + 600) for pid in (3, 2)]
    for track in tracks:
        track._lives[0].started_s = START_S
    again.take(tracks, START_S + 650)
    assert names(again) == {"pid/3": "here: shop #3", "pid/2": "here: shop #2"}
    assert [len(followed.series().lifetimes) for followed in again] == [1, 1]
    assert [followed.series().samples for followed in again] == [110, 110]


def test_another_process_of_the_same_command_is_the_next_lifetime_of_what_is_stored(states):
    book, _ = book_of(states)
    book.take([track_of(climbing(1, 500), name="pid/1")], START_S + 500)
    stored(book)
    again, _ = book_of(states)
    again.take([track_of(climbing(1, 50), name="pid/9", start_s=START_S + 600)], START_S + 650)
    (followed,) = again
    assert (followed.key, followed.name, len(followed.series().lifetimes)) == ("here: shop", "pid/9", 2)


def test_a_cgroup_goes_on_by_its_name(states):
    book, _ = book_of(states)
    book.take([track_of(climbing(1, 500), name="cgroup/shop")], START_S + 500)
    stored(book)
    again, _ = book_of(states)
    again.take([track_of(climbing(1, 50), name="cgroup/shop", start_s=START_S + 600)], START_S + 650)
    (followed,) = again
    assert (len(followed.series().lifetimes), followed.series().samples) == (1, 110)


def test_what_was_stored_by_a_clock_that_was_ahead_is_left_out_and_that_is_told(states):
    book, _ = book_of(states)
    book.take([track_of(climbing(1, 500), start_s=START_S + 86400)], START_S + 86900)
    stored(book)
    again, told = book_of(states)
    again.take([track_of(climbing(1, 50))], START_S + 50)
    (followed,) = again
    assert followed.series().samples == 10
    assert "was the clock set?" in told[0][1]
    stored(again)
    assert len(from_bytes(states.get("here: shop")[0]).lives[0]) == 10, "it is written anew"


def test_what_is_stored_and_broken_is_told_and_written_anew(states):
    states.put("here: shop", b"nonsense", revision=0, at_s=START_S)
    book, told = book_of(states)
    book.take([track_of(climbing(1, 500))], START_S + 500)
    assert "what an earlier watch knew is lost" in told[0][1]
    stored(book)
    assert from_bytes(states.get("here: shop")[0]).state.facts.samples == 100


def test_what_is_small_is_not_stored(states):
    book, _ = book_of(states)
    book.take([track_of([1.0 * MIB] * 100)], START_S + 500)
    stored(book)
    assert states.get("here: shop") is None
    assert book.stored_bytes == 0


def test_a_history_is_stored_when_it_grew_by_a_tenth_and_not_at_each_sample(states):
    book, _ = book_of(states)
    track = track_of([])
    stored_at, before = [], 0
    for second in range(0, 7200, 5):
        track.add(START_S + second, 1e8)
        book.take([track], START_S + second)
        book.store(START_S + second)
        if book.stored_bytes > before:
            before = book.stored_bytes
            stored_at.append(second)
    waits = [later - earlier for earlier, later in zip(stored_at, stored_at[1:], strict=False)]
    assert min(waits) >= 300
    assert max(waits) <= 900
    assert 8 <= len(stored_at) <= 24


def test_another_writer_is_told_once_and_ours_is_written_over_it(states):
    one, told = book_of(states)
    other, other_told = book_of(states)
    tracks = [track_of(climbing(1, 500)) for _ in range(2)]
    one.take(tracks[:1], START_S + 500)
    other.take(tracks[1:], START_S + 500)
    for round_ in range(3):
        stored(one, START_S + 1000 * round_)
        stored(other, START_S + 1000 * round_)
    assert len(told) == len(other_told) == 1
    assert "another watch stores the same history" in told[0][1]
    assert from_bytes(states.get("here: shop")[0]).state.facts.samples == 100


def test_a_record_that_fails_is_told_once_asked_seldom_and_written_when_it_is_back(states):
    book, told = book_of(states)
    tracks = [track_of(climbing(1, 500), name=f"pid/{pid}", command=f"shop {pid}") for pid in range(20)]
    book.take(tracks, START_S + 500)
    states.away, states.asked = True, 0
    for second in range(0, 120, 5):
        book.store(START_S + 900 + second)
    assert states.asked == 120 / RESTS_S
    assert len(told) == 1
    assert "no room for the record" in told[0][1]
    states.away = False
    for second in range(0, 120, 5):
        book.store(START_S + 1100 + second)
    assert told[1:] == [("", "histories can be stored again")]
    assert all(states.get(f"here: shop {pid}") for pid in range(20))


def test_a_record_that_is_away_at_the_end_is_asked_once(states):
    book, told = book_of(states)
    book.take([track_of(climbing(1, 500), name=f"pid/{pid}", command=f"shop {pid}") for pid in range(9)], START_S)
    states.away, states.asked = True, 0
    stored(book)
    assert (states.asked, len(told)) == (1, 1)


def test_hundreds_of_processes_that_come_and_go_leave_nothing_behind(states):
    book, _ = book_of(states)
    for round_ in range(40):
        now_s = START_S + 100 * round_
        tracks = [track_of([1e7] * 4, name=f"pid/{1000 * round_ + n}", start_s=now_s, command="cc") for n in range(10)]
        book.take(tracks, now_s + 50)
        assert len(book) == 10
    book.take([], START_S + 5000)
    assert len(book) == 0
    holds = {name: len(value) for name, value in vars(book).items() if isinstance(value, dict)}
    assert all(size <= ALIKE for size in holds.values()), holds


def test_what_is_let_go_is_stored_so_that_its_successor_of_tomorrow_goes_on(states):
    book, _ = book_of(states)
    book.take([track_of(climbing(0.1, 700)), track_of(climbing(1, 500), command="brief")], START_S + 700)
    book.take([], START_S + 1400)
    assert states.get("here: shop") is not None
    assert states.get("here: brief") is None
    book.take([track_of(climbing(1, 50), name="pid/9", start_s=START_S + 2000)], START_S + 2100)
    (followed,) = book
    assert len(followed.series().lifetimes) == 2
