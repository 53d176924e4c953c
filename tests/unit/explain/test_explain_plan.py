"""A suspicion that may die before the longer look is over: evidence first."""

from __future__ import annotations

import math

import pytest
from examples_explain import series

from oakum.explain.plan import LONGER_S, plan
from oakum.model.cause import Cause, CauseName, CodePlace
from oakum.model.policy import Policy
from oakum.model.verdict import Forecast, VerdictName


def titles(verdict):
    return [step.title for step in plan(verdict, (), "deploy/shop/cart", Policy()).steps]


def test_what_may_die_within_the_longer_look_is_kept_first():
    near = (Forecast("node", 900.0, 1000.0, 2000.0), Forecast("limit", 40.0, 120.0, 150.0))
    assert titles(series(forecasts=near)) == ["Keep the evidence now: 2 min to its limit", "Look again, longer"]


@pytest.mark.parametrize(
    "forecasts", [(), (Forecast("limit", 500.0, LONGER_S, 900.0),), (Forecast("limit", math.inf, math.inf, math.inf),)]
)
def test_where_there_is_time_the_longer_look_is_the_first_step(forecasts):
    assert titles(series(forecasts=forecasts)) == ["Look again, longer"]


def test_a_leak_has_that_step_already():
    assert titles(series(VerdictName.LEAK))[0] == "Keep the evidence before anything is restarted"


def cause(name, place="", holder="shop.cart._seen"):
    where = (CodePlace(place, 39, ""),) if place else ()
    return Cause(name, 0.9, "it grows", holder, 1, 1.0, where=where, advice="Mend it.")


def steps(name, target="pid/7", **changes):
    verdict = series(VerdictName.LEAK, **changes)
    return plan(verdict, (cause(name),), target, Policy()).steps


def test_the_risk_of_a_fix_is_one_of_that_fix():
    risks = {name: steps(name)[2].risk for name in CauseName}
    assert "hit ratio" in risks[CauseName.UNBOUNDED_CACHE]
    assert sum("hit ratio" in risk for risk in risks.values()) == 1
    assert all(risks.values())


def test_the_proof_is_a_command_that_can_be_typed():
    assert steps(CauseName.TIMER)[-1].command == "oakum investigate pid/PID --for 1h    # PID: of the fixed version"
    assert steps(CauseName.TIMER, "cgroup/shop")[-1].command == "oakum investigate cgroup/shop --for 1h"
    inspected = plan(series(VerdictName.LEAK), (), "pid/7", Policy(), inspected=True).steps
    assert inspected[-1].command.startswith("oakum investigate pid/PID --for 1h --inspect")


@pytest.mark.parametrize(("soonest", "calm"), [(60.0, False), (7200.0, True), (math.inf, True)])
def test_a_minute_before_the_limit_nobody_waits_for_a_calm_moment(soonest, calm):
    step = steps(CauseName.TIMER, forecasts=(Forecast("limit", soonest, 2 * soonest, 3 * soonest),))[1]
    assert ("in a calm moment" in step.title) is calm


@pytest.mark.parametrize(("limit", "calm"), [(None, True), (5e8, False)])
def test_where_a_limit_is_and_no_forecast_nobody_promises_a_calm_moment(limit, calm):
    assert ("in a calm moment" in steps(CauseName.TIMER, limit=limit, forecasts=())[1].title) is calm


def test_the_longer_look_is_as_long_as_what_would_settle_it():
    verdict = series(settles="watch until it is full, about 1 min 30 s: the same command with --for 1min30s")
    assert plan(verdict, (), "pid/7", Policy()).steps[-1].command == "oakum investigate pid/7 --for 1min30s"
    assert plan(series(settles="a load test"), (), "pid/7", Policy()).steps[-1].command.endswith("--for 10m")


def test_a_place_that_the_holder_names_is_not_named_again():
    named = cause(CauseName.TIMER, "/srv/presence.cjs", "timers that call tick in presence.cjs:39")
    other = cause(CauseName.TIMER, "/srv/presence.cjs")
    titles_of = [plan(series(VerdictName.LEAK), (each,), "pid/7", Policy()).steps[2].title for each in (named, other)]
    assert titles_of == [f"Fix {named.holder}", f"Fix {other.holder} at /srv/presence.cjs:39"]


def test_a_suspect_that_was_asked_for_its_profiles_is_not_said_to_stand_still_for_looks_into_its_heap():
    near = series(forecasts=(Forecast("limit", 40.0, 120.0, 150.0),))
    kept = plan(near, (), "pid/7", Policy(), over_http=True).steps[0]
    assert kept.risk == "it is asked for its profiles again, as it was now"
