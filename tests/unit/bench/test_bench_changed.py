"""A changed series is the same memory, told otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from bench.judge import suite
from bench.judge.case import Case, Truth
from bench.judge.changed import CHANGES, changed

from oakum.model.series import Series, WorkloadSeries

AT = 1.7e9 + 300.0 * np.arange(600)
VALUE = 1e9 + 1e6 * np.arange(600.0)


def a_case(*, unit="bytes", lives=1):
    parts = np.array_split(np.arange(600), lives)
    limit = 100.0 if unit == "percent" else 4e9
    value = VALUE / 4e7 if unit == "percent" else VALUE
    series = tuple(Series(AT[rows], value[rows], np.full(rows.size, limit)) for rows in parts)
    truth = Truth("idle", kind="linear", onset_s=float(AT[300]), limit=limit)
    return Case("tune/x", "tune", WorkloadSeries("x", series, unit), truth, float(AT[0]))


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_is_changed_times_rise_and_the_truth_stays_in_the_window(name):
    for case in (a_case(), a_case(unit="percent"), a_case(lives=3)):
        other = changed(case, name)
        if other is None:
            continue
        at, value, _ = other.flat()
        assert other.name == f"tune/x@{name}"
        assert np.all(np.diff(at) > 0)
        assert np.all(value >= 0)
        assert other.eval_from_s >= at[0] - 2400
        assert at[0] < other.truth.onset_s < at[-1]


@pytest.mark.parametrize(("name", "step_s"), [("60 s", 60.0), ("60 s held", 60.0), ("25 min", 1500.0)])
def test_another_step_shows_the_same_line(name, step_s):
    at, value, _ = changed(a_case(), name).flat()
    assert np.median(np.diff(at)) == step_s
    held_s = 300.0 if "held" in name else 0.0
    np.testing.assert_allclose(value, np.interp(at, AT, VALUE), atol=1e6 * held_s / 300 + 1)


def test_another_unit_is_the_same_share_of_the_limit():
    case = a_case()
    percent = changed(case, "in percent")
    assert percent.series.unit == "percent"
    np.testing.assert_allclose(percent.flat()[1], 100 * VALUE / 4e9)
    back = changed(a_case(unit="percent"), "in bytes")
    assert back.series.unit == "bytes"
    np.testing.assert_allclose(back.flat()[1] / back.flat()[2], VALUE / 4e9)


def test_a_short_past_is_cut_before_the_onset_and_nothing_after_it():
    at = changed(a_case(), "6 h of past").flat()[0]
    assert AT[300] - at[0] == pytest.approx(6 * 3600, abs=300)
    assert at[-1] == AT[-1]


def test_a_name_with_a_change_is_a_case_of_the_suite_and_an_empty_change_has_none():
    name = next(one for one in suite.Suite(0, 0, 300, None).names() if one.startswith("lab/"))
    assert suite.case(f"{name}@holes", None).flat()[0].size < suite.case(name, None).flat()[0].size
    with pytest.raises(KeyError):
        suite.case(f"{name}@3 d of past", None)
