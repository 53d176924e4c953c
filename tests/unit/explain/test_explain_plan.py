"""A suspicion that may die before the longer look is over: evidence first."""

from __future__ import annotations

import math

import pytest
from examples_explain import series

from oakum.explain.plan import LONGER_S, plan
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
