"""Spools: files without a name, with a limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.host.spool import LiveSpools
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import RefusedError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_what_is_written_can_be_opened_by_its_path_and_has_no_name(folder):
    spool = LiveSpools().create(1000)
    spool.write(b"begin ")
    spool.write(b"end")
    path = spool.path()
    assert Path(path).read_bytes() == b"begin end"
    assert spool.size_bytes == 9
    assert list(folder.iterdir()) == []
    spool.close()
    assert not Path(path).exists()


def test_more_than_its_limit_is_refused(folder):
    spool = LiveSpools().create(10)
    spool.write(b"x" * 10)
    with pytest.raises(RefusedError):
        spool.write(b"x")
    spool.close()


def test_no_spool_is_made_that_the_disk_could_not_hold(folder):
    found = LiveSpools().create(1 << 60)
    assert isinstance(found, Absent)
    assert found.kind is AbsentKind.TOO_DEAR
