"""A state that takes samples as they come answers as the judge does on all of them."""

from __future__ import annotations

import numpy as np
import pytest
from curves import MIB, START_S, parts, values, workloads
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.judge import judge, restored, state_of
from oakum.model.errors import DataError
from oakum.model.series import Ending, Series, WorkloadSeries
from oakum.model.verdict import VerdictName


def empty(workload):
    return state_of(WorkloadSeries(workload.id, (), workload.unit, metric=workload.metric))


@given(workloads(most=200), st.lists(st.integers(1, 199), max_size=6))
@settings(max_examples=40)
def test_samples_in_any_chunks_give_the_same_verdict(workload, edges):
    state = empty(workload)
    for lifetime in workload.lifetimes:
        for number, part in enumerate(parts(lifetime, edges)):
            state = state.added(part, begins=number == 0)
    assert state.verdict() == judge(workload)


@given(workloads(most=200))
@settings(max_examples=20)
def test_a_state_that_was_saved_goes_on_where_it_was(workload):
    *_, last = workload.lifetimes
    first, *more = parts(last, [len(last) // 2])
    state = empty(workload)
    for lifetime in workload.lifetimes[:-1]:
        state = state.added(lifetime, begins=True)
    state = restored(state.added(first, begins=True).saved())
    for part in more:
        state = state.added(part)
    assert state.verdict() == judge(workload)


def test_ten_million_samples_fit_into_a_few_thousand_bins():
    at = START_S + np.arange(10_000_000.0)
    state = state_of(WorkloadSeries("w", (Series(at, np.full(at.size, 5 * MIB)),)))
    assert len(state.ledger) < 2_000
    assert state.ledger.samples == 10_000_000
    assert len(state.saved()) < 100_000


def test_no_sample_is_lost_or_counted_twice():
    rng = np.random.default_rng(3)
    at = START_S + np.cumsum(rng.exponential(30, 5000))
    value = values("teeth", np.linspace(0, 1, 5000), rng)
    ledger = state_of(WorkloadSeries("w", (Series(at, value),))).ledger
    assert ledger.count.sum() == 5000
    assert ledger.total.sum() == pytest.approx(value.sum())
    assert ledger.low.min() == value.min()
    assert ledger.high.max() == value.max()
    assert np.all(ledger.last_s[:-1] < ledger.first_s[1:])
    age, width = at[-1] - ledger.first_s, ledger.last_s - ledger.first_s
    assert np.all(width <= np.maximum(age / 32, 1.0))


def test_a_kill_that_is_told_later_counts():
    state = state_of(WorkloadSeries("w", ()))
    for number in range(3):
        at = START_S + number * 400 + np.arange(0, 380, 5.0)
        if number:
            state = state.killed()
        state = state.added(Series(at, 20 * MIB + MIB * 0.5 * (at - at[0])), begins=True)
    assert state.verdict().name is VerdictName.LEAK


def test_what_goes_back_in_time_is_refused_and_changes_nothing():
    at = START_S + np.arange(50.0)
    state = state_of(WorkloadSeries("w", (Series(at, np.full(50, MIB)),)))
    with pytest.raises(DataError, match="times do not increase"):
        state.added(Series(at[-1:], np.array([MIB])))
    assert state.facts.samples == 50
    assert state.added(Series(at[:0], at[:0])) is state


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a state", b"\x93NUMPY"])
def test_what_is_no_state_is_a_data_error(content):
    with pytest.raises(DataError, match="no saved state"):
        restored(content)


def test_a_state_that_was_cut_short_is_a_data_error():
    at = START_S + np.arange(50.0)
    content = state_of(WorkloadSeries("w", (Series(at, np.full(50, MIB), ending=Ending.EXITED),))).saved()
    for size in range(0, len(content), max(1, len(content) // 25)):
        with pytest.raises(DataError, match="no saved state"):
            restored(content[:size])
