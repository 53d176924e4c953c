"""What is called healthy was looked at for long enough to show a climb that matters."""

from __future__ import annotations

import re

import numpy as np
import pytest
from curves import MIB, START_S
from hypothesis import given
from hypothesis import strategies as st

from oakum.judge import JudgeSettings, figures, judge, judge_many, state_of
from oakum.judge.floor.kernels import FINE, fine_floor, goes_on, robust_line, steepest
from oakum.model.series import Ending, Scope, Series, WorkloadSeries
from oakum.model.verdict import Pattern, VerdictName

LIMIT = 96.0
GRAVE = {VerdictName.SUSPECT, VerdictName.LEAK}


def workload(at, mib, *, limit=LIMIT):
    at, value = START_S + np.asarray(at, np.float64), np.asarray(mib, np.float64) * MIB
    limits = None if limit is None else np.full(at.size, limit * MIB)
    return WorkloadSeries("w", (Series(at, value, limits),), "bytes", Scope.CONTAINER)


@pytest.mark.parametrize("noise", [0.0, 0.5])
@pytest.mark.parametrize("step_s", [15.0, 60.0, 300.0, 900.0])
@pytest.mark.parametrize("samples", [6, 7, 8, 10, 12, 14])
def test_a_clear_climb_to_three_quarters_of_the_limit_is_suspect_with_the_time_that_is_left(samples, step_s, noise):
    at = step_s * np.arange(samples)
    rng = np.random.default_rng(samples)
    verdict = judge(workload(at, 20 + 50 * at / at[-1] + rng.normal(0, noise, samples)))
    assert verdict.name in GRAVE
    assert verdict.pattern.leaks
    left_s = (LIMIT - 70) / 50 * at[-1]
    (forecast,) = verdict.forecasts
    assert forecast.p10_s <= forecast.p50_s <= forecast.p90_s
    assert forecast.p50_s == pytest.approx(left_s, rel=0.5)
    assert verdict.settles


@pytest.mark.parametrize("samples", [6, 10, 14, 30])
def test_the_same_few_samples_without_a_climb_are_healthy(samples):
    rng = np.random.default_rng(samples)
    assert judge(workload(60.0 * np.arange(samples), 30 + rng.normal(0, 0.1, samples))).name is VerdictName.HEALTHY


def test_ups_and_downs_in_which_a_climb_to_the_limit_could_hide_cannot_tell_and_say_for_how_long_to_look():
    mib = 80 + np.array([0, 6, -5, 5, -6, 6, -4, 5, -3, 6])
    verdict = judge(workload(10.0 * np.arange(10), mib))
    assert verdict.name is VerdictName.CANNOT_TELL
    assert verdict.probability is None
    assert re.match(r"a climb of \+.*/(min|s) would not have shown in 1 min 30 s of samples, and", verdict.reasons[0])
    assert re.search(
        r"\d+ min more at the same step: a climb that fills the limit within 1 h would show", verdict.settles
    )
    # The same, far from its limit or without one: nothing is near.
    assert judge(workload(10.0 * np.arange(10), mib, limit=4096.0)).name is VerdictName.HEALTHY
    assert judge(workload(10.0 * np.arange(10), mib, limit=None)).name is VerdictName.HEALTHY
    # And for as long as an hour: such a climb would have shown.
    again = 80 + 6 * np.random.default_rng(1).uniform(-1, 1, 720)
    assert judge(workload(10.0 * np.arange(720), again)).name is VerdictName.HEALTHY


def test_the_horizon_is_a_setting():
    mib = 80 + np.array([0, 6, -5, 5, -6, 6, -4, 5, -3, 6])
    near = JudgeSettings(horizon_s=1.0)
    assert judge(workload(10.0 * np.arange(10), mib), near).name is VerdictName.HEALTHY


@given(
    st.lists(st.floats(0.0, 100.0), min_size=6, max_size=60),
    st.floats(1.0, 120.0),
    st.sampled_from([128.0, 512.0, 4096.0]),
)
def test_health_means_that_no_climb_to_the_limit_within_the_horizon_is_left_open(mib, step_s, limit):
    one = workload(step_s * np.arange(len(mib)), [20 + each for each in mib], limit=limit)
    state = state_of(one)
    verdict, answer = state.verdict(), state.figures()
    if verdict.name is VerdictName.HEALTHY and answer[figures.FLOOR_FIRST] < 0.95 * limit * MIB:
        room = limit * MIB - answer[figures.FLOOR_NOW]
        assert answer[figures.STEEPEST] == 0 or answer[figures.STEEPEST] * 3600 < room
    (many,) = judge_many([one])
    assert many.name is verdict.name


