"""``oakum incident …`` as a person types it, on a record that an investigation left."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace

import pytest
from examples_render import NOW_S, leak

import oakum
from oakum import wiring
from oakum.cli.main import run as run_here
from oakum.loop.record import investigate_on_record
from oakum.model.errors import CallerError
from oakum.model.work import Holder, Work


@pytest.fixture
def spoken(monkeypatch, capsys):
    """In this process: (exit code, standard output, standard error) of one command."""

    def speak(*arguments):
        monkeypatch.setattr("sys.argv", ["oakum", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            run_here()
        told = capsys.readouterr()
        return caught.value.code or 0, told.out, told.err

    return speak


@pytest.fixture
def record(tmp_path, monkeypatch):
    """A record with one incident; its place is in the environment."""
    place = tmp_path / "oakum.db"
    monkeypatch.setenv("OAKUM_STORE", str(place))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "oakum.toml").write_text('[incident]\ncontacts = ["infra on call"]\nowner = "the shop"\n')
    investigate_on_record("pid/4242", leak, wiring.recorder(), now_s=NOW_S)
    return place


def test_the_incidents_are_listed_in_every_form(record, spoken, tmp_path):
    code, told, wrong = spoken("incident", "list")
    assert (code, wrong) == (0, "")
    assert "inc-1" in told
    listed = json.loads(spoken("incident", "list", "-o", "json")[1])
    assert [row["id"] for row in listed["incidents"]] == ["inc-1"]
    assert listed["store"] == str(record)
    file = tmp_path / "list.html"
    code, told, wrong = spoken("incident", "list", "-o", "html", "-f", file)
    assert (code, told) == (0, "")
    assert "inc-1" in file.read_text()


def test_an_empty_record_is_no_error(spoken, tmp_path):
    assert spoken("incident", "list", "--store", tmp_path)[:2] == (0, "no incidents\n")
    assert spoken("incident", "mutes", "--store", tmp_path)[:2] == (0, "nothing is muted\n")


def test_one_is_shown_in_every_form_and_as_five_lines(record, spoken):
    assert "owner the shop" in spoken("incident", "show", "1")[1]
    shown = json.loads(spoken("incident", "show", "inc-1", "-o", "json")[1])
    assert shown["incident"]["owner"] == "the shop"
    assert "<!doctype html>" in spoken("incident", "show", "inc-1", "-o", "html")[1]
    assert len(spoken("incident", "summary", "inc-1")[1].splitlines()) == 5


@pytest.mark.parametrize("output", ["html", "markdown", "json"])
def test_a_report_is_made_again_to_the_byte(record, spoken, output, tmp_path):
    first = spoken("incident", "report", "inc-1", "-o", output)[1]
    file = tmp_path / "report"
    assert spoken("incident", "report", "1", "-o", output, "-f", file)[0] == 0
    assert file.read_text() == first
    assert "inc-1" in first


def test_what_people_say_is_on_the_timeline_and_said_twice_is_done_once(record, spoken):
    assert spoken("incident", "note", "1", "limit raised")[:2] == (0, "inc-1 is explained\n")
    assert spoken("incident", "note", "1", "limit raised")[:2] == (0, "inc-1 is explained\n")
    assert spoken("incident", "note", "1", "rolled back", "--move", "fix")[:2] == (0, "inc-1 is fixed\n")
    assert spoken("incident", "escalate", "1", "--level", "1")[:2] == (0, "inc-1: level 1: infra on call\n")
    code, _, wrong = spoken("incident", "escalate", "1", "--level", "1")
    assert code == 2
    assert "already" in wrong
    assert spoken("incident", "close", "1", "--reason", "fixed in 4.2")[:2] == (0, "inc-1 is closed\n")
    code, _, wrong = spoken("incident", "close", "1", "--reason", "fixed in 4.2")
    assert code == 2
    assert "it can: reopen" in wrong
    assert spoken("incident", "list")[1] == "no incidents\n"
    assert "inc-1" in spoken("incident", "list", "-a")[1]
    texts = [entry["text"] for entry in json.loads(spoken("incident", "show", "1", "-o", "json")[1])["timeline"]]
    assert texts[-4:] == [
        "limit raised",
        "fixed: rolled back",
        "escalated to level 1: infra on call",
        "closed: fixed in 4.2",
    ]


def test_a_mute_closes_is_listed_and_is_lifted(record, spoken):
    code, told, _ = spoken("incident", "mute", "inc-1", "--reason", "a cache", "--for", "7d")
    assert code == 0
    assert told.splitlines()[0].startswith("mute-1: pid/4242 is muted until ")
    assert told.splitlines()[1] == "inc-1 is closed"
    assert "a cache" in spoken("incident", "mutes")[1]
    assert json.loads(spoken("incident", "mutes", "-o", "json")[1])["mutes"][0]["holds"] is True
    assert "a cache" in spoken("incident", "mutes", "-o", "html")[1]
    assert spoken("incident", "unmute", "mute-1")[:2] == (0, "mute-1 is lifted\n")
    code, _, wrong = spoken("incident", "unmute", "1")
    assert code == 2
    assert "lifted before" in wrong


def test_evidence_is_kept_for_as_long_as_is_said_and_never_that_of_an_open_incident(record, spoken):
    code, told, wrong = spoken("incident", "retain", "--keep", "0s", "--disk", "1")
    assert (code, wrong) == (6, "")
    assert "more than 1 B: open incidents name" in told
    spoken("incident", "close", "1", "--reason", "fixed")
    code, told, _ = spoken("incident", "retain", "--keep", "0s", "--dry-run", "-o", "json")
    dry = json.loads(told)
    assert (code, dry["gone"][0]["incidents"], dry["bytes_after"]) == (0, ["inc-1"], 0)
    assert spoken("incident", "retain")[0] == 0
    assert json.loads(spoken("incident", "retain", "--keep", "0s", "-o", "json")[1])["gone"] == dry["gone"]
    assert spoken("incident", "retain", "--disk", "0")[:2] == (0, "evidence: 0 B before, 0 B left\n")
    shown = json.loads(spoken("incident", "show", "1", "-o", "json")[1])
    assert [row["expired"] for row in shown["evidence"] if row["digest"]] == [True]
    assert "no longer kept" in shown["warnings"][0]
    assert "no longer kept" in spoken("incident", "report", "1")[1]


def test_a_scan_honours_a_mute_and_exits_0_when_all_that_leaks_is_muted(record, spoken, tmp_path):
    path = tmp_path / "series.csv"
    start_s = 1_760_000_000
    rows = "".join(f"shop,{start_s + 600 * row},{50_000_000 + 500_000 * max(0, row - 400)}\n" for row in range(700))
    path.write_text(f"series_id,ts,value\n{rows}")
    assert spoken("scan", path, "-o", "json")[0] == 1
    spoken("incident", "mute", "sho*", "--reason", "a cache", "--for", "7d")
    code, told, _ = spoken("scan", path, "-o", "json")
    assert code == 0
    (row,) = json.loads(told)["series"]
    assert (row["verdict"], row["muted"]["reason"]) == ("leak", "a cache")
    assert "1 muted" in spoken("scan", path)[1]
    assert "a cache" in spoken("scan", path, "-o", "html")[1]
    (tmp_path / "broken.db").write_bytes(b"no database" * 100)
    code, told, _ = spoken("scan", path, "-o", "json", "--store", tmp_path / "broken.db")
    assert code == 1
    assert "mutes are not known" in json.loads(told)["warnings"][-1]


def test_a_scan_makes_no_record(spoken, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "series.csv"
    path.write_text("series_id,ts,value\n" + "".join(f"shop,{1_760_000_000 + 60 * row},1000\n" for row in range(40)))
    assert spoken("scan", path, "--store", tmp_path / "new.db")[0] == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["series.csv"]


def test_every_command_tells_what_was_cut_off(record, spoken):
    with closing(wiring.store()) as store:
        gone = replace(wiring.workers().this(), boot="an earlier start")
        store.works.begin(Work("investigate", "pid/7", "oakum investigate pid/7", gone, NOW_S))
        elsewhere = Holder("another machine", "x", 1, 1)
        store.works.begin(Work("investigate", "pid/8", "oakum investigate pid/8", elsewhere, NOW_S))
    for command in (("list",), ("show", "1"), ("summary", "1"), ("note", "1", "x")):
        code, _, wrong = spoken("incident", *command)
        assert code == 0
        assert "cut off: investigate pid/7" in wrong
        assert "pid/8" not in wrong


@pytest.mark.parametrize(
    ("content", "code", "words"), [(b"no database" * 100, 4, "is broken"), (None, 6, "cannot open")]
)
def test_a_record_that_cannot_be_kept_is_told_before_anything_is_watched(spoken, tmp_path, content, code, words):
    place = tmp_path / "oakum.db"
    if content is None:
        place.mkdir()
        (place / "oakum.db").mkdir()
    else:
        place.write_bytes(content)
    got, told, wrong = spoken("investigate", "pid/1", "--store", place)
    assert (got, told) == (code, "")
    assert words in wrong
    assert "--no-incident" in wrong


def test_the_twins_do_what_the_commands_do(record):
    assert [incident.id for incident in oakum.list_incidents()] == ["inc-1"]
    assert oakum.show_incident("inc-1").record.incident.owner == "the shop"
    assert oakum.summarise_incident("1").startswith("inc-1 ")
    assert oakum.note_incident("1", "rolled back", move="fix").state == "fixed"
    assert oakum.escalate_incident("1", level=2).escalation == 2
    assert oakum.report_incident("1") == oakum.report_incident("1")
    assert oakum.report_incident("1", output="markdown").startswith("# inc-1")
    assert oakum.mute("inc-1", reason="a cache", for_s=60.0).id == "mute-1"
    assert oakum.list_incidents() == []
    assert oakum.unmute("mute-1") == oakum.list_mutes()[0]
    assert oakum.note_incident("1", "again", move="reopen").state == "reopened"
    assert oakum.close_incident("1", reason="fixed").closed_why == "fixed"
    assert oakum.retain_evidence(budget_bytes=0, dry_run=True).bytes_after == 0
    assert oakum.retain_evidence().gone == ()
    for wrong in (lambda: oakum.report_incident("1", output="pdf"), lambda: oakum.note_incident("1", "x", move="fly")):
        with pytest.raises(CallerError):
            wrong()
