from __future__ import annotations

import pytest
from bench.judge.__main__ import main
from bench.judge.changed import CHANGES
from bench.judge.otherwise import FIRST


def test_the_command_writes_the_report_of_the_sources_that_were_asked_for(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("DATA", raising=False)
    assert main(["--source", "lab", "--docs", str(tmp_path), "--jobs", "1", "--every", "60"]) == 0
    told = capsys.readouterr()
    written = [line for line in told.out.splitlines() if line.startswith(str(tmp_path))]
    assert sorted(written) == sorted(str(path) for path in tmp_path.rglob("*.*"))
    page = (tmp_path / "bench-judge.md").read_text(encoding="utf-8")
    assert "| strings-killed-again | string_set | leak |" in page
    assert page.count("Not made yet") == 2
    assert "no DATA" in told.err


def test_a_report_on_one_part_alone_is_refused(monkeypatch, tmp_path):
    monkeypatch.delenv("DATA", raising=False)
    with pytest.raises(SystemExit, match="Next: leave --part out"):
        main(["--part", "held", "--docs", str(tmp_path)])
    assert not list(tmp_path.iterdir())


def test_data_that_is_no_file_is_told_with_a_next_step(tmp_path):
    with pytest.raises(SystemExit, match="is no file"):
        main(["--data", str(tmp_path / "missing.parquet"), "--quick"])


def test_series_told_otherwise_stand_beside_themselves(monkeypatch, capsys):
    monkeypatch.delenv("DATA", raising=False)
    assert main(["--changed", "--source", "lab", "--jobs", "1"]) == 0
    rows = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    told = {row[0]: [cell.strip() for cell in row[1:] if cell.strip()] for row in rows if row[0] in CHANGES}
    assert {FIRST, "5 s", "irregular", "another year"} <= set(told)
    for name in (FIRST, "another year"):
        _, found_plain, found, later, _, false_plain, false = told[name]
        assert (found, false) == (found_plain, false_plain)
        assert later in {"+0.0", "-0.0", "–"}
