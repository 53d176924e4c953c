"""``oakum scan … --keep --diff --baseline`` as a person types it, on files and a record."""

from __future__ import annotations

import json
import shutil

import pytest

import oakum
from oakum.cli.main import run as run_here

START_S = 1_760_000_000


@pytest.fixture
def spoken(monkeypatch, capsys, tmp_path):
    """In this process: (exit code, standard output, standard error) of one command; the record is an own one."""
    monkeypatch.setenv("OAKUM_STORE", str(tmp_path / "record" / "oakum.db"))
    monkeypatch.chdir(tmp_path)

    def speak(*arguments):
        monkeypatch.setattr("sys.argv", ["oakum", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            run_here()
        told = capsys.readouterr()
        return caught.value.code or 0, told.out, told.err

    return speak


def written(path, **grows):
    """Each series by its name grows so many bytes a row, after row 400 of 700."""
    rows = [
        f"{name},{START_S + 600 * row},{50_000_000 + grow * max(0, row - 400)}"
        for name, grow in grows.items()
        for row in range(700)
    ]
    path.write_text("\n".join(["series_id,ts,value", *rows]) + "\n")
    return path


def since(spoken, *arguments):
    code, told, _ = spoken("scan", *arguments, "-o", "json")
    found = json.loads(told)
    changes = [(change["change"], change["id"]) for change in found["since"]["changes"]]
    return code, changes, found


def test_the_day_after_it_is_said_what_changed(spoken, tmp_path):
    series = written(tmp_path / "series.csv", calm=0, ends=500_000, goes=0, faster=300_000)
    code, told, _ = spoken("scan", series, "--keep", "nightly", "-o", "json")
    assert (code, json.loads(told)["kept"], json.loads(told)["since"]) == (1, "scan-1", None)
    written(series, calm=500_000, ends=0, comes=0, faster=900_000)
    code, changes, found = since(spoken, series, "--diff", "--keep", "nightly")
    assert (code, found["kept"]) == (1, "scan-2")
    assert changes == [
        ("new-leak", "calm"),
        ("faster", "faster"),
        ("appeared", "comes"),
        ("ended", "ends"),
        ("gone", "goes"),
    ]
    told = found["since"]
    assert (told["scan"], told["name"], told["partial"], told["only_new"]) == ("scan-1", "nightly", False, False)
    assert len(found["series"]) == 4
    faster = next(change for change in told["changes"] if change["change"] == "faster")
    assert faster["now"]["rate_per_s"] > faster["was"]["rate_interval"][1]
    # Compared with itself, nothing has changed.
    assert since(spoken, series, "--diff")[1] == []


def test_the_table_and_the_page_say_it_too(spoken, tmp_path):
    series = written(tmp_path / "series.csv", calm=0, goes=0)
    assert spoken("scan", series, "--keep", "nightly")[0] == 0
    written(series, calm=500_000)
    code, table, _ = spoken("scan", series, "--diff")
    table = " ".join(table.split())
    assert code == 1
    assert "since scan-1 (nightly) of" in table
    assert "1 new leak, 1 gone" in table
    assert "new leak: calm, leak at +" in table
    assert "was healthy at 47.7 MiB" in table
    page = spoken("scan", series, "--diff", "-o", "html")[1]
    assert "1 new leak, 1 gone" in page
    assert "gone: goes; was healthy at 47.7 MiB" in page


def test_a_baseline_leaves_out_what_was_accepted_and_the_exit_code_stays(spoken, tmp_path):
    series = written(tmp_path / "series.csv", old=500_000, calm=0)
    assert spoken("scan", series, "--keep", "baseline")[0] == 1
    code, changes, found = since(spoken, series, "--baseline")
    assert (code, changes, found["series"]) == (1, [], [])
    assert (found["since"]["only_new"], found["since"]["left_out"]) == (True, 2)
    code, table, _ = spoken("scan", series, "--baseline")
    assert "2 series are no worse than in scan-1 (baseline) and are not shown, 1 of which leak" in " ".join(
        table.split()
    )
    written(series, old=500_000, calm=0, fresh=500_000)
    code, changes, found = since(spoken, series, "--baseline")
    assert (code, changes) == (1, [("new-leak", "fresh")])
    assert [row["id"] for row in found["series"]] == ["fresh"]
    # Accepted anew, it is no longer shown.
    spoken("scan", series, "--keep", "baseline")
    assert since(spoken, series, "--baseline")[2]["series"] == []


def test_a_scan_is_compared_with_the_one_that_is_named(spoken, tmp_path):
    series = written(tmp_path / "series.csv", a=0)
    spoken("scan", series, "--keep", "before-4.2")
    written(series, a=500_000)
    spoken("scan", series, "--keep", "nightly")
    assert since(spoken, series, "--diff")[1] == []
    for name in ("before-4.2", "scan-1"):
        assert since(spoken, series, "--against", name)[1] == [("new-leak", "a")]
    other = shutil.copy(series, tmp_path / "other.csv")
    _, changes, found = since(spoken, other, "--against", "scan-1")
    assert changes == [("new-leak", "a")]
    assert "another source" in found["since"]["notes"][0]


def test_where_nothing_was_kept_the_scan_stands_and_the_next_step_is_said(spoken, tmp_path):
    series = written(tmp_path / "series.csv", a=0)
    for option, step in (("--diff", "--keep nightly"), ("--baseline", "--keep baseline")):
        code, told, _ = spoken("scan", series, option, "-o", "json")
        found = json.loads(told)
        assert (code, found["since"], len(found["series"])) == (0, None, 1)
        assert found["absent"][-1]["get"].endswith(step)
    assert not (tmp_path / "record").exists(), "to compare makes no record"
    code, told, _ = spoken("scan", series, "--diff", "--keep", "nightly", "-o", "json")
    assert (code, json.loads(told)["kept"]) == (0, "scan-1")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--diff", "--baseline"],
        ["--keep", "scan-1"],
        ["--keep", "a b"],
        ["--keep", "-x"],
        ["--against", "no/name"],
        ["--against", "never-kept"],
        ["--against", "scan-7"],
    ],
)
def test_a_mistake_is_told_before_the_scan_and_nothing_is_made(spoken, tmp_path, arguments):
    series = written(tmp_path / "series.csv", a=0)
    code, told, wrong = spoken("scan", series, *arguments)
    assert (code, told) == (2, "")
    assert "reading" not in wrong
    assert not (tmp_path / "record").exists()


