"""The whole journey as a person takes it: leak, plan, restart, is it fixed? no; the fixed version, is it? yes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import jsonschema
import pytest
import referencing
from acting import cgroup, wait_until
from programs import FOLDER, SCHEMAS, oakum

pytestmark = pytest.mark.lab

ROOM_BYTES = 1 << 30
"""A busy machine takes its time, and the leak goes on meanwhile."""

LONG_S = 500.0

POLICY = "[policy]\nquick_check_s = 12\nclosing_window_s = 24\nstop_grace_s = 5\n"


@pytest.fixture
def home(tmp_path):
    """Where the record and the policy are, for every command of one journey."""
    (tmp_path / "oakum.toml").write_text(POLICY)
    return {"OAKUM_CONFIG": str(tmp_path / "oakum.toml"), "XDG_STATE_HOME": str(tmp_path / "state")}


def said(run, name):
    """The answer, checked against its committed schema."""
    answer = run.json
    assert answer["schema"] == name
    schemas = [json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS.glob("*.json")]
    registry = referencing.Registry().with_contents([(schema["$id"], schema) for schema in schemas])
    schema = json.loads((SCHEMAS / f"{name.replace('/', '-')}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema, registry=registry).validate(answer)
    return answer


class Nobodys:
    """A lab program whose parent has gone: as one that was started with nohup in a terminal that is closed."""

    def __init__(self, place, log, program, *options):
        words = [sys.executable, str(FOLDER / program), "--for", "900", *options]
        script = f'echo $$ > {place}/cgroup.procs; sleep 900 | "$@" >>{log} 2>&1 & echo'
        # The shell that holds the pipe is the program's parent until it ends: setsid lets it go.
        subprocess.run(["/bin/sh", "-c", script, "sh", *words], check=True, stdout=subprocess.DEVNULL)
        wait_until(lambda: "ready" in log.read_text())
        self.pid = int(log.read_text().split("pid=")[1].split()[0])


def kill(*pids):
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_a_leak_is_planned_restarted_found_not_fixed_and_its_fix_is_proven(tmp_path, home):
    log, fixed_log = tmp_path / "leak.log", tmp_path / "fixed.log"
    log.touch()
    fixed_log.touch()
    with cgroup("journey", ROOM_BYTES) as (place, _):
        leak = Nobodys(place, log, "sessions.py")
        words = ("plan", f"pid/{leak.pid}", "--for", "14s", "-o", "json")
        plan = said(oakum(*words, environment=home, within_s=LONG_S), "oakum.plan/1")
        assert [step["does"]["kind"] for step in plan["steps"] if step["does"]] == ["keep-evidence", "restart"]
        refused = oakum("apply", plan["id"], environment=home)
        assert refused.code == 3
        refused.says("was not approved", "--yes")
        os.kill(leak.pid, 0)
        applied = oakum("apply", plan["id"], "--yes", "-o", "json", environment=home, within_s=LONG_S)
        assert (applied.code, said(applied, "oakum.plan/1")["state"]) == (0, "applied")
        again = oakum("verify", plan["incident"], "-o", "json", environment=home)
        answer = said(again, "oakum.verify/1")
        assert (again.code, answer["outcome"]) == (1, "failed")
        assert answer["reopened"]
        new = int(answer["target"].removeprefix("pid/"))
        assert new != leak.pid
        shown = oakum("incident", "show", plan["incident"], "-o", "json", environment=home).json
        assert "reopened" in json.dumps(shown)
        kill(new)
        # A request costs it a fraction of what it costs the leak: the load shall be comparable on any machine.
        fixed = Nobodys(place, fixed_log, "steady_heap.py", "--rate", "6")
        on = ("--on", f"pid/{fixed.pid}")
        first = oakum("verify", plan["incident"], *on, "--for", "5s", "-o", "json", environment=home)
        assert (first.code, said(first, "oakum.verify/1")["outcome"]) == (5, "inconclusive")
        closed = oakum("verify", plan["incident"], *on, "--for", "26s", "-o", "json", environment=home)
        answer = said(closed, "oakum.verify/1")
        assert (closed.code, answer["outcome"]) == (0, "closed"), answer["checks"]
        shown = oakum("incident", "list", "--all", environment=home)
        assert "closed" in shown.out


def test_a_kill_since_the_fix_is_found_although_nobody_watched(tmp_path, home):
    log = tmp_path / "steady.log"
    log.touch()
    with cgroup("killed") as (place, _):
        steady = Nobodys(place, log, "steady_heap.py")
        run = oakum("verify", f"pid/{steady.pid}", "--for", "13s", "-o", "json", environment=home)
        answer = said(run, "oakum.verify/1")
        assert (run.code, answer["incident"]) == (0, None), answer["checks"]
        kill(steady.pid)
        gone = oakum("verify", f"pid/{steady.pid}", "--for", "5s", environment=home)
        assert gone.code == 3
        gone.says(str(steady.pid), "oakum scan host")


def test_what_the_policy_does_not_allow_is_the_callers_mistake(home):
    assert oakum("verify", "inc-99", environment=home).code == 2
    assert oakum("verify", "pid/1", "-o", "html", environment=home).code == 2
    assert oakum("apply", "plan-99", "--yes", environment=home).code == 2
    assert oakum("apply", "nonsense", "--yes", environment=home).code == 2
    assert oakum("undo", "plan-99", "--yes", environment=home).code == 2
    assert oakum("plan", "pid/1", "--limit", "lots", environment=home).code == 2
    assert Path(home["XDG_STATE_HOME"]).exists()
