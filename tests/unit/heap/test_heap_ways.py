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

from oakum.heap.ways import paths_to_class, paths_to_object
from oakum.model.errors import CallerError
from oakum.render import schemas
from oakum.render.codec_heap import heap_paths_to_json
from oakum.render.report_heap import heap_paths_html
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


def object_asked(object_id, data=None):
    data = np.frombuffer(data or shop_dump(sessions=50), np.uint8)
    return paths_to_object(data, object_id, file="shop.hprof", most=3, told=lambda _: None)


def test_an_object_is_found_by_the_id_that_the_class_told():
    largest = asked("shop.Session")
    found = object_asked(largest.largest_id)
    assert (found.name, found.object_id, found.objects.objects) == ("shop.Session", largest.largest_id, 1)
    assert found.retained_bytes == largest.largest_bytes
    assert [(row.name, row.dominated) for row in found.held_by] == [("java.util.HashMap$Node", 1)]
    assert found.ways == 1
    assert found.largest == largest.largest
    encoded = heap_paths_to_json(found)
    jsonschema.Draft202012Validator(schemas.read("oakum.heappaths/1")).validate(encoded)
    assert encoded["object"] == largest.largest_id


@pytest.mark.parametrize(
    ("object_id", "words"),
    [
        ("zzz", "no object's id"),
        ("0x1234567", "no object 0x1234567"),
        ("-5", "no object -5"),
        (str(1 << 70), "no object"),
        ("@", "no object's id"),
    ],
)
def test_an_id_of_nothing_is_the_callers_mistake(object_id, words):
    with pytest.raises(CallerError) as told:
        object_asked(object_id)
    assert words in str(told.value)


def test_garbage_has_no_way():
    file = V8File()
    lone = file.node("object", "Lone", 16)
    with pytest.raises(CallerError, match="no root holds"):
        object_asked(f"@{2 * lone + 1}", file.bytes())


def test_a_handle_that_holds_for_a_moment_is_no_way_where_there_is_another():
    file = V8File()
    handles, store, item = (
        file.node(kind, name)
        for kind, name in (("synthetic", "(Handle scope)"), ("object", "Store"), ("object", "Item"))
    )
    file.edge(0, "element", 1, handles)
    file.edge(handles, "element", 1, item)
    file.edge(0, "element", 2, store)
    file.edge(store, "property", "item", item)
    (way,) = asked("Item", file.bytes()).largest
    assert [node for _, node in told(way)] == ["(synthetic)", "Store", "Item"]


def test_chains_of_any_length_are_one_way_and_a_long_one_is_told_by_its_ends():
    file = V8File()
    above = 0
    for _ in range(5000):
        below = file.node("object", "Object", 16)
        file.edge(above, "property", "next", below)
        above = below
    for _ in range(3):
        item = file.node("object", "Item")
        file.edge(above, "property", "item", item)
        above = item
    found = asked("Item", file.bytes())
    assert (found.ways, found.looked_at) == (1, 3)
    assert all(len(group.path) < 200 for group in found.groups)
    assert any("more steps" in step.node for step in found.groups[0].path)


@pytest.mark.parametrize("hostile", [False, True])
def test_the_page_tells_holders_ways_and_the_largest(hostile):
    file = V8File()
    name = "<script>\x1b[31m\u202e" if hostile else "Session"
    for number in range(30):
        holder, item = file.node("object", f"Holder{number}"), file.node("object", name)
        file.edge(0, "element", number, holder)
        file.edge(holder, "property", "item", item)
    page = heap_paths_html(asked(name, file.bytes()))
    assert "Held alone by" in page
    assert "10 more ways" in page
    assert "<script>" not in page
    assert "\x1b" not in page
