"""What different watches saw of one workload, as one series."""

from __future__ import annotations

import numpy as np

from oakum.model.series import Series, WorkloadSeries
from oakum.sense.joined import joined


def life(first, last, *, started_s=None, limit=None):
    at_s = np.arange(first, last, dtype=np.float64)
    return Series(at_s, at_s * 2, None if limit is None else np.full(len(at_s), limit), started_s=started_s)


def now(*lives):
    return WorkloadSeries("pid/7", lives)


def seen(series):
    return [[round(at_s) for at_s in lived.at_s] for lived in series.lifetimes]


def test_the_same_lifetime_goes_on_and_what_both_saw_counts_once():
    series = joined([life(0, 5, started_s=-3.0)], now(life(3, 8, started_s=-2.5)))
    assert seen(series) == [[0, 1, 2, 3, 4, 5, 6, 7]]
    assert series.lifetimes[0].value.tolist() == [0, 2, 4, 6, 8, 10, 12, 14]


def test_another_start_is_another_lifetime():
    assert seen(joined([life(0, 3, started_s=-3.0)], now(life(3, 5, started_s=2.5)))) == [[0, 1, 2], [3, 4]]


def test_lifetimes_without_a_known_start_follow_one_another_or_are_left_out_where_they_overlap():
    assert seen(joined([life(0, 3)], now(life(3, 5)))) == [[0, 1, 2], [3, 4]]
    assert seen(joined([life(0, 4)], now(life(3, 5)))) == [[0, 1, 2, 3]]


def test_limits_are_kept_and_there_is_none_where_none_was_seen():
    (lived,) = joined([life(0, 2, started_s=0.0)], now(life(2, 4, started_s=0.0, limit=9.0))).lifetimes
    assert lived.limit.tolist() == [np.inf, np.inf, 9, 9]


def test_nothing_from_before_changes_nothing():
    assert seen(joined([], now(life(0, 2)))) == [[0, 1]]
    assert seen(joined([life(0, 0)], now(life(0, 2)))) == [[0, 1]]
    assert seen(joined([life(0, 2)], now())) == [[0, 1]]
