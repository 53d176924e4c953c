"""A real Ruby that loaded the helper: dumps by a copy of it, what grew between them, and who may ask."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from programs import ROOT, Lines, oakum, started

from oakum.api import investigate
from oakum.host.ruby import LiveRubies
from oakum.loop import interview

pytestmark = pytest.mark.lab

MAIN = ROOT / "lab" / "ruby" / "service" / "main.rb"
QUOTES = "Shop::Quotes#@by_basket"
ANOTHER = 65534


@contextmanager
def service(folder: Path, *before: str, rate=300, lines=False):
    """Its number, as we see it. The helper is the very text that the command prints."""
    ruby = shutil.which("ruby")
    if ruby is None:
        pytest.skip("no ruby on this machine")
    helper = folder / "oakum_heap.rb"
    helper.write_text(oakum("heap", "helper", "ruby").out, encoding="utf-8")
    environment = [f"RUBYOPT=-r{helper}", *(["OAKUM_HEAP_LINES=1"] if lines else [])]
    command = [*before, "env", *environment, ruby, str(MAIN), str(rate)]
    with started(command, name="lab-ruby-live") as (process, _):
        assert Lines(process.stdout.fileno()).next().startswith("ready ")
        yield process.pid


def copies(pid):
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return " ".join((task / "children").read_text(encoding="ascii") for task in tasks).split()


def test_an_investigation_names_the_variable_its_line_and_leaves_no_copy_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(interview, "LEAST_APART_S", 2.0)
    with service(tmp_path, rate=900) as pid:
        found = investigate(f"pid/{pid}", watch_s=5.0, inspect=True, incident=False)
        assert copies(pid) == []
    cause = found.causes[0]
    assert cause.holder == QUOTES
    assert cause.where[0].file.endswith("quotes.rb")
    assert cause.where[0].function == "answer"
    dumps = [row for row in found.evidence if row.id.startswith("dump")]
    assert len(dumps) == 2
    assert all(row.cost.pause_s <= row.facts["predicted_pause_s"] for row in dumps)


def test_a_capture_holds_no_text_and_tells_lines_in_a_container_too(tmp_path):
    inside = ("unshare", "--net", "--mount") if os.geteuid() == 0 else ()
    file = tmp_path / "a.json"
    with service(tmp_path, *inside, lines=True) as pid:
        run = oakum("heap", "capture", f"pid/{pid}", "-f", file, "--inspect", "-o", "json")
        assert copies(pid) == []
    assert run.code == 0, run.err
    assert run.json["redacted"]
    content = file.read_bytes()
    assert b"basket-1" not in content
    assert b"quotes.rb" in content
    assert b'"@by_basket"' in content


@pytest.mark.skipif(os.geteuid() != 0, reason="another user is needed")
def test_another_user_is_answered_nothing(tmp_path):
    ask = (
        "import os, socket, sys; os.setuid(int(sys.argv[2])); made = socket.socket(socket.AF_UNIX);"
        " made.settimeout(20); made.connect(chr(0) + sys.argv[1]); print(len(made.recv(100)))"
    )
    with service(tmp_path, rate=0) as pid:
        name = f"oakum-heap-{pid}-{Path(f'/proc/{pid}/ns/pid').stat().st_ino}"
        done = subprocess.run(
            [sys.executable, "-c", ask, name, str(ANOTHER)], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr
        # The helper goes on: root is answered.
        with closing(LiveRubies().open(pid)) as ruby:
            assert ruby.figures(within_s=20.0).version


def test_without_the_helper_the_command_says_how_it_gets_loaded(tmp_path):
    with started([shutil.which("ruby") or "ruby", str(MAIN), "0"], name="lab-ruby-alone") as (process, _):
        assert Lines(process.stdout.fileno()).next().startswith("ready ")
        run = oakum("heap", "capture", f"pid/{process.pid}", "-f", tmp_path / "none.json", "--inspect")
    assert run.code == 3
    assert "oakum heap helper ruby" in run.err
    assert not json.dumps(os.listdir(tmp_path)).count("none")