@given(st.floats(0.01, 50.0), st.integers(6, 200), st.floats(1.0, 600.0))
def test_the_steepest_climb_that_is_left_open_is_no_less_than_the_one_there_is(rate, samples, step_s):
    first = step_s * np.arange(samples)
    low = 100 + rate * first
    times, floor = np.empty(FINE), np.empty(FINE)
    n = fine_floor(first, first, low, 0, times, floor)
    slopes = np.empty(FINE * (FINE - 1) // 2)
    high = robust_line(times, floor, 0, n, slopes)[2]
    found = steepest(first, first, low, 0, times, floor, n, high, slopes)
    # The floor's last stretch is told by its least: so much is missing of the whole.
    assert 0.6 * rate <= found <= rate * (1 + 1e-9)


def test_what_never_moved_leaves_no_climb_open():
    first, low = np.arange(10.0), np.full(10, 5.0)
    times, floor = np.empty(FINE), np.empty(FINE)
    n = fine_floor(first, first, low, 0, times, floor)
    assert steepest(first, first, low, 0, times, floor, n, 0.0, np.empty(FINE * (FINE - 1) // 2)) == 0
    assert n == 6


@pytest.mark.parametrize("limit", [None, 6144.0])
def test_what_collections_leave_is_judged_and_not_what_they_give_back(limit):
    at = np.arange(0, 8 * 3600, 60.0)
    teeth = 1500 * ((at / 1500) % 1) + np.random.default_rng(1).normal(0, 10, at.size)
    rising = judge(workload(at, 2600 * (1 + 0.17 * at / at[-1]) + teeth, limit=limit))
    assert (rising.name, rising.pattern) == (VerdictName.SUSPECT, Pattern.RISING_SAWTOOTH)
    assert "what garbage collection leaves is more each time" in rising.reasons[0]
    calm = judge(workload(at, 2600 + teeth, limit=limit))
    assert (calm.name, calm.pattern) == (VerdictName.HEALTHY, Pattern.SAWTOOTH)


def with_gap(parts, mib, limit=LIMIT):
    at = np.concatenate([np.arange(begin, end, 60.0) for begin, end in parts])
    return workload(at, mib(at) + np.random.default_rng(1).normal(0, 0.3, at.size), limit=limit)


HOUR = 3600.0


def test_a_gap_hides_no_climb_that_goes_on_over_it():
    verdict = judge(with_gap([(0, 1500), (3.5 * HOUR, 4 * HOUR)], lambda at: 20 + 60 * at / (4 * HOUR)))
    assert verdict.name in GRAVE
    assert verdict.reasons[0].startswith("it has no samples for 3 h 6 min, until 29 min before the last one: it climbs")


def test_a_gap_in_which_it_may_have_been_restarted_hides_no_climb_before_and_after():
    def mib(at):
        return np.where(at < HOUR, 20 + 60 * at / 1500, 20 + 60 * (at - 3.5 * HOUR) / 1800)

    verdict = judge(with_gap([(0, 1500), (3.5 * HOUR, 4 * HOUR)], mib))
    assert verdict.name is VerdictName.SUSPECT
    assert verdict.reasons[0].endswith("it climbs before that gap and after it")


def test_too_little_after_a_gap_cannot_tell_and_names_the_gap():
    for mib in (lambda at: np.where(at < HOUR, 20 + 60 * at / 1500, 22.0), lambda at: 50.0 + 0 * at):
        verdict = judge(with_gap([(0, 1500), (4 * HOUR - 180, 4 * HOUR)], mib))
        assert verdict.name is VerdictName.CANNOT_TELL
        assert verdict.reasons[0].startswith("it has no samples for 3 h 33 min, until 2 min before the last one")
        assert "without a gap" in verdict.settles


def test_a_gap_between_flat_hours_at_one_level_is_healthy():
    verdict = judge(with_gap([(0, HOUR), (3 * HOUR, 4 * HOUR)], lambda at: 50.0 + 0 * at))
    assert verdict.name is VerdictName.HEALTHY
    assert not any("no samples" in reason for reason in verdict.reasons)


def test_a_pause_that_is_as_long_as_the_others_is_no_gap():
    state = state_of(workload([0, 60, 120, 180, 240, 300], [50.0, 50.1, 50.0, 50.1, 50.0, 50.1]))
    assert np.isnan(state.figures()[figures.GAP_S])


def test_a_floor_of_teeth_that_bends_is_a_warm_up_and_healthy():
    at = np.arange(0, 12 * 3600, 60.0)
    teeth = 600 * ((at / 1500) % 1) + np.random.default_rng(1).normal(0, 5, at.size)
    verdict = judge(workload(at, 600 + 500 * (1 - np.exp(-at / 7200)) + teeth, limit=4096.0))
    assert verdict.name is VerdictName.HEALTHY
    assert verdict.pattern is not Pattern.RISING_SAWTOOTH
    assert not any("more each time" in reason for reason in verdict.reasons)


def test_a_line_gains_half_as_much_again_late_and_a_bend_less():
    line, bend = np.arange(48.0), 100 * (1 - np.exp(-np.arange(48.0) / 12))
    assert goes_on(line, 48) == pytest.approx(1.5)
    assert goes_on(bend, 48) < 0.5
    assert goes_on(line[:5], 5) == 0.0


@pytest.mark.parametrize("samples", [1, 2, 5])
def test_the_first_samples_after_a_deploy_are_judged_by_the_life_before(samples):
    at = 60.0 * np.arange(300)
    before = Series(START_S + at, np.full(300, 50 * MIB), np.full(300, LIMIT * MIB), ending=Ending.REPLACED)
    mib = np.array([20.0, 40.0, 45.0, 48.0, 50.0])[:samples]
    now = Series(START_S + 20_000 + at[:samples], mib * MIB, np.full(samples, LIMIT * MIB))
    assert judge(WorkloadSeries("w", (before, now))).name is VerdictName.HEALTHY
    hardly = WorkloadSeries("w", (before.rows(slice(0, 4)), now))
    assert judge(hardly).name is VerdictName.CANNOT_TELL


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_minutes_below_the_limit_little_is_much(noise):
    at = 10.0 * np.arange(60)
    climb = 1000 + at / 60 + np.random.default_rng(1).normal(0, noise, at.size)
    assert judge(workload(at, climb, limit=1024.0)).name is VerdictName.SUSPECT
    calm = 1005 + np.random.default_rng(2).normal(0, 1.0, at.size)
    assert judge(workload(at, calm, limit=1024.0)).name is VerdictName.HEALTHY


def late(step_s, rises_s, seed):
    at = np.arange(0, 24 * HOUR, step_s)
    mib = 500 + np.random.default_rng(seed).normal(0, 5, at.size)
    return at, mib + np.maximum(0, at - (at[-1] - rises_s)) / 6


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("step_s", [60.0, 300.0, 600.0])
def test_a_climb_that_began_late_in_a_calm_day_is_not_healthy(step_s, seed):
    at, mib = late(step_s, 1800.0, seed)
    verdict = judge(workload(at, mib, limit=880.0))
    assert verdict.name is not VerdictName.HEALTHY
    assert verdict.pattern is not Pattern.SPIKE
    if verdict.name is VerdictName.CANNOT_TELL:
        assert re.match(r"it rises by \+.* above all that this lifetime held before, and would", verdict.reasons[0])
        assert verdict.settles.startswith("10 min more")
    # Far from its limit nothing is near, and what came back is over.
    assert judge(workload(at, late(step_s, 1800.0, seed)[1], limit=8192.0)).name is not VerdictName.LEAK
    back = np.where(at > at[-1] - 1.5 * step_s, 500.0, mib)
    assert judge(workload(at, back, limit=880.0)).name is VerdictName.HEALTHY


@pytest.mark.parametrize("seed", range(5))
def test_a_climb_that_is_all_its_past_stays_open_past_the_hour(seed):
    at = 60.0 * np.arange(120)
    noise = np.random.default_rng(seed).normal(0, 10, at.size)
    assert judge(workload(at, 400 + 300 * at / at[-1] + noise, limit=1024.0)).name in GRAVE
    bent = 400 + 300 * (1 - np.exp(-at / 1500)) + noise
    assert judge(workload(at, bent, limit=1024.0)).name is VerdictName.HEALTHY


@pytest.mark.parametrize("samples", [3, 5, 6, 7])
def test_the_first_samples_after_a_life_that_climbed_to_its_end_are_not_healthy(samples):
    at = 60.0 * np.arange(600)
    climb = (30 + 65 * at / at[-1]) * MIB
    before = Series(START_S + at, climb, np.full(600, LIMIT * MIB), ending=Ending.EXITED)
    now = Series(START_S + 40_000 + at[:samples], climb[:samples], np.full(samples, LIMIT * MIB))
    verdict = judge(WorkloadSeries("w", (before, now)))
    assert verdict.name in {VerdictName.CANNOT_TELL, *GRAVE}


@pytest.mark.parametrize("left_s", [300.0, 900.0])
@pytest.mark.parametrize("span_s", [1800.0, 3 * HOUR])
def test_a_straight_line_near_its_limit_is_not_told_to_meet_it_later(span_s, left_s):
    at = np.arange(0, span_s, 15.0)
    rate = 500 / (span_s + left_s)
    verdict = judge(workload(at, 500 + rate * at, limit=1000.0))
    assert verdict.name in GRAVE
    (forecast,) = verdict.forecasts
    truth_s = (1000 - 500 - rate * at[-1]) / rate
    assert forecast.p10_s <= 1.02 * truth_s
    assert forecast.p50_s <= 1.25 * truth_s
    assert forecast.p10_s <= forecast.p50_s <= forecast.p90_s


def test_a_warm_up_on_both_sides_of_a_gap_is_no_climb():
    def mib(at):
        return 300 + 200 * (1 - np.exp(-np.where(at < 3 * HOUR, at, at - 4 * HOUR) / 1500))

    one = with_gap([(0, 2 * HOUR), (4 * HOUR, 6 * HOUR)], mib, limit=1024.0)
    assert state_of(one).figures()[figures.GAP_SIDES] == 0


@pytest.mark.parametrize("noise", [0.5, 5.0])
@pytest.mark.parametrize(("span_s", "step_s"), [(20, 1), (120, 1), (600, 5), (1800, 15)])
def test_a_start_that_has_ended_is_no_climb_and_a_climb_is(span_s, step_s, noise):
    at = np.arange(0.0, span_s, step_s)
    for seed in range(5):
        noises = np.random.default_rng(seed).normal(0, noise, at.size)
        ended = judge(workload(at, 430 - 300 * np.exp(-at / (0.1 * span_s)) + noises, limit=None))
        assert (ended.name, ended.pattern) == (VerdictName.HEALTHY, Pattern.WARM_UP)
        assert "ever more slowly" in ended.reasons[0]
        # The same gain, still going on.
        assert judge(workload(at, 130 + 300 * at / span_s + noises, limit=None)).name is VerdictName.SUSPECT
        bends = judge(workload(at, 130 + 300 * np.sqrt(at / span_s) + noises, limit=None))
        assert bends.name is VerdictName.SUSPECT


def test_a_climb_by_little_is_not_said_to_stay_where_it_is():
    at = np.arange(0.0, 600.0, 5.0)
    verdict = judge(workload(at, 171 + 2.4 * at / 600, limit=4096.0))
    assert verdict.name is VerdictName.SUSPECT
    assert verdict.pattern is Pattern.FLAT
    assert verdict.reasons[0].endswith("it climbs by little, and all the time")


@pytest.mark.parametrize("span_s", [20, 7200])
def test_a_level_above_its_limit_is_told(span_s):
    at = np.arange(0.0, span_s, span_s / 20)
    level = 500 + np.random.default_rng(1).normal(0, 0.2, at.size)
    told = "it stands at .* MiB, above its limit of 100 MiB: that limit does not hold this figure"
    assert any(re.match(told, reason) for reason in judge(workload(at, level, limit=100.0)).reasons)
    assert not any("above its limit" in reason for reason in judge(workload(at, level, limit=600.0)).reasons)


def test_a_limit_that_does_not_hold_it_is_none_that_it_may_climb_to():
    at = np.arange(0.0, 7200.0, 60.0)
    verdict = judge(workload(at, 500 + np.random.default_rng(2).normal(0, 3, at.size), limit=100.0))
    assert verdict.name is VerdictName.HEALTHY
    assert not any("0 B below" in reason for reason in verdict.reasons)
