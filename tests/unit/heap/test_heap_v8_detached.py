"""Elements that are out of the page and still held, in what a browser wrote."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from v8_files import V8File

from oakum.heap.analysis import analyze
from oakum.heap.formats.v8.dump import V8Dump
from oakum.heap.formats.v8.reader import read_v8

RECORDED = Path(__file__).parents[2] / "recordings" / "chromium" / "detached.heapsnapshot"


def analyzed(content):
    return analyze(np.frombuffer(content, np.uint8), file="page.heapsnapshot", told=lambda _: None)


def counts(report):
    return {row.name: row.count for row in report.classes}


def test_detached_trees_are_named_by_tag_and_by_what_still_holds_them():
    report = analyzed(RECORDED.read_bytes())
    found = counts(report)
    assert (found["Detached <div>"], found["Detached <ul>"], found["Detached <li>"]) == (40, 40, 200)
    first = report.suspects[0]
    assert (first.holder, first.count, first.item_type) == ("Basket.rows", 40, "Detached <div>")
    assert "out of the page" in first.advice
    assert not report.warnings


def page(*, detachedness, field="detachedness", name='<li id="order-{}">'):
    """``detachedness``: of each of three elements that an array holds."""
    file = V8File(traced=False)
    file.node_fields = ["type", "name", "id", "self_size", "edge_count", field]
    holder = file.node("object", "Basket", 64)
    file.edge(0, "element", 1, holder)
    for at in range(len(detachedness)):
        file.edge(holder, "element", at, file.node("native", name.format(at), 100))
    told = json.loads(file.bytes())
    for at, value in enumerate(detachedness):
        told["nodes"][6 * (at + 2) + 5] = value
    return json.dumps(told).encode()


def test_only_what_the_file_says_is_detached_is_called_so_and_attributes_make_no_classes():
    found = counts(analyzed(page(detachedness=[2, 1, 0])))
    assert found["Detached <li>"] == 1
    assert found["<li>"] == 2


def test_one_element_is_labelled_with_its_attributes():
    dump = V8Dump(read_v8(np.frombuffer(page(detachedness=[2, 0, 0]), np.uint8)))
    assert [dump.label(node) for node in (2, 3)] == ['Detached <li id="order-0">', '<li id="order-1">']


def test_a_name_that_says_detached_already_is_not_told_so_twice():
    found = counts(analyzed(page(detachedness=[2, 2, 2], name="Detached HTMLDivElement")))
    assert found["Detached HTMLDivElement"] == 3


@pytest.mark.parametrize("field", ["trace_node_id", "something_new"])
def test_another_column_of_that_width_detaches_nothing(field):
    assert counts(analyzed(page(detachedness=[2, 2, 2], field=field)))["<li>"] == 3
