"""What must not matter does not: when it was, in which unit, how finely it was sampled, what ended long ago."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from curves import KINDS, MIB, START_S, values, workloads
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.judge import judge
from oakum.model.series import Ending, Series, WorkloadSeries


def same(one, other):
    assert (one.name, one.pattern) == (other.name, other.pattern)
    assert one.probability == pytest.approx(other.probability, abs=2e-3)


def moved(workload, by_s):
    lives = tuple(
        replace(life, at_s=life.at_s + by_s, started_s=None if life.started_s is None else life.started_s + by_s)
        for life in workload.lifetimes
    )
    return replace(workload, lifetimes=lives)


@given(workloads(most=150), st.integers(-1_000_000_000, 1_000_000_000))
@settings(max_examples=30)
def test_the_date_changes_nothing(workload, by_s):
    one, other = judge(workload), judge(moved(workload, float(by_s)))
    same(one, other)
    assert [row.p50_s for row in one.forecasts] == pytest.approx([row.p50_s for row in other.forecasts], rel=1e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("factor", [8.0, 1024.0])
def test_a_larger_machine_has_the_same_verdict(kind, factor):
    rng = np.random.default_rng(2)
    at = START_S + 300.0 * np.arange(900)
    value = values(kind, np.linspace(0, 1, 900), rng)
    small = judge(WorkloadSeries("w", (Series(at, value, np.full(900, 2048 * MIB)),)))
    large = judge(WorkloadSeries("w", (Series(at, factor * value, np.full(900, factor * 2048 * MIB)),)))
    same(small, large)
    assert large.rate_per_s == pytest.approx(factor * small.rate_per_s)


@pytest.mark.parametrize("kind", KINDS)
def test_percent_of_a_machine_are_judged_as_its_bytes(kind):
    rng = np.random.default_rng(2)
    at = START_S + 300.0 * np.arange(900)
    value = values(kind, np.linspace(0, 1, 900), rng)
    whole = 2048 * MIB
    as_bytes = judge(WorkloadSeries("w", (Series(at, value, np.full(900, whole)),)))
    as_percent = judge(WorkloadSeries("w", (Series(at, 100 * value / whole),), unit="percent"))
    same(as_bytes, as_percent)
    assert as_percent.limit == 100


@pytest.mark.parametrize("kind", KINDS)
def test_twice_the_samples_have_the_same_verdict(kind):
    u = np.linspace(0, 1, 4000)
    at = START_S + 60.0 * np.arange(4000)
    value = values(kind, u, np.random.default_rng(4))
    full = judge(WorkloadSeries("w", (Series(at, value),)))
    half = judge(WorkloadSeries("w", (Series(at[::2], value[::2]),)))
    assert (full.name, full.pattern) == (half.name, half.pattern)


@pytest.mark.parametrize("kind", KINDS)
def test_a_gap_of_hours_is_no_evidence(kind):
    at = START_S + 60.0 * np.arange(3000)
    value = values(kind, np.linspace(0, 1, 3000), np.random.default_rng(4))
    kept = (np.arange(3000) < 900) | (np.arange(3000) > 1050)
    whole = judge(WorkloadSeries("w", (Series(at, value),)))
    holed = judge(WorkloadSeries("w", (Series(at[kept], value[kept]),)))
    assert whole.name == holed.name


@pytest.mark.parametrize("kind", ["flat", "teeth", "day"])
def test_a_deploy_in_the_middle_of_a_healthy_life_changes_nothing(kind):
    at = START_S + 60.0 * np.arange(3000)
    value = values(kind, np.linspace(0, 1, 3000), np.random.default_rng(4))
    halves = (
        Series(at[:1500], value[:1500], ended_s=float(at[1499]), ending=Ending.REPLACED),
        Series(at[1500:], value[1500:], started_s=float(at[1500])),
    )
    assert judge(WorkloadSeries("w", halves)).name == judge(WorkloadSeries("w", (Series(at, value),))).name
