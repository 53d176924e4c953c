"""Heap profiles of a real Go: the call paths that were planted, with the numbers that Go's own tool gives them."""

from __future__ import annotations

import json
import re
import subprocess

import jsonschema
import pytest
from go import built, go, go_shop, offline
from programs import SCHEMAS, oakum

pytestmark = pytest.mark.lab

SESSIONS = re.compile(r"main\.newSession \(sessions\.go:\d+\) ← main\.\(\*SessionStore\)\.Put ← main\.serve")


@pytest.fixture(scope="module")
def profiles(tmp_path_factory):
    folder = tmp_path_factory.mktemp("go")
    with go_shop(built(folder)) as running:
        files = []
        for number in range(2):
            running.serve(3000)
            files.append(running.dump(folder / f"{number}.pb.gz"))
        return files


def test_what_lives_is_told_by_call_path_with_what_a_profile_cannot_say(profiles):
    run = oakum("heap", "analyze", profiles[0], "-o", "json")
    assert run.code == 0, run.err
    schema = json.loads((SCHEMAS / "oakum.heap-1.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(run.json)
    first = run.json["suspects"][0]
    assert SESSIONS.fullmatch(first["holder"])
    assert first["cause"] == "session-state"
    assert first["places"][0]["file"].endswith("sessions.go")
    causes = {each["holder"]: each["cause"] for each in run.json["suspects"]}
    assert causes["stacks of goroutines"] == "goroutine"
    assert not [name for name in causes if "Passing" in name and "hub.go" not in name]
    assert "not who holds it" in run.json["warnings"][0]


def test_bytes_by_function_are_those_of_gos_own_tool(profiles):
    said = subprocess.run(
        [go(), "tool", "pprof", "-top", "-nodecount=0", "-nodefraction=0", "-unit=B", profiles[0]],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=offline(),
    ).stdout
    rows = re.findall(r"^\s*(\d+)B?\s+[\d.]+%\s+[\d.]+%\s+(\d+)B?\s+[\d.]+%\s+(\S+)", said, re.MULTILINE)
    wanted = {name: (int(flat), int(cum)) for flat, cum, name in rows if name.startswith("main.")}
    classes = oakum("heap", "analyze", profiles[0], "-o", "json").json["classes"]
    found = {row["name"].partition(" (")[0] if not row["name"].startswith("main.(") else "": row for row in classes}
    compared = set(wanted) & set(found)
    assert {"main.newSession", "main.Subscribe", "main.serve", "main.main"} <= compared
    for name in compared:
        assert (found[name]["shallow_bytes"], found[name]["retained_bytes"]) == wanted[name], name


def test_growth_between_two_profiles_names_the_call_path(profiles):
    run = oakum("heap", "diff", *profiles, "-o", "json")
    assert run.code == 0, run.err
    first = run.json["suspects"][0]
    assert SESSIONS.fullmatch(first["holder"])
    assert first["growth"][1] > 1.8 * first["growth"][0]


def test_a_profile_cut_short_is_one_clear_error(profiles, tmp_path):
    path = tmp_path / "cut.pb.gz"
    path.write_bytes(profiles[0].read_bytes()[:700])
    run = oakum("heap", "analyze", path)
    assert run.code == 4
    run.says("broken")
