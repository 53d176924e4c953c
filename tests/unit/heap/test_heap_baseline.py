"""A dump against a baseline: what was there already is no suspect, and all else is told as ever."""

from __future__ import annotations

import json

import jsonschema
import numpy as np
import pytest
from pprof_files import PprofFile
from shop_dump import shop_dump
from v8_files import V8File

from oakum.heap.analysis import analyze
from oakum.heap.baseline import analyze_since
from oakum.heap.difference import sketch
from oakum.model.errors import CallerError
from oakum.render import heap_html, heap_to_json, schemas


def quiet(_):
    pass


def of(data):
    return np.frombuffer(data, np.uint8)


@pytest.fixture(scope="module")
def report():
    before = sketch(of(shop_dump(sessions=100)), file="old.hprof", told=quiet)
    return analyze_since(of(shop_dump(sessions=400)), before, file="new.hprof", told=quiet)


def test_only_what_grew_is_a_suspect(report):
    (suspect,) = report.suspects
    assert suspect.holder == "shop.SessionCache.entries"
    assert suspect.growth[0] < suspect.growth[1] == suspect.retained_bytes


def test_all_else_is_that_of_the_dump_alone(report):
    alone = analyze(of(shop_dump(sessions=400)), file="new.hprof", told=quiet)
    for name in ("file", "format", "total", "reachable", "unreachable", "classes", "biggest", "waste", "tree"):
        assert getattr(report, name) == getattr(alone, name)
    assert len(alone.suspects) > 1


def test_the_same_dump_twice_has_no_suspect():
    same = of(shop_dump())
    found = analyze_since(same, sketch(same, file="a", told=quiet), file="b", told=quiet)
    assert found.suspects == ()
    assert "No holder grew since the baseline" in heap_html(found)


def test_json_and_page_name_the_baseline(report):
    encoded = json.loads(json.dumps(heap_to_json(report)))
    jsonschema.Draft202012Validator(schemas.read("oakum.heap/1")).validate(encoded)
    assert encoded["baseline"]["file"] == "old.hprof"
    assert encoded["baseline"]["reachable"]["bytes"] < encoded["reachable"]["bytes"]
    assert len(encoded["suspects"][0]["growth"]) == 2
    assert "grew by" in heap_html(report)


def test_a_baseline_of_another_runtime_is_the_callers_mistake():
    file = V8File()
    file.edge(0, "element", 1, file.node("object", "A"))
    with pytest.raises(CallerError, match="different runtimes"):
        analyze_since(of(shop_dump()), sketch(of(file.bytes()), file="a", told=quiet), file="b", told=quiet)


def test_a_profile_since_an_older_one_names_the_call_path_that_grew():
    serve = [("main.keep", "/srv/shop/main.go", 12), ("main.main", "/srv/shop/main.go", 40)]

    def profile(kept):
        file = PprofFile()
        file.sample(serve, (kept, kept, kept * 4096), packed=True)
        return of(file.bytes())

    found = analyze_since(profile(900), sketch(profile(100), file="a", told=quiet), file="b", told=quiet)
    (suspect,) = found.suspects
    assert "main.keep" in suspect.holder
    assert suspect.growth[1] - suspect.growth[0] == 800 * 4096
