"""Settings of pools in what a process was started with and in its files; no secret among what is kept."""

from __future__ import annotations

import pytest
from fake_machine import FakeMachine

from oakum.model.absent import AbsentKind
from oakum.model.runtime import RuntimeName
from oakum.probe.pool_texts import MOST_BYTES, pairs_of
from oakum.probe.pools import read_pools

JVM, NODE, PYTHON, GO = RuntimeName.JVM, RuntimeName.NODE, RuntimeName.CPYTHON, RuntimeName.GO
SECRET = "hunter2"


def read(runtime, *, command=("app",), environment=None, files=None, beside=0):
    machine = FakeMachine()
    process = machine.start(command)
    for _ in range(beside):
        machine.start(command, parent_pid=process.parent_pid)
    process.environment.update(environment or {})
    for path, content in (files or {}).items():
        whole = path if path.startswith("/") else f"/proc/{process.pid}/cwd/{path}"
        process.files[whole] = content
    reading, missing = read_pools(process.pid, runtime, machine.processes)
    assert SECRET not in repr(reading)
    assert SECRET not in repr(missing)
    return reading, missing


def told(reading):
    return {(pool.library, name): each.value for pool in reading.pools for name, each in pool.settings.items()}


YAML = b"""
spring:
  datasource:
    url: "jdbc:postgresql://shop:hunter2@db.shop:5432/shop?password=hunter2"
    password: hunter2
    hikari:
      maximum-pool-size: ${DB_POOL:50}   # as ops had it
      max-lifetime: 0
      password: hunter2
  redis.lettuce.pool: {max-active: -1, "max-wait": 2s}
"""


@pytest.mark.parametrize(
    ("runtime", "how", "expected"),
    [
        (
            JVM,
            {"files": {"application.yml": YAML}},
            {
                ("HikariCP", "maximumPoolSize"): "50",
                ("HikariCP", "maxLifetime"): "0",
                ("Lettuce", "max-active"): "-1",
                ("Lettuce", "max-wait"): "2s",
            },
        ),
        (
            JVM,
            {"files": {"hikari.properties": b"maximumPoolSize=7\nidleTimeout = 0\npassword=hunter2\n"}},
            {("HikariCP", "maximumPoolSize"): "7", ("HikariCP", "idleTimeout"): "0"},
        ),
        (
            JVM,
            {
                "command": ("java", "-Dspring.datasource.hikari.maxLifetime=1", "-jar", "a.jar",
                            "--spring.datasource.hikari.idle-timeout=2"),
                "environment": {
                    "SPRING_DATASOURCE_HIKARI_MAXLIFETIME": "3",
                    "JAVA_TOOL_OPTIONS": "-Xmx1g -Dspring.datasource.hikari.minimum-idle=4",
                    "SPRING_APPLICATION_JSON": '{"spring":{"datasource":{"hikari":{"leakDetectionThreshold":5}}}}',
                    "SPRING_DATASOURCE_PASSWORD": "hunter2",
                },
            },
            {
                ("HikariCP", "maxLifetime"): "1",
                ("HikariCP", "idleTimeout"): "2",
                ("HikariCP", "minimumIdle"): "4",
                ("HikariCP", "leakDetectionThreshold"): "5",
            },
        ),
        (
            JVM,
            {"environment": {"SPRING_DATA_REDIS_JEDIS_POOL_MAX_ACTIVE": "-1", "EXECUTOR_MAXIMUM_POOL_SIZE": "9"}},
            {("Jedis", "max-active"): "-1"},
        ),
        (
            PYTHON,
            {"environment": {"DB_MAX_OVERFLOW": "-1", "DB_POOL_SIZE": "20", "WORKER_POOL_SIZE": "4"}},
            {("SQLAlchemy", "max_overflow"): "-1", ("SQLAlchemy", "pool_size"): "20"},
        ),
        (
            PYTHON,
            {"files": {"airflow.cfg": b"[database]\nsql_alchemy_pool_enabled = False\n[celery]\npool_size = 3\n"}},
            {("SQLAlchemy", "pool_enabled"): "False"},
        ),
        (
            PYTHON,
            {"files": {"config.toml": b'[psycopg.pool]\nmax_size = 30\n[db]\noptions = { poolclass = "NullPool" }\n'}},
            {("psycopg_pool", "max_size"): "30", ("SQLAlchemy", "poolclass"): "NullPool"},
        ),
        (
            PYTHON,
            {"environment": {"BROKER": "redis://:hunter2@r:6379/0?max_connections=5&password=hunter2"}},
            {("redis-py", "max_connections"): "5"},
        ),
        (
            GO,
            {"environment": {"DSN": "host=h user=u password=hunter2 pool_max_conns=30 pool_max_conn_lifetime=1h30m"}},
            {("pgxpool", "pool_max_conns"): "30", ("pgxpool", "pool_max_conn_lifetime"): "1h30m"},
        ),
        (
            GO,
            {"environment": {"GF_DATABASE_MAX_OPEN_CONN": "0", "URL": "postgres://u:hunter2@h/d"}},
            {("database/sql", "SetMaxOpenConns"): "0"},
        ),
        (
            NODE,
            {
                "files": {
                    "config/default.json": b'{"db":{"pool":{"max":500,"idleTimeoutMillis":0},"password":"hunter2"}}',
                    "config/production.json": b'{"db":{"pool":{"max":5}},"maxRetriesPerRequest":null}',
                },
                "environment": {"NODE_ENV": "production"},
            },
            {
                ("node-postgres", "max"): "5",
                ("node-postgres", "idleTimeoutMillis"): "0",
                ("ioredis", "maxRetriesPerRequest"): "null",
            },
        ),
        # knex has such names too, and other defaults.
        (NODE, {"files": {"config.json": b'{"pool":{"max":5,"idleTimeoutMillis":0,"acquireTimeoutMillis":1}}'}}, {}),
        (NODE, {"environment": {"MAX": "5", "THREADS_MAX": "9"}}, {}),
        (JVM, {"environment": {"DB_MAX_OVERFLOW": "-1"}}, {}),
        (RuntimeName.RUBY, {"environment": {"DB_MAX_OVERFLOW": "-1"}}, {}),
    ],
)  # fmt: skip
def test_settings_are_found_where_they_stand(runtime, how, expected):
    assert told(read(runtime, **how)[0]) == expected


