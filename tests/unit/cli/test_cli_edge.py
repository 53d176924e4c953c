"""The one edge where errors become a message and an exit code, and how an answer is put out."""

from __future__ import annotations

import errno
import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from oakum.cli import main, progress
from oakum.cli.exits import exit_code
from oakum.cli.output import Output, answer
from oakum.cli.progress import PLAIN_EVERY_S, Lines
from oakum.model import errors
from oakum.model.errors import MachineError, OakumError
from oakum.model.verdict import VerdictName


def families(root=OakumError):
    return [root, *(family for child in root.__subclasses__() for family in families(child))]


CODES = {
    "OakumError": 70,
    "CallerError": 2,
    "TargetError": 3,
    "RefusedError": 3,
    "SilentError": 3,
    "SpentError": 3,
    "TooMuchError": 3,
    "DeniedError": 3,
    "DataError": 4,
    "MachineError": 6,
}


def run(monkeypatch, raised):
    def fail(**_options):
        raise raised

    monkeypatch.setattr(main, "app", fail)
    with pytest.raises(SystemExit) as caught:
        main.run()
    return caught.value.code


@pytest.mark.parametrize("family", families(), ids=lambda family: family.__name__)
def test_each_family_has_its_exit_code_and_says_what_why_and_next(monkeypatch, capsys, family):
    code = run(monkeypatch, family("it broke", why="it was old", next_step="oakum doctor"))
    assert code == ({"InternalError": 70} | CODES)[family.__name__]
    told = capsys.readouterr()
    assert told.err == "oakum: it broke\n  why:  it was old\n  next: oakum doctor\n"
    assert told.out == ""
    assert family.__module__ == errors.__name__


def test_ctrl_c_is_130_and_no_traceback(monkeypatch, capsys):
    assert run(monkeypatch, KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "oakum: interrupted\n"


def test_a_full_disk_is_the_machines_and_not_our_own_fault(monkeypatch, capsys):
    assert run(monkeypatch, OSError(errno.ENOSPC, "No space left on device")) == 6
    assert capsys.readouterr().err.startswith("oakum: cannot write the answer to standard output\n  why:  No space")
    assert run(monkeypatch, OSError(errno.EBADF, "Bad file descriptor")) == 70


@pytest.mark.parametrize("words", [["--help"], ["heap", "analyze", "--help"]])
def test_help_to_a_full_disk_is_6_and_to_a_reader_that_went_away_is_0(words):
    command = [sys.executable, "-c", "from oakum.cli.entry import run; run()", *words]
    with Path("/dev/full").open("wb") as full:
        assert subprocess.run(command, stdout=full, stderr=subprocess.DEVNULL, check=False).returncode == 6
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        done = subprocess.run(command, stdout=gone, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_table_to_a_full_disk_is_the_machines_fault(monkeypatch):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr("sys.stdout", full)
        with pytest.raises(MachineError, match="cannot write the answer"):
            put_out(Output.TABLE)


def test_what_nobody_foresaw_is_our_own_fault_with_its_place(monkeypatch, capsys):
    assert run(monkeypatch, ZeroDivisionError("by nought")) == 70
    told = capsys.readouterr().err
    assert "ZeroDivisionError: by nought" in told
    assert "test_cli_edge.py:" in told
    assert "Traceback" not in told


def test_a_message_that_quotes_a_target_moves_no_cursor(monkeypatch, capsys):
    run(monkeypatch, OakumError("\x1b[2Jgone\u202e", why="a\x07b"))
    told = capsys.readouterr().err
    assert not {"\x1b", "\x07", "\u202e"} & set(told)


@pytest.mark.parametrize("name", VerdictName)
def test_every_verdict_has_an_exit_code(name):
    assert exit_code(name) == {"healthy": 0, "leak": 1, "suspect": 5, "cannot-tell": 5}[name.value]


def put_out(output, file=None):
    answer(output, file, table=lambda: "a table", encoded=lambda: {"schema": "x/1"}, html=lambda: "<!doctype html>")


def test_each_output_is_alone_on_standard_output(capsys):
    for output in Output:
        put_out(output)
        told = capsys.readouterr()
        assert (
            told.out == {"table": "a table\n", "json": '{\n  "schema": "x/1"\n}\n', "html": "<!doctype html>"}[output]
        )
        assert told.err == ""


def test_a_file_gets_the_answer_and_a_table_gets_a_page_beside_it(capsys, tmp_path):
    for output in Output:
        put_out(output, tmp_path / output)
    assert (tmp_path / "table").read_text() == (tmp_path / "html").read_text() == "<!doctype html>"
    assert json.loads((tmp_path / "json").read_text()) == {"schema": "x/1"}
    told = capsys.readouterr()
    assert told.out == "a table\n"
    assert told.err.count("report: ") == 3


def test_a_page_is_not_poured_over_a_terminal(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdout", Terminal())
    put_out(Output.HTML)
    assert (tmp_path / "oakum-report.html").read_text() == "<!doctype html>"
    assert "oakum-report.html" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_number_that_json_has_not_is_never_written(capsys):
    with pytest.raises(ValueError, match="JSON"):
        answer(Output.JSON, None, table=str, encoded=lambda: {"level": math.nan}, html=str)


def test_plain_progress_says_each_stage_and_the_watch_now_and_then(capsys, monkeypatch):
    now_s = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now_s[0])
    monkeypatch.setattr("oakum.render.watch_line", lambda *_: "a line")
    lines = Lines()
    lines.stage("looking at \x1b[31mpid/7")
    for _ in range(41):
        lines.watched(None, None, 1.0)
        now_s[0] += PLAIN_EVERY_S / 10
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("oakum: looking at ")
    assert "\x1b" not in told[0]
    assert told[1:] == ["oakum: a line"] * 5
