"""What every implementation of Logs promises."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from fake_machine import FakeMachine

from oakum.host.logs import LiveLogs
from oakum.model.errors import CallerError, TargetError
from oakum.model.log import LogFile, Logs

TEXT = b"one\ntwo\n"


@dataclass(frozen=True)
class World:
    """``path``: of a log that is there; ``gone``: has one vanish; ``pid``: of who writes nothing that is a file."""

    logs: Logs
    path: str
    gone: Callable[[], None]
    pid: int


def fake(tmp_path):
    machine = FakeMachine()
    process = machine.start()
    path = str(tmp_path / "app.log")
    machine.logs.content[path] = TEXT
    yield World(machine.logs, path, lambda: machine.logs.content.pop(path), process.pid)


def live(tmp_path):
    path = tmp_path / "app.log"
    path.write_bytes(TEXT)
    yield World(LiveLogs(), str(path), path.unlink, os.getpid())


@pytest.fixture(params=[fake, live], ids=["fake", "this machine"])
def world(request, tmp_path):
    yield from request.param(tmp_path)


def test_a_file_is_given_with_its_size_and_read_whole(world):
    (log,) = world.logs.of_file(world.path)
    assert (log.name, log.size_bytes, log.previous) == (world.path, len(TEXT), False)
    with world.logs.open(log) as opened:
        assert b"".join(opened.pieces()) == TEXT
        assert list(opened.notes) == []


def test_no_more_is_read_than_is_wanted(world):
    (log,) = world.logs.of_file(world.path)
    with world.logs.open(log, most_bytes=5) as opened:
        assert b"".join(opened.pieces()).endswith(b"two\n")
        assert b"".join(opened.pieces()) != TEXT


def test_what_is_not_there_is_refused_with_the_next_step(world):
    with pytest.raises(CallerError) as raised:
        world.logs.of_file(f"{world.path}.none")
    assert raised.value.next_step


def test_one_that_has_gone_meanwhile_is_told(world):
    (log,) = world.logs.of_file(world.path)
    world.gone()
    with pytest.raises(TargetError) as raised, world.logs.open(log) as opened:
        list(opened.pieces())
    assert raised.value.why


def test_what_a_process_writes_is_files_or_why_not(world):
    for log in world.logs.of_process(world.pid):
        assert log.whose if isinstance(log, LogFile) else log.why
