"""A machine's largest processes and a cluster's nodes below a scan: who holds most, and where it is tight."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest
from examples_render import scan
from test_render_table import flat, printed

from oakum.model.cluster_node import NodeStanding
from oakum.model.node import NodeView
from oakum.render import scan_html, scan_table, scan_to_json, schemas
from oakum.render.node_lines import SHOWN, largest_line, standing_lines

GIB = 1024**3
FULL = NodeStanding("blue", 8 * GIB, 7 * GIB, GIB // 2, ready=True, pressure=True)
SILENT = NodeStanding("dark", 8 * GIB, ready=False, cordoned=True)
CALM = NodeStanding("calm", 8 * GIB, 2 * GIB, 6 * GIB, ready=True, pressure=False)
UNLISTED = NodeStanding("else", None, GIB, None)


def test_a_node_is_told_by_what_it_uses_what_is_left_and_what_is_wrong():
    assert list(standing_lines((FULL, SILENT, CALM, UNLISTED))) == [
        "node blue: 7.00 GiB of 8.00 GiB used (88 %), 512 MiB left before it evicts, short of memory: it evicts pods",
        "node dark: what it uses is not told, not ready, cordoned",
        "node calm: 2.00 GiB of 8.00 GiB used (25 %), 6.00 GiB left before it evicts",
        "node else: 1.00 GiB used",
    ]


def test_trouble_comes_first_and_then_the_fullest():
    mixed = (UNLISTED, CALM, SILENT, FULL)
    assert sorted(mixed, key=lambda node: node.worst_first) == [FULL, SILENT, CALM, UNLISTED]


def test_of_many_nodes_the_first_are_named_and_the_others_counted():
    many = [replace(CALM, name=f"n{number}") for number in range(SHOWN + 3)]
    assert list(standing_lines(many))[SHOWN:] == ["3 more nodes, with less in use; -o json has them"]


def test_the_processes_that_hold_most_are_named_whatever_their_verdict():
    rows = scan().rows
    first = max((row for row in rows if row[0].scope == "process"), key=lambda row: row[1].level)
    line = largest_line(rows)
    assert line.startswith(f"most is held by {first[0].id}")
    assert line.count(" MiB") + line.count(" GiB") + line.count(" KiB") <= 3


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("/usr/bin/python3 /app/master.py --port 80", "python3 master.py"),
        ("/opt/bin/kube-apiserver --key=/certificates/accounts.key", "kube-apiserver"),
        ("java -Xmx4g -jar shop.jar", "java"),
        ("", ""),
    ],
)
def test_a_process_is_named_by_its_program_and_no_argument_of_it(command, named):
    series, verdict = next(row for row in scan().rows if row[0].scope == "process")
    line = largest_line([(replace(series, id="pid/7", labels={"command": command}), verdict)])
    assert line.startswith(f"most is held by {f'pid/7 {named}'.strip()} ")
    assert "accounts.key" not in line


def test_a_scan_without_processes_names_none():
    assert largest_line(()) == ""


@pytest.mark.parametrize("width", [60, 120])
def test_the_table_and_the_page_have_them_too(width):
    view = NodeView(0.0, 8 * GIB, 6 * GIB, GIB, GIB, GIB, 0, 0)
    found = replace(scan(), node=view, nodes=(FULL,))
    words = flat(scan_table(found), width)
    assert "this machine: 2.00 GiB of 8.00 GiB used (25 %)" in words
    assert "most is held by pid/" in words
    assert "node blue: 7.00 GiB of 8.00 GiB used (88 %)" in words
    page = scan_html(found)
    assert "node blue: 7.00 GiB" in page
    assert "most is held by pid/" in page


def test_names_of_nodes_cannot_write_to_the_terminal():
    hostile = replace(CALM, name="\x1b[2Jgone")
    assert "\x1b" not in printed(scan_table(replace(scan(), nodes=(hostile,))))


def test_json_has_each_figure_and_null_where_nobody_told():
    told = scan_to_json(replace(scan(), nodes=(FULL, UNLISTED)))
    node = schemas.read("oakum.scan/1")["properties"]["nodes"]
    jsonschema.Draft202012Validator(node).validate(json.loads(json.dumps(told["nodes"])))
    assert told["nodes"][0]["memory_pressure"] is True
    assert told["nodes"][1] == {
        "name": "else",
        "capacity_bytes": None,
        "used_bytes": GIB,
        "available_bytes": None,
        "ready": None,
        "memory_pressure": None,
        "cordoned": False,
    }
