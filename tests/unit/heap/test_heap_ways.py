"""Why objects of a class are there."""

from __future__ import annotations

import io
import json

import jsonschema
import numpy as np
import pytest
from rich.console import Console
from shop_dump import shop_dump
from v8_files import V8File

from oakum.heap.ways import paths_to_class
from oakum.model.errors import CallerError
from oakum.render import schemas
from oakum.render.codec_heap import heap_paths_to_json
from oakum.render.table_heap import heap_paths_view


def asked(name, data=None, most=3):
    data = np.frombuffer(data or shop_dump(sessions=50), np.uint8)
    return paths_to_class(data, name, file="shop.hprof", most=most, told=lambda _: None)


def told(path):
    return [(step.via, step.node) for step in path]


@pytest.mark.parametrize("name", ["shop.Session", "Session"])
def test_objects_that_are_held_in_one_way_are_one_group(name):
    found = asked(name)
    assert (found.objects.objects, found.looked_at) == (50, 50)
    assert [(row.name, row.holders, row.dominated) for row in found.held_by] == [("java.util.HashMap$Node", 50, 50)]
    (group,) = found.groups
    assert group.count == 50
    assert told(group.path)[:3] == [
        ("", "class shop.SessionCache"),
        ("static entries", "java.util.HashMap"),
        (".table", "java.util.HashMap$Node[50]"),
    ]
    assert told(group.path)[-1] == (".value", "shop.Session")


def test_the_bytes_that_would_go_with_the_class_count_each_once():
    found = asked("shop.Session")
    assert found.retained_bytes == 50 * (24 + 528)
    assert found.largest_bytes == 24 + 528


def test_ways_to_the_largest_are_different_and_shortest_first():
    file = V8File()
    near, far, item = file.node("object", "Near"), file.node("object", "Far"), file.node("object", "Item", 100)
    file.edge(0, "element", 1, near)
    file.edge(near, "property", "far", far)
    file.edge(near, "property", "item", item)
    file.edge(far, "property", "item", item)
    found = asked("Item", file.bytes(), most=9)
    assert [told(path)[1:] for path in found.largest] == [
        [("[1]", "Near"), (".item", "Item")],
        [("[1]", "Near"), (".far", "Far"), (".item", "Item")],
    ]


def test_a_name_that_no_class_has_is_the_callers_mistake_and_near_ones_are_told():
    with pytest.raises(CallerError, match="no class 'Sesion'") as error:
        asked("Sesion")
    assert "Session" in error.value.why


def test_a_last_part_that_two_classes_share_is_asked_back():
    file = V8File()
    for number, name in enumerate(("shop.Item", "depot.Item")):
        file.edge(0, "element", number, file.node("object", name))
    with pytest.raises(CallerError, match="2 classes 'Item'") as error:
        asked("Item", file.bytes())
    assert "shop.Item, depot.Item" in error.value.why


def test_the_answer_is_valid_json_and_prints():
    found = asked("Session")
    encoded = json.loads(json.dumps(heap_paths_to_json(found), allow_nan=False))
    jsonschema.Draft202012Validator(schemas.read("oakum.heappaths/1")).validate(encoded)
    out = io.StringIO()
    Console(file=out, width=90, color_system=None).print(heap_paths_view(found))
    assert "50 of 50 looked at" in out.getvalue()
    assert "static entries → java.util.HashMap" in out.getvalue()
