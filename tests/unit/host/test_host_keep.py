"""Dumps are written whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from oakum.host.dumps import LiveDumps
from oakum.host.keep import check_room
from oakum.model.errors import CallerError, MachineError


def test_what_was_kept_is_read_again(tmp_path):
    path = str(tmp_path / "a")
    size = LiveDumps().keep(path, (bytes([number]) * 100_000 for number in range(20)))
    assert size == (tmp_path / "a").stat().st_size < 20_000
    with LiveDumps().open(path) as data:
        assert data.tobytes() == b"".join(bytes([number]) * 100_000 for number in range(20))


def test_a_writer_that_breaks_off_leaves_nothing(tmp_path):
    def broken():
        yield b"x" * 1000
        raise RuntimeError

    with pytest.raises(RuntimeError):
        LiveDumps().keep(str(tmp_path / "a"), broken())
    assert not list(tmp_path.iterdir())


def test_a_name_that_was_taken_meanwhile_is_left_alone(tmp_path):
    path = tmp_path / "a"

    def chunks():
        yield b"mine"
        path.write_bytes(b"theirs")

    with pytest.raises(CallerError):
        LiveDumps().keep(str(path), chunks())
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


KILLED = """
import os, signal, sys
from oakum.host.keep import keep
def chunks():
    for _ in range(50):
        yield os.urandom(100_000)
    os.kill(os.getpid(), signal.SIGKILL)
keep(sys.argv[1], chunks())
"""


def test_a_writer_that_is_killed_leaves_nothing_not_even_beside(tmp_path):
    try:
        os.close(os.open(tmp_path, os.O_TMPFILE | os.O_WRONLY))
    except OSError:
        pytest.skip("this file system has only files with names")
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "a"], check=False)
    assert done.returncode == -signal.SIGKILL
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def with_names(monkeypatch):
    """As on a file system that has only files with names."""
    monkeypatch.setattr("oakum.host.keep._unnamed", lambda _: None)


@pytest.mark.usefixtures("with_names")
def test_where_every_file_has_a_name_it_is_whole_or_not_there_all_the_same(tmp_path):
    test_what_was_kept_is_read_again(tmp_path)
    (tmp_path / "a").unlink()
    test_a_writer_that_breaks_off_leaves_nothing(tmp_path)
    test_a_name_that_was_taken_meanwhile_is_left_alone(tmp_path)


def test_only_its_owner_may_read_it(tmp_path):
    LiveDumps().keep(str(tmp_path / "a"), [b"mine"])
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_no_room_is_told_beforehand(tmp_path):
    with pytest.raises(MachineError, match="cannot write"):
        check_room(str(tmp_path / "a"), 1 << 60)
