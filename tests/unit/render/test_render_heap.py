"""A dump's report in every form."""

from __future__ import annotations

import io
import json

import jsonschema
import pytest
from examples_heap import heap_diff, heap_report, hostile_heap
from rich.console import Console

from oakum.render import heap_diff_to_json, heap_diff_view, heap_html, heap_to_json, heap_view, schemas


def printed(view, width):
    out = io.StringIO()
    Console(file=out, width=width, color_system=None).print(view)
    return out.getvalue()


@pytest.mark.parametrize("made", [heap_report, hostile_heap])
def test_the_json_is_valid_against_its_schema_and_adds_up(made):
    encoded = json.loads(json.dumps(heap_to_json(made()), allow_nan=False))
    jsonschema.Draft202012Validator(schemas.read("oakum.heap/1")).validate(encoded)
    for total, part in (("objects", "objects"), ("shallow_bytes", "bytes")):
        assert encoded["reachable"][part] + encoded["unreachable"][part] == encoded[total]


@pytest.mark.parametrize("width", [60, 80, 140])
def test_a_terminal_shows_the_holder_its_path_and_every_part(width):
    text = printed(heap_view(heap_report()), width)
    for word in ("shop.SessionCache.entries", "static shop.SessionCache → java.util.HashMap", "classes", "waste", "12"):
        assert word in text
    assert max(map(len, text.splitlines())) <= width


def test_names_with_escapes_reach_no_terminal():
    assert "\x1b" not in printed(heap_view(hostile_heap()), 100)
    assert "\u202e" not in printed(heap_view(hostile_heap()), 100)


def test_the_page_draws_the_dominator_tree_and_leaves_out_what_cannot_be_seen():
    page = heap_html(heap_report())
    assert "<svg" in page
    assert "java.util.HashMap: 3.72 MiB, 54 %" in page
    assert "tiny" not in page


@pytest.mark.parametrize("name", ["shop.SessionCache", "<script>\x1b[31m\u202e"])
def test_a_comparison_is_valid_json_and_prints_every_dumps_figures(name):
    diff = heap_diff(name)
    encoded = json.loads(json.dumps(heap_diff_to_json(diff), allow_nan=False))
    jsonschema.Draft202012Validator(schemas.read("oakum.heapdiff/1")).validate(encoded)
    assert encoded["suspects"][0]["growth"] == [1_300_000, 2_600_000, 3_912_000]
    text = printed(heap_diff_view(diff), 100)
    assert "1.24 MiB → 2.48 MiB → 3.73 MiB" in text
    assert "100 → 200 → 300" in text
    assert "\x1b" not in text
