"""A workload of a cluster and its server together: connections of its pods, its replicas in the sum."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from fake_dependency import FakeDependency, FakeSample
from test_contract_cluster_workload import elsewhere, investigated, world

from oakum.host.clock import LiveClock
from oakum.loop.dependency import DependencySettings, Kind
from oakum.loop.progress import Silent
from oakum.loop.with_dependency import investigate_with
from oakum.model.admission import Admission, Connection
from oakum.model.dependency import Findings
from oakum.model.pool import Pool, PoolReading, PoolSetting
from oakum.model.series import Metric
from oakum.model.target import parse_target
from oakum.model.verdict import Verdict, VerdictName
from oakum.render import investigation_to_json

__all__ = ["world"]

FINE = Verdict(VerdictName.HEALTHY, None, 0.1, 1e8)
TARGET = "deploy/shop/child-killed"
POOL = Pool("psycopg_pool", "x", {"max_size": PoolSetting("psycopg_pool", "max_size", "15", "environment")})


def together(world):
    machine = elsewhere()
    machine.clock = LiveClock()
    seen = []

    def admits(sample, place):
        addresses = sorted(seen[0].replicas.each[0].addresses) if seen else ["10.9.9.9"]
        connections = [Connection("web as app", addresses[0], 4000 + at, 60.0) for at in range(6)]
        others = (Connection("etl as app", "10.9.9.8", 5000, 60.0),)
        return Admission("PostgreSQL", place, "max_connections", 97, 7, sample.at_s, (*connections, *others))

    def look(server):
        found = investigated(world, TARGET, elsewhere())
        asked = replace(server, replicas=found.replicas.most)
        seen.append(replace(found, pools=PoolReading((POOL,), asked=asked)))
        return seen[0]

    return investigate_with(
        parse_target(TARGET),
        parse_target("postgresql://watcher@db/shop"),
        kind=Kind("Fake", "connections", Metric.CONNECTIONS, lambda _: Findings(FINE, "Fake 1"), admits=admits),
        opened=FakeDependency([FakeSample(1.0, 7.0), FakeSample(2.0, 7.0)]).opened(),
        machine=machine,
        settings=DependencySettings(interval_s=0.01),
        progress=Silent(),
        look=look,
    )


def test_connections_of_its_pods_are_its_own_and_as_many_replicas_count_as_its_autoscaler_may_make(world):
    target = {"kind": "Deployment", "name": "child-killed"}
    meta = {"name": "hpa", "namespace": "shop", "uid": "uid-hpa"}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 9, "metrics": []}
    world.fake.state.objects["horizontalpodautoscalers", "shop", "hpa"] = {
        "metadata": meta,
        "spec": spec,
        "status": {"currentReplicas": 1},
    }
    found = together(world)
    (cause,) = found.causes
    assert cause.why[0].startswith("9 replicas × 15 = up to 135 connections; fake://db:1/shop admits 97")
    row = next(each for each in found.evidence if each.id.startswith("dependency"))
    assert "6 of them its own (6 by pod/shop/" in row.title
    assert found.plan.steps[0].title == "Set max_size of psycopg_pool to 10 or less"
    assert "135 connections" in investigation_to_json(found)["causes"][0]["why"][0]


def test_without_an_autoscaler_it_is_what_the_workload_asks_for(world):
    found = together(world)
    assert found.causes == ()
    assert found.replicas.most == 1


@pytest.mark.parametrize(("phase", "reason"), [("Succeeded", ""), ("Failed", "Evicted")])
def test_a_pod_that_has_finished_is_no_replica_and_has_no_address(world, phase, reason):
    objects = world.fake.state.objects
    key = next(each for each in objects if each[0] == "pods" and each[2].startswith("child-killed"))
    done = copy.deepcopy(objects[key])
    done["metadata"] |= {"name": "child-killed-done", "uid": "uid-done"}
    done["status"] |= {"phase": phase, "reason": reason, "podIP": "10.9.9.8", "podIPs": [{"ip": "10.9.9.8"}]}
    objects["pods", "shop", "child-killed-done"] = done
    found = together(world)
    assert found.replicas.most == 1
    assert [each.name for each in found.replicas.each] == [f"pod/shop/{key[2]}"]
    row = next(each for each in found.evidence if each.id.startswith("dependency"))
    assert "6 of them its own" in row.title
