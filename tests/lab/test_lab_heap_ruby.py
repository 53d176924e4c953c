"""Dumps of a real Ruby: every planted leak by its class, counts and bytes as the lines themselves say."""

from __future__ import annotations

import json

import jsonschema
import pytest
from programs import SCHEMAS, oakum
from ruby import ruby_shop

pytestmark = pytest.mark.lab

PLANTED = {
    "Shop::SessionStore → Hash": (3000, "Shop::Session"),
    "class Shop::Hub → Array": (3000, "Proc"),
    "module Shop::Metrics → Hash": (3000, "Array"),
    "Shop::Worker → Array": (3000, "String"),
}


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    with ruby_shop() as running:
        running.serve(3000)
        yield running.dump(tmp_path_factory.mktemp("ruby") / "shop.json")


def test_every_planted_leak_is_named_by_its_class_and_ranked_above_the_runtimes_own(dump):
    run = oakum("heap", "analyze", dump, "-o", "json")
    assert run.code == 0, run.err
    schema = json.loads((SCHEMAS / "oakum.heap-1.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(run.json)
    found = {each["holder"]: (each["count"], each["item_type"]) for each in run.json["suspects"][:4]}
    assert found == PLANTED
    assert run.json["suspects"][0]["cause"] == "session-state"


def test_counts_and_bytes_are_those_of_the_lines_themselves(dump):
    lines = [json.loads(line) for line in dump.read_text(encoding="utf-8", errors="replace").splitlines()]
    objects = [line for line in lines if line["type"] != "ROOT"]
    answer = oakum("heap", "analyze", dump, "-o", "json").json
    assert answer["objects"] == len(lines)
    assert answer["shallow_bytes"] == sum(line.get("memsize", 40) for line in objects)
    sessions = next(row for row in answer["classes"] if row["name"] == "Shop::Session")
    assert sessions["count"] == 3000
    assert answer["warnings"] == []


def test_growth_between_two_dumps_names_every_planted_leak_and_where_it_was_allocated(tmp_path):
    files = []
    with ruby_shop() as running:
        running.trace()
        for number in range(2):
            running.serve(1500)
            files.append(running.dump(tmp_path / f"{number}.json"))
    run = oakum("heap", "diff", *files, "-o", "json")
    assert run.code == 0, run.err
    suspects = {each["holder"]: each for each in run.json["suspects"]}
    assert set(PLANTED) <= set(list(suspects)[:5]), list(suspects)
    growth = suspects["Shop::Worker → Array"]["growth"]
    assert growth[1] > 1.8 * growth[0]
    assert suspects["Shop::Worker → Array"]["places"][0]["file"].endswith("metrics.rb")


def test_a_dump_cut_short_is_analysed_as_far_as_it_goes_and_says_so(dump, tmp_path):
    whole = dump.read_bytes()
    path = tmp_path / "cut.json"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    run = oakum("heap", "analyze", path, "-o", "json")
    assert run.code == 4
    assert "cut off" in run.json["warnings"][0]
    assert run.json["objects"] > 50_000
