"""``oakum investigate pid/N --with postgresql://…`` on a real PostgreSQL: whose connections, and how many may be."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing

import psycopg
import pytest
from postgres_server import PostgresServer
from programs import ROOT, Lines, answered, oakum

pytestmark = pytest.mark.lab


def test_connections_that_leak_are_the_process_s_own_and_its_pool_may_ask_for_too_many(tmp_path):
    with closing(PostgresServer("-c", "max_connections=63", tcp=True)) as server:
        own = server.database()
        with psycopg.connect(own, autocommit=True) as admin:
            admin.execute("create role watcher login; grant pg_monitor to watcher; create role app login")
        url = server.over_tcp(own, "app")
        command = [sys.executable, ROOT / "lab" / "postgres" / "leaking.py", url, "3", "50"]
        environment = {**os.environ, "DATABASE_URL": url, "SQLALCHEMY_POOL_SIZE": "70"}
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as client:
            try:
                assert Lines(client.stdout.fileno()).next() == "ready"
                run = oakum(
                    *("investigate", f"pid/{client.pid}", "--with", server.over_tcp(own, "watcher")),
                    *("--for", "5s", "--no-capture", "-o", "json"),
                    environment={"OAKUM_STORE": str(tmp_path / "oakum.db")},
                )
                answer = answered(run)
            finally:
                client.kill()
    row = next(each for each in answer["evidence"] if each["id"].startswith("dependency"))
    assert row["facts"]["held"] == row["facts"]["taken"] > 5, row["title"]
    assert f"by pid {client.pid} (" in row["title"]
    sizes = [cause for cause in answer["causes"] if cause["holder"].startswith("SQLAlchemy")]
    assert [cause["cause"] for cause in sizes] == ["connection-pool"]
    assert sizes[0]["why"][0].startswith("up to 80 connections; postgresql://127.0.0.1")
    lost = [cause for cause in answer["causes"] if cause["holder"].startswith("shop as app")]
    assert lost, answer["causes"]
    assert lost[0]["why"][0].endswith("are its own")
    assert answer["verdict"]["verdict"] in {"leak", "suspect"}
