"""The Python twin of the commands: values instead of text, the same errors, nothing printed."""

from __future__ import annotations

import pytest

import oakum
from oakum.model.verdict import VerdictName

START_S = 1_760_000_000


def written(folder, grow=0):
    """Nearly five days, a sample each ten minutes; ``grow`` bytes with each from the third day on."""
    path = folder / "series.csv"
    rows = "".join(f"shop,{START_S + 600 * row},{50_000_000 + grow * max(0, row - 400)}\n" for row in range(700))
    path.write_text(f"series_id,ts,value\n{rows}")
    return path


@pytest.mark.parametrize(("grow", "name"), [(0, VerdictName.HEALTHY), (500_000, VerdictName.LEAK)])
def test_a_scan_of_a_file_is_a_value_and_prints_nothing(tmp_path, capsys, grow, name):
    found = oakum.scan(written(tmp_path, grow))
    assert isinstance(found, oakum.Scan)
    ((series, verdict),) = found.ranked
    assert isinstance(series, oakum.WorkloadSeries)
    assert isinstance(verdict, oakum.Verdict)
    assert (series.id, verdict.name) == ("shop", name)
    assert found.leaks == (name is VerdictName.LEAK)
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "")


def test_a_scan_as_of_a_moment_hears_nothing_later(tmp_path):
    path = written(tmp_path, 500_000)
    early = oakum.scan(str(path), at=str(START_S + 600 * 49))
    assert early.window.end_s == START_S + 600 * 49
    assert early.rows[0][0].samples == 50


def test_progress_is_told_to_whoever_asks_for_it(tmp_path):
    stages = []

    class Told:
        def stage(self, text):
            stages.append(text)

        def watched(self, *_):
            raise AssertionError

    oakum.scan(written(tmp_path), progress=Told())
    assert len(stages) == 1


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: oakum.investigate("17"), 2),
        (lambda: oakum.investigate("pid/1", watch_s=1.0), 2),
        (lambda: oakum.investigate("node/worker-1"), 2),
        (lambda: oakum.investigate("pid/2147483647"), 3),
        (lambda: oakum.scan("no such file.csv"), 2),
        (lambda: oakum.scan(__file__), 4),
        (lambda: oakum.scan("x.csv", unit="lots", at="yesterday"), 2),
    ],
)
def test_errors_are_those_of_the_commands(call, code):
    with pytest.raises(oakum.OakumError) as caught:
        call()
    assert caught.value.exit_code == code
    assert caught.value.next_step
