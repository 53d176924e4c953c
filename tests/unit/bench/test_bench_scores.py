from __future__ import annotations

import numpy as np
import pytest
from bench.judge.case import Case, Truth
from bench.judge.detector import HEALTHY, LEAK, only_alarms
from bench.judge.episodes import episodes, false_alarms, found_at
from bench.judge.replay import outcome
from bench.judge.scores import accuracy, foresight, macro_f1, precision_recall, reliability

from oakum.model.series import Series, WorkloadSeries
from oakum.model.verdict import Pattern

HOUR = 3600.0
AT = np.arange(0.0, 48 * HOUR, HOUR)


def case(truth):
    value = np.linspace(40, 60, AT.size)
    return Case("x", "tune", WorkloadSeries("x", (Series(AT, value, np.full(AT.size, 100.0)),)), truth, 0.0)


def answers(hours, score=0.5):
    alarm = np.isin(AT, np.array(hours) * HOUR)
    return only_alarms(AT, alarm, np.where(alarm, score, 0.1), 0.0)


LEAKING = Truth(
    "idle", "linear", (Pattern.LINEAR,), onset_s=20 * HOUR, crosses_s=(60 * HOUR,), limit=100.0,
    grown_at_s=AT, grown=np.maximum(0.0, AT - 20 * HOUR) / (80 * HOUR), base=0.4,
)  # fmt: skip


def test_alarms_within_six_hours_are_one_episode():
    assert len(episodes(answers([1, 2, 8]))) == 1
    assert len(episodes(answers([1, 8.0, 15]))) == 3


def test_a_leak_is_found_after_its_onset_only():
    assert found_at(case(LEAKING), answers([3, 30])) == 30 * HOUR
    assert found_at(case(LEAKING), answers([3])) is None
    assert found_at(case(Truth("idle")), answers([3])) is None


def test_early_alarms_are_false_and_one_that_runs_into_the_onset_is_not():
    assert false_alarms(case(LEAKING), answers([3, 30])) == 1
    assert false_alarms(case(LEAKING), answers([16, 18, 20, 22])) == 0
    assert false_alarms(case(LEAKING), answers([10, 14, 18, 22])) == 1
    assert false_alarms(case(Truth("idle")), answers([3, 30])) == 2


def test_delay_and_the_share_of_headroom():
    got = outcome(case(LEAKING), "d", answers([32]))
    assert got.delay_s == 12 * HOUR
    assert got.headroom == pytest.approx((12 / 80) / 0.6)
    assert got.healthy_days == pytest.approx(20 / 24)


def test_precision_counts_early_alarms_recall_does_not():
    outcomes = [
        outcome(case(LEAKING), "d", answers([3, 30])),
        outcome(case(LEAKING), "d", answers([30])),
        outcome(case(LEAKING), "d", answers([])),
        outcome(case(Truth("idle")), "d", answers([5, 20])),
    ]
    got = accuracy(outcomes)
    assert (got.leaks, got.healthy, got.episodes) == (3, 1, 3)
    assert got.recall.value == pytest.approx(2 / 3)
    assert got.precision.value == pytest.approx(2 / 4)
    assert got.f1.value == pytest.approx(2 * 2 / (2 + 2 + 3))
    assert got.recall.low <= got.recall.value <= got.recall.high


def test_nothing_counted_is_not_zero():
    assert np.isnan(accuracy([]).recall.value)
    assert str(accuracy([]).f1) == "–"


def test_forecasts_are_read_at_shares_of_life():
    given = only_alarms(AT, np.zeros(AT.size, bool), np.zeros(AT.size), 0.0, reaches_s=np.full(AT.size, 27 * HOUR))
    rows = foresight([outcome(case(LEAKING), "d", given)])
    assert [row.asked for row in rows] == [1, 1, 0]
    # At a quarter of the forty hours of life thirty remain.
    assert rows[0].error.value == pytest.approx(0.1)


def test_a_second_right_name_counts():
    truth = Truth("pooled", patterns=(Pattern.STEP, Pattern.FLAT))
    quiet = answers([])
    named = type(quiet)(
        quiet.at_s, quiet.name, quiet.probability, ("flat",) * AT.size, quiet.forecast, quiet.rate, 0.0, 1
    )
    mean, table = macro_f1([outcome(case(truth), "d", named)])
    assert mean.value == 1.0
    assert {name: (figure.value, count) for name, (figure, count) in table.items()} == {"step": (1.0, 1)}


def test_reliability_weighs_each_series_once():
    table = reliability([outcome(case(LEAKING), "d", answers(list(range(20, 48)), 0.95))])
    assert table[:, 0].sum() == pytest.approx(1.0)
    assert table[9, 2] == 1.0
    assert table[1, 2] == 0.0


def test_precision_recall_falls_with_the_threshold():
    outcomes = [
        outcome(case(LEAKING), "d", answers([30], 0.9)),
        outcome(case(Truth("idle")), "d", answers([30], 0.6)),
        outcome(case(LEAKING), "d", answers([30], 0.4)),
    ]
    recall, precision = precision_recall(outcomes)
    assert recall.tolist() == [0.5, 0.5, 1.0]
    assert precision.tolist() == [1.0, 0.5, pytest.approx(2 / 3)]


def test_the_names_are_what_the_rules_say():
    assert set(np.unique(answers([1]).name)) == {HEALTHY, LEAK}
