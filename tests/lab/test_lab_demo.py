"""The demo as a test: the planted leak named and restarted, a real kill, its fixed twin not accused but proven."""

from __future__ import annotations

import json
import re
import shutil

import jsonschema
import pytest
import referencing
from programs import SCHEMAS, node_port, oakum

pytestmark = pytest.mark.lab

BUSY_S = 480.0
"""How long it may take beside other tests; alone it takes two minutes."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    with node_port():
        run = oakum("demo", "-o", "json", within_s=BUSY_S, cwd=folder, environment={"TMPDIR": str(folder)})
    return run, run.json


def test_the_leak_is_assessed_and_its_first_cause_is_the_planted_one(demo):
    run, answer = demo
    leaking = answer["leaking"]
    assert leaking["verdict"]["verdict"] == "leak", run.err
    first = leaking["causes"][0]
    assert first["cause"] == "unbounded-cache"
    assert "PriceCache" in first["holder"]
    assert "entries" in first["holder"]
    assert "leaky.py" in str(first["places"])


def test_the_fixed_variant_is_not_accused(demo):
    fixed = demo[1]["fixed"]
    assert fixed["verdict"]["verdict"] in {"healthy", "cannot-tell"}
    assert fixed["series_verdict"]["verdict"] != "leak"


def test_the_kernel_killed_the_leaking_one_and_said_so(demo):
    """The kernel's own line, with the right cgroup and pid: of what the restart had started."""
    answer = demo[1]
    kill = answer["kill"]
    old = int(answer["leaking"]["target"].removeprefix("pid/"))
    (pid,) = map(int, re.findall(rf"pid {old} ended, pid (\d+) runs", answer["acting"]["plan"]["steps"][-1]["outcome"]))
    assert kill["constraint"] == "memcg"
    assert re.search(r"/oakum-leaky-\d+$", kill["limit_cgroup"])
    assert kill["task_cgroup"].startswith(kill["limit_cgroup"])
    assert kill["pid"] == pid
    assert str(pid) in kill["line"]
    assert kill["anon_bytes"] == pytest.approx(answer["limit_bytes"], rel=0.15)


def test_the_restart_was_planned_approved_and_applied_with_its_evidence_kept_first(demo):
    acting = demo[1]["acting"]
    plan, incident = acting["plan"], acting["incident"]
    assert [step["does"]["kind"] for step in plan["steps"]] == ["keep-evidence", "restart"]
    assert {step["state"] for step in plan["steps"]} == {"applied"}
    assert plan["incident"] == incident["incident"]["id"] == "inc-1"
    (approval,) = incident["approvals"]
    assert (approval["how"], approval["digest"]) == ("--yes", plan["digest"])
    assert [row["id"] for row in incident["evidence"] if row["id"].startswith("before-plan")] == ["before-plan-1"]


def test_the_fixed_variant_is_proven_at_the_gate_and_the_incident_closed(demo):
    acting = demo[1]["acting"]
    assert acting["verification"]["outcome"] == "closed", acting["verification"]["checks"]
    assert {check["state"] for check in acting["verification"]["checks"]} == {"passed"}
    assert acting["verification"]["target"] == demo[1]["fixed"]["target"]
    assert acting["incident"]["incident"]["state"] == "closed"
    told = " ".join(entry["text"] for entry in acting["incident"]["timeline"])
    steps = (
        "plan-1 was made",
        "plan-1 was applied",
        "the kernel killed pid",
        "the fixed version runs",
        "verified: closed",
    )
    places = [told.index(step) for step in steps]
    assert places == sorted(places), told


def test_the_answer_is_valid_by_its_schema(demo):
    schemas = [json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS.glob("*.json")]
    registry = referencing.Registry().with_contents([(schema["$id"], schema) for schema in schemas])
    schema = json.loads((SCHEMAS / "oakum.demo-1.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema, registry=registry).validate(demo[1])


@pytest.mark.skipif(shutil.which("node") is None, reason="no node on this machine")
def test_the_chapter_in_node_names_the_listeners_and_does_not_accuse_their_fixed_variant(demo):
    node = demo[1]["node"]
    assert node["leaking"]["verdict"]["verdict"] == "leak"
    first = node["leaking"]["causes"][0]
    assert (first["cause"], first["holder"]) == ("listener", "market in leaky.js: listeners of 'move'")
    assert "leaky.js:12" in first["where"]
    assert node["fixed"]["verdict"]["verdict"] in {"healthy", "cannot-tell"}, node["fixed"]["verdict"]["reasons"]


def test_it_ends_and_says_that_all_went_as_shown(demo):
    """The demo is right when the leak was found and the twin was not accused: that is its 0."""
    run, answer = demo
    assert answer["schema"] == "oakum.demo/1"
    assert answer["absent"] == []
    assert run.code == 0, run.err
