"""A real process whose environment, command line and files hold settings of pools: found, told, no secret with them."""

from __future__ import annotations

import os
import sys

import pytest
from programs import answered, oakum, started

pytestmark = pytest.mark.lab

SLEEPS = """import os, sys
os.chdir(sys.argv[1])
print("ready", flush=True)
sys.stdin.read()
"""
SECRET = "hunter2"
SET = {
    "DATABASE_URL": f"postgresql+psycopg://shop:{SECRET}@db.shop:5432/shop?password={SECRET}",
    "DB_MAX_OVERFLOW": "-1",
    "REDIS_URL": f"redis://:{SECRET}@cache:6379/0",
    "PASSWORD": SECRET,
}


@pytest.fixture
def sleeper(tmp_path):
    (tmp_path / "config.toml").write_text(f'[psycopg.pool]\nmax_size = 300\npassword = "{SECRET}"\n', encoding="utf-8")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "db.yml").write_text("db:\n  pool_recycle: 600\n", encoding="utf-8")
    # Out of its folder and into a circle: neither is followed to anything else.
    (tmp_path / "config.json").symlink_to("config.json")
    command = [sys.executable, "-c", SLEEPS, str(tmp_path), "--config=etc/db.yml"]
    with started(command, name="pools", environment={**os.environ, **SET}) as (process, _):
        assert process.stdout.readline() == b"ready\n"
        yield process


def test_settings_of_a_real_process_are_evidence_without_its_secrets(sleeper):
    run = oakum("investigate", f"pid/{sleeper.pid}", "--for", "5s", "--no-capture", "-o", "json")
    answer = answered(run)
    assert SECRET not in run.out + run.err
    rows = [row["facts"] for row in answer["evidence"] if row["id"].partition("-")[0] == "pool"]
    told = {
        (row["library"], each["name"]): (each["value"], each["where"], each["spelled"])
        for row in rows
        for each in row.get("settings", [])
    }
    assert told == {
        ("SQLAlchemy", "max_overflow"): ("-1", "environment", "DB_MAX_OVERFLOW"),
        ("SQLAlchemy", "pool_recycle"): ("600", "etc/db.yml", "db.pool_recycle"),
        ("psycopg_pool", "max_size"): ("300", "config.toml", "psycopg.pool.max_size"),
    }
    assert {"sqlalchemy-no-overflow-limit", "psycopg-large", "redis-py-no-size-limit", "over-the-servers-limit"} <= {
        row.get("id") for row in rows
    }
    assert {row["server"] for row in rows if "server" in row} == {"postgresql://db.shop:5432/shop"}
    assert answer["verdict"]["verdict"] in {"healthy", "cannot-tell"}
