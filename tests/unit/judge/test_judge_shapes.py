"""Shapes that are easily mistaken for one another, at many steps, noises and units."""

from __future__ import annotations

import numpy as np
import pytest

from oakum.judge import judge
from oakum.model.series import Series, WorkloadSeries
from oakum.model.verdict import Pattern

MIB = 1024.0**2
SAMPLES = 600


def shape_of(name, at, rng):
    """As a share of the first level, over three days: float64[n]."""
    u = (at - at[0]) / (at[-1] - at[0])
    jitter = rng.uniform(0.85, 1.15, 4000)

    def teeth(count):
        """So many in all, each of its own length."""
        ends = np.cumsum(jitter) / count
        which = np.searchsorted(ends, u)
        return (u - np.concatenate([[0.0], ends])[which]) * count / jitter[which]

    shapes = {
        "teeth of hours": 1 + 0.6 * teeth(14),
        "teeth shorter than a step": 1 + 0.6 * teeth(2500),
        "teeth of two generations": 1 + 0.6 * teeth(12) + 0.2 * teeth(150),
        "climbing teeth of hours": 1 + 0.6 * teeth(14) + 0.9 * u,
        "climbing teeth shorter than a step": 1 + 0.5 * teeth(2500) + 0.9 * u,
        "start-up given back": 1 + 0.8 * np.exp(-u / 0.02),
        "a short job by the clock": 1 + 0.5 * ((u * 12) % 1 < 0.12),
        "backups that fade": 1 + 0.5 * np.exp(-((u * 3 + 0.4) % 1) / 0.12),
        "restarts nobody told of": 1 + 0.8 * (1 - np.exp(-((u * 9) % 1) / 0.08)),
        "the day": 1 + 0.2 * np.sin(2 * np.pi * 3 * u),
        "a fast start-up": 1 + 0.8 * (1 - np.exp(-u / 0.01)),
        "a cache with a bound": 1 + 0.8 * np.minimum(u / 0.3, 1),
        "two steps": 1 + 0.1 * (u > 0.3) + 0.3 * (u > 0.55),
    }
    return shapes[name]


EXPECTED = {
    "teeth of hours": {Pattern.SAWTOOTH},
    "teeth shorter than a step": {Pattern.SAWTOOTH},
    "teeth of two generations": {Pattern.SAWTOOTH},
    "climbing teeth of hours": {Pattern.RISING_SAWTOOTH},
    "climbing teeth shorter than a step": {Pattern.RISING_SAWTOOTH},
    "start-up given back": {Pattern.SHRINKING},
    "a short job by the clock": {Pattern.PERIODIC},
    "backups that fade": {Pattern.PERIODIC},
    "restarts nobody told of": {Pattern.PERIODIC, Pattern.WARM_UP},
    "the day": {Pattern.PERIODIC},
    "a fast start-up": {Pattern.WARM_UP},
    "a cache with a bound": {Pattern.WARM_UP},
    "two steps": {Pattern.STEP},
}


def named(name, *, step_s=432.0, noise=0.004, unit="bytes", scale=100 * MIB, missing=0.0):
    rng = np.random.default_rng(23)
    at = 1.7e9 + np.arange(SAMPLES) * step_s
    at = at[rng.random(SAMPLES) >= missing]
    value = (shape_of(name, at, rng) + rng.normal(0, noise, at.size)) * scale
    return judge(WorkloadSeries("w", (Series(at, value),), unit=unit)).pattern


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("step_s", [60.0, 432.0, 1500.0])
def test_the_shape_does_not_depend_on_the_step(name, step_s):
    assert named(name, step_s=step_s) in EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("noise", [0.0005, 0.01])
def test_the_shape_does_not_depend_on_the_noise(name, noise):
    assert named(name, noise=noise) in EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_the_shape_does_not_depend_on_the_unit(name):
    assert named(name, unit="percent", scale=20.0) in EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_missing_samples_leave_the_shape_as_it_is(name):
    assert named(name, missing=0.2) in EXPECTED[name]


def test_noise_alone_is_no_collector():
    rng = np.random.default_rng(2)
    at = 1.7e9 + np.arange(SAMPLES) * 60.0
    value = (1 + rng.normal(0, 0.01, SAMPLES)) * 100 * MIB
    assert judge(WorkloadSeries("w", (Series(at, value),))).pattern is Pattern.FLAT


def test_a_machine_that_is_on_or_off_is_no_collector():
    rng = np.random.default_rng(4)
    at = 1.7e9 + np.arange(SAMPLES) * 300.0
    on = np.repeat(rng.integers(0, 2, 24), SAMPLES // 24)
    value = (1 + on + rng.normal(0, 0.01, SAMPLES)) * 100 * MIB
    assert judge(WorkloadSeries("w", (Series(at, value),))).pattern is not Pattern.SAWTOOTH
