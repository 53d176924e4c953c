"""Samples in lifetimes: what is kept, what is dropped, how lifetimes end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.model.series import Ending, Scope
from oakum.sense.track import Track


@pytest.fixture
def track():
    return Track("pid/7", Scope.PROCESS, {"name": "x"}, pid=7, started_s=1.0)


def test_a_track_without_a_sample_has_no_lifetime(track):
    series = track.series(100.0)
    assert (series.lifetimes, series.samples) == ((), 0)
    assert (track.peak, track.begun_s, track.last_s) == (0.0, None, None)


@given(st.lists(st.floats(0, 1e6), max_size=30))
def test_whatever_comes_in_times_only_grow(times):
    track = Track("w", Scope.PROCESS, {})
    for at_s in times:
        track.add(at_s, 1.0)
    kept = [life.at_s for life in track.series(1.0).lifetimes]
    assert all((np.diff(at_s) > 0).all() for at_s in kept)
    assert track.samples == len(list(dict.fromkeys(np.maximum.accumulate(times).tolist()))) if times else not kept


def test_lifetimes_follow_one_another_each_with_its_own_start_and_end(track):
    track.add(10.0, 5.0)
    track.end()
    track.begin(8, 11.0)
    track.add(12.0, 9.0, 20.0)
    first, second = track.series(100.0).lifetimes
    assert (first.started_s, first.ended_s, first.ending, first.limit) == (1.0, 10.0, Ending.EXITED, None)
    assert (second.started_s, second.ended_s, second.ending, second.limit.tolist()) == (
        11.0,
        None,
        Ending.RUNNING,
        [20.0],
    )
    assert (track.lifetimes, track.samples, track.peak, track.begun_s, track.last_s) == (2, 2, 9.0, 10.0, 12.0)


def test_one_that_ended_before_its_first_sample_leaves_no_lifetime(track):
    track.end()
    track.begin(8, 11.0)
    track.add(12.0, 9.0)
    assert [life.started_s for life in track.series(1.0).lifetimes] == [11.0]
    assert track.lifetimes == 1


def test_a_kill_marks_the_lifetime_of_that_pid_and_only_if_it_ended(track):
    track.add(10.0, 5.0)
    track.end()
    track.begin(8, 11.0)
    track.add(12.0, 9.0)
    track.killed({7: 10.5, 8: 12.5})
    assert [life.ending for life in track.series(1.0).lifetimes] == [Ending.OOM_KILLED, Ending.RUNNING]


def test_a_kill_of_another_process_of_the_same_number_before_it_began_marks_nothing():
    track = Track("pid/7", Scope.PROCESS, {}, pid=7, started_s=1000.0)
    track.add(1001.0, 5.0)
    track.end()
    track.killed({7: 900.0})
    assert track.series(1.0).lifetimes[0].ending is Ending.EXITED
    track.killed({7: 1001.5})
    assert track.series(1.0).lifetimes[0].ending is Ending.OOM_KILLED


def portions(track):
    return [(portion.begins, portion.pid, portion.samples.at_s.tolist()) for portion in track.take()]


def test_what_was_taken_is_held_no_longer_and_lifetimes_still_follow_one_another(track):
    assert portions(track) == []
    track.add(10.0, 5.0)
    track.add(11.0, 6.0)
    assert portions(track) == [(True, 7, [10.0, 11.0])]
    assert track.samples == 0
    assert (track.last_s, track.peak) == (11.0, 6.0)
    track.add(11.0, 99.0)
    track.add(12.0, 7.0)
    track.end()
    track.begin(8, 13.0)
    track.add(14.0, 1.0)
    assert portions(track) == [(False, 7, [12.0]), (True, 8, [14.0])]
    assert (track.lifetimes, track.pid) == (1, 8)


def test_how_a_lifetime_ended_is_told_also_after_its_samples_were_taken(track):
    track.add(10.0, 5.0)
    track.take()
    track.end()
    (ended,) = track.take()
    assert (len(ended.samples), ended.begins, ended.samples.ending) == (0, False, Ending.EXITED)
    track.killed({7: 10.5})
    (killed,) = track.take()
    assert killed.samples.ending is Ending.OOM_KILLED


def test_a_kill_that_is_told_before_the_samples_are_taken_comes_with_them(track):
    track.add(10.0, 5.0)
    track.end()
    track.begin(8, 11.0)
    track.killed({7: 10.5})
    (killed,) = track.take()
    assert (len(killed.samples), killed.samples.ending, killed.samples.started_s) == (1, Ending.OOM_KILLED, 1.0)
    track.add(12.0, 5.0)
    assert portions(track) == [(True, 8, [12.0])]


STEPS = st.lists(st.sampled_from(["add", "add", "add", "end and begin", "take"]), max_size=60)


@given(STEPS)
def test_portions_joined_are_all_samples_in_their_lifetimes(steps):
    whole, taken = Track("w", Scope.PROCESS, {}, pid=1), Track("w", Scope.PROCESS, {}, pid=1)
    lives = []

    def take():
        for portion in taken.take():
            if portion.begins:
                lives.append(([], []))
            if len(portion.samples):
                lives[-1][0].extend(portion.samples.at_s.tolist())
                lives[-1][1].extend(portion.samples.value.tolist())

    for number, step in enumerate([*steps, "take"]):
        if step == "take":
            take()
            continue
        for track in (whole, taken):
            if step == "add":
                track.add(float(number), number * 2.0, 100.0)
            else:
                track.end()
                track.begin(number + 2, float(number))
    assert lives == [(life.at_s.tolist(), life.value.tolist()) for life in whole.series(1.0).lifetimes]
