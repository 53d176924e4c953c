"""What two surveys of a Redis say: leak, cache, queue, or nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oakum.explain.redis import explained
from oakum.explain.redis_plan import plan
from oakum.explain.redis_told import pattern_line
from oakum.judge import judge
from oakum.model.absent import AbsentKind
from oakum.model.cause import CauseName
from oakum.model.dependency import Asked
from oakum.model.evidence import Cost
from oakum.model.policy import Policy
from oakum.model.redis import (
    Client,
    Collection,
    CollectionGrowth,
    Estimate,
    Figures,
    Group,
    KeyPattern,
    Keyspace,
    RedisSample,
    Survey,
)
from oakum.model.series import Metric, Scope, Series, WorkloadSeries
from oakum.model.verdict import Pattern, VerdictName

MIB = 1 << 20
TARGET = "redis://viewer@db:6379"

SERVER = Figures(
    place="redis://db:6379",
    product="Redis",
    version="7.0.15",
    mode="standalone",
    role="master",
    run="a1",
    uptime_s=5000,
    used=100 * MIB,
    peak=None,
    dataset=90 * MIB,
    overhead=None,
    resident=110 * MIB,
    maxmemory=400 * MIB,
    policy="noeviction",
    small_frag=MIB,
    freed=MIB,
    beside=MIB,
    clients=3,
    most_clients=10_000,
    clients_bytes=0,
    replicas_bytes=0,
    output_most=0,
    evicted=0,
    expired=0,
    hits=100,
    misses=10,
    loading=False,
    keyspaces=(Keyspace(0, 10_000, 1000),),
)


def counted(value):
    return Estimate.counted(value)


def pattern(name="session:*", *, came=5000, went=0, forever=1.0, each=1000):
    return KeyPattern(
        name,
        counted(10_000 + came - went),
        before=counted(10_000),
        forever=counted(forever),
        bytes_each=counted(each),
        came=counted(came),
        went=counted(went),
        came_forever=counted(forever),
        kinds={"string": 100},
    )


def survey(*patterns, collections=(), **more):
    told = {"seen": 10_000, "keys": 10_000, "asked": 100, "sized": 10, "whole": True, "calls": 10, "longest_ms": 1.0}
    given = {**told, "server_s": 0.1, "patterns": patterns, "collections": collections, **more}
    return Survey(at_s=1020.0, between_s=20.0, seconds=1.0, **given)


def found(told, *, gained, server=SERVER, course=(0, 1), target=TARGET, **last):
    """20 s in which the server gained so many bytes. ``course``: shares of that, evenly spaced."""
    shares = np.interp(np.arange(21) / 20, np.linspace(0, 1, len(course)), course)
    levels = [server.used + gained * float(share) for share in shares]
    samples = [
        RedisSample(1000.0 + step, (replace(server, used=round(level)),), 1.0, Cost())
        for step, level in enumerate(levels)
    ]
    samples[0] = replace(samples[0], whole=True, survey=survey(), clients=last.pop("clients_before", ()))
    samples[-1] = replace(samples[-1], whole=True, survey=told, **last)
    times = np.array([sample.at_s for sample in samples])
    limits = np.full(21, server.maxmemory or np.inf, float)
    series = Series(times, np.array(levels), limits, started_s=1.0)
    workload = WorkloadSeries(target, (series,), scope=Scope.SERVER, metric=Metric.HEAP_USED)
    return explained(Asked(target, tuple(samples), workload, judge(workload), 20.0, Policy()))


def test_keys_without_ttl_that_account_for_the_growth_are_a_leak():
    told = found(survey(pattern()), gained=5 * MIB)
    assert (told.verdict.name, told.verdict.pattern) == (VerdictName.LEAK, Pattern.LINEAR)
    assert told.verdict.forecasts[0].boundary == "limit"
    (cause,) = told.causes
    assert (cause.name, cause.holder) == (CauseName.KEYS_WITHOUT_TTL, "session:*")
    assert cause.growth_bytes_per_s == pytest.approx(250_000)
    commands = [step.command for step in told.plan.steps]
    assert any("redis-cli -h db -p 6379 --user viewer --scan --pattern 'session:*'" in each for each in commands)
    assert all(step.undo for step in told.plan.steps if "CONFIG SET" in step.command)


def test_of_keys_that_are_there_a_few_are_shown_and_none_is_ended():
    told = found(survey(pattern("*")), gained=5 * MIB)
    assert told.verdict.name is VerdictName.LEAK
    words = " ".join(f"{step.title} {step.effect} {step.command} {step.undo}" for step in told.plan.steps)
    assert not [word for word in ("EXPIRE", "PERSIST", "DEL ", "UNLINK") if word in words]
    (shown,) = [step for step in told.plan.steps if "--scan" in step.command]
    assert ("| head -n 10 |" in shown.command, "TTL" in shown.command, shown.undo) == (True, True, "")
    assert "none: it only reads" in shown.risk


def test_a_name_in_the_address_is_made_fit_for_a_shell():
    told = found(survey(pattern()), gained=5 * MIB, target="redis://a%40b;id@db:6379")
    (shown,) = [step.command for step in told.plan.steps if "--scan" in step.command]
    assert shown.startswith("redis-cli -h db -p 6379 --user 'a@b;id' --scan")


@pytest.mark.parametrize(
    ("course", "why"),
    [
        ((0, 0, 0, 0.5, 1, 1, 1), "its memory rose in 2 of the 4 quarters"),
        ((0, 0, 0, 0, 1, 1, 1, 1, 1), "its memory rose in 1 of the 4 quarters"),
        ((0, 0.6, 1.2, 0.4, 1), "its memory fell by 4.00 MiB meanwhile"),
    ],
)
def test_a_burst_and_what_falls_again_are_no_leak(course, why):
    told = found(survey(pattern()), gained=5 * MIB, course=course)
    assert (told.verdict.name, "--for 10m" in told.verdict.settles) == (VerdictName.SUSPECT, True)
    assert why in "".join(told.verdict.reasons)
    assert not [step for step in told.plan.steps if "CONFIG SET" in step.command]


def test_what_gains_too_little_to_tell_is_not_healthy():
    for slow in (pattern(came=100, each=200), replace(pattern(came=100), bytes_each=None)):
        told = found(survey(slow), gained=20_000)
        assert (told.verdict.name, "--for 10m" in told.verdict.settles) == (VerdictName.SUSPECT, True)
        reasons = "".join(told.verdict.reasons)
        assert "session:* gained too little in 20 s to tell" in reasons
        assert "they have a TTL" not in reasons
        assert told.causes


def test_keys_whose_ttl_nobody_may_ask_for_are_not_said_to_have_one():
    hidden = replace(pattern(came=100, each=200), forever=None, came_forever=None)
    told = found(survey(hidden), gained=20_000)
    assert told.verdict.name is VerdictName.CANNOT_TELL
    assert "whether they have a TTL is not known" in "".join(told.verdict.reasons)
    assert "PTTL" in told.verdict.settles


def test_what_maxmemory_evicts_is_a_cache_that_fills():
    server = replace(SERVER, policy="allkeys-lru")
    told = found(survey(pattern()), gained=5 * MIB, server=server)
    assert told.verdict.name is VerdictName.SUSPECT
    assert "until it evicts" in told.verdict.settles
    assert told.causes[0].against
    assert (
        found(survey(pattern()), gained=5 * MIB, server=replace(server, maxmemory=0)).verdict.name is VerdictName.LEAK
    )


def test_growth_that_keys_do_not_account_for_stays_suspect():
    told = found(survey(pattern(came=300)), gained=50 * MIB)
    assert told.verdict.name is VerdictName.SUSPECT
    assert "the server as a whole gained" in "".join(told.verdict.reasons)


def test_keys_that_come_and_go_are_healthy():
    told = found(survey(pattern(came=5000, went=4900)), gained=100_000)
    assert (told.verdict.name, told.causes, told.plan.steps) == (VerdictName.HEALTHY, (), ())


def test_keys_with_a_ttl_that_still_gather_are_suspect_until_they_end():
    told = found(survey(pattern(forever=0.0)), gained=5 * MIB)
    assert (told.verdict.name, told.causes) == (VerdictName.SUSPECT, ())
    assert "longer than their TTL" in told.verdict.settles


def test_an_estimate_whose_bounds_hold_zero_is_no_growth():
    unsure = replace(pattern(), came=Estimate(100, 40, 200), went=Estimate(30, 2, 120))
    told = found(survey(unsure), gained=0)
    assert (told.verdict.name, told.causes) == (VerdictName.HEALTHY, ())


def held(length, *, kind="list", groups=(), at_s=1000.0):
    return Collection("redis://db:6379", 0, "jobs", kind, at_s, length, length * 500, True, groups)


def test_a_queue_that_fills_is_a_backlog_and_tells_who_reads_it():
    group = Group("mailers", 2, 900, 12_000)
    grown = CollectionGrowth(
        held(20_000, kind="stream", groups=(group,), at_s=1020.0), held(10_000, kind="stream"), (12_000, 15_000, 14_900)
    )
    told = found(survey(collections=(grown,)), gained=5 * MIB)
    assert (told.verdict.name, told.causes[0].name) == (VerdictName.LEAK, CauseName.QUEUE_BACKLOG)
    assert "its group mailers (2 consumers) has 900 entries" in "".join(told.causes[0].why)


def test_a_queue_that_was_seen_twice_only_is_suspect():
    grown = CollectionGrowth(held(20_000, at_s=1020.0), held(10_000))
    told = found(survey(collections=(grown,)), gained=5 * MIB)
    assert (told.verdict.name, "--for 10m" in told.verdict.settles) == (VerdictName.SUSPECT, True)
    assert "jobs: seen twice only" in "".join(told.verdict.reasons)
    # Beside something that accounts for the growth it changes nothing.
    both = survey(pattern(came=2500), collections=(CollectionGrowth(held(12_000, at_s=1020.0), held(10_000)),))
    assert found(both, gained=4 * MIB).verdict.name is VerdictName.LEAK


def test_a_queue_that_is_emptied_again_and_again_is_no_backlog():
    grown = CollectionGrowth(held(550, at_s=1020.0), held(200), (400, 600, 0, 150, 350))
    told = found(survey(collections=(grown,)), gained=175_000)
    assert (told.verdict.name, told.causes) == (VerdictName.HEALTHY, ())
    assert "jobs: longer now, and emptied in between" in "".join(told.verdict.reasons)


def test_one_key_that_gathers_items_is_an_unbounded_cache():
    grown = CollectionGrowth(held(20_000, kind="hash", at_s=1020.0), held(10_000, kind="hash"))
    assert found(survey(collections=(grown,)), gained=5 * MIB).causes[0].name is CauseName.UNBOUNDED_CACHE


def test_answers_that_a_client_does_not_take_are_told():
    client = Client(7, "10.0.0.1:5", "tail", "default", "monitor", "monitor", 90, 0, 8 * MIB, 0, None)
    told = found(survey(), gained=7 * MIB, clients=(client,), clients_before=(replace(client, output_bytes=MIB),))
    (cause,) = told.causes
    assert (cause.name, cause.retained_bytes) == (CauseName.QUEUE_BACKLOG, 8 * MIB)
    assert "tail" in cause.holder


def test_a_small_server_is_not_fragmented_and_a_large_one_says_where():
    small = replace(SERVER, used=2 * MIB, resident=20 * MIB, small_frag=0, freed=0)
    assert "says nothing" in "".join(row.title for row in found(survey(), gained=0, server=small).told)
    large = replace(SERVER, used=1000 * MIB, maxmemory=2000 * MIB, resident=1700 * MIB, freed=600 * MIB)
    (cause,) = found(survey(), gained=0, server=large).causes
    assert (cause.name, "MEMORY PURGE" in cause.advice) == (CauseName.FRAGMENTATION, True)


def test_near_its_bound_it_is_told_what_happens_there():
    near = replace(SERVER, used=370 * MIB)
    told = found(survey(pattern()), gained=5 * MIB, server=near)
    assert "refuses writes (noeviction)" in "".join(told.verdict.reasons)
    assert any("CONFIG SET maxmemory" in step.command for step in told.plan.steps)


def bounds(**server):
    told = found(survey(pattern()), gained=5 * MIB, server=replace(SERVER, **server))
    return [step for step in told.plan.steps if "CONFIG SET" in step.command]


@pytest.mark.parametrize(
    ("policy", "effect", "risk"),
    [
        ("noeviction", "writes are refused there (noeviction)", "errors when it is full"),
        ("allkeys-lru", "any key may be evicted there (allkeys-lru)", "lost without a word"),
        ("volatile-ttl", "keys that have a TTL are evicted there (volatile-ttl)", "before their time"),
        ("", "writes are refused there (noeviction, as by default)", "errors when it is full"),
    ],
)
def test_what_a_bound_does_is_said_by_the_policy(policy, effect, risk):
    (step,) = bounds(maxmemory=0, policy=policy)
    assert (effect in step.effect, risk in step.risk) == (True, True)
    assert step.undo.endswith("CONFIG SET maxmemory 0")


def test_no_bound_is_advised_that_the_machine_cannot_hold():
    near = {"used": 370 * MIB}
    assert bounds(maxmemory=0, system_bytes=300 * MIB)
    assert not bounds(maxmemory=0, system_bytes=200 * MIB)
    assert bounds(**near, system_bytes=600 * MIB)
    assert not bounds(**near, system_bytes=599 * MIB)


def test_of_a_cluster_the_node_that_needs_a_bound_is_named():
    one = replace(SERVER, mode="cluster", maxmemory=0, place="redis://b:7001")
    other = replace(SERVER, mode="cluster", place="redis://a:7000", used=390 * MIB)
    (cause,) = found(survey(pattern()), gained=5 * MIB).causes
    sample = RedisSample(1020.0, (other, one), 1.0, Cost())
    verdict = found(survey(pattern()), gained=5 * MIB).verdict
    (step,) = [each for each in plan(verdict, (cause,), TARGET, sample).steps if "CONFIG SET" in each.command]
    assert "redis://b:7001, one of 2 primaries" in step.title
    assert step.command.startswith("redis-cli -h b -p 7001 --user viewer CONFIG SET")


def test_without_a_bound_no_forecast_is_made_up():
    told = found(survey(pattern()), gained=5 * MIB, server=replace(SERVER, maxmemory=0))
    assert told.verdict.forecasts == ()
    (absent,) = told.absent
    assert (absent.kind, "CONFIG SET maxmemory" in absent.get) == (AbsentKind.NOT_APPLICABLE, True)


def test_a_survey_that_may_not_be_made_leaves_what_the_server_counts():
    told = found(None, gained=0)
    assert "10,000 keys, 9,000 of them (90 %) without TTL" in "".join(row.title for row in told.told)
    assert told.causes == ()


def test_a_line_of_a_pattern_says_how_sure_it_is():
    unsure = replace(pattern(), keys=Estimate(500_063, 498_600, 501_459), forever=Estimate(0.5, 0.42, 0.58))
    line = pattern_line(unsure, 20.0)
    assert line.startswith("session:*: 500,063 ± 1,463 keys, 50 % (42 % to 58 %) without TTL, 1000 B each")
