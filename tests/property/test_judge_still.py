"""What is called still without being judged: the judge never finds growth in it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from oakum.judge import judge, still
from oakum.judge.still import PART
from oakum.judge.verdict import LEAST_SEEN_BYTES, SHORT_SHARE
from oakum.model.container_memory import LEAST_BYTES, LEAST_SHARE, ContainerMemory
from oakum.model.series import Ending, Metric, Scope, Series, WorkloadSeries
from oakum.model.verdict import VerdictName

MIB = 1 << 20
SHARES = st.lists(st.floats(0.0, 1.0), min_size=6, max_size=40)
PAUSES = st.lists(st.floats(0.5, 14.0), min_size=40, max_size=40)


WITHIN = 0.999 * PART
"""The band itself, but for what rounding adds to it."""


def workload(shares, pauses, level_mib, *, band=WITHIN, ending=Ending.RUNNING, order=None):
    level = level_mib * MIB
    shares = sorted(shares) if order == "rising" else shares
    value = level + np.array(shares) * band * max(LEAST_SEEN_BYTES, SHORT_SHARE * level)
    at_s = 1e9 + np.cumsum(np.array(pauses[: len(shares)]))
    life = Series(at_s, value, np.full(len(value), 4.0 * level), ending=ending)
    return WorkloadSeries("cart", (life,), "bytes", Scope.CONTAINER, Metric.ANON)


def near(series):
    """Whether all its ups and downs, as one climb, would come to the limit within the hour."""
    (life,) = series.lifetimes
    climb = (life.value.max() - life.value.min()) / (life.at_s[-1] - life.at_s[0])
    return climb * 3600 >= life.limit[0] - life.value.max()


def gapped(series):
    pauses = np.diff(series.lifetimes[0].at_s)
    return pauses.max() > 0.25 * pauses.sum()


def test_what_moves_by_little_an_hour_from_its_limit_is_still_and_minutes_from_it_is_judged():
    calm = workload([0.0, 0.5, 0.0, 1.0, 0.5, 0.0, 0.5], [10.0] * 7, 1000)
    assert still(calm) is not None
    shares = [0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0]
    assert still(workload(shares, [10.0] * 7, 8)) is None
    assert judge(workload(shares, [10.0] * 7, 4)).name is not VerdictName.HEALTHY


@given(SHARES, PAUSES, st.integers(1, 8000), st.sampled_from(["rising", None]))
def test_what_is_called_still_is_healthy_to_the_judge_and_does_not_grow(shares, pauses, level_mib, order):
    series = workload(shares, pauses, level_mib, order=order)
    told = still(series)
    if told is None:
        assert near(series) or gapped(series)
        return
    judged = judge(series)
    assert (judged.name, judged.limit) == (told.name, told.limit) == (VerdictName.HEALTHY, told.limit)
    for verdict in (told, judged):
        memory = ContainerMemory("shop", "cart", "u", "app", "", "", "one", "", series, verdict)
        assert not memory.grows


@given(SHARES, PAUSES, st.integers(1, 8000))
def test_what_moved_by_as_much_as_growth_needs_is_left_to_the_judge(shares, pauses, level_mib):
    assert still(workload([0.0, *shares[1:-1], 1.0], pauses, level_mib, band=1.0)) is None


@given(SHARES, PAUSES)
def test_what_ended_was_seen_for_long_or_hardly_at_all_or_is_broken_is_left_to_the_judge(shares, pauses):
    assert still(workload(shares, pauses, 64, ending=Ending.OOM_KILLED)) is None
    assert still(workload(shares, [600.0] * 40, 64)) is None
    assert still(workload(shares[:5], pauses, 64)) is None
    assert still(workload([np.nan, *shares[1:]], pauses, 64)) is None
    one = workload(shares, pauses, 64)
    again = Series(one.lifetimes[0].at_s + 1e6, one.lifetimes[0].value)
    assert still(WorkloadSeries("cart", (*one.lifetimes, again), "bytes")) is None


def test_what_counts_as_growth_is_the_same_where_it_is_asked():
    assert (LEAST_BYTES, LEAST_SHARE) == (LEAST_SEEN_BYTES, SHORT_SHARE)
