"""One container of one workload, in all its pods: what its row says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_explain_containers import killed, memory

from oakum.explain.fleet import Kills, Member, row
from oakum.model.cluster_pod import Container, Pod, Role, Running
from oakum.model.kill import Boundary
from oakum.model.scan import Replicas, Scan, Window
from oakum.model.series import Metric, Scope, WorkloadSeries
from oakum.model.verdict import Forecast, Verdict, VerdictName

NOW_S = 10_000.0


def member(name):
    app = Container("app", Role.MAIN, "shop/cart:1", Running(0.0), None, 0, None, 256 << 20, 256 << 20, ready=True)
    pod = Pod("shop", name, f"uid-{name}", "1", 0.0, None, {}, (), "one", "Running", "", "", "Burstable", (app,))
    return Member(pod, app, memory=memory(name, samples=120))


def told(*kills):
    noted = Kills()
    for kill in kills:
        noted.add(kill)
    found, _ = row("deploy/shop/cart", [member("cart-1")], noted, target="deploy/shop/cart", at_s=NOW_S)
    return found[1]


@pytest.mark.parametrize(
    ("ago_s", "boundary", "name"),
    [
        (60.0, Boundary.CONTAINER, VerdictName.CANNOT_TELL),
        (7200.0, Boundary.CONTAINER, VerdictName.HEALTHY),
        (60.0, Boundary.NODE, VerdictName.HEALTHY),
    ],
)
def test_a_workload_is_not_healthy_while_another_of_its_pods_is_killed_at_its_own_limit(ago_s, boundary, name):
    kill = replace(killed(boundary), pod="cart-2", at_s=NOW_S - ago_s)
    verdict = told(kill)
    assert verdict.name is name
    assert ("cart-2 was killed for memory at its own limit" in verdict.reasons[0]) == (name is not VerdictName.HEALTHY)
    assert told().name is VerdictName.HEALTHY


def test_of_those_that_cannot_be_told_the_one_that_was_killed_within_the_hour_comes_before_one_that_is_calm():
    def one(name, *forecasts):
        verdict = Verdict(VerdictName.CANNOT_TELL, None, None, 1.0, forecasts=forecasts)
        return WorkloadSeries(name, (), "bytes", Scope.CONTAINER, Metric.RSS), verdict

    calm, leaky = one("calm", Forecast("limit", 1.0, 2.0, 3.0)), one("leaky")
    replicas = {
        "calm": Replicas("calm", "app", "calm-1", 1, 1, 0),
        "leaky": Replicas("leaky", "app", "leaky-1", 1, 1, 0, 1, 1, NOW_S - 60),
    }
    found = Scan("kube://", NOW_S, Window(0.0, NOW_S), (calm, leaky), replicas=replicas)
    assert [series.id for series, _ in found.ranked] == ["leaky", "calm"]
