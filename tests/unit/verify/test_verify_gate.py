"""The gate of the policy: what passes, what fails, what is too little to tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oakum.model.absent import Absent, AbsentKind
from oakum.model.policy import Policy
from oakum.model.series import Ending, Metric, Scope, Series, WorkloadSeries
from oakum.model.verdict import Pattern, Verdict, VerdictName
from oakum.model.verification import CheckState, Outcome
from oakum.verify.gate import Since, ask

MIB = 1 << 20
START_S = 1_790_000_000.0
HEALTHY = Verdict(VerdictName.HEALTHY, Pattern.FLAT, 0.02, 50.0 * MIB, rate_per_s=10.0)
CLIMBS = Verdict(VerdictName.SUSPECT, Pattern.LINEAR, 0.5, 90.0 * MIB, rate_per_s=1.0 * MIB, settles="more time")


def life(seconds, *, every=60.0, level=50.0, limit=100.0, begin=START_S, ending=Ending.RUNNING):
    at_s = begin + np.arange(0.0, seconds + every, every)
    limits = None if limit is None else np.full(len(at_s), limit * MIB)
    return Series(at_s, np.full(len(at_s), level * MIB), limits, started_s=begin, ending=ending)


def since(*lives, verdict=HEALTHY, **changes):
    series = WorkloadSeries("pid/7", lives, "bytes", Scope.PROCESS, Metric.ANON)
    made = Since(series, verdict, START_S, START_S + 1e6, kills=(), cgroup_kills=0, work=0.2, work_before=0.2)
    return replace(made, **changes)


def answered(asked, policy=None):
    outcome, checks, next_step = ask(asked, policy or Policy())
    return outcome, {check.name.split(" ")[0]: check for check in checks}, next_step


@pytest.mark.parametrize(
    ("seconds", "outcome"),
    [(600, Outcome.INCONCLUSIVE), (3700, Outcome.QUICK), (172_900, Outcome.CLOSED)],
)
def test_what_stays_flat_passes_each_window_once_it_was_seen_whole(seconds, outcome):
    found, _, next_step = answered(since(life(seconds)))
    assert found is outcome
    assert bool(next_step) is (outcome is not Outcome.CLOSED)


def test_both_windows_are_the_policys():
    policy = replace(Policy(), quick_check_s=600.0, closing_window_s=1200.0)
    assert answered(since(life(660, every=20)), policy)[0] is Outcome.QUICK
    assert answered(since(life(1260, every=20)), policy)[0] is Outcome.CLOSED


def test_a_window_in_which_nobody_looked_for_long_is_not_seen():
    at_s = START_S + np.concatenate([np.linspace(0, 300, 30), np.linspace(3500, 3800, 30)])
    holed = Series(at_s, np.full(60, 50.0 * MIB), started_s=START_S)
    outcome, checks, _ = answered(since(holed))
    assert outcome is Outcome.INCONCLUSIVE
    assert "nobody looked" in checks["quick"].why


def test_a_hole_that_is_older_than_the_window_says_nothing_of_it():
    at_s = START_S + np.concatenate([np.linspace(0, 300, 30), np.linspace(3500, 7300, 200)])
    holed = Series(at_s, np.full(230, 50.0 * MIB), started_s=START_S)
    assert answered(since(holed))[0] is Outcome.QUICK


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"kills": ("Memory cgroup out of memory: Killed process 7 (shop)",)}, "no", "Killed process 7"),
        ({"cgroup_kills": 1}, "no", "was killed"),
        ({"restarts": 1}, "restarts", "restarted 1 time since"),
        ({"verdict": replace(HEALTHY, name=VerdictName.LEAK, rate_per_s=2.0 * MIB)}, "the", "leak, +2.00 MiB/s"),
        ({"verdict": CLIMBS, "rate_before": 1.5 * MIB}, "the", "as before the fix"),
    ],
)
def test_one_failure_fails_it_with_the_reason(changes, name, words):
    outcome, checks, _ = answered(since(life(3700), **changes))
    assert outcome is Outcome.FAILED
    assert checks[name].state is CheckState.FAILED
    assert words in checks[name].why


def test_a_second_lifetime_a_lifetime_that_ended_and_one_too_near_its_limit_fail():
    second = since(life(3700, ending=Ending.EXITED), life(3700, begin=START_S + 4000))
    assert answered(second)[1]["restarts"].state is CheckState.FAILED
    killed = since(life(3700, ending=Ending.OOM_KILLED), life(3700, begin=START_S + 4000))
    assert answered(killed)[1]["no"].state is CheckState.FAILED
    gone = answered(since(life(3700, ending=Ending.EXITED)))[1]["restarts"]
    assert "nothing took its place" in gone.why
    assert answered(since(life(3700, level=81)))[1]["below"].state is CheckState.FAILED
    assert answered(since(life(3700, limit=None)))[1]["below"].state is CheckState.PASSED


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"verdict": CLIMBS}, "the"),
        ({"verdict": CLIMBS, "rate_before": 40.0 * MIB}, "the"),
        ({"work": 0.0}, "under"),
        ({"work": None}, "under"),
        ({"work": 0.0, "work_before": None}, "under"),
        ({"kills": Absent("the log", AbsentKind.NOT_PERMITTED, "refused"), "cgroup_kills": None}, "no"),
    ],
)
def test_what_cannot_be_told_is_inconclusive_and_says_what_would_tell(changes, name):
    outcome, checks, next_step = answered(since(life(3700), **changes))
    assert outcome is Outcome.INCONCLUSIVE
    assert checks[name].state is CheckState.OPEN
    assert next_step == checks[name].why


def test_too_few_samples_say_so():
    outcome, checks, _ = answered(since(life(3700, every=900.0)))
    assert outcome is Outcome.INCONCLUSIVE
    assert "30 are needed" in checks["the"].why
    assert answered(since())[0] is Outcome.INCONCLUSIVE
