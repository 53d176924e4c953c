"""Each rule for pools, right and wrong; what is said of them, and what that changes: of a verdict nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from oakum.explain.pool_rules import RULES
from oakum.explain.pools import findings, is_so, most_connections, over_limit, pool_rows, pool_steps, with_pools
from oakum.model.cause import Cause, CauseName
from oakum.model.pool import Pool, PoolReading, PoolServer, PoolSetting
from oakum.model.verdict import Pattern, Verdict, VerdictName
from oakum.render.table_pools import pools_markdown

PAGE = Path(__file__).parents[3] / "docs" / "pools.md"

CASES = {
    # rule: (values that break it, values that do not); None: it is not set
    "hikari-no-leak-detection": ((None, "0"), ("60000", "1500", "")),
    "hikari-leak-detection-too-short": (("1", "1999"), (None, "0", "2000", "60000", "")),
    "hikari-no-max-lifetime": (("0",), (None, "1800000", "")),
    "hikari-no-idle-timeout": (("0",), (None, "600000")),
    "hikari-waits-forever": (("0",), (None, "30000")),
    "hikari-large": (("101", "5_000"), (None, "100", "")),
    "sqlalchemy-no-overflow-limit": (("-1",), (None, "0", "10", "")),
    "sqlalchemy-no-size-limit": (("0",), (None, "5", "")),
    "sqlalchemy-large": (("200",), (None, "20")),
    "sqlalchemy-no-pool": (("NullPool", "sqlalchemy.pool.NullPool"), (None, "QueuePool", "")),
    "sqlalchemy-pool-off": (("False", "0", "off"), (None, "True", "1")),
    "sqlalchemy-no-recycle": ((None, "-1"), ("1800", "")),
    "psycopg-no-waiting-limit": ((None, "0"), ("200", "")),
    "psycopg-long-lifetime": (("604800", "infinity"), (None, "3600")),
    "psycopg-long-idle": (("604800", "Infinity"), (None, "600")),
    "psycopg-large": (("500",), (None, "20")),
    "pgx-size-by-processors": ((None,), ("10", "")),
    "pgx-large": (("500",), (None, "10")),
    "go-sql-no-size-limit": ((None, "0", "-1"), ("10", "")),
    "go-sql-no-max-lifetime": ((None, "0", "0s"), ("30m", "")),
    "pg-no-idle-timeout": (("0",), (None, "10000")),
    "pg-waits-forever": ((None, "0"), ("5000", "")),
    "pg-no-max-lifetime": ((None, "0"), ("1800",)),
    "pg-large": (("500",), (None, "10")),
    "redis-py-no-size-limit": ((None,), ("50", "")),
    "redis-py-large": (("2147483648",), (None, "50")),
    "ioredis-retries-forever": (("null", "None"), (None, "20", "")),
    "jedis-no-size-limit": (("-1",), (None, "8", "")),
    "jedis-large": (("500",), (None, "8")),
    "jedis-waits-forever": ((None, "-1", "-1ms"), ("2s", "")),
    "jedis-no-idle-eviction": (("-1", "0"), (None, "30s")),
    "lettuce-no-size-limit": (("-1",), (None, "8", "")),
    "lettuce-large": (("500",), (None, "8")),
    "lettuce-waits-forever": ((None, "-1", "-1ms"), ("2s", "")),
    "lettuce-no-idle-eviction": ((None, "-1", "0s"), ("30s", "")),
}
BY_ID = {rule.id: rule for rule in RULES}


def pool(library, **settings):
    named = {name.replace("__", "-"): value for name, value in settings.items()}
    told = {name: PoolSetting(library, name, value, "environment", "X") for name, value in named.items()}
    return Pool(library, "x", told)


def broken(rule, value):
    settings = {} if value is None else {rule.setting: PoolSetting(rule.library, rule.setting, value, "x")}
    return rule.id in {finding.rule.id for finding in findings(Pool(rule.library, "x", settings))}


def test_every_rule_has_its_cases():
    assert sorted(CASES) == sorted(BY_ID)
    assert len(BY_ID) == len(RULES)


@pytest.mark.parametrize("name", CASES)
def test_a_rule_speaks_where_it_is_wrong_and_nowhere_else(name):
    wrong, right = CASES[name]
    assert [value for value in wrong if not broken(BY_ID[name], value)] == []
    assert [value for value in right if broken(BY_ID[name], value)] == []


def test_a_rule_is_of_its_own_library_alone():
    assert not findings(pool("another", maxLifetime="0"))


def test_no_condition_of_the_table_is_unknown():
    for condition in {wrong for rule in RULES for wrong in rule.wrong}:
        assert any(
            is_so(condition, value)
            for value in (None, "-1", "0", "1", "1e9", "99999999", "null", "infinity", "false", "NullPool")
        ), condition


@pytest.mark.parametrize(
    ("made", "most"),
    [
        (pool("HikariCP"), 10),
        (pool("HikariCP", maximumPoolSize="50"), 50),
        (pool("HikariCP", maximumPoolSize=""), None),
        (pool("HikariCP", maximumPoolSize="9" * 400), None),
        (pool("HikariCP", maximumPoolSize="99999999999999"), None),
        (pool("SQLAlchemy", pool_size="9" * 400), None),
        (pool("SQLAlchemy", max_overflow="-" + "9" * 400), None),
        (pool("redis-py", max_connections="2147483648"), 1 << 31),
        (pool("SQLAlchemy"), 15),
        (pool("SQLAlchemy", pool_size="20", max_overflow="0"), 20),
        (pool("SQLAlchemy", max_overflow="-1"), None),
        (pool("SQLAlchemy", pool_size="0"), None),
        (pool("SQLAlchemy", poolclass="NullPool"), None),
        (pool("psycopg_pool"), 4),
        (pool("psycopg_pool", min_size="2", max_size="9"), 9),
        (pool("pgxpool"), None),
        (pool("node-postgres", max="30"), 30),
        (pool("Lettuce", max__active="-1"), None),
    ],
)
def test_how_many_connections_a_pool_may_open(made, most):
    assert most_connections(made) == most


def test_all_workers_together_are_compared_with_what_the_server_admits():
    made = pool("SQLAlchemy", pool_size="30", max_overflow="0")
    reading = PoolReading((made,), "postgresql://db:5432/shop", processes=4)
    assert over_limit(made, reading) == (
        "4 processes × 30 = up to 120 connections; a PostgreSQL server admits 100 unless it is configured"
        " (max_connections)"
    )
    asked = PoolServer("PostgreSQL", 120)
    assert not over_limit(made, replace(reading, asked=asked))
    known = replace(reading, asked=replace(asked, admits=119))
    assert over_limit(made, known).endswith("the server admits 119")
    assert not pool_steps(known), "it was asked"
    tripled = over_limit(made, replace(reading, asked=replace(asked, replicas=3)))
    assert tripled == "3 replicas × 4 processes × 30 = up to 360 connections; the server admits 120"
    # What another kind of server admits says nothing of this one.
    assert "unless it is configured" in over_limit(made, replace(reading, asked=PoolServer("Redis", 10)))
    # Of which server it is, nobody knows.
    assert not over_limit(made, replace(reading, server=""))
    step = pool_steps(reading)[0]
    assert step.command == "oakum investigate postgresql://db:5432/shop"
    redis = PoolReading((pool("redis-py", max_connections="50"),), asked=PoolServer("Redis", 100, replicas=3))
    assert over_limit(redis.pools[0], redis) == "3 replicas × 50 = up to 150 connections; the server admits 100"
    assert not over_limit(redis.pools[0], replace(redis, asked=PoolServer()))
    alone = over_limit(pool("node-postgres", max="101"), PoolReading())
    assert alone.startswith("it may open up to 101 connections; a PostgreSQL server admits 100")


def test_one_step_alone_where_something_else_is_the_cause():
    reading = PoolReading((pool("SQLAlchemy", max_overflow="-1"), pool("HikariCP")))
    assert len(pool_steps(reading)) == len(pool_steps(reading, (CAUSE,))) == 2
    assert len(pool_steps(reading, (replace(CAUSE, name=CauseName.GLOBAL),))) == 1


def test_what_breaks_a_rule_breaks_it_no_more_once_its_line_is_set():
    assert [rule.id for rule in RULES if broken(rule, rule.better) or rule.better not in rule.fix] == [
        # In the code it is a number of another unit.
        "go-sql-no-max-lifetime"
    ]


def test_rows_say_what_is_set_and_what_is_wrong_the_graver_first():
    made = pool("HikariCP", maximumPoolSize="20", maxLifetime="0")
    rows = list(pool_rows(PoolReading((made,))))
    assert [title for title, _ in rows] == [
        "HikariCP pool (x): maximumPoolSize 20, maxLifetime 0: 2 findings",
        f"leakDetectionThreshold is set nowhere that was read: {BY_ID['hikari-no-leak-detection'].meaning}",
        f"maxLifetime is 0: {BY_ID['hikari-no-max-lifetime'].meaning}",
    ]
    assert rows[1][1]["fix"] == "spring.datasource.hikari.leak-detection-threshold=60000"
    assert rows[2][1]["fix"] == "X=1800000 (environment)"
    # The lifetime is no grave one.
    (step,) = pool_steps(PoolReading((made,)))
    assert step.title == "Set spring.datasource.hikari.leak-detection-threshold=60000"


def test_a_pool_that_is_set_well_says_so_and_asks_for_nothing():
    made = pool("HikariCP", leakDetectionThreshold="60000")
    ((title, values),) = pool_rows(PoolReading((made,)))
    assert title == "HikariCP pool (x): leakDetectionThreshold 60000: nothing about it leaks"
    assert values["findings"] == []
    assert pool_steps(PoolReading((made,))) == ()


LEAK = Verdict(VerdictName.LEAK, Pattern.LINEAR, 0.9, 1e8, rate_per_s=1e5)
CAUSE = Cause(CauseName.CONNECTION_POOL, 0.5, "t", "h", None, float("nan"))
GRAVE = PoolReading((pool("HikariCP"),))


def test_a_cause_that_is_named_already_is_surer_where_memory_grows():
    (found,) = with_pools(LEAK, (CAUSE,), GRAVE)
    assert (found.confidence, found.evidence) == (0.6, ("pool",))
    assert found.why[0].startswith("its HikariCP pool (x): leakDetectionThreshold is set nowhere that was read")


@pytest.mark.parametrize(
    ("verdict", "cause", "reading"),
    [
        (replace(LEAK, name=VerdictName.HEALTHY), CAUSE, GRAVE),
        (replace(LEAK, rate_per_s=None), CAUSE, GRAVE),
        (replace(LEAK, pattern=Pattern.FLAT), CAUSE, GRAVE),
        (LEAK, replace(CAUSE, name=CauseName.UNBOUNDED_CACHE), GRAVE),
        (LEAK, CAUSE, PoolReading((pool("HikariCP", leakDetectionThreshold="60000", maxLifetime="0"),))),
        (LEAK, CAUSE, PoolReading()),
    ],
)
def test_nothing_else_is_accused_by_a_setting(verdict, cause, reading):
    assert with_pools(verdict, (cause,), reading) == (cause,)
    assert with_pools(verdict, (), reading) == ()


def test_the_table_of_the_page_is_that_of_the_rules():
    assert PAGE.read_text(encoding="utf-8").endswith(f"\n\n{pools_markdown(RULES)}\n")
