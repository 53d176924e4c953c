"""What libpq, a server and pgbouncer say, as one clear error each."""

from __future__ import annotations

import shlex
import subprocess
import sys

import psycopg
import pytest

from oakum.model.errors import SilentError, TargetError
from oakum.postgres import rows, sql
from oakum.postgres.faults import fault

PLACE = "postgresql://db:5432/shop"


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ('FATAL:  password authentication failed for user "app"', "refused to let app in"),
        ("fe_sendauth: no password supplied", "refused to let app in"),
        ('FATAL:  Peer authentication failed for user "app"', "refused to let app in"),
        ("server closed the connection: SCRAM channel binding check failed", "refused to let app in"),
        ('FATAL:  database "shop" does not exist', "no such database or role"),
        ("FATAL:  no such database: shop", "no such database or role"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.9", user "app"', "does not let this machine"),
        ("FATAL:  sorry, too many clients already", "no connection left"),
        (
            "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
            "no connection left",
        ),
        ('FATAL:  too many connections for role "app"', "no connection left"),
        ("FATAL:  no more connections allowed (max_client_conn)", "no connection left"),
        ("FATAL:  query_wait_timeout", "pgbouncer at"),
        ("server does not support SSL, but SSL was required", "no TLS to"),
        ("SSL error: certificate verify failed", "no TLS to"),
        ('root certificate file "/root/.postgresql/root.crt" does not exist', "no TLS to"),
        ("FATAL:  the database system is starting up", "starting or stopping"),
        ("FATAL:  terminating connection due to administrator command", "starting or stopping"),
        ("Connection refused. Is the server running on that host?", "is not there"),
        ("could not translate host name", "is not there"),
        ("the connection is closed", "is not there"),
        ("server closed the connection unexpectedly", "is not there"),
        ("received invalid response to SSL negotiation: H", "does not speak PostgreSQL's protocol"),
        ("etwas ganz anderes", "cannot be asked"),
    ],
)
def test_each_refusal_says_what_why_and_the_next_step(said, what):
    error = fault(psycopg.OperationalError(said), PLACE, "app")
    assert isinstance(error, TargetError)
    assert what in error.what
    assert error.why == " ".join(said.split())
    assert error.next_step


@pytest.mark.parametrize(
    ("kind", "what", "error"),
    [
        (psycopg.errors.QueryCanceled, "took too long", SilentError),
        (psycopg.errors.UndefinedFunction, "is no PostgreSQL that can be asked", TargetError),
        (psycopg.errors.InsufficientPrivilege, "does not let app ask", TargetError),
    ],
)
def test_a_refused_question_is_told_by_its_code(kind, what, error):
    found = fault(kind("no"), PLACE, "app")
    assert isinstance(found, error)
    assert what in found.what


@pytest.mark.parametrize(
    ("error", "statement"),
    [
        (psycopg.errors.InsufficientPrivilege("no"), 'GRANT pg_monitor TO "o""hara\'s"'),
        (psycopg.OperationalError("FATAL:  no pg_hba.conf entry for host"), "SELECT pg_reload_conf()"),
    ],
)
def test_a_command_that_mends_a_refusal_is_typed_to_that_server(error, statement):
    place = "postgresql:///shop?host=/run/pg&port=5433"
    said = fault(error, place, "o\"hara's").next_step
    assert shlex.split(said, comments=True) == ["psql", place, "-c", statement]


@pytest.mark.parametrize("version", [130000, 140000, 170000])
def test_each_question_reads_only_and_ends_its_transaction(version):
    text = sql.asked(sql.head(), sql.sessions(version))
    assert text.startswith("BEGIN READ ONLY;\nSET LOCAL statement_timeout")
    assert text.endswith("COMMIT")
    assert ("query_id" in text) is (version >= 140000)


def test_no_text_of_a_statement_is_asked_for_but_without_its_values():
    assert not any("query," in text or " query " in text for text in (sql.sessions(170000), sql.SETTINGS))
    assert "pg_stat_statements" in sql.texts([1, 2])


def test_rows_of_consoles_that_are_odd_or_of_other_versions_are_read():
    clients = [
        {"database": "shop", "user": "app", "addr": "unix", "state": "waiting", "ptr": "0x55aa"},
        {"database": "pgbouncer", "request_time": "2026-11-20 12:00:09 UTC", "connect_time": "2026-11-20 12:00:00 UTC"},
        {
            "database": "shop",
            "application_name": "cart",
            "addr": "10.0.0.3",
            "port": "99",
            "connect_time": "2026-11-20 12:00:01 UTC",
            "request_time": "2026-11-20 12:00:02 UTC",
        },
    ]
    pools = [{"database": "shop", "user": "app", "cl_active": "3", "maxwait": "2", "maxwait_us": "500000", "x": None}]
    told = rows.bouncer("PgBouncer 1.23", pools, clients, {"max_client_conn": "many"})
    assert [(each.state, each.client) for each in told.clients] == [("waiting", "local"), ("idle", "10.0.0.3")]
    assert [each.pid for each in told.clients] == [0x55AA, 99]
    odd = [{"database": "shop", "ptr": "(nil)", "port": "unix"}, {"database": "shop", "ptr": "(nil)", "port": 7}]
    assert [each.pid for each in rows.bouncer("", [], odd, {}).clients] == [0, 7]
    assert (told.clients[1].age_s, told.clients[1].used_s) == (8.0, 7.0)
    (pool,) = told.pools
    assert (pool.clients, pool.waiting, pool.waited_s, told.most_clients) == (3, 0, 2.5, None)


def test_text_that_comes_as_bytes_is_text():
    assert rows.decoded([7, b"idle", "caf\xe9", b"caf\xe9", None]) == [7, "idle", "caf\xe9", "caf\ufffd", None]


def test_nothing_of_the_driver_s_own_lines_is_said():
    said = "import logging, oakum.postgres.live; logging.getLogger('psycopg').warning('error ignored')"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
