"""Files that are not what they should be, and places that cannot be written: one clear message, the right exit code."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from programs import OAKUM, Run, oakum, running

pytestmark = pytest.mark.lab

HEADER = "series_id,ts,value\n"
START_S = 1_760_000_000


def rows(count: int, *, series: str = "a", step: int = 60, grow: int = 0) -> str:
    return "".join(f"{series},{START_S + index * step},{10_000_000 + index * grow}\n" for index in range(count))


def scanned(folder: Path, text: str | bytes, name: str = "series.csv") -> Run:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return oakum("scan", path, "-o", "json")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("series_id,ts\na,1\n", ["value"], id="a missing column"),
        pytest.param(HEADER + rows(3) + f"a,{START_S + 999},lots\n", ["lots"], id="text in numbers"),
        pytest.param(HEADER + rows(3) + "a,yesterday,5\n", ["yesterday"], id="text in times"),
        pytest.param(HEADER, ["row"], id="no rows"),
        pytest.param("", ["empty"], id="an empty file"),
        pytest.param("\x7fELF\x02\x01\x01" + "\x00\xff" * 500, [], id="binary"),
        pytest.param("<html><body>404</body></html>", [], id="a page"),
        pytest.param('{"status":"error","error":"query timed out"}', [], id="an error of Prometheus"),
        pytest.param(
            HEADER + rows(5) + f"a,{START_S},99000000\n",
            ["twice", "duplicate", "same time"],
            id="two values at one time",
        ),
    ],
)
def test_broken_data_is_named(tmp_path, text, words):
    run = scanned(tmp_path, text)
    assert run.code == 4, run.err
    run.says("series.csv", "next:")
    assert not words or any(word in run.err for word in words), run.err
    assert run.out == ""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(HEADER + "".join(reversed(rows(120).splitlines(keepends=True))), id="unsorted times"),
        pytest.param(HEADER + rows(120) + f"a,{START_S},10000000\n", id="one row twice"),
    ],
)
def test_what_can_be_repaired_is_repaired_and_said(tmp_path, text):
    run = scanned(tmp_path, text)
    assert run.code == 0, run.err
    assert run.json["series"][0]["verdict"] in {"healthy", "cannot-tell"}
    assert run.json["warnings"], "nothing is mended in silence"


def test_one_row_is_a_series_of_which_nothing_can_be_told(tmp_path):
    run = scanned(tmp_path, HEADER + rows(1))
    assert run.code == 0, run.err
    assert [series["verdict"] for series in run.json["series"]] == ["cannot-tell"]


def test_a_truncated_parquet(tmp_path):
    import polars as pl  # noqa: PLC0415  (dear, and only here)

    whole = tmp_path / "whole.parquet"
    ts = [START_S + 60 * index for index in range(500)]
    pl.DataFrame({"series_id": ["a"] * 500, "ts": ts, "value": [1e7] * 500}).write_parquet(whole)
    assert oakum("scan", whole, "-o", "json").code == 0
    for share in (0.3, 0.99):
        bytes_ = whole.read_bytes()
        run = scanned(tmp_path, bytes_[: int(len(bytes_) * share)], "cut.parquet")
        assert run.code == 4, run.err
        run.says("cut.parquet", "next:")


@pytest.mark.parametrize("name", ["no/such/file.csv", "."])
def test_what_cannot_be_opened(tmp_path, name):
    run = oakum("scan", name, cwd=tmp_path)
    assert run.code in {2, 3, 4, 6}
    run.says("next:")
    assert run.out == ""


def test_host_and_files_are_not_mixed(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEADER + rows(10))
    run = oakum("scan", "host", path)
    assert run.code == 2
    run.says("next:")


@pytest.fixture
def series_file(tmp_path):
    path = tmp_path / "many.csv"
    path.write_text(HEADER + "".join(rows(120, series=f"s{number}", grow=50_000) for number in range(20)))
    return path


def test_a_full_disk(tiny_disk, series_file):
    """The report does not fit: that is said, and no half of it stands there as if it were whole."""
    run = oakum("scan", series_file, "-o", "html", "-f", tiny_disk / "report.html")
    assert run.code == 6, run.err
    run.says("report.html", "next:")
    assert list(tiny_disk.iterdir()) == []


def test_a_full_disk_leaves_the_older_report_alone(tiny_disk, series_file):
    older = tiny_disk / "report.html"
    older.write_text("<html>older</html>")
    run = oakum("scan", series_file, "-o", "html", "-f", older)
    assert run.code == 6, run.err
    assert older.read_text() == "<html>older</html>"


def test_a_read_only_folder(tiny_disk, series_file):
    """Read-only for root too, as a container's root file system is."""
    subprocess.run(["mount", "-o", "remount,ro", tiny_disk], check=True)
    run = oakum("scan", series_file, "-o", "html", "-f", tiny_disk / "report.html")
    assert run.code == 6, run.err
    run.says("report.html", "next:")


def test_an_investigation_says_before_the_watch_that_it_cannot_write(tiny_disk):
    subprocess.run(["mount", "-o", "remount,ro", tiny_disk], check=True)
    with running("closure") as program:
        run = oakum("investigate", f"pid/{program.pid}", "-o", "html", "-f", tiny_disk / "report.html")
    assert run.code == 6, run.err
    run.says("report.html", "next:")
    assert run.seconds < 10, "half a minute of watching was thrown away"


def test_a_reader_that_goes_away_is_no_error(series_file):
    """``oakum scan FILE | head -1``."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    run = subprocess.run(
        [str(OAKUM), "scan", str(series_file), "-o", "json"],
        stdin=subprocess.DEVNULL,
        stdout=write_end,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write_end)
    assert "Traceback" not in run.stderr
    assert run.returncode in {0, 1}
