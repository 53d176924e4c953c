"""Dumps are written whole or not at all."""

from __future__ import annotations

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


def test_no_room_is_told_beforehand(tmp_path):
    with pytest.raises(MachineError, match="cannot write"):
        check_room(str(tmp_path / "a"), 1 << 60)
