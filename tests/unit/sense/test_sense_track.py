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
    track.killed({7, 8})
    assert [life.ending for life in track.series(1.0).lifetimes] == [Ending.OOM_KILLED, Ending.RUNNING]
