"""Lives that are shorter than their samples are judged together."""

from __future__ import annotations

import numpy as np
import pytest
from curves import MIB, START_S

from oakum.judge import judge, restored, state_of
from oakum.judge.lives import overlaid
from oakum.model.series import Ending, Scope, Series, WorkloadSeries
from oakum.model.units import format_duration
from oakum.model.verdict import VerdictName

SEED = 4


def lives(count, step_s, *, ending=Ending.OOM_KILLED, rise=80.0, lasts_s=55.0, apart_s=70.0, told=True):
    """Each climbs by ``rise`` MiB of a limit of 96; ``told``: when it began."""
    rng, found = np.random.default_rng(SEED), []
    for number in range(count):
        begun = number * apart_s
        at = np.arange(np.ceil(begun / step_s) * step_s, begun + lasts_s, step_s)
        if at.size:
            mib = 10 + rise * (at - begun) / lasts_s + rng.normal(0, 0.5, at.size)
            how = ending if number < count - 1 else Ending.RUNNING
            since = START_S + begun if told else None
            limit = np.full(at.size, 96 * MIB)
            found.append(Series(START_S + at, mib * MIB, limit, started_s=since, ending=how))
    return WorkloadSeries("w", tuple(found), "bytes", Scope.CONTAINER)


@pytest.mark.parametrize("ending", [Ending.OOM_KILLED, Ending.UNKNOWN, Ending.EXITED])
@pytest.mark.parametrize("step_s", [15.0, 60.0])
def test_a_day_of_lives_of_a_minute_that_climb_to_the_limit_is_suspect(ending, step_s):
    verdict = judge(lives(1234, step_s, ending=ending))
    assert verdict.name is VerdictName.SUSPECT
    assert verdict.rate_per_s / MIB == pytest.approx(80 / 55, rel=0.1)
    low, high = verdict.rate_interval
    assert 0 < low <= verdict.rate_per_s <= high
    (forecast,) = verdict.forecasts
    assert 0 < forecast.p10_s <= forecast.p50_s <= forecast.p90_s < 70
    assert "laid over each other by age: they climb from " in verdict.reasons[0]
    assert any("OOM-killed" in reason for reason in verdict.reasons) == (ending is Ending.OOM_KILLED)
    assert format_duration(70.0) in verdict.settles


def test_short_lives_that_end_by_themselves_and_hold_little_are_healthy():
    assert judge(lives(80, 15.0, ending=Ending.EXITED, rise=0.0)).name is VerdictName.HEALTHY


def test_one_sample_of_each_life_without_its_begin_cannot_tell_and_says_which_step_would():
    verdict = judge(lives(80, 60.0, ending=Ending.UNKNOWN, told=False))
    assert verdict.name is VerdictName.CANNOT_TELL
    assert "cannot tell a trend from noise" in verdict.reasons[0]
    assert verdict.settles.startswith("a sample every ")


def test_who_was_restarted_twice_is_judged_by_what_runs_now():
    at = 60.0 * np.arange(300)
    old = Series(START_S + at[:3], np.full(3, 50 * MIB), ending=Ending.EXITED)
    older = Series(START_S - 1000 + at[:3], np.full(3, 50 * MIB), ending=Ending.EXITED)
    now = Series(START_S + 1000 + at, np.full(300, 50 * MIB), np.full(300, 96 * MIB))
    assert judge(WorkloadSeries("w", (older, old, now))).name is VerdictName.HEALTHY


def test_a_state_keeps_what_lives_began_with():
    whole = lives(40, 15.0)
    state = state_of(WorkloadSeries(whole.id, whole.lifetimes[:20], whole.unit, whole.scope))
    for one in whole.lifetimes[20:]:
        state = restored(state.saved()).added(one.rows(slice(0, 1)), begins=True)
        state = state.added(one.rows(slice(1, None)))
        state = state.killed() if one.ending is Ending.OOM_KILLED else state
    assert state.verdict() == judge(whole)


def test_samples_of_one_age_make_no_slope():
    facts = state_of(lives(40, 70.0)).facts
    assert overlaid(facts.lives) is None
