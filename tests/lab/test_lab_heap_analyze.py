"""``oakum heap analyze`` as a person runs it, on dumps of a real JVM and on what is broken."""

from __future__ import annotations

import gzip
import json
import subprocess

import jsonschema
import numpy as np
import pytest
import zstandard
from jvm import shop
from programs import OAKUM, SCHEMAS, oakum

from oakum.heap.analysis import analyze
from oakum.model.errors import DataError

pytestmark = pytest.mark.lab

PLANTED = {
    "shop.SessionCache.entries": "session-state",
    "shop.EventBus.listeners": "listener",
    "shop.Worker.history (thread-local)": "thread-local",
    "shop.Metrics.counters": "unbounded-cache",
}


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jvm")
    with shop(folder) as running:
        running.serve(3000)
        yield running.dump(folder / "shop.hprof")


def analyzed(run):
    answer = run.json
    schema = json.loads((SCHEMAS / "oakum.heap-1.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(answer)
    assert answer["reachable"]["bytes"] + answer["unreachable"]["bytes"] == answer["shallow_bytes"]
    return answer


def test_every_planted_leak_is_named_by_the_field_that_holds_it(dump):
    run = oakum("heap", "analyze", dump, "-o", "json")
    assert run.code == 0, run.err
    answer = analyzed(run)
    found = {suspect["holder"]: suspect for suspect in answer["suspects"]}
    for holder, cause in PLANTED.items():
        assert found[holder]["cause"] == cause
    ranked = [suspect["holder"] for suspect in answer["suspects"]]
    assert set(ranked[:4]) == set(PLANTED)
    assert (ranked[0], ranked[3]) == ("shop.SessionCache.entries", "shop.Metrics.counters")
    assert found["shop.SessionCache.entries"]["count"] == 3000
    assert found["shop.SessionCache.entries"]["item_type"] == "shop.Session"


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_packed_dump_gives_the_same_answer(dump, tmp_path, pack):
    path = tmp_path / "packed"
    path.write_bytes(pack(dump.read_bytes()))
    plain, packed = (analyzed(oakum("heap", "analyze", file, "-o", "json")) for file in (dump, path))
    told_apart = {"file": "", "memory": None}
    assert {**packed, **told_apart} == {**plain, **told_apart}


def test_a_dump_through_a_pipe_is_read(dump):
    with dump.open("rb") as file:
        done = subprocess.run(
            [OAKUM, "heap", "analyze", "-", "-o", "json"], stdin=file, capture_output=True, check=True, timeout=120
        )
    assert json.loads(done.stdout)["suspects"][0]["holder"] == "shop.SessionCache.entries"


def test_a_cut_dump_is_told_as_far_as_it_goes_and_exits_4(dump, tmp_path):
    path = tmp_path / "cut.hprof"
    whole = dump.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    run = oakum("heap", "analyze", path, "-o", "json")
    assert run.code == 4
    assert analyzed(run)["partial"] is True
    run.says("partial", "cut off")


def test_a_dump_cut_at_any_hundredth_is_told_as_far_as_it_goes_or_is_one_error(dump):
    whole = np.fromfile(dump, np.uint8)
    told, refused = [], []
    for hundredth in range(1, 100):
        try:
            told.append(analyze(whole[: whole.size * hundredth // 100], file="cut", told=lambda _: None))
        except DataError as exc:
            refused.append((hundredth, str(exc)))
    assert all(report.partial for report in told)
    assert all(any("cut off" in warning for warning in report.warnings) for report in told)
    assert all("no object" in text for _, text in refused)
    assert [hundredth for hundredth, _ in refused] == list(range(1, 1 + len(refused)))
    # Names of classes and methods come first: the smaller a dump is, the more of it they are.
    assert len(told) > 60
    counts = [report.total.objects for report in told]
    assert counts == sorted(counts)


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "empty"), (b"\x7fELF\x02", "core"), (b"<html>", "HTML"), (b"\0", "no heap dump")]
)
def test_what_is_no_dump_is_one_clear_error(tmp_path, content, words):
    path = tmp_path / "file"
    path.write_bytes(content)
    run = oakum("heap", "analyze", path)
    assert run.code == 4
    run.says("no heap dump", words)


def test_too_little_memory_is_said_with_what_would_do(dump):
    run = oakum("heap", "analyze", dump, "--memory", "10MiB")
    assert run.code == 2
    run.says("--memory")


def test_the_page_is_one_file(dump, tmp_path):
    page = tmp_path / "shop.html"
    run = oakum("heap", "analyze", dump, "-o", "html", "-f", page)
    assert run.code == 0
    text = page.read_text(encoding="utf-8")
    assert "shop.SessionCache.entries holds" in text
    assert "<svg" in text


def test_growth_between_three_dumps_names_every_planted_leak_down_to_the_smallest(tmp_path):
    files = []
    with shop(tmp_path) as running:
        for number in range(3):
            running.serve(1500)
            files.append(running.dump(tmp_path / f"{number}.hprof"))
    run = oakum("heap", "diff", *files, "-o", "json")
    assert run.code == 0, run.err
    answer = run.json
    schema = json.loads((SCHEMAS / "oakum.heapdiff-1.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(answer)
    assert {suspect["holder"] for suspect in answer["suspects"]} == set(PLANTED)
    for suspect in answer["suspects"]:
        assert suspect["growth"] == sorted(suspect["growth"])
        assert suspect["confidence"] >= 0.5
    rows = {row["name"]: row["count"] for row in answer["grown"]}
    assert rows["shop.Session"] == [1500, 3000, 4500]


def test_a_leak_that_grew_by_less_than_half_a_hundredth_of_the_heap_is_named(tmp_path):
    files = []
    with shop(tmp_path) as running:
        for requests in (20_000, 10_000):
            running.serve(requests)
            files.append(running.dump(tmp_path / f"{requests}.hprof"))
    answer = oakum("heap", "diff", *files, "-o", "json").json
    found = next(suspect for suspect in answer["suspects"] if suspect["holder"] == "shop.Metrics.counters")
    assert 0 < found["growth"][1] - found["growth"][0] < 0.005 * answer["reachable"][1]["bytes"]
    assert (found["cause"], found["count"]) == ("unbounded-cache", 3000)


def test_one_dump_cannot_be_compared(dump):
    run = oakum("heap", "diff", dump)
    assert run.code == 2
    run.says("one dump", "oakum heap diff")


def test_the_way_to_a_class_is_told(dump):
    run = oakum("heap", "paths", dump, "--class", "Session", "-o", "json")
    assert run.code == 0, run.err
    answer = run.json
    assert (answer["class"], answer["count"]) == ("shop.Session", 3000)
    assert answer["groups"][0]["path"][0]["node"] == "class shop.SessionCache"
    wrong = oakum("heap", "paths", dump, "--class", "NoSuchClass")
    assert wrong.code == 2
    wrong.says("no class 'NoSuchClass'")
