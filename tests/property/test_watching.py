"""What a watch holds of a series says what the judge says of all its samples, however and whenever they came."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.judge import judge
from oakum.loop.watching.followed import FOUND, IDLE_S, MOVED_BYTES, SELDOMEST_S, Followed
from oakum.loop.watching.remembered import from_bytes, to_bytes
from oakum.model.errors import DataError
from oakum.model.series import Ending, Scope
from oakum.sense.track import Track

MIB = 2.0**20
NODE = 8.0 * 2**30
KINDS = ("flat", "climb", "bend", "teeth", "late climb")


def value(kind, u, noise):
    laws = {
        "flat": 0.0,
        "climb": 300 * u,
        "bend": 200 * (1 - np.exp(-u / 0.1)),
        "teeth": 80 * ((u * 31) % 1),
        "late climb": 400 * max(0.0, u - 0.6),
    }
    return (200 + laws[kind] + noise) * MIB


@st.composite
def histories(draw):
    """[(what happens, its values)]: samples in some lifetimes, with takes and restarts of the watch anywhere."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    step_s = draw(st.sampled_from([0.5, 5.0, 60.0]))
    limit = draw(st.sampled_from([np.inf, 900 * MIB]))
    happens, at_s = [], 1.7e9
    for number in range(draw(st.integers(1, 3))):
        if number:
            happens.append(("new", at_s, draw(st.booleans())))
        size, kind = draw(st.integers(1, 120)), draw(st.sampled_from(KINDS))
        cuts = set(draw(st.lists(st.integers(0, size), max_size=6)))
        restart = draw(st.integers(0, 2 * size))
        for row in range(size):
            at_s += step_s * rng.uniform(0.5, 1.5)
            happens.append(("sample", at_s, value(kind, row / size, rng.normal(0, 1.5)), limit))
            if row in cuts:
                happens.append(("take",))
            if row == restart:
                happens.append(("restart",))
    return happens


def followed_of(track):
    return Followed(track, "known", "known", NODE)


@settings(max_examples=25)
@given(histories())
def test_its_verdict_is_that_of_all_samples_at_once(happens):
    whole, track = Track("w", Scope.PROCESS, {}, pid=1), Track("w", Scope.PROCESS, {}, pid=1)
    followed, pid, started_s, remembered = followed_of(track), 1, None, None

    def take():
        portions = track.take()
        if portions and remembered is not None:
            followed.go_on(remembered.state, remembered.lives, same_life=portions[0].pid == remembered.pid)
        followed.add(portions)
        return None if portions else remembered

    for kind, *told in happens:
        if kind == "sample":
            whole.add(*told)
            track.add(*told)
        elif kind == "take":
            remembered = take()
        elif kind == "new":
            ending = Ending.OOM_KILLED if told[1] else Ending.EXITED
            pid, started_s = pid + 1, told[0]
            for one in (whole, track):
                one.end(ending)
                one.begin(pid, started_s)
        else:
            remembered = take()
            # Nothing came since the last restart: what was stored then still stands.
            remembered = remembered or from_bytes(to_bytes(followed))
            track = Track("w", Scope.PROCESS, {}, pid=pid, started_s=started_s)
            followed = followed_of(track)
    remembered = take()
    if remembered is not None:
        followed.go_on(remembered.state, remembered.lives, same_life=True)
    assert followed.judge() == judge(whole.series(NODE))
    assert followed.series().samples == whole.samples
    assert [life.ending for life in followed.series().lifetimes] == [
        life.ending for life in whole.series(NODE).lifetimes
    ]


def watched(values, *, step_s=5.0):
    """(followed, when it was judged) of a series that is judged whenever it is due."""
    track = Track("pid/1", Scope.PROCESS, {}, pid=1)
    followed, judged = followed_of(track), []
    for number, one in enumerate(values):
        at_s = 1.7e9 + step_s * number
        track.add(at_s, one)
        followed.add(track.take())
        if followed.due(at_s, 8):
            followed.judge()
            judged.append(at_s)
    return followed, judged


@settings(max_examples=6)
@given(st.integers(0, 1000), st.sampled_from([0.2, 5.0, 30.0]))
def test_a_series_that_leaks_never_waits_longer_than_it_may(seed, step_s):
    noise = np.random.default_rng(seed).normal(0, 0.5, 1500)
    followed, judged = watched((100 + 0.4 * np.arange(1500) + noise) * MIB, step_s=step_s)
    assert followed.verdict.name in FOUND
    assert max(np.diff(judged)) <= SELDOMEST_S + 2 * step_s
    assert followed.last_s - judged[-1] <= SELDOMEST_S + 2 * step_s
    assert len(judged) >= np.log(1500 / 8) / np.log(1.1) / 3


def test_an_idle_healthy_series_is_judged_once_an_hour_at_the_most():
    wobble = np.where(np.arange(4 * 720) % 2, 0.4 * MOVED_BYTES, 0.0)
    followed, judged = watched(100 * MIB + wobble)
    assert followed.verdict.name not in FOUND
    assert len(judged) <= 5
    assert max(np.diff(judged)) <= IDLE_S + 10


def test_an_idle_series_that_moves_is_judged_soon():
    flat = np.full(1440, 100 * MIB)
    _, judged = watched(np.concatenate([flat, flat[:200] + 50 * MIB]))
    moved_s = 1.7e9 + 5.0 * 1440
    assert any(moved_s <= at_s <= moved_s + SELDOMEST_S + 5 for at_s in judged)


def test_too_few_samples_and_what_has_ended_are_not_judged():
    followed, judged = watched(np.full(7, 1e8))
    assert (followed.verdict, judged) == (None, [])
    track = Track("pid/1", Scope.PROCESS, {}, pid=1)
    followed = followed_of(track)
    for number in range(50):
        track.add(float(number), 1e8)
    track.end()
    followed.add(track.take())
    assert not followed.due(1e9, 8)
    assert not followed_of(track).due(1e9, 8)


def remembered_bytes():
    track = Track("pid/7", Scope.PROCESS, {"command": "shop"}, pid=7, started_s=5.0)
    for number in range(300):
        track.add(1.7e9 + number, 1e8 + 1e5 * number, 9e8)
    followed = followed_of(track)
    followed.add(track.take())
    assert followed.judge().name in FOUND
    return to_bytes(followed)


SAVED = remembered_bytes()


def test_what_is_remembered_is_what_was_known():
    remembered = from_bytes(SAVED)
    assert (remembered.pid, remembered.started_s, len(remembered.lives)) == (7, 5.0, 1)
    assert remembered.lives[0].at_s.tolist() == [1.7e9 + number for number in range(300)]
    assert remembered.lives[0].limit.tolist() == [9e8] * 300
    assert remembered.state.facts.samples == 300
    assert (remembered.found_since_s, remembered.found_times) == (1.7e9 + 299, 1)


@given(st.one_of(st.binary(max_size=200), st.integers(0, len(SAVED) - 1).map(lambda cut: SAVED[:cut])))
def test_any_other_bytes_are_a_data_error(content):
    with pytest.raises(DataError):
        from_bytes(content)


@settings(max_examples=120)
@given(st.integers(0, len(SAVED) - 1), st.integers(1, 255))
def test_one_changed_byte_is_a_data_error_or_changes_nothing(at, flip):
    broken = bytearray(SAVED)
    broken[at] ^= flip
    try:
        remembered = from_bytes(bytes(broken))
    except DataError:
        return
    assert remembered.state.facts.samples == 300
