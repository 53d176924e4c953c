"""The pools of a process in its investigation: evidence, a step, and nothing of the verdict."""

from __future__ import annotations

import io
import json

from fake_machine import FakeMachine, FakePiece
from rich.console import Console

from oakum import render
from oakum.loop.investigate import Settings, investigate
from oakum.loop.progress import Silent
from oakum.model.absent import Absent, AbsentKind
from oakum.model.policy import Policy
from oakum.model.target import parse_target

WATCH = Settings.of(watch_s=20.0, interval_s=0.5, capture=False)
PYTHON = b"3.11.7 (main, Dec  8 2023, 18:56:58) [GCC 12.2.0]"


def started(machine, **environment):
    process = machine.start(("gunicorn", "shop"))
    process.executable = "/usr/bin/python3.11"
    process.pieces[0x5000_0000] = FakePiece(bytearray(PYTHON.ljust(4096, b"\0")), "/usr/bin/python3.11")
    process.environment.update(environment)
    return process


def investigated(machine, process):
    return investigate(
        parse_target(f"pid/{process.pid}"),
        machine=machine.ports(),
        policy=Policy(),
        settings=WATCH,
        progress=Silent(),
    )


def pools(found):
    return [row for row in found.evidence if row.id.partition("-")[0] == "pool"]


SET = {"DATABASE_URL": "postgresql://shop:hunter2@db:5432/shop", "DB_MAX_OVERFLOW": "-1"}


def growing(machine, process):
    def grow():
        process.anon_bytes += 100_000
        if not process.ended:
            machine.clock.after(0.1, grow)

    machine.clock.after(0.1, grow)
    return process


def test_pools_are_evidence_and_steps_and_the_verdict_is_what_it_was():
    machine = FakeMachine()
    plain = investigated(machine, growing(machine, started(machine)))
    machine = FakeMachine()
    process = growing(machine, started(machine, **SET))
    process.files[f"/proc/{process.pid}/cwd/config.ini"] = b"[sqlalchemy]\npool_size = 200\npassword = hunter2\n"
    found = investigated(machine, process)
    assert (found.verdict, found.causes) == (plain.verdict, plain.causes)
    assert pools(plain) == []
    assert [row.facts.get("id") for row in pools(found)] == [
        None,
        "sqlalchemy-no-overflow-limit",
        "sqlalchemy-no-recycle",
        None,
        "sqlalchemy-large",
        "sqlalchemy-no-recycle",
        "over-the-servers-limit",
    ]
    assert [(step.title, step.command) for step in found.plan.steps[len(plain.plan.steps) :]] == [
        (
            "Ask the database how many connections it admits, and who has them",
            "oakum investigate postgresql://db:5432/shop",
        ),
        ("Set DB_MAX_OVERFLOW=10 (environment)", ""),
    ]
    text = json.dumps(render.investigation_to_json(found), allow_nan=False) + render.investigation_html(found)
    screen = io.StringIO()
    Console(file=screen, width=200).print(render.investigation_view(found))
    assert "hunter2" not in text + screen.getvalue()
    assert "max_overflow is -1" in text
    assert "its connection pools" in screen.getvalue()
    assert "      sqlalchemy.pool_size=5 (config.ini)" in screen.getvalue()


def test_a_healthy_process_is_told_of_its_pools_and_given_no_plan():
    machine = FakeMachine()
    found = investigated(machine, started(machine, **SET))
    assert len(pools(found)) == 3
    assert found.plan.steps == ()


def test_of_a_process_that_may_not_be_looked_at_it_is_said_once():
    machine = FakeMachine()
    process = started(machine, DB_MAX_OVERFLOW="-1")
    machine.processes.environment = lambda pid: Absent(f"the environment of pid {pid}", AbsentKind.NOT_PERMITTED, "no")
    found = investigated(machine, process)
    assert [row.what for row in found.absent].count(f"the environment of pid {process.pid}") == 1
    assert pools(found) == []
