"""The judge on curves recorded from every program of the lab at once: half a minute each, nothing but the series."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np
import pytest
from programs import EXPECTED, HEALTHY, LEAKS, LIMIT_BYTES, Program, running

from oakum import judge
from oakum.model.series import Metric, Scope, Series, WorkloadSeries

pytestmark = pytest.mark.lab

WATCHED_S = 25.0


def recorded(name: str, program: Program) -> WorkloadSeries:
    """Anonymous memory, four times a second, by the kernel's status file."""
    at_s, value, ends_s = [], [], time.monotonic() + WATCHED_S
    while time.monotonic() < ends_s:
        program.serve_for(0.23)
        at_s.append(time.time())
        value.append(float(program.anon_bytes()))
    lifetime = Series(np.array(at_s), np.array(value), np.full(len(value), float(LIMIT_BYTES)))
    return WorkloadSeries(name, (lifetime,), "bytes", Scope.PROCESS, Metric.ANON)


@pytest.fixture(scope="module")
def verdicts():
    with ExitStack() as stack, ThreadPoolExecutor(len(EXPECTED)) as pool:
        programs = {name: stack.enter_context(running(name)) for name in EXPECTED}
        jobs = {name: pool.submit(recorded, name, program) for name, program in programs.items()}
        return {name: judge.judge(job.result()) for name, job in jobs.items()}


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_suspect_at_its_rate(verdicts, name):
    verdict = verdicts[name]
    assert verdict.name.value == "suspect", verdict
    assert verdict.pattern.leaks
    assert verdict.rate_per_s == pytest.approx(EXPECTED[name].mb_per_s * 1e6, rel=0.5)
    low, high = verdict.rate_interval
    assert low <= verdict.rate_per_s <= high


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_curve_is_never_a_leak(verdicts, name):
    verdict = verdicts[name]
    assert verdict.name.value in EXPECTED[name].verdicts, verdict
    assert verdict.name.value == "healthy" or verdict.settles