def test_a_record_that_cannot_be_opened_is_told_before_the_scan(spoken, tmp_path):
    series = written(tmp_path / "series.csv", a=0)
    (tmp_path / "broken.db").write_bytes(b"no database" * 100)
    code, told, wrong = spoken("scan", series, "--keep", "nightly", "--store", tmp_path / "broken.db")
    assert (code, told) == (4, "")
    assert "reading" not in wrong


def test_a_scan_that_could_not_be_kept_is_answered_all_the_same(spoken, tmp_path, monkeypatch):
    from oakum.model.errors import MachineError  # noqa: PLC0415
    from oakum.store.scans import SqlScans  # noqa: PLC0415

    def full(*_, **__):
        raise MachineError("no room for the record", why="the disk is full")

    monkeypatch.setattr(SqlScans, "add", full)
    for grow, code in ((0, 6), (500_000, 1)):
        series = written(tmp_path / "series.csv", a=grow)
        told = spoken("scan", series, "--keep", "nightly", "-o", "json")
        found = json.loads(told[1])
        assert (told[0], found["kept"], len(found["series"])) == (code, None, 1)
        assert "the disk is full" in found["absent"][-1]["why"]


def test_what_is_muted_stays_muted_and_is_no_news(spoken, tmp_path):
    series = written(tmp_path / "series.csv", a=0, b=0)
    spoken("scan", series, "--keep", "baseline")
    spoken("incident", "mute", "a", "--reason", "a cache", "--for", "9000d")
    written(series, a=500_000, b=500_000)
    code, changes, found = since(spoken, series, "--baseline")
    assert (code, changes) == (1, [("new-leak", "b")])
    assert [row["id"] for row in found["series"]] == ["b"]


def test_kept_scans_are_bounded_by_the_policy(spoken, tmp_path):
    (tmp_path / "oakum.toml").write_text("[policy]\nscans_kept = 2\n")
    series = written(tmp_path / "series.csv", a=0)
    for _ in range(4):
        spoken("scan", series, "--keep", "nightly")
    code, _, wrong = spoken("scan", series, "--against", "weekly")
    assert code == 2
    wrong = " ".join(wrong.split())
    assert "scan-4 nightly" in wrong
    assert "scan-3 nightly" in wrong
    assert "scan-2" not in wrong


def test_the_twin_gives_the_same_as_values(spoken, tmp_path):
    series = written(tmp_path / "series.csv", a=0)
    kept = oakum.scan(series, keep_as="nightly")
    assert (kept.kept, kept.since) == ("scan-1 (nightly)", None)
    written(series, a=500_000)
    found = oakum.scan(series, diff=True).since
    assert [(change.name.value, change.id) for change in found.changes] == [("new-leak", "a")]
    assert (found.title, found.fresh) == ("scan-1 (nightly)", {"a"})
