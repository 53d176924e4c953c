"""Whatever a series holds: a verdict whose figures can be true, or a data error; never a warning or a crash."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from curves import MIB, START_S, workloads
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.judge import judge, judge_many, restored, state_of
from oakum.model.errors import DataError
from oakum.model.series import Ending, Series, WorkloadSeries
from oakum.model.verdict import VerdictName

N = 1000
AT = START_S + 60.0 * np.arange(N)
U = np.linspace(0, 1, N)
CLIMB = (200 + 300 * U + np.random.default_rng(1).normal(0, 1, N)) * MIB
OPEN = {VerdictName.SUSPECT, VerdictName.CANNOT_TELL}


def one(value, *, limit=None, at=AT, unit="bytes", **more):
    limits = None if limit is None else np.full(len(at), float(limit))
    return WorkloadSeries("w", (Series(np.asarray(at, float), np.asarray(value, float), limits, **more),), unit)


def can_be_true(verdict, *, samples):
    if samples:
        assert 0 <= verdict.level < math.inf
    assert verdict.probability is None or 0 <= verdict.probability <= 1
    assert bool(verdict.settles) == (verdict.name in OPEN)
    assert verdict.reasons
    assert not any(word in reason for reason in verdict.reasons for word in ("nan", " inf"))
    if verdict.rate_per_s is not None:
        low, high = verdict.rate_interval
        assert -math.inf < low <= verdict.rate_per_s <= high < math.inf
    for row in verdict.forecasts:
        assert verdict.name in {VerdictName.LEAK, VerdictName.SUSPECT}
        assert 0 <= row.p5_s <= row.p10_s <= row.p50_s <= row.p90_s <= row.p95_s < math.inf
    if verdict.name is VerdictName.LEAK:
        assert verdict.pattern.leaks


ODD = {
    "constant": one(np.full(N, 5e8)),
    "zero": one(np.zeros(N)),
    "nothing": WorkloadSeries("w", ()),
    "two": one(CLIMB[:2], at=AT[:2]),
    "a limit below what is used": one(CLIMB, limit=MIB),
    "a limit of next to nothing": one(CLIMB, limit=1e-300),
    "a limit that changes": WorkloadSeries("w", (Series(AT, CLIMB, np.where(U < 0.5, 300 * MIB, 900 * MIB)),)),
    "a counter that starts anew": one((np.arange(N) % 100) * 5 * MIB),
    "percent beyond a hundred": one(250 * U, unit="percent"),
    "denormal": one(5e-324 * np.arange(N)),
    "denormal percent": one(5e-324 * np.arange(N), unit="percent"),
    "tiny percent": one(1e-200 * np.arange(N), unit="percent"),
    "ten years": one(CLIMB, at=START_S + 315_576.0 * np.arange(N)),
    "a gap of years": one(CLIMB, at=np.concatenate([AT[:500], AT[500:] + 1e8])),
    "microseconds apart": one(CLIMB, at=START_S + 3e-6 * np.arange(N)),
    "growth without measure": one(MIB * np.exp2(39 * U)),
    "huge load": one(CLIMB, load=1e300 * U),
    "tiny load": one(CLIMB, load=5e-324 * np.arange(N)),
    "load beside memory that ignores it": one(
        1e6 + np.maximum(0, 1e8 * np.sin(40 * U)),
        load=np.maximum(0, 100 + 80 * np.sin(40 * U) + np.random.default_rng(2).normal(0, 30, N)),
    ),
    "lifetimes of one sample": WorkloadSeries("w", tuple(Series(AT[i : i + 1], CLIMB[i : i + 1]) for i in range(90))),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_series_have_a_verdict_that_can_be_true(name):
    verdict = judge(ODD[name])
    can_be_true(verdict, samples=ODD[name].samples)
    assert verdict == restored(state_of(ODD[name]).saved()).verdict() or not ODD[name].samples


def test_compiled_kernels_say_of_odd_series_what_interpreted_ones_do():
    for name, fast in zip(ODD, judge_many(list(ODD.values())), strict=True):
        slow = judge(ODD[name])
        assert (fast.name, fast.pattern, fast.probability) == (slow.name, slow.pattern, slow.probability), name
        assert len(fast.forecasts) == len(slow.forecasts), name


@given(workloads(most=200))
@settings(max_examples=40)
def test_every_verdict_can_be_true(workload):
    can_be_true(judge(workload), samples=workload.samples)


@pytest.mark.parametrize(
    ("workload", "words"),
    [
        pytest.param(one(-CLIMB), "negative", id="negative"),
        pytest.param(one(np.where(U > 0.9, np.nan, CLIMB)), "not a number", id="NaN"),
        pytest.param(one(np.where(U > 0.9, np.inf, CLIMB)), "not a number", id="infinite"),
        pytest.param(one(CLIMB * 1e290), "too large", id="near the largest number"),
        pytest.param(one(CLIMB, at=AT * 1e3), "not epoch seconds", id="milliseconds"),
        pytest.param(one(CLIMB, at=AT * 1e9), "not epoch seconds", id="nanoseconds"),
        pytest.param(one(CLIMB, at=AT[::-1]), "do not increase", id="backwards"),
        pytest.param(one(CLIMB, load=np.ones(3)), "differ in number", id="load of other length"),
        pytest.param(WorkloadSeries("w", (Series(AT, CLIMB, np.ones(3)),)), "differ in number", id="limits too"),
    ],
)
def test_what_is_no_memory_is_a_data_error_in_both_paths(workload, words):
    with pytest.raises(DataError, match=words):
        judge(workload)
    (other,) = judge_many([workload])
    assert isinstance(other, DataError)


@pytest.mark.parametrize("limit", [0, -1, np.nan, np.inf, 9_223_372_036_854_771_712, 2.0**64])
def test_what_a_kernel_writes_for_no_limit_is_none(limit):
    verdict, without = judge(one(CLIMB, limit=limit)), judge(one(CLIMB))
    assert verdict.limit is None
    assert verdict == without


def test_thousands_of_lifetimes_are_as_many_bins_and_equal_in_all_paths():
    lives = tuple(
        Series(START_S + 400.0 * i + 30 * np.arange(10), (200 + 30.0 * np.arange(10)) * MIB, ending=Ending.OOM_KILLED)
        for i in range(3000)
    )
    workload = WorkloadSeries("w", lives)
    verdict = judge(workload)
    assert verdict.name is VerdictName.LEAK
    assert next(judge_many([workload])) == verdict
    assert len(state_of(workload).ledger) < 5000


def killed_climbs(samples):
    lives = [
        Series(START_S + 6000.0 * i + 60 * np.arange(100), (200 + 5.0 * np.arange(100)) * MIB, ending=Ending.OOM_KILLED)
        for i in range(4)
    ]
    at = START_S + 24_000 + 60.0 * np.arange(samples)
    return WorkloadSeries("w", (*lives, Series(at, np.full(samples, 200 * MIB))))


@pytest.mark.parametrize("samples", [1, 3, 8])
def test_just_after_a_climb_that_killed_it_is_not_healthy_again(samples):
    verdict = judge(killed_climbs(samples))
    assert verdict.name is VerdictName.SUSPECT
    assert any("4 earlier lifetimes climbed" in reason for reason in verdict.reasons)


def test_hours_after_a_climb_that_killed_a_flat_life_is_healthy():
    assert judge(killed_climbs(600)).name is VerdictName.HEALTHY


def test_kills_that_come_faster_than_samples_leave_nothing_to_tell():
    lives = tuple(Series(AT[3 * i : 3 * i + 3], CLIMB[3 * i : 3 * i + 3], ending=Ending.OOM_KILLED) for i in range(50))
    verdict = judge(WorkloadSeries("w", lives))
    assert verdict.name is VerdictName.CANNOT_TELL
    assert verdict.settles == "a sample every 20 s: it lived for 2 min last time"
    assert "it was OOM-killed 50 times" in verdict.reasons


def test_a_state_without_samples_takes_a_kill_for_nothing():
    state = state_of(WorkloadSeries("w", ()))
    assert state.killed() is state


def test_damaged_states_are_data_errors_or_as_they_were():
    whole = state_of(one(CLIMB)).saved()
    rng = random.Random(1)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] = rng.randrange(256)
        try:
            state = restored(bytes(damaged))
        except DataError:
            continue
        assert state.verdict() == judge(one(CLIMB))


@given(st.integers(1, 400), st.integers(1, 60))
@settings(max_examples=20)
def test_samples_folded_in_parts_are_the_bins_of_all_at_once(size, at_once):
    at, value = AT[:size], np.round(CLIMB[:size])
    whole = state_of(one(value, at=at)).ledger
    grown = state_of(WorkloadSeries("w", ()))
    for begin in range(0, size, at_once):
        part = slice(begin, begin + at_once)
        grown = grown.added(Series(at[part], value[part]))
    assert np.array_equal(whole.bins(), grown.ledger.bins())
