"""Samples of a long watch: few are kept, all of them were taken, and what matters to the eye stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.model.series import Ending, Series
from oakum.sense.thinned import MOST, MOST_LIVES, Thinned, thinned
from oakum.sense.track import Portion


def life(size, *, start_s=0.0, limit=None, seed=1):
    value = np.random.default_rng(seed).uniform(1, 100, size)
    return Series(start_s + np.arange(size, dtype=np.float64), value, limit)


def portion(samples, *, begins=False):
    return Portion(samples, begins=begins, pid=1)


@given(st.integers(0, 400), st.integers(8, 60), st.booleans(), st.integers(0, 1000))
def test_few_stay_each_with_its_own_value_and_limit_and_the_first_and_the_last_among_them(size, most, limited, seed):
    whole = life(size, limit=np.arange(size) * 10.0 if limited else None, seed=seed)
    few = thinned(whole, most)
    assert len(few) == size if size <= most else most / 4 <= len(few) <= most
    rows = np.searchsorted(whole.at_s, few.at_s)
    assert whole.at_s[rows].tolist() == few.at_s.tolist()
    assert whole.value[rows].tolist() == few.value.tolist()
    assert (few.limit is None) is not limited
    if limited:
        assert whole.limit[rows].tolist() == few.limit.tolist()
    if size:
        assert (few.at_s[0], few.at_s[-1]) == (whole.at_s[0], whole.at_s[-1])
        assert few.value.max() == whole.value.max()


def test_a_watch_of_weeks_takes_no_more_room_than_one_of_a_day():
    kept, sizes = Thinned(), []
    for number in range(200):
        kept.add(portion(life(256, start_s=256.0 * number, seed=number)), begins=number == 0)
        sizes.append(kept.lives[0].at_s.size)
    assert max(sizes) <= MOST
    assert sizes[-1] > MOST / 2
    assert (kept.lives[0].at_s[0], kept.lives[0].at_s[-1]) == (0.0, 256.0 * 200 - 1)
    assert (np.diff(kept.lives[0].at_s) > 0).all()


def test_only_so_many_lifetimes_are_held_and_the_newest_stay():
    kept = Thinned()
    for number in range(3 * MOST_LIVES):
        kept.add(portion(life(2, start_s=10.0 * number)), begins=True)
    assert [lived.at_s[0] for lived in kept.lives] == [
        10.0 * number for number in range(2 * MOST_LIVES, 3 * MOST_LIVES)
    ]


def test_samples_that_are_not_later_are_dropped_and_a_limit_that_comes_later_is_kept():
    kept = Thinned()
    kept.add(portion(life(4)), begins=True)
    kept.add(portion(life(6, limit=np.full(6, 7.0))), begins=False)
    (lived,) = kept.lives
    assert lived.at_s.tolist() == [0, 1, 2, 3, 4, 5]
    assert lived.limit.tolist() == [np.inf] * 4 + [7.0] * 2


@pytest.mark.parametrize("samples", [0, 3])
def test_how_a_lifetime_ended_is_kept(samples):
    kept = Thinned()
    kept.end(Ending.EXITED)
    kept.add(portion(life(samples)), begins=True)
    kept.end(Ending.OOM_KILLED)
    assert [lived.ending for lived in kept.lives] == [Ending.OOM_KILLED] * bool(samples)
