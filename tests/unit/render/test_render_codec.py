"""The JSON that others build on: valid against its committed schema, and never a number that JSON has not."""

from __future__ import annotations

import copy
import json
import math
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from examples_demo import hostile_demo, killed, not_found, not_killed
from examples_render import HOSTILE, NOW_S, cannot_tell, filling_cache, healthy, hostile, leak, scan
from referencing import Registry, Resource

from oakum import render
from oakum.model.scan import Scan, Window
from oakum.model.verdict import Forecast
from oakum.render import demo_to_json, investigation_to_json, scan_to_json, schemas
from oakum.render.codec_number import plain

INVESTIGATIONS = [leak, filling_cache, healthy, cannot_tell, hostile]


def _strict(schema):
    """The schema with every object closed: a field that is not described fails."""
    schema = copy.deepcopy(schema)

    def close(node):
        if isinstance(node, dict):
            if "properties" in node:
                node["additionalProperties"] = False
            for value in node.values():
                close(value)
        elif isinstance(node, list):
            for value in node:
                close(value)

    close(schema)
    return schema


def _validator(name):
    known = [_strict(schemas.read(each)) for each in schemas.NAMES]
    registry = Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in known)
    schema = _strict(schemas.read(name))
    return jsonschema.Draft202012Validator(schema, registry=registry)


@pytest.mark.parametrize("name", schemas.NAMES)
def test_a_schema_is_itself_valid(name):
    jsonschema.Draft202012Validator.check_schema(schemas.read(name))


def test_every_schema_file_has_a_name():
    files = {path.stem for path in Path(schemas.__file__).parent.glob("*.json")}
    assert files == {name.replace("/", "-") for name in schemas.NAMES}


@pytest.mark.parametrize("example", INVESTIGATIONS)
def test_an_investigation_fits_its_schema(example):
    encoded = investigation_to_json(example())
    _validator("oakum.investigation/1").validate(json.loads(json.dumps(encoded, allow_nan=False)))


def test_a_scan_fits_its_schema():
    encoded = scan_to_json(scan())
    _validator("oakum.scan/1").validate(json.loads(json.dumps(encoded, allow_nan=False)))


def test_the_validator_bites():
    encoded = scan_to_json(scan())
    encoded["series"][0]["verdict"] = "guilty"
    assert not _validator("oakum.scan/1").is_valid(encoded)
    encoded = scan_to_json(scan())
    encoded["series"][0]["surprise"] = 1
    assert not _validator("oakum.scan/1").is_valid(encoded)


def test_an_empty_scan_is_a_scan():
    encoded = scan_to_json(Scan("series.csv", NOW_S, Window(math.nan, math.nan), ()))
    _validator("oakum.scan/1").validate(encoded)
    assert encoded["series"] == []
    assert encoded["window"] == {"start_s": None, "end_s": None, "step_s": None}


def test_the_worst_comes_first():
    series = scan_to_json(scan())["series"]
    assert [row["verdict"] for row in series] == [
        "leak",
        "leak",
        "suspect",
        "suspect",
        "cannot-tell",
        *["healthy"] * 4,
    ]
    assert series[0]["id"] == "pid/4242", "the one that dies first"


def test_a_leak_in_numbers():
    row = investigation_to_json(leak())["verdict"]
    assert row["probability"] == 0.97
    assert row["pattern"] == "linear"
    assert row["forecast"] == {"boundary": "limit", "p10_s": 22.0, "p50_s": 25.8, "p90_s": 31.0}
    assert row["forecasts"][1]["p90_s"] is None
    assert row["muted"] is None


def test_what_is_never_reached_is_null():
    assert investigation_to_json(healthy())["verdict"]["forecast"] is None


def test_a_boundary_that_may_never_be_reached_keeps_its_early_case():
    found = leak()
    verdict = replace(found.verdict, forecasts=(Forecast("limit", 60.0, math.inf, math.inf),))
    row = investigation_to_json(replace(found, verdict=verdict))["verdict"]
    assert row["forecast"] == {"boundary": "limit", "p10_s": 60.0, "p50_s": None, "p90_s": None}


def test_an_open_limit_and_an_open_interval_are_null():
    found = leak()
    verdict = replace(found.verdict, limit=math.inf, rate_interval=(-math.inf, 3.0), level=math.nan)
    row = investigation_to_json(replace(found, verdict=verdict))["verdict"]
    assert (row["limit"], row["rate_interval"], row["level"]) == (None, [None, 3.0], None)


def test_where_is_the_place_in_code_or_the_holder():
    found = leak()
    assert investigation_to_json(found)["causes"][0]["where"] == "/srv/shop/pricing.py:42 in PriceCache.remember"
    unplaced = replace(found, causes=(replace(found.causes[0], where=()),))
    assert investigation_to_json(unplaced)["causes"][0]["where"] == "shop.pricing.CACHE.entries"


def test_the_series_own_verdict_stands_beside_the_assessment():
    encoded = investigation_to_json(leak())
    assert (encoded["verdict"]["verdict"], encoded["series_verdict"]["verdict"]) == ("leak", "suspect")


def test_names_stay_as_they_are_but_half_characters_do_not():
    found = replace(leak(), target="pid/1 \udcff", runtime=HOSTILE)
    encoded = investigation_to_json(found)
    assert encoded["runtime"] == HOSTILE, "JSON escapes by itself; a program must get the real name"
    assert encoded["target"] == "pid/1 ?"
    json.dumps(encoded, ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64("nan"), None),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.array([1.0, np.inf]), [1.0, None]),
        ({1: (2, {3})}, {"1": [2, [3]]}),
        (b"ab", "b'ab'"),
        (True, True),
    ],
)
def test_facts_become_plain(value, expected):
    assert plain(value) == expected


def test_no_name_that_is_promised_is_a_files_too():
    """Once a file of the folder is imported, its name is the file: the promise would depend on who came first."""
    files = {path.stem for path in Path(render.__file__).parent.glob("*.py")}
    assert files & set(render.__all__) == set()
    assert all(callable(getattr(render, name)) for name in render.__all__)
    with pytest.raises(AttributeError):
        _ = render.no_such_thing


@pytest.mark.parametrize("demo", [killed, not_killed, not_found, hostile_demo])
def test_a_demo_is_valid_by_its_schema_and_says_why_a_part_is_missing(demo):
    document = json.loads(json.dumps(demo_to_json(demo()), allow_nan=False))
    registry = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in map(schemas.read, schemas.NAMES)
    )
    jsonschema.Draft202012Validator(schemas.read("oakum.demo/1"), registry=registry).validate(document)
    missing = [name for name in ("kill", "node", "acting") if document[name] is None]
    missing += ["plan"] if document["acting"] is not None and document["acting"]["plan"] is None else []
    assert len(document["absent"]) == len(missing)
