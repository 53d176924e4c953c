"""Clear cases of every pattern, at many steps, in bytes and percent."""

from __future__ import annotations

import numpy as np
import pytest

from oakum.judge import curve, judge
from oakum.model.errors import DataError
from oakum.model.series import Ending, Series, WorkloadSeries
from oakum.model.verdict import Pattern, VerdictName

MIB = 1024.0**2


def shape_of(name, u, rng):
    noise = rng.normal(0, 0.004, u.size)
    saw = (u * 24) % 1.0
    shapes = {
        "flat": np.ones_like(u),
        "warm-up": 1 + 0.8 * (1 - np.exp(-u / 0.08)),
        "linear": 1 + 0.6 * u,
        "accelerating": 1 + 0.8 * u**2,
        "exponential": 1 + 1.5 * np.expm1(u / 0.18) / np.expm1(1 / 0.18),
        "sawtooth": 1 + 0.5 * saw,
        "rising-sawtooth": 1 + 0.5 * saw + 0.8 * u,
        "step": 1 + 0.3 * (u > 0.4),
        "spike": 1 + 0.8 * ((u > 0.5) & (u < 0.53)),
        "periodic": 1 + 0.2 * np.sin(2 * np.pi * u * 4),
        "shrinking": 1.5 - 0.4 * u,
    }
    return shapes[name] + noise


def workload(value, step_s, *, unit="bytes", limit=None, **series):
    at = 1.7e9 + np.arange(value.size) * step_s
    limits = None if limit is None else np.full(value.size, limit)
    return WorkloadSeries("w", (Series(at, value, limits, **series),), unit=unit)


PATTERNS = ["flat", "warm-up", "linear", "accelerating", "exponential", "sawtooth", "rising-sawtooth", "step", "spike"]


@pytest.mark.parametrize("step_s", [5, 60, 300, 1500])
@pytest.mark.parametrize("name", [*PATTERNS, "periodic", "shrinking"])
def test_each_pattern_is_named(name, step_s):
    rng = np.random.default_rng(7)
    value = shape_of(name, np.linspace(0, 1, 480), rng) * 100 * MIB
    verdict = judge(workload(value, step_s))
    assert verdict.pattern is Pattern(name)
    if step_s >= 1500:
        assert (verdict.name is VerdictName.LEAK) == Pattern(name).leaks
    else:
        # Hours from a start on may still be a warm-up that has not bent yet.
        assert (verdict.name in {VerdictName.LEAK, VerdictName.SUSPECT}) == Pattern(name).leaks


@pytest.mark.parametrize("name", ["linear", "flat", "sawtooth", "rising-sawtooth"])
def test_irregular_steps_and_percent_change_nothing(name):
    rng = np.random.default_rng(3)
    u = np.sort(rng.uniform(0, 1, 500))
    value = shape_of(name, u, rng) * 20
    series = WorkloadSeries("w", (Series(1.7e9 + u * 86400, value),), unit="percent")
    assert judge(series).pattern is Pattern(name)


@pytest.mark.parametrize("step_s", [0.25, 1.0])
def test_a_short_steep_climb_in_arenas_is_a_suspect_with_a_good_forecast(step_s):
    at = np.arange(0, 25, step_s)
    rng = np.random.default_rng(1)
    true = 30 * MIB + 4 * MIB * at
    value = np.floor((true + rng.normal(0, 0.2 * MIB, at.size)) / MIB) * MIB
    verdict = judge(workload(value, step_s, limit=256 * MIB))
    assert verdict.name is VerdictName.SUSPECT
    assert verdict.pattern is Pattern.LINEAR
    assert verdict.rate_per_s == pytest.approx(4 * MIB, rel=0.1)
    left_s = (256 * MIB - value[-1]) / (4 * MIB)
    assert verdict.forecasts[0].p50_s == pytest.approx(left_s, rel=0.15)
    assert verdict.settles


def test_memory_that_follows_the_load_is_no_leak():
    rng = np.random.default_rng(5)
    u = np.linspace(0, 1, 400)
    load = 100 + 80 * u + rng.normal(0, 5, u.size)
    value = (50 + load) * MIB
    series = Series(1.7e9 + u * 86400, value, load=load)
    verdict = judge(WorkloadSeries("w", (series,)))
    assert verdict.pattern is Pattern.LOAD_DRIVEN
    assert verdict.name is VerdictName.HEALTHY


def test_lifetimes_that_climb_until_they_are_killed_are_a_leak_even_when_each_is_short():
    lifetimes = []
    for number in range(4):
        at = 1.7e9 + number * 400 + np.arange(0, 380, 5.0)
        lifetimes.append(Series(at, 20 * MIB + MIB * 0.5 * (at - at[0]), ending=Ending.OOM_KILLED))
    verdict = judge(WorkloadSeries("w", tuple(lifetimes)))
    assert verdict.name is VerdictName.LEAK
    assert any("OOM-killed 4 times" in reason for reason in verdict.reasons)


def test_a_restart_that_the_series_hides_is_no_shrinking():
    u = np.linspace(0, 1, 200)
    value = np.concatenate([100 + 300 * u, 100 + 300 * u]) * MIB
    verdict = judge(workload(value, 60))
    assert verdict.pattern is Pattern.LINEAR


@pytest.mark.parametrize("samples", [0, 1, 2, 5])
def test_too_few_samples_cannot_tell_and_say_what_would(samples):
    verdict = judge(workload(np.full(samples, 5.0), 60))
    assert verdict.name is VerdictName.CANNOT_TELL
    assert verdict.settles


@pytest.mark.parametrize("value", [0.0, 1.0, 1e15])
def test_a_constant_is_healthy(value):
    verdict = judge(workload(np.full(300, value), 60))
    assert (verdict.name, verdict.pattern) == (VerdictName.HEALTHY, Pattern.FLAT)


def test_broken_series_are_data_errors():
    at = np.array([3.0, 2.0, 1.0])
    with pytest.raises(DataError, match="times do not increase"):
        judge(WorkloadSeries("w", (Series(at, at),)))
    with pytest.raises(DataError, match="not a number"):
        judge(workload(np.array([1.0, np.nan, 2.0]), 60))


def test_the_curve_runs_through_the_floor_and_into_the_forecast():
    at = np.arange(0, 3600, 10.0)
    drawn = curve(workload(50 * MIB + 1000 * at, 10, limit=60 * MIB))
    assert drawn is not None
    assert drawn.fit_at_s[-1] > 1.7e9 + 3600
    inside = drawn.fit_at_s <= 1.7e9 + 3590
    assert np.allclose(drawn.fit[inside], 50 * MIB + 1000 * (drawn.fit_at_s[inside] - 1.7e9), rtol=0.01)
