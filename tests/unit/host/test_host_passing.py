"""A folder that goes with its block, also where somebody else still writes into it."""

from __future__ import annotations

import tempfile

import pytest

from oakum.host.passing import passing_folder
from oakum.model.errors import MachineError


def test_the_folder_is_empty_ones_own_and_gone_with_all_that_was_put_there(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with passing_folder("oakum-record-") as folder:
        assert (list(folder.iterdir()), folder.stat().st_mode & 0o777) == ([], 0o700)
        (folder / "blobs" / "ab").mkdir(parents=True)
        (folder / "blobs" / "ab" / "cd").write_bytes(b"evidence")
    assert list(tmp_path.iterdir()) == []


def test_it_is_gone_too_where_the_block_fails(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def fails():
        with passing_folder("oakum-record-"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    assert list(tmp_path.iterdir()) == []


def test_where_none_can_be_made_it_says_how_to_choose_another_place(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(MachineError, match="no folder can be made") as told, passing_folder("oakum-record-"):
        pass
    assert told.value.next_step.startswith("TMPDIR=")
