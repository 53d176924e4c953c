"""A workload and its server together: whose connections they are, what its pools may ask for, what becomes of both."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.explain.with_dependency import Together, joined
from oakum.model.admission import Admission, Connection, Instance
from oakum.model.assessment import Investigation
from oakum.model.cause import Cause, CauseName
from oakum.model.pool import Pool, PoolReading, PoolServer, PoolSetting
from oakum.model.series import WorkloadSeries
from oakum.model.step import Plan, Step
from oakum.model.verdict import Forecast, Verdict, VerdictName

NOW = 1_700_000_000.0
PODS = tuple(Instance(f"pod/shop/web-{at}", NOW - 3600, frozenset({f"10.0.0.{at}"})) for at in range(3))
FINE = Verdict(VerdictName.HEALTHY, None, 0.1, 1e8, reasons=("flat",))
SERIES = WorkloadSeries("web", ())


def pool(library="psycopg_pool", **settings):
    return Pool(library, "x", {name: PoolSetting(library, name, value, "x") for name, value in settings.items()})


def looked(*pools, admits=97, replicas=3, processes=1, verdict=FINE, kind="PostgreSQL"):
    asked = PoolServer(kind, admits, replicas)
    reading = PoolReading(pools, processes=processes, read=("environment",), asked=asked)
    return Investigation("deploy/shop/web", NOW, verdict, verdict, SERIES, "cpython", pools=reading)


def server(own=12, others=5, admits=97, kind="PostgreSQL"):
    connections = [Connection("web as app", f"10.0.0.{at % 3}", 4000 + at, 3500.0) for at in range(own)]
    connections += [Connection("etl as app", "10.0.9.9", 5000 + at, 10.0) for at in range(others)]
    return Admission(kind, "postgresql://db/shop", "max_connections", admits, own + others, NOW, tuple(connections))


def dependency(verdict=FINE, causes=(), steps=()):
    return Investigation(
        "postgresql://watcher@db/shop", NOW, verdict, verdict, SERIES, "x", causes=causes, plan=Plan(steps)
    )


def both(answer, admission=None, told=None, owners=None):
    return joined(answer, Together(admission or server(), told or dependency(), PODS, owners or {}))


def test_pools_that_may_ask_for_more_than_the_server_admits_are_a_cause_with_numbers_and_a_step():
    found, told = both(looked(pool(max_size="20"), processes=2))
    (cause,) = found.causes
    assert (cause.name, cause.confidence, cause.holder) == (
        CauseName.CONNECTION_POOL,
        0.5,
        "psycopg_pool (x): max_size 20",
    )
    assert cause.why == (
        "3 replicas × 2 processes × 20 = up to 120 connections; postgresql://db/shop admits 97 (max_connections)",
        "17 are taken now: 12 by it, 5 by others",
    )
    # 97 less those of others, over 6 instances.
    assert found.plan.steps[0].title == "Set max_size of psycopg_pool to 15 or less"
    assert found.plan.steps[0].effect.startswith("3 replicas × 2 processes × 15 = up to 90 connections")
    # What may be is no verdict.
    assert found.verdict == FINE
    assert [each.kind for each in told] == ["dependency", "starts"]
    taken, own = told[0].title.split(", ")[:2]
    assert taken == "postgresql://db/shop: 17 of 97 connections are taken (max_connections)"
    assert own == "12 of them its own (4 by pod/shop/web-0"
    assert "within 1 min 40 s of the start of its 3 pods" in told[1].title


def test_a_pool_within_the_limit_is_no_cause():
    found, _ = both(looked(pool(max_size="20")))
    assert (found.causes, found.plan.steps, found.absent) == ((), (), ())


@pytest.mark.parametrize(("own", "confidence"), [(12, 0.5), (80, 0.7), (97, 0.9)])
def test_it_is_surer_the_fuller_the_server_is(own, confidence):
    found, _ = both(looked(pool(max_size="40")), server(own, 0))
    assert found.causes[0].confidence == confidence
    assert bool(found.causes[0].against) is (confidence < 0.9)


def test_where_not_one_connection_is_left_for_each_a_pooler_is_named():
    found, _ = both(looked(pool(max_size="40")), server(1, 95))
    assert found.plan.steps[0].title == "Put a pooler before postgresql://db/shop, or raise max_connections"


def test_redis_pools_are_compared_with_redis_alone():
    answer = looked(pool("redis-py", max_connections="50"), pool(max_size="99"), admits=100, kind="Redis")
    found, _ = both(answer, replace(server(admits=100, kind="Redis"), bound="maxclients"))
    (cause,) = found.causes
    assert cause.holder == "redis-py (x): max_connections 50"
    assert cause.why[0].startswith(
        "3 replicas × 50 = up to 150 connections; postgresql://db/shop admits 100 (maxclients)"
    )


LEAKS = Verdict(
    VerdictName.LEAK, None, 0.97, 17.0, onset_s=NOW - 9, reasons=("2 → 12 connections",),
    forecasts=(Forecast("max_connections", 1.0, 2.0, 3.0),),
)  # fmt: skip
LOST = Cause(CauseName.CONNECTION_POOL, 0.97, "never given back", "web as app: idle", None, 0.0, why=("2 → 12",))
STEP = Step("End those that are idle", "room", "clients see an error")


def test_connections_that_leak_and_are_its_own_make_it_the_leak_with_the_server_s_plan():
    found, _ = both(looked(), told=dependency(LEAKS, (LOST,), (STEP,)))
    assert (found.verdict.name, found.verdict.probability) == (VerdictName.LEAK, 0.97)
    own = "12 of 12 connections of web as app at postgresql://db/shop are its own"
    assert found.verdict.reasons == (own, "2 → 12 connections", "flat")
    assert [each.boundary for each in found.verdict.forecasts] == ["max_connections"]
    assert found.causes[0].why[0] == own
    assert found.plan.steps[0] == STEP
    assert found.plan.steps[-1].command == "oakum investigate postgresql://watcher@db/shop --for 10m"


def test_connections_that_leak_and_are_another_s_accuse_it_of_nothing():
    found, told = both(looked(), told=dependency(LEAKS, (replace(LOST, holder="etl as app: idle"),), (STEP,)))
    assert (found.verdict, found.causes) == (FINE, ())
    assert "by itself: leak: 2 → 12 connections" in told[0].title
    assert STEP not in found.plan.steps


@pytest.mark.parametrize("holder", ["web as app_admin: idle", "web as app2: state hidden", "web as app: x as y: idle"])
def test_connections_of_another_whose_name_begins_alike_accuse_it_of_nothing(holder):
    found, _ = both(looked(), told=dependency(LEAKS, (replace(LOST, holder=holder),), (STEP,)))
    assert (found.verdict, found.causes) == (FINE, ())


def test_connections_that_leak_at_pgbouncer_are_known_by_the_same_name():
    lost = replace(LOST, holder="web as app at pgbouncer: idle in transaction (aborted)")
    found, _ = both(looked(), told=dependency(LEAKS, (lost,), (STEP,)))
    assert found.verdict.name is VerdictName.LEAK


def test_a_leak_of_memory_stays_what_it_is_beside_a_suspicion_of_the_server():
    memory = replace(FINE, name=VerdictName.LEAK, reasons=("it climbs",))
    found, _ = both(looked(verdict=memory), told=dependency(replace(LEAKS, name=VerdictName.SUSPECT), (LOST,)))
    assert found.verdict == memory
    assert found.causes == (replace(LOST, why=found.causes[0].why, evidence=("dependency",)),)


def test_connections_of_processes_are_known_by_their_sockets():
    owners = {("10.0.9.9", 5000): Instance("pid 7 (python web.py)", NOW - 20)}
    found, told = both(looked(pool(max_size="2")), owners=owners)
    assert "13 of them its own" in told[0].title
    assert found.absent == ()


def test_what_cannot_be_joined_is_said():
    found, _ = both(looked(), replace(server(), connections=()))
    assert [each.what for each in found.absent] == [
        "which connections of postgresql://db/shop are its own",
        "how many connections its pools may open at postgresql://db/shop",
    ]
    assert "environment were read" in found.absent[1].why
