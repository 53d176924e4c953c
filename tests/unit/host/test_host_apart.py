"""The process apart: what it answers, and every way in which it may end instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.host.apart import LiveApart
from oakum.model.errors import DataError, MachineError

MEMORY = 512 * 1024**2


def run(monkeypatch, verb, **request):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    told = []
    wanted = {"verb": verb, **request}
    return LiveApart().run("apart_child", wanted, memory_bytes=MEMORY, told=told.append), told


def test_its_answer_and_its_stages_come_back(monkeypatch):
    assert run(monkeypatch, "add", left=1, right=2) == ({"sum": 3}, ["adding"])


def test_its_error_is_raised_here_as_it_was_there(monkeypatch):
    with pytest.raises(DataError) as told:
        run(monkeypatch, "refuse")
    assert (told.value.what, told.value.why, told.value.next_step) == ("it is broken", "a byte", "take another")


def test_the_limit_on_its_memory_is_kept_and_said(monkeypatch):
    with pytest.raises(MachineError, match="512 MiB of memory are too little") as told:
        run(monkeypatch, "grow")
    assert "--memory 1024MiB" in told.value.next_step


@pytest.mark.parametrize(
    ("verb", "family", "words"),
    [("kill", MachineError, "was killed"), ("crash", DataError, "crashed"), ("shrink", DataError, "became shorter")],
)
def test_an_end_without_an_answer_is_explained(monkeypatch, tmp_path, verb, family, words):
    file = tmp_path / "file"
    file.write_bytes(bytes(8192))
    with pytest.raises(family, match=words):
        run(monkeypatch, verb, file=str(file))
