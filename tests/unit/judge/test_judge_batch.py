"""Many series at once answer as each does alone."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from curves import KINDS, MIB, START_S, values, workloads
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from oakum.judge import Columns, columns_of, judge, judge_columns, judge_many
from oakum.judge.figures import ANSWER
from oakum.model.errors import DataError
from oakum.model.series import Series, WorkloadSeries


def drawn(count):
    """``count`` workloads of all kinds; the same on every run."""
    found = []

    @seed(11)
    @settings(max_examples=count, database=None, phases=[Phase.generate], deadline=None)
    @given(st.data())
    def draw(data):
        found.append(data.draw(workloads(most=400)))

    draw()
    return found


def long_ones():
    rng = np.random.default_rng(5)
    u = np.linspace(0, 1, 3000)
    return [WorkloadSeries(kind, (Series(START_S + 60.0 * np.arange(3000), values(kind, u, rng)),)) for kind in KINDS]


def test_compiled_interpreted_and_threaded_agree():
    """One test, so that one worker compiles: columns against singles, threads against none, chunks against all."""
    many = [*drawn(60), *long_ones(), WorkloadSeries("empty", ())]
    columns = columns_of(many)
    figures = judge_columns(columns)
    assert np.array_equal(figures, judge_columns(columns, workers=3), equal_nan=True)
    for number, (workload, verdict) in enumerate(zip(many, judge_many(many), strict=True)):
        alone = judge(workload)
        assert (verdict.name, verdict.pattern) == (alone.name, alone.pattern), number
        assert verdict.probability == alone.probability
        assert verdict.level == pytest.approx(alone.level, nan_ok=True)
        assert verdict.rate_per_s == (None if alone.rate_per_s is None else pytest.approx(alone.rate_per_s, rel=1e-6))
        assert verdict.onset_s == alone.onset_s
        for one, other in zip(verdict.forecasts, alone.forecasts, strict=True):
            assert one.p50_s == pytest.approx(other.p50_s, rel=1e-6)
    broken = replace(many[0], lifetimes=(Series(np.array([2.0, 1.0]), np.array([1.0, 1.0])),))
    answers = list(judge_many([many[0], broken, many[1]], workers=2))
    assert isinstance(answers[1], DataError)
    assert [answers[0], answers[2]] == list(judge_many(many[:2]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        extreme = [
            WorkloadSeries("tiny", (Series(START_S + np.arange(50.0), np.full(50, 5e-324)),)),
            WorkloadSeries("huge", (Series(START_S + np.arange(50.0), np.linspace(0, 1e300, 50)),)),
            WorkloadSeries("decade", (Series(START_S + 315_360.0 * np.arange(1000), np.linspace(1, 2, 1000) * MIB),)),
        ]
        assert len(list(judge_many(extreme))) == 3
    nothing = Columns(*(column[:1] if name == "offset" else column[:0] for name, column in _fields(columns)))
    assert judge_columns(replace(nothing, lives=columns.lives[:1])).shape == (0, ANSWER)


def _fields(columns):
    names = ("offset", "at_s", "value", "load", "life", "lives", "dead", "limit", "boundary", "least")
    return [(name, getattr(columns, name)) for name in names]
