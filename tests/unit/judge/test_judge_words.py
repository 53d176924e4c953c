"""The reasons say what the numbers hold."""

from __future__ import annotations

import re

import numpy as np
import pytest
from curves import MIB, START_S

from oakum.judge import JudgeSettings, figures, judge, state_of
from oakum.judge.verdict import verdict_of as named_and_told
from oakum.model.series import Series, WorkloadSeries
from oakum.model.units import parse_duration
from oakum.model.verdict import Pattern, VerdictName

U = np.linspace(0, 1, 2000)
AT = START_S + 60.0 * np.arange(2000)
NOISE = np.random.default_rng(5).normal(0, 1, 2000)


def verdict_of(mib, *, unit="bytes", **more):
    value = mib if unit == "percent" else mib * MIB
    return judge(WorkloadSeries("w", (Series(AT, value, **more),), unit))


@pytest.mark.parametrize("begun", [0, 0.3, 0.7])
def test_from_and_to_are_those_of_the_time_that_is_named(begun):
    mib = 200 + 400 * np.maximum(0, U - begun) + NOISE
    verdict = verdict_of(mib)
    found = re.match(r"over (.+) the floor went from (\d+) MiB to (\d+) MiB: (.*)", verdict.reasons[0])
    since = np.searchsorted(AT, AT[-1] - parse_duration(found[1]))
    assert float(found[2]) == pytest.approx(mib[since], abs=8)
    assert float(found[3]) == pytest.approx(mib[-1], abs=15)


def test_teeth_are_told_by_what_they_reach_and_not_by_when_one_looks():
    verdict = verdict_of(100 + 300 * ((U * 6.7) % 1) + NOISE)
    assert verdict.pattern is Pattern.SAWTOOTH
    low, high = re.search(r"moved between ([\d.]+) MiB and ([\d.]+) MiB", verdict.reasons[0]).groups()
    assert float(low) == pytest.approx(100, abs=5)
    assert float(high) == pytest.approx(400, abs=5)


def test_percent_stand_above_others_by_points():
    verdict = verdict_of(20 + 60 * U + 0.1 * NOISE, unit="percent")
    assert verdict.name is VerdictName.LEAK
    assert any(re.match(r"it stands [\d.]+ points above anything", reason) for reason in verdict.reasons)


@pytest.mark.parametrize(("samples", "words"), [(1, "1 sample of"), (2, "2 samples of")])
def test_one_is_not_many(samples, words):
    verdict = judge(WorkloadSeries("w", (Series(AT[:samples], np.full(samples, MIB)),)))
    assert verdict.reasons[0].startswith(words)


def test_load_that_explains_more_than_there_is_leaves_nothing_and_not_less():
    rng = np.random.default_rng(3)
    load = np.maximum(0, 100 + 80 * np.sin(40 * U) + rng.normal(0, 30, 2000))
    verdict = verdict_of(1 + np.maximum(0, 100 * np.sin(40 * U)), load=load)
    assert verdict.level >= 0
    assert not any("-" in reason for reason in verdict.reasons[:1])


def test_a_forecast_that_cannot_be_made_is_told_and_not_made_up():
    workload = WorkloadSeries("w", (Series(AT, (200 + 300 * U + NOISE) * MIB, np.full(2000, 600 * MIB)),))
    state = state_of(workload)
    answer = state.figures()
    certain = named_and_told(state.facts, answer, JudgeSettings())
    assert len(certain.forecasts) == 1
    assert not any("cannot be told yet" in reason for reason in certain.reasons)
    answer[figures.REACH_5 : figures.REACH_95 + 1] = np.nan
    open_ended = named_and_told(state.facts, answer, JudgeSettings())
    assert open_ended.forecasts == ()
    assert any("when it reaches the limit cannot be told yet" in reason for reason in open_ended.reasons)


def test_an_interval_that_reads_as_the_rate_is_not_told():
    exact = " ".join(verdict_of(200 + 400 * U).reasons)
    assert re.search(r"it rose in 4 of 4 quarters, by \+[\d.]+ [KM]iB/\w+(;| |$)", exact)
    assert not re.search(r"\((\S+ \S+) to \1\)", exact)
    noisy = " ".join(verdict_of(200 + 400 * U + 9 * NOISE).reasons)
    assert re.search(r"by \+\S+ \S+ \(\S+ \S+ to \S+ \S+\)", noisy)
