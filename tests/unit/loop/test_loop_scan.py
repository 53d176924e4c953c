"""Scans of files: as of a moment, of many files, of few series and of many."""

from __future__ import annotations

import time

import pytest

from oakum.loop.scan import MANY, Settings, scan_files
from oakum.model.errors import CallerError
from oakum.model.scan import Scan

START_S = 1_760_000_000


class Silent:
    def stage(self, text: str) -> None:
        del text


def scanned(folder, *texts, **told) -> Scan:
    paths = []
    for number, text in enumerate(texts):
        paths.append(folder / f"{number}.csv")
        paths[-1].write_text("series_id,ts,value\n" + text)
    return scan_files(paths, now_s=START_S, settings=Settings.of(**told), progress=Silent())


def rows(count, *, series="a", start_s=START_S, grow=1_000_000):
    return "".join(f"{series},{start_s + 60 * i},{200_000_000 + grow * i}\n" for i in range(count))


@pytest.mark.parametrize(
    ("at", "kept"),
    [
        (str(START_S + 59), 1),
        (str(START_S + 60), 2),
        ("2025-10-09T08:54:20Z", 2),
        ("2025-10-09T08:54:20", 2),
        ("2025-10-09T10:54:20+02:00", 2),
    ],
)
def test_as_of_a_moment_only_earlier_samples_count_and_a_time_without_a_zone_is_utc(tmp_path, monkeypatch, at, kept):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        scan = scanned(tmp_path, rows(30), at=at)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert scan.rows[0][0].samples == kept
    assert scan.window.end_s == START_S + 60 * (kept - 1)


def test_what_began_later_than_the_moment_is_skipped_and_not_forgotten(tmp_path):
    scan = scanned(tmp_path, rows(30) + rows(30, series="b", start_s=START_S + 600), at=str(START_S + 300))
    assert [series.id for series, _ in scan.rows] == ["a"]
    assert [(skipped.id, skipped.why) for skipped in scan.skipped] == [("b", "it has no sample as early as --at")]


@pytest.mark.parametrize("at", ["nan", "inf", str(START_S * 1000), "-1e300", "soon"])
def test_a_moment_that_no_sample_could_have_is_the_callers_mistake(at):
    with pytest.raises(CallerError):
        Settings.of(at=at)


def test_one_name_in_two_files_is_said(tmp_path):
    scan = scanned(tmp_path, rows(30), rows(30, start_s=START_S + 86400))
    assert len(scan.rows) == 2
    assert scan.warnings == ("a stands for 2 series; each is judged by itself",)


def test_a_series_is_judged_among_many_as_it_is_alone(tmp_path):
    texts = [rows(40, series=f"s{number}", grow=1_000_000 * (number % 4)) for number in range(MANY)]
    many = {series.id: verdict for series, verdict in scanned(tmp_path, "".join(texts)).rows}
    few = {series.id: verdict for series, verdict in scanned(tmp_path, "".join(texts[:8])).rows}
    assert len(many) == MANY
    assert all(many[name] == verdict for name, verdict in few.items())


def test_what_is_judged_in_parts_is_told_as_if_it_had_been_judged_at_once(tmp_path, monkeypatch):
    texts = [
        "".join(rows(40, series=f"s{number}", grow=1_000_000 * (number % 4)) for number in range(begin, begin + 150))
        for begin in (0, 150, 300)
    ]
    whole = scanned(tmp_path, *texts)
    monkeypatch.setattr("oakum.loop.scan.AT_ONCE", 1_000)
    parts = scanned(tmp_path, *texts)
    assert [series.id for series, _ in parts.rows] == [f"s{number}" for number in range(450)]
    assert [verdict for _, verdict in parts.rows] == [verdict for _, verdict in whole.rows]
    assert parts.window == whole.window
    assert all(series.samples == 40 for series, _ in parts.rows)


def test_a_series_that_its_rows_contradict_makes_the_scan_partial(tmp_path):
    scan = scanned(tmp_path, rows(30) + rows(30, series="b") + rows(30, series="b", grow=2_000_000))
    assert [series.id for series, _ in scan.rows] == ["a"]
    assert [skipped.id for skipped in scan.skipped] == ["b"]
    assert "at 29 of its 30 times: are these two series?" in scan.skipped[0].why
    assert scan.partial
    assert not scanned(tmp_path, rows(30)).partial
    # Said by whoever asked, not by the rows.
    assert not scanned(tmp_path, rows(30) + rows(9, series="b", start_s=START_S + 600), at=str(START_S + 300)).partial


@pytest.mark.parametrize(("unit", "told"), [("bytes", True), ("B", False), ("MiB", False), ("percent", False)])
def test_values_less_than_any_process_needs_are_asked_for_their_unit(tmp_path, unit, told):
    small = "".join(f"a,{START_S + 60 * i},{20 + i}\n" for i in range(30))
    warnings = scanned(tmp_path, small, unit=unit).warnings
    assert [("49 B" in warning, "--unit MiB" in warning) for warning in warnings] == [(True, True)] * told
    assert scanned(tmp_path, small + rows(30, series="b"), unit=unit).warnings == ()
    said = small.replace("a,", "MiB,a,")
    path = tmp_path / "said.csv"
    path.write_text("unit,series_id,ts,value\n" + said)
    assert scan_files([path], now_s=START_S, settings=Settings.of(unit=unit), progress=Silent()).warnings == ()