def test_a_value_that_may_be_a_secret_is_known_to_be_there_and_not_kept():
    reading, _ = read(PYTHON, environment={"DB_MAX_OVERFLOW": SECRET, "DB_POOL_RECYCLE": "${NOT_SET}"})
    assert told(reading) == {("SQLAlchemy", "max_overflow"): "", ("SQLAlchemy", "pool_recycle"): ""}


@pytest.mark.parametrize(
    ("runtime", "name", "address", "library", "server"),
    [
        (PYTHON, "REDIS_URL", "redis://:hunter2@cache:6379/0", "redis-py", ""),
        (GO, "DATABASE_URL", "postgres://u:hunter2@db:5432/shop", "pgxpool", "postgresql://db:5432/shop"),
        (
            JVM,
            "SPRING_DATASOURCE_URL",
            "jdbc:postgresql://db/shop?password=hunter2",
            "HikariCP",
            "postgresql://db/shop",
        ),
    ],
)
def test_an_address_implies_a_pool_without_settings(runtime, name, address, library, server):
    reading, _ = read(runtime, environment={name: address})
    assert [(pool.library, pool.where, dict(pool.settings)) for pool in reading.pools] == [(library, name, {})]
    assert reading.server == server


@pytest.mark.parametrize(
    "address", ["postgres://u:p/hunter2@db/x", "postgres://u:p@hunter2 @db/x", "postgres://u:hunter2"]
)
def test_an_address_that_cannot_be_parted_from_its_login_is_not_told(address):
    assert read(GO, environment={"DATABASE_URL": address})[0].server in {"", "postgresql://db/x"}


def test_workers_of_one_command_are_counted_without_who_started_them():
    machine = FakeMachine()
    first = machine.start(("gunicorn", "shop"))
    for _ in range(3):
        worker = machine.start(("gunicorn", "shop"), parent_pid=first.pid)
    machine.start(("gunicorn", "other"), parent_pid=first.pid)
    worker.environment["DB_MAX_OVERFLOW"] = "1"
    assert read_pools(worker.pid, PYTHON, machine.processes)[0].processes == 3


def test_files_that_the_command_line_names_are_read_or_missed():
    reading, missing = read(
        JVM,
        command=("java", "--spring.config.location=optional:file:/etc/shop/,file:./db.yml", "gone.json"),
        files={"/etc/shop/application.properties": b"spring.datasource.hikari.maxLifetime=0\n",
               "db.yml": b"spring.datasource.hikari:\n\tminimum-idle: 3\n"},
    )  # fmt: skip
    assert told(reading) == {("HikariCP", "maxLifetime"): "0", ("HikariCP", "minimumIdle"): "3"}
    assert "the settings in gone.json" in {absent.what for absent in missing}
    assert "/etc/shop/application.properties" in reading.read


def test_a_file_that_is_too_large_is_missed_and_one_that_is_broken_says_nothing():
    reading, missing = read(NODE, files={"config.json": b" " * (MOST_BYTES + 1), ".env": b'{"a": \xff\x00'})
    assert reading.pools == ()
    assert [absent.kind for absent in missing] == [AbsentKind.TOO_DEAR]


def test_json_that_is_deep_or_huge_gives_no_pairs():
    assert pairs_of(b'{"a":' * 50_000) == []
    assert pairs_of(b'{"a":' + b"9" * 5_000 + b"}") == []


def test_lists_quotes_tabs_and_documents_of_yaml():
    text = b"a:\n\t- b: 'x'  # said\n\t  c: \"y\"\n\t- b: z\n---\nd: 1\ne:f\nexport G=h\n[s.t]\nk = v ; said\n"
    assert pairs_of(text) == [
        (("a", "b"), "x"),
        (("a", "c"), "y"),
        (("a", "b"), "z"),
        (("d",), "1"),
        (("G",), "h"),
        (("s", "t", "k"), "v"),
    ]
