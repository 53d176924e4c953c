"""Deeper steps: dear ones, and only where it is not known who allocates."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest
from examples_explain import MIB, PLACE, growth, holder, series

from oakum.explain import explain
from oakum.model.deeper import Deeper
from oakum.model.division import Divided, Division, Part
from oakum.model.policy import Policy
from oakum.model.verdict import Pattern, VerdictName

DEEPER = Deeper(42, (3, 11), ("/srv/venv/bin/python", "-m", "shop", "--port", "80"), "", readable=True, remote=False)
MEMRAY = replace(DEEPER, memray="/srv/venv/lib/python3.11/site-packages")


def native(before, after):
    rows = [
        Division({part: size * MIB * (part is Part.NATIVE) for part in Part}, 1, 0, 1, allocator_read=True)
        for size in (before, after)
    ]
    return Divided(rows[0], rows[1], 10.0)


def steps(deeper, found=None, verdict=None):
    answer = explain(
        "pid/42",
        verdict or series(),
        found or replace(growth(), seconds=120.0),
        sources={},
        policy=Policy(),
        deeper=deeper,
    )
    return answer.plan.steps


def commands(deeper, found=None, verdict=None):
    return " | ".join(step.command for step in steps(deeper, found, verdict))


def test_where_nothing_is_named_memray_is_attached_and_a_canary_is_traced():
    told = commands(MEMRAY)
    assert "memray attach --duration 60" in told
    assert "PYTHONTRACEMALLOC=10 /srv/venv/bin/python …" in told
    assert "remote_exec" not in told


def test_an_attach_tells_that_the_target_may_hang_in_it():
    step = next(step for step in steps(MEMRAY) if "memray attach" in step.command)
    assert "approved" in step.title
    assert "it hangs or crashes, and only a restart helps" in step.risk


def test_the_canary_tells_its_price_and_that_a_rollout_would_destroy_the_evidence():
    canary = next(step for step in steps(DEEPER) if "tracemalloc" in step.title)
    assert "never by a rollout" in canary.title
    assert "×4.3" in canary.risk
    assert "×2.2" in canary.risk
    assert "141 MiB instead of 64.0 MiB" in canary.risk
    assert canary.undo


@pytest.mark.parametrize(
    ("deeper", "why"),
    [
        (DEEPER, "memray is not in its environment"),
        (replace(MEMRAY, readable=False), "this user may not look into it"),
    ],
)
def test_where_memray_cannot_be_attached_a_canary_runs_under_it_and_it_is_said_why(deeper, why):
    step = next(step for step in steps(deeper) if "memray" in step.title)
    assert step.command.startswith("memray run -o leak.bin … && ")
    assert why in step.risk


def test_memory_outside_the_objects_wants_native_frames_and_no_tracemalloc():
    told = commands(MEMRAY, replace(growth(), divided=native(20, 30)))
    assert "memray attach --native" in told
    assert "TRACEMALLOC" not in told


def test_a_script_is_handed_over_where_the_interpreter_takes_one():
    step = next(step for step in steps(replace(DEEPER, version=(3, 14), remote=True)) if "remote_exec" in step.command)
    assert "sys.remote_exec(42, sys.argv[1])" in step.command
    assert "approved" in step.title
    assert "tracemalloc.stop" in step.undo


def test_what_a_program_was_started_with_may_be_a_secret_and_is_in_no_step():
    started = ("/usr/bin/python3", "-m", "shop", "--db-url=postgresql://shop:hunter2@db/shop")
    for deeper in (replace(DEEPER, command=started), replace(MEMRAY, command=started, remote=True)):
        assert "hunter2" not in repr(steps(deeper))
        assert "…" in commands(deeper)


def handed(tmp_path, made_up):
    """What the step's command does in a shell, with its folders below ``tmp_path`` and a mktemp that is guessed."""
    step = next(step for step in steps(replace(DEEPER, version=(3, 14), remote=True)) if "remote_exec" in step.command)
    for folder in ("tmp", "target/tmp", "bin"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    for name, does in (("mktemp", f"echo {made_up}"), ("python3.14", 'echo "$3"')):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    command = step.command.replace("/proc/42/root$script", f"{tmp_path}/target/tmp/${{script##*/}}")
    command = command.replace("script=/tmp/", f"script={tmp_path}/tmp/")
    environment = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin"}
    return subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True, check=False)


def test_the_script_is_where_the_target_looks_and_is_handed_over_by_the_name_that_it_has_there(tmp_path):
    done = handed(tmp_path, "oakum-abc")
    assert (done.returncode, done.stdout.strip()) == (0, f"{tmp_path}/tmp/oakum-abc")
    for folder in ("tmp", "target/tmp"):
        assert (tmp_path / folder / "oakum-abc").read_text() == "import tracemalloc; tracemalloc.start(10)\n"


def test_where_its_tmp_is_ours_the_script_is_written_once(tmp_path):
    (tmp_path / "tmp").mkdir()
    (tmp_path / "target").mkdir()
    (tmp_path / "target/tmp").symlink_to(tmp_path / "tmp")
    done = handed(tmp_path, "oakum-abc")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("folder", ["tmp", "target/tmp"])
def test_a_name_that_somebody_took_is_not_written_through(tmp_path, folder):
    victim = tmp_path / "victim"
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "oakum-abc").symlink_to(victim)
    done = handed(tmp_path, "oakum-abc")
    assert done.returncode != 0
    assert not victim.exists()
    assert not done.stdout


def test_where_the_place_in_the_code_is_known_nothing_dear_is_asked_for():
    named = growth(replace(holder(), defined=PLACE))
    assert "memray" not in commands(MEMRAY, named)
    assert "TRACEMALLOC" not in commands(MEMRAY, named)


def test_a_healthy_program_and_another_runtime_are_asked_nothing():
    assert not steps(MEMRAY, verdict=series(VerdictName.HEALTHY, Pattern.FLAT, 0.0))
    assert "memray" not in commands(None)
