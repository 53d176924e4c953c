"""What is concluded from sessions over time: a leak, a pool, load, a forgotten transaction, a pooler."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from oakum.explain.postgres import UNKNOWN_END, explained
from oakum.explain.postgres.plan import literal
from oakum.judge import judge
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cause import CauseName
from oakum.model.dependency import Asked
from oakum.model.evidence import Cost
from oakum.model.policy import Policy
from oakum.model.postgres import (
    Bouncer,
    BouncerPool,
    DatabaseCounts,
    PostgresDepth,
    PostgresSample,
    PreparedTransaction,
    ReplicationSlot,
    Session,
)
from oakum.model.series import Metric, Scope, Series, WorkloadSeries
from oakum.model.verdict import VerdictName

START = 1_700_000_000.0
DEPTH = PostgresDepth(replica=False)


def session(pid, now, *, began, used, state="idle", application="shop", user="app", **more):
    """``began``, ``used``: seconds from START; ``now``: of the sample."""
    fields = {"client": "10.0.0.3", "database": "shop", **more}
    return Session(
        pid,
        START + began,
        user=user,
        application=application,
        state=state,
        age_s=now - began,
        used_s=now - used,
        **fields,
    )


def sample(now, sessions, *, depth=None, room=97, **more):
    fields = {"sees_all": True, "user": "watcher", **more}
    return PostgresSample(
        START + now, 1.0, 150004, "15.4", tuple(sessions), room, 3, cost=Cost(seconds=0.001), depth=depth, **fields
    )


def watch(sessions_at, *, seconds=20, depth=DEPTH, room=97, policy=None, place="", told=(), **more):
    """``sessions_at``: the sessions at a second of the watch; the first and the last sample are whole."""
    samples = tuple(
        sample(now, sessions_at(now), depth=depth if now in {0, seconds} else None, room=room, **more)
        for now in range(seconds + 1)
    )
    life = Series(
        np.array([each.at_s for each in samples]),
        np.array([each.level for each in samples]),
        np.full(len(samples), float(room) if room else inf),
    )
    labels = {"dependency": place}
    series = WorkloadSeries("db", (life,), "connections", Scope.SERVER, Metric.CONNECTIONS, labels=labels)
    judged = judge(series)
    judged = replace(judged, reasons=(*judged.reasons, *told))
    asked = Asked("postgresql://db/shop", samples, series, judged, float(seconds), policy or Policy())
    return explained(asked)


def leaking(now, *, per_s=1.0, before=30, state="idle", **more):
    """One more each second since long ago, each used as it was opened, and never again."""
    return [
        session(number, now, began=number / per_s - before, used=number / per_s - before + 0.1, state=state, **more)
        for number in range(int((now + before) * per_s))
    ]


def pool(now, *, size=10, application="api"):
    """As many, each used again and again."""
    return [session(1000 + n, now, began=-600, used=now - 0.2 * n, application=application) for n in range(size)]


def test_connections_that_nobody_gives_back_are_a_leak_with_application_and_state():
    found = watch(lambda now: [*leaking(now), *pool(now)])
    verdict, (cause,) = found.verdict, found.causes
    assert verdict.name is VerdictName.LEAK
    assert verdict.rate_per_s == pytest.approx(1.0)
    assert verdict.rate_interval[0] < 1.0 < verdict.rate_interval[1]
    assert (cause.name, cause.holder, cause.retained_bytes) == (CauseName.CONNECTION_POOL, "shop as app: idle", None)
    assert verdict.reasons[0] == "30 → 50 connections of shop as app in 20 s: 20 were opened, none went"
    assert verdict.onset_s == pytest.approx(START - 30, abs=2)
    (forecast,) = verdict.forecasts
    assert (forecast.boundary, forecast.p50_s) == ("max_connections", pytest.approx(37.0))
    assert forecast.p10_s < forecast.p50_s < forecast.p90_s
    assert found.plan.steps[0].command.startswith("psql postgresql://db/shop -c")


def lost_in_use(now, *, per_s=1.0, before=30, served_s=6.0, **more):
    """One more each second, each used for a while, until an error path loses it."""
    return [
        session(number, now, began=began, used=min(now - 0.1, began + served_s), **more)
        for number in range(int((now + before) * per_s))
        for began in [number / per_s - before]
    ]


def test_connections_that_are_lost_after_a_while_in_use_are_a_leak_too():
    found = watch(lambda now: [*lost_in_use(now), *pool(now)])
    verdict, (cause,) = found.verdict, found.causes
    assert (verdict.name, verdict.probability) == (VerdictName.LEAK, 0.93)
    assert cause.holder == "shop as app: idle"
    assert verdict.reasons[1].endswith("and lie idle since, while their client opened newer ones")


@pytest.mark.parametrize(
    "used",
    [
        lambda now, n: now - 0.3 * (30 + now - n) % 3,
        # The one that was given back last is taken first; each peak is higher than those before, so all are used then.
        lambda now, _: now // 4 * 4 + 0.01 - 1.1,
    ],
    ids=["all take turns", "ever higher peaks"],
)
def test_a_pool_that_grows_with_its_load_is_at_most_suspect_however_its_connections_are_chosen(used):
    def at(now):
        return [session(n, now, began=n - 30, used=max(n - 29.9, used(now, n))) for n in range(now + 30)]

    found = watch(at)
    assert found.verdict.name is not VerdictName.LEAK
    assert found.causes == ()


def test_idle_connections_of_other_clients_are_not_passed_by():
    """Each replica opens its own: a newer one elsewhere says nothing of an idle one here."""

    def at(now):
        made = lost_in_use(now)
        return [replace(each, client=f"10.0.0.{number}") for number, each in enumerate(made)]

    assert watch(at).verdict.name is not VerdictName.LEAK


@pytest.mark.parametrize("size", [1, 10, 90])
def test_a_bounded_pool_is_healthy(size):
    found = watch(lambda now: pool(now, size=size))
    assert (found.verdict.name, found.causes, found.plan.steps) == (VerdictName.HEALTHY, (), ())


def test_a_pool_that_replaces_its_connections_by_age_is_healthy():
    """Ten connections, the oldest replaced every second: as many come as go."""

    def at(now):
        return [session(2000 + now + n, now, began=now + n - 9, used=now + n - 8.9) for n in range(10)]

    found = watch(at)
    assert (found.verdict.name, found.causes) == (VerdictName.HEALTHY, ())


def test_a_pool_that_fills_at_once_is_no_leak():
    found = watch(lambda now: pool(now, size=5 if now < 10 else 15))
    assert (found.verdict.name is not VerdictName.LEAK, found.causes) == (True, ())


def test_load_that_grows_is_at_most_suspect():
    """One more each second, all of them at work."""

    def at(now):
        return [session(n, now, began=n - 10, used=now - 0.1, state="active") for n in range(now + 10)]

    found = watch(at)
    assert found.verdict.name is VerdictName.SUSPECT
    assert found.causes == ()
    assert found.verdict.reasons[0].startswith("those that came are in use")


def test_an_application_that_begins_in_the_watch_is_at_most_suspect():
    found = watch(lambda now: leaking(now, before=0))
    assert found.verdict.name is VerdictName.SUSPECT
    assert "ends at its bound" in found.verdict.settles


def test_a_slow_leak_is_suspected_from_the_ages_of_what_is_there():
    """One a minute for an hour: nothing of it moves in 20 seconds."""
    found = watch(lambda now: leaking(now, per_s=1 / 60, before=3600))
    assert found.verdict.name is VerdictName.SUSPECT
    (cause,) = found.causes
    assert "replaces its connections by age" in cause.against[0]
    assert found.verdict.settles.endswith("--for 10min")


def test_what_has_filled_the_server_grows_no_more_and_is_suspected_all_the_same():
    def at(now):
        return [session(n, now, began=n - 90, used=n - 89.9) for n in range(85)]

    found = watch(at)
    assert found.verdict.name is VerdictName.SUSPECT
    assert found.causes[0].holder == "shop as app: idle"
    assert "85 of the 85 connections that are taken" in found.verdict.reasons[0]
    assert any("pg_terminate_backend" in step.command for step in found.plan.steps)
    assert watch(at, room=500).verdict.name is not VerdictName.LEAK


def test_a_server_that_is_nearly_full_of_what_is_hidden_cannot_be_told():
    def at(now):
        return [replace(each, state="", started=0.0, age_s=None, used_s=None) for each in pool(now, size=90)]

    found = watch(at, sees_all=False, user="plain")
    assert found.verdict.name is VerdictName.CANNOT_TELL
    assert "GRANT pg_monitor" in found.verdict.settles


def test_what_was_opened_together_long_ago_is_no_leak():
    found = watch(lambda now: [session(n, now, began=-3600 + n / 100, used=-3600 + n / 100) for n in range(20)])
    assert (found.verdict.name, found.causes) == (VerdictName.HEALTHY, ())


def test_transactions_that_leak_are_named_by_their_state_with_their_own_advice():
    (cause,) = watch(lambda now: leaking(now, state="idle in transaction")).causes[:1]
    assert cause.holder == "shop as app: idle in transaction"
    assert "idle_in_transaction_session_timeout" in cause.advice


def test_one_forgotten_transaction_is_suspect_and_can_be_ended_alone():
    def at(now):
        one = session(7, now, began=-700, used=-600, state="idle in transaction", application="billing")
        return [*pool(now), replace(one, transaction_s=now + 650.0, snapshot=True)]

    found = watch(at)
    assert found.verdict.name is VerdictName.SUSPECT
    (cause,) = found.causes
    assert cause.holder == "billing as app: idle in transaction"
    assert "an open cursor" in cause.why[0]
    commands = [step.command for step in found.plan.steps]
    assert any("pg_terminate_backend(pid)" in command and "pid = 7 AND" in command for command in commands)
    assert any("idle_in_transaction_session_timeout" in step.undo for step in found.plan.steps)


def test_a_short_wait_within_a_transaction_is_nothing():
    def at(now):
        return [session(7, now, began=-700, used=now - 30, state="idle in transaction")]

    assert watch(at).verdict.name is VerdictName.HEALTHY
    assert watch(at, policy=Policy(idle_transaction_s=10)).verdict.name is VerdictName.SUSPECT


def test_the_bound_that_is_reached_first_is_foretold():
    depth = replace(DEPTH, role_limits={"app": 55}, database_limits={"shop": 60, "other": 3})
    (forecast,) = watch(leaking, depth=depth).verdict.forecasts
    assert (forecast.boundary, forecast.p50_s) == ("the role's connection limit of 55", pytest.approx(5.0))


def test_what_is_hidden_makes_a_leak_a_suspicion_and_says_the_grant():
    def at(now):
        return [replace(each, state="", started=0.0, age_s=None, used_s=None) for each in leaking(now)]

    found = watch(at, sees_all=False, user="plain")
    assert found.verdict.name is VerdictName.SUSPECT
    assert "whether they are in use is hidden from us" in found.verdict.reasons
    assert found.absent[0].get.startswith("psql postgresql://db/shop -c 'GRANT pg_monitor TO \"plain\"'")


def test_the_grant_is_said_at_the_place_and_not_as_the_role_that_lacks_it():
    found = watch(leaking, sees_all=False, user="plain", place="postgresql:///shop?host=/run/pg&port=5433")
    said = "psql 'postgresql:///shop?host=/run/pg&port=5433' -c 'GRANT pg_monitor TO \"plain\"'    # as a superuser"
    assert found.absent[0].get == said


def test_no_limit_of_a_role_or_database_is_said_to_bind_a_superuser():
    depth = replace(DEPTH, superusers=frozenset({"app"}), database_limits={"shop": 60})
    found = watch(leaking, depth=depth)
    assert found.verdict.forecasts[0].boundary == "max_connections"
    assert not any("CONNECTION LIMIT" in step.command for step in found.plan.steps)
    assert any("CONNECTION LIMIT" in step.command for step in watch(leaking).plan.steps)


def test_the_last_statement_leads_to_the_code():
    depth = replace(DEPTH, queries={77: "SELECT * FROM carts WHERE id = $1"})
    (cause,) = watch(lambda now: leaking(now, query_id=77), depth=depth).causes
    assert "the last that 49 of them did: SELECT * FROM carts WHERE id = $1" in cause.why


def test_memory_of_backends_is_what_a_leak_holds():
    depth = replace(DEPTH, memory=dict.fromkeys(range(50), 3 << 20))
    (cause,) = watch(leaking, depth=depth).causes
    assert cause.retained_bytes == 49 * (3 << 20)


def test_a_large_backend_is_to_be_asked_by_whoever_approves_it():
    (step,) = watch(pool, depth=replace(DEPTH, memory={1000: 300 << 20, 1001: 1 << 20})).plan.steps
    assert step.command == 'psql postgresql://db/shop -c "SELECT pg_log_backend_memory_contexts(1000)"'
    assert watch(pool, depth=replace(DEPTH, memory={1000: 30 << 20})).plan.steps == ()


def test_clients_that_leak_at_pgbouncer_are_named_there():
    def depth(now):
        pools = (BouncerPool("shop", "app", 50, 4, 10, 0, 2.5, "transaction"),)
        return replace(DEPTH, bouncer=Bouncer("PgBouncer 1.18.0", pools, tuple(leaking(now)), 100, 20))

    samples = (sample(0, pool(0), depth=depth(0)), sample(20, pool(20), depth=depth(20)))
    life = Series(np.array([each.at_s for each in samples]), np.array([each.level for each in samples]))
    series = WorkloadSeries("db", (life,), "connections", Scope.SERVER, Metric.CONNECTIONS)
    found = explained(Asked("postgresql://w@b:6432/shop", samples, series, judge(series), 20.0, Policy()))
    assert found.verdict.name is VerdictName.LEAK
    assert found.causes[0].holder == "shop as app at pgbouncer: idle"
    assert found.verdict.forecasts[0].boundary == "max_client_conn"
    assert any("4 clients of pgbouncer's pool shop as app wait" in reason for reason in found.verdict.reasons)
    assert found.plan.steps[0].command == "psql postgresql://w@b:6432/pgbouncer -c 'SHOW CLIENTS'"


def test_connections_that_a_pooler_hands_on_are_no_growth_and_the_pooler_is_named():
    def at(now):
        names = ("api", "shop", "mail")
        return [session(n, now, began=-900, used=now - 0.3, application=names[(n + now) % 3]) for n in range(12)]

    found = watch(at)
    assert (found.verdict.name, found.causes) == (VerdictName.HEALTHY, ())
    (absent,) = found.absent
    assert "the pooler at 10.0.0.3" in absent.what
    assert absent.get.startswith("oakum investigate postgresql://USER@10.0.0.3:6432/DATABASE")


def test_facts_of_the_whole_server_are_evidence_with_their_cost():
    counts = DatabaseCounts("shop", 10, 100, 10_000, 3, 5 << 20, 0, sessions=1000)
    depth = replace(
        DEPTH,
        replica=True,
        databases=(counts,),
        slots=(ReplicationSlot("old", "physical", False, 5 << 30, "extended"),),
        prepared=(PreparedTransaction("g-1", "app", "shop", 3600.0),),
        temp_bytes=2 << 20,
        memory={1000: 30 << 20, 1001: 10 << 20},
    )
    found = watch(pool, depth=depth)
    lines = {told.kind: told.title for told in found.told}
    assert lines["server"].startswith("PostgreSQL 15.4, a replica: 10 of 97 connections")
    assert "99 % of blocks came from its cache so far; 5.00 MiB of temporary files" in lines["database"]
    assert lines["slot"] == "replication slot old (physical, used by nobody) holds back 5.00 GiB of WAL"
    assert "g-1 of app" in lines["prepared"]
    assert "the largest 30.0 MiB (pid 1000, of api as app)" in lines["memory"]
    asked = next(told for told in found.told if told.kind == "asked")
    assert asked.cost.seconds == pytest.approx(0.021)


def test_a_server_that_nobody_pools_for_and_that_is_nearly_full_says_both():
    def depth(count):
        return replace(DEPTH, databases=(DatabaseCounts("shop", 10, 0, 0, 0, 0, 0, sessions=count),))

    samples = [
        sample(now, pool(now, size=90), depth=depth(1000 + 50 * now) if now in {0, 20} else None) for now in (0, 10, 20)
    ]
    life = Series(np.array([each.at_s for each in samples]), np.array([each.level for each in samples]))
    series = WorkloadSeries("db", (life,), "connections", Scope.SERVER, Metric.CONNECTIONS)
    found = explained(Asked("postgresql://db/shop", tuple(samples), series, judge(series), 20.0, Policy()))
    assert any("93 % of its connections are taken: 7 are left" in reason for reason in found.verdict.reasons)
    assert any("50 sessions are opened a second in shop" in reason for reason in found.verdict.reasons)


def test_what_could_not_be_read_is_absent_and_statements_only_where_something_leaks():
    missing = Absent("temporary files", AbsentKind.NOT_PERMITTED, "permission denied", "GRANT pg_monitor")
    texts = Absent("what idle connections did last", AbsentKind.NOT_APPLICABLE, "no pg_stat_statements", "CREATE …")
    depth = replace(DEPTH, temp_bytes=missing, queries=texts)
    assert watch(pool, depth=depth).absent == (missing,)
    assert watch(leaking, depth=depth).absent == (missing, texts)


def test_samples_from_before_a_restart_are_not_compared():
    first, second = sample(0, leaking(0), depth=DEPTH), replace(sample(20, pool(20), depth=DEPTH), started_s=9.0)
    life = Series(np.array([second.at_s]), np.array([second.level]))
    series = WorkloadSeries("db", (life,), "connections", Scope.SERVER, Metric.CONNECTIONS)
    asked = Asked("postgresql://db/shop", (first, second), series, judge(series), 20.0, Policy())
    found = explained(asked)
    assert found.causes == ()
    assert found.verdict.name is VerdictName.CANNOT_TELL


def test_hostile_names_stay_within_their_quotes():
    name = "o'brien'; DROP TABLE x; --"
    assert literal(name) == "'o''brien''; DROP TABLE x; --'"
    assert literal("a\\'b") == "E'a\\\\''b'"
    found = watch(lambda now: leaking(now, application='$(rm -rf /)"`'))
    assert "'SELECT" in found.plan.steps[0].command


def test_an_end_that_is_forecast_is_not_denied():
    unknown = f"{UNKNOWN_END}max_connections cannot be told yet"
    found = watch(lambda now: [*leaking(now), *pool(now)], told=(unknown,))
    assert found.verdict.forecasts
    assert unknown not in found.verdict.reasons
    healthy = watch(pool, told=(unknown,))
    assert unknown in healthy.verdict.reasons
