"""A watch as a person reads it, and its document beside the committed schema."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import referencing
from examples_render import NOW_S, leak_verdict, leaking_series
from rich.console import Console

from oakum.model.own_cost import OwnCost
from oakum.model.series import WorkloadSeries
from oakum.model.watch import Happening, Look, Watched, WatchReport
from oakum.render.codec_watch import watch_to_json
from oakum.render.table_watch import SHOWN, watch_view
from oakum.render.watch_standing import standing_text

SCHEMAS = Path(__file__).parents[3] / "src" / "oakum" / "render" / "schemas"
ESCAPE = "\x1b[31m"

LOOKS = (
    Look("pid/4242", "cheap", NOW_S - 900.0, 31.0, 0.2, "suspect", "inc-2", "suspect"),
    Look("pid/4242", "dear", NOW_S - 300.0, 33.0, 0.0, "leak", "inc-2", f"leak: unbounded-cache: {ESCAPE}CACHE"),
    Look("pid/7", "cheap", NOW_S - 60.0, 2.0, 0.0, failed="it was ended by signal 9"),
)


def report(**changes):
    made = WatchReport(
        source="host",
        begun_s=NOW_S - 1800.0,
        ended_s=NOW_S,
        interval_s=5.0,
        followed=41,
        ticks=360,
        missed=3,
        judged=80,
        rows=(Watched(leaking_series(), leak_verdict()), Watched(WorkloadSeries("pid/9", ()), None)),
        looks=LOOKS,
        happenings=(Happening(NOW_S - 900.0, "pid/4242", f"leak: {ESCAPE}shop"),),
        own=OwnCost(18.0, 44.0, 60 << 20, 90 << 20),
        stored_bytes=123_000,
    )
    return replace(made, **changes)


def drawn(made, width=110):
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(watch_view(made))
    console.file.close()
    return console.export_text()


def checked(document):
    schemas = [json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS.glob("*.json")]
    registry = referencing.Registry().with_contents([(schema["$id"], schema) for schema in schemas])
    schema = json.loads((SCHEMAS / "oakum.watch-1.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema, registry=registry).validate(document)
    return json.loads(json.dumps(document, allow_nan=False))


def test_the_document_is_as_its_schema_says():
    document = checked(watch_to_json(report()))
    assert document["incidents"] == ["inc-2"]
    assert document["own"]["cpu_share"] == pytest.approx(0.01)
    assert [row["id"] for row in document["series"]] == ["pid/4242", "pid/9"]
    assert [look["failed"] for look in document["looks"]] == [None, None, "it was ended by signal 9"]


def test_a_watch_of_no_time_that_saw_nothing_is_a_document_too():
    empty = report(rows=(), looks=(), happenings=(), ended_s=NOW_S - 1800.0, own=OwnCost(0.0, 0.0, 0, 0))
    assert checked(watch_to_json(empty))["incidents"] == []
    assert "incidents: none" in drawn(empty)


def test_a_person_reads_what_was_found_what_was_done_and_what_it_cost():
    text = drawn(report())
    for words in (
        "watched 41 processes and cgroups for 30 min; incidents: inc-2",
        "leak",
        "pid/4242",
        "stood still 200 ms",
        "failed: it was ended by signal 9",
        "1.0 % of a core",
        "3 samples missed",
        "oakum incident show inc-2",
    ):
        assert words in text, f"{words!r} is not in\n{text}"


def test_no_name_of_a_target_reaches_the_terminal_as_it_is():
    assert ESCAPE not in drawn(report())


def test_of_many_series_and_looks_only_some_are_told():
    many = report(rows=report().rows * 20, looks=LOOKS * 200)
    text = drawn(many)
    assert text.count("python -m shop.server") <= SHOWN
    assert text.count("looked at") <= SHOWN
    assert f"{len(LOOKS) * 200 - SHOWN} earlier looks" in text


def test_one_line_tells_how_it_stands():
    leaks = [("pid/4242", leak_verdict())] * 3
    assert standing_text(0.0, 1200, [], "") == "00:00:00Z 1,200 watched · nothing found"
    assert standing_text(0.0, 12, leaks, "pid/4242") == (
        "00:00:00Z 12 watched · pid/4242 leak +3.10 MiB/s at 176 MiB, limit in 26 s (and 2 more)"
        " · looking closer at pid/4242"
    )
