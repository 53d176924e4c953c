"""Dumps as files, pipes, gzip and zstd."""

from __future__ import annotations

import gzip
import os
import threading

import pytest
import zstandard

from oakum.host.dumps import LiveDumps
from oakum.model.errors import CallerError, DataError, MachineError

TEXT = bytes(range(256)) * 9000


def content(path):
    with LiveDumps().open(str(path)) as data:
        return data.tobytes()


@pytest.mark.parametrize(
    "packed",
    [
        TEXT,
        gzip.compress(TEXT),
        gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:]),
        gzip.compress(TEXT) + bytes(512),
        zstandard.compress(TEXT),
        zstandard.compress(TEXT[:1000]) + zstandard.compress(TEXT[1000:]),
    ],
    ids=["plain", "gzip", "two gzip members", "gzip with padding", "zstd", "two zstd frames"],
)
def test_a_file_is_read_whole_and_unpacked(tmp_path, packed):
    path = tmp_path / "dump"
    path.write_bytes(packed)
    assert content(path) == TEXT


@pytest.mark.parametrize("packed", [TEXT, gzip.compress(TEXT)], ids=["plain", "gzip"])
def test_a_pipe_is_spooled(tmp_path, packed):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(packed,))
    writer.start()
    assert content(path) == TEXT
    writer.join()


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_packed_file_that_is_cut_gives_what_was_in_it(tmp_path, pack):
    path = tmp_path / "dump"
    packed = pack(os.urandom(300_000))
    path.write_bytes(packed[: len(packed) * 2 // 3])
    assert 0 < len(content(path)) < 300_000


@pytest.mark.parametrize("magic", [b"\x1f\x8b", b"\x28\xb5\x2f\xfd"])
def test_a_packed_file_that_is_broken_from_the_start_is_refused(tmp_path, magic):
    path = tmp_path / "dump"
    path.write_bytes(magic + b"\xff" * 100)
    with pytest.raises(DataError, match="cannot be unpacked"):
        content(path)


def test_an_empty_file_is_empty(tmp_path):
    (tmp_path / "dump").touch()
    assert content(tmp_path / "dump") == b""


def test_what_is_not_there_or_no_file_is_the_callers_mistake(tmp_path):
    with pytest.raises(CallerError, match="there is no file"):
        content(tmp_path / "none")
    with pytest.raises(CallerError, match="folder"):
        content(tmp_path)


def test_a_data_error_of_whoever_reads_it_names_the_file(tmp_path):
    (tmp_path / "dump").touch()
    with pytest.raises(DataError) as told, LiveDumps().open(str(tmp_path / "dump")):
        raise DataError("this is no heap dump", next_step="file FILE")
    assert told.value.what == f"{tmp_path}/dump: this is no heap dump"
    assert told.value.next_step == f"file {tmp_path}/dump"


def test_no_room_to_unpack_is_said_with_a_way_out(tmp_path, monkeypatch):
    path = tmp_path / "dump"
    path.write_bytes(gzip.compress(TEXT))
    full = open("/dev/full", "r+b")  # noqa: PTH123, SIM115
    monkeypatch.setattr("oakum.host.dumps.tempfile.TemporaryFile", lambda **_: full)
    with pytest.raises(MachineError, match="no room"):
        content(path)
