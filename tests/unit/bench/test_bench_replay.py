from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bench.judge import generator, lab, suite
from bench.judge.baselines import every_one
from bench.judge.case import Case, prefix
from bench.judge.ours import Oakum
from bench.judge.replay import replay
from bench.judge.report.make import why

from oakum.model.series import Ending, Series, WorkloadSeries

HOUR = 3600.0
CUT_S = 30 * HOUR


def with_another_future(case: Case) -> Case:
    """The same samples until CUT_S, others afterwards."""
    life = case.series.lifetimes[0]
    later = life.at_s > CUT_S
    value = np.where(later, 95 - 60 * np.random.default_rng(3).random(life.at_s.size), life.value)
    series = replace(case.series, lifetimes=(Series(life.at_s, value, life.limit),))
    return replace(case, series=series)


@pytest.fixture
def climbing():
    at = np.arange(0.0, 60 * HOUR, 600.0)
    rng = np.random.default_rng(11)
    value = 30 + np.maximum(0.0, at / HOUR - 10) * 1.2 + rng.normal(scale=0.4, size=at.size)
    series = WorkloadSeries("x", (Series(at, value, np.full(at.size, 100.0)),), unit="percent")
    truth = replace(generator.case("tune", "linear/idle/0").truth, limit=100.0, onset_s=10 * HOUR, crosses_s=())
    return Case("x", "tune", series, truth, 0.0)


@pytest.mark.parametrize("detector", [Oakum(), *every_one()], ids=lambda one: one.name)
def test_an_answer_is_the_same_whatever_comes_later(climbing, detector):
    moments = climbing.times(2 * HOUR)
    seen = moments <= CUT_S
    here = detector.answers(climbing, moments)
    there = detector.answers(with_another_future(climbing), moments)
    assert here.name[seen].tolist() == there.name[seen].tolist()
    # Sums that are taken once for all windows differ in the last digits.
    np.testing.assert_allclose(here.probability[seen], there.probability[seen], rtol=1e-6)
    np.testing.assert_allclose(here.forecast[seen], there.forecast[seen], rtol=1e-6)
    # The test would see it: what is asked after the cut does differ for some method.
    assert not np.array_equal(prefix(climbing.series, moments[-1]).lifetimes[0].value,
                              prefix(with_another_future(climbing).series, moments[-1]).lifetimes[0].value)  # fmt: skip


def test_a_replay_keeps_when_the_first_alarm_was(climbing):
    rule = every_one()[0]
    got = replay(climbing, rule, HOUR)
    answers = rule.answers(climbing, climbing.times(HOUR))
    first = answers.at_s[answers.name == 2][0]
    assert got.alarmed_s == first - climbing.start_s


def test_no_family_fails_in_a_short_window():
    for part in suite.PARTS:
        for number in range(40):
            assert generator.case(part, f"healthy/restarted/{number}").series.samples >= 12


def test_sources_can_be_asked_for_one_by_one():
    everything = suite.quick(None)
    only_lab = replace(everything, sources=("lab",))
    only_made = replace(everything, sources=("generated",))
    assert only_lab.names()
    assert {name.split("/")[0] for name in only_lab.names()} == {"lab"}
    assert {name.split("/")[0] for name in only_made.names()} == {"tune", "held"}
    assert sorted(everything.names()) == sorted([*only_lab.names(), *only_made.names()])


def test_recorded_programs_are_whole_lives_below_their_limit():
    cases = lab.cases()
    assert lab.TRACES.stat().st_size <= 300 * 1024
    assert {one.truth.leaks for one in cases.values()} == {True, False}
    killed = 0
    for name, one in cases.items():
        at, value, limit = one.flat()
        assert np.all(np.diff(at) > 0), name
        assert np.all(value <= limit), name
        for life in one.series.lifetimes:
            assert life.started_s is None or life.started_s <= life.at_s[0] + 0.5, name
            if life.ending is Ending.OOM_KILLED:
                killed += 1
                assert life.value[-1] > 0.8 * life.limit[-1], name
        if one.truth.leaks:
            assert one.truth.onset_s == pytest.approx(one.start_s, abs=30), name
    assert killed
    assert lab.made().startswith("20")


def test_reasons_of_a_disagreement_are_those_of_the_moment_of_the_alarm():
    asked = replace(suite.quick(None), sources=("lab",))
    name = next(name for name, one in lab.cases().items() if one.truth.leaks)
    got = replay(lab.cases()[name], Oakum(), 300.0)
    assert why(got, asked).split(":")[0] in {"healthy", "suspect", "leak", "cannot-tell"}


def test_a_run_gives_outcomes_in_the_order_of_the_names_and_tells_how_far_it_is():
    asked = replace(suite.quick(None), sources=("lab",))
    told = []
    rules = every_one()[:2]
    outcomes = suite.run(asked, rules, jobs=1, progress=lambda done, of: told.append((done, of)))
    names = asked.names()
    assert [one.name for one in outcomes] == [name for name in names for _ in rules]
    assert told == [(number, len(names)) for number in range(1, len(names) + 1)]
