"""Snapshots of a real Node.js: every planted leak by its name, its file and its line."""

from __future__ import annotations

import json

import jsonschema
import numpy as np
import pytest
from node import node_shop
from programs import SCHEMAS, oakum

from oakum.heap.analysis import analyze

pytestmark = pytest.mark.lab

PLANTED = {
    "SessionStore.entries": ("session-state", "sessions.js"),
    "hub in hub.js: listeners of 'tick'": ("listener", "hub.js"),
    "timers that call sendReminder in reminders.js:6": ("timer", ""),
    "counters in metrics.js": ("unbounded-cache", "metrics.js"),
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    with node_shop() as running:
        running.serve(3000)
        yield running.dump(tmp_path_factory.mktemp("node") / "shop.heapsnapshot")


def test_every_planted_leak_is_named_with_its_file_and_ranked_above_the_runtimes_own(snapshot):
    run = oakum("heap", "analyze", snapshot, "-o", "json")
    assert run.code == 0, run.err
    answer = run.json
    schema = json.loads((SCHEMAS / "oakum.heap-1.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(answer)
    assert {suspect["holder"] for suspect in answer["suspects"][:4]} == set(PLANTED)
    for suspect in answer["suspects"][:4]:
        cause, file = PLANTED[suspect["holder"]]
        assert suspect["cause"] == cause
        assert not file or suspect["places"][0]["file"].endswith(file)
    first = answer["suspects"][0]
    assert (first["holder"], first["count"], first["item_type"]) == ("SessionStore.entries", 3000, "Session")


def test_counts_and_bytes_are_those_of_the_snapshot_itself(snapshot):
    plain = json.loads(snapshot.read_text(encoding="utf-8"))
    fields = plain["snapshot"]["meta"]["node_fields"]
    sizes = plain["nodes"][fields.index("self_size") :: len(fields)]
    answer = oakum("heap", "analyze", snapshot, "-o", "json").json
    assert answer["objects"] == plain["snapshot"]["node_count"]
    assert answer["references"] == plain["snapshot"]["edge_count"]
    assert answer["shallow_bytes"] == sum(sizes)


def test_a_snapshot_cut_at_any_hundredth_is_told_as_far_as_it_goes(snapshot):
    whole = np.fromfile(snapshot, np.uint8)
    told = [
        analyze(whole[: whole.size * hundredth // 100], file="cut", told=lambda _: None) for hundredth in range(1, 100)
    ]
    assert all(report.partial for report in told)
    assert all(any("cut off" in warning for warning in report.warnings) for report in told)
    counts = [report.total.objects for report in told]
    assert counts == sorted(counts)
    assert counts[-1] == counts[50]
    nameless = [report for report in told if any("before its names" in warning for warning in report.warnings)]
    assert not any(report.suspects for report in nameless)
    assert {"(object)", "(string)"} <= {row.name for row in nameless[-1].classes}
    assert "timers that call sendReminder" in {suspect.holder for suspect in told[-1].suspects}


@pytest.mark.parametrize("hundredth", [10, 50, 99])
def test_a_snapshot_cut_short_is_marked_partial_and_exits_4(snapshot, tmp_path, hundredth):
    path = tmp_path / "cut.heapsnapshot"
    whole = snapshot.read_bytes()
    path.write_bytes(whole[: len(whole) * hundredth // 100])
    run = oakum("heap", "analyze", path, "-o", "json")
    assert run.code == 4
    assert run.json["partial"] is True
    run.says("partial", "cut off")


def test_growth_between_three_snapshots_names_every_planted_leak(tmp_path):
    files = []
    with node_shop() as running:
        for number in range(3):
            running.serve(1000)
            files.append(running.dump(tmp_path / f"{number}.heapsnapshot"))
    run = oakum("heap", "diff", *files, "-o", "json")
    assert run.code == 0, run.err
    found = [suspect["holder"] for suspect in run.json["suspects"]]
    assert set(found[:4]) == set(PLANTED), found
