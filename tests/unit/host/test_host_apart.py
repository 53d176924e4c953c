"""The process apart: what it answers, and every way in which it may end instead."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from oakum.host.apart import LiveApart
from oakum.model.errors import DataError, MachineError

MEMORY = 512 * 1024**2
HERE = os.pathsep.join(filter(None, [str(Path(__file__).parent), os.environ.get("PYTHONPATH")]))
"""The program apart is found here, and the code under test where it was."""


def run(monkeypatch, verb, **request):
    monkeypatch.setenv("PYTHONPATH", HERE)
    told = []
    wanted = {"verb": verb, **request}
    return LiveApart().run("apart_child", wanted, memory_bytes=MEMORY, told=told.append), told


def test_its_answer_and_its_stages_come_back(monkeypatch):
    assert run(monkeypatch, "add", left=1, right=2) == ({"sum": 3}, ["adding"])


def test_its_error_is_raised_here_as_it_was_there(monkeypatch):
    with pytest.raises(DataError) as told:
        run(monkeypatch, "refuse")
    assert (told.value.what, told.value.why, told.value.next_step) == ("it is broken", "a byte", "take another")


@pytest.mark.parametrize("broken", [0, 1])
def test_what_it_pours_comes_piece_by_piece_and_its_answer_or_its_error_last(monkeypatch, broken):
    monkeypatch.setenv("PYTHONPATH", HERE)
    request = {"verb": "pour", "sizes": [3, 0, 5_000_000], "broken": broken}
    poured = LiveApart().pour("apart_child", request, memory_bytes=MEMORY, told=lambda _: None)
    assert [len(next(poured)) for _ in range(3)] == [3, 0, 5_000_000]
    with pytest.raises(DataError if broken else StopIteration) as ended:
        next(poured)
    assert broken or ended.value.value == "poured"


def test_who_takes_no_more_pieces_ends_it(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", HERE)
    request = {"verb": "pour", "sizes": [1] + [1 << 22] * 50, "broken": 0}
    poured = LiveApart().pour("apart_child", request, memory_bytes=MEMORY, told=lambda _: None)
    next(poured)
    poured.close()
    with pytest.raises(StopIteration):
        next(poured)


def test_the_limit_on_its_memory_is_kept_and_said(monkeypatch):
    with pytest.raises(MachineError, match="512 MiB of memory are too little") as told:
        run(monkeypatch, "grow")
    assert "--memory 1024MiB" in told.value.next_step


@pytest.mark.parametrize(
    ("verb", "family", "words"),
    [("crash", DataError, "crashed"), ("shrink", DataError, "became shorter")],
)
def test_an_end_without_an_answer_is_explained(monkeypatch, tmp_path, verb, family, words):
    file = tmp_path / "file"
    file.write_bytes(bytes(8192))
    with pytest.raises(family, match=words):
        run(monkeypatch, verb, file=str(file))


@pytest.mark.parametrize(
    ("number", "family", "words"),
    [
        (signal.SIGKILL, MachineError, "was killed"),
        (signal.SIGTERM, MachineError, "SIGTERM"),
        (signal.SIGINT, KeyboardInterrupt, ""),
    ],
)
def test_a_signal_that_ends_it_is_not_blamed_on_the_dump(monkeypatch, number, family, words):
    with pytest.raises(family) as told:
        run(monkeypatch, "signal", number=int(number))
    assert words in repr(told.value) + str(getattr(told.value, "why", ""))


@pytest.mark.parametrize("said", [0, 1, 98])
def test_who_is_killed_in_the_middle_of_a_word_is_told_as_killed(monkeypatch, said):
    with pytest.raises(MachineError, match="was killed"):
        run(monkeypatch, "stammer", bytes=said)


def test_it_ends_with_the_process_that_waits_for_it():
    waiting = (
        "from oakum.host.apart import LiveApart\n"
        "tell = lambda text: print(text, flush=True)\n"
        f"LiveApart().run('apart_child', {{'verb': 'wait'}}, memory_bytes={MEMORY}, told=tell)\n"
    )
    environment = {**os.environ, "PYTHONPATH": HERE}
    with subprocess.Popen([sys.executable, "-c", waiting], stdout=subprocess.PIPE, env=environment) as parent:
        child = int(parent.stdout.readline().split()[1])
        handle = os.pidfd_open(child)
        parent.kill()
    try:
        assert select.select([handle], [], [], 30)[0], "it outlived the one that waited for its answer"
    finally:
        os.close(handle)
