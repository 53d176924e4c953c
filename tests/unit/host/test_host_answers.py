"""Answers that were kept: found again for the same file, never for another, and never broken."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from oakum.host.answers import BLOCK_BYTES, LiveAnswers, _digest
from oakum.model.cause import CauseName, CodePlace
from oakum.model.heap import Tally

ANSWER = (Tally(3, 400), CauseName.LISTENER, CodePlace("a.js", 3, "f"))


@pytest.fixture
def answers(tmp_path):
    return LiveAnswers(tmp_path / "kept", made_by="1")


def entries(tmp_path):
    return sorted((tmp_path / "kept").iterdir())


def test_what_is_kept_is_found_again_and_is_equal(answers, tmp_path):
    assert answers.find("key") is None
    answers.keep("key", ANSWER)
    assert answers.find("key") == ANSWER
    assert answers.find("another key") is None
    assert LiveAnswers(tmp_path / "kept", made_by="1").find("key") == ANSWER
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in entries(tmp_path)] == [0o600]


def test_a_mark_is_the_same_until_the_file_changes(answers, tmp_path):
    file = tmp_path / "dump"
    file.write_bytes(bytes(4 << 20))
    before = answers.mark([str(file)])
    assert before is not None
    assert answers.mark([str(file)]) == before
    assert LiveAnswers(tmp_path, made_by="2").mark([str(file)]) != before
    assert answers.mark([str(file), str(file)]) != before


@pytest.mark.parametrize("change", ["appended", "rewritten", "touched", "replaced"])
def test_a_file_that_changed_has_another_mark(answers, tmp_path, change):
    file = tmp_path / "dump"
    file.write_bytes(bytes(100_000))
    told = file.stat()
    before = answers.mark([str(file)])
    if change == "appended":
        file.write_bytes(bytes(100_001))
    elif change == "rewritten":
        file.write_bytes(b"\1" + bytes(99_999))
    elif change == "replaced":
        other = tmp_path / "other"
        other.write_bytes(bytes(100_000))
        other.replace(file)
    if change != "touched":
        # As a copy that keeps times does: size or contents or inode must tell.
        os.utime(file, ns=(told.st_atime_ns, told.st_mtime_ns))
    else:
        os.utime(file, ns=(told.st_atime_ns, told.st_mtime_ns + 1))
    assert answers.mark([str(file)]) != before


def test_the_first_and_the_last_block_are_looked_at(answers, tmp_path):
    file = tmp_path / "dump"
    size = 64 * BLOCK_BYTES + 5
    marks = set()
    for at in (-1, 0, size - 1):
        data = bytearray(size)
        if at >= 0:
            data[at] = 1
        file.write_bytes(data)
        os.utime(file, ns=(1, 1))
        marks.add(answers.mark([str(file)]))
    assert len(marks) == 3


def test_what_cannot_be_read_twice_has_no_mark(answers, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for file in ("-", str(tmp_path / "pipe"), str(tmp_path), str(tmp_path / "missing")):
        assert answers.mark([file]) is None


@pytest.mark.parametrize("at", [0, 20, 40, -1])
def test_a_broken_entry_is_no_answer_and_is_made_again(answers, tmp_path, at):
    answers.keep("key", ANSWER)
    (path,) = entries(tmp_path)
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    assert answers.find("key") is None
    answers.keep("key", ANSWER)
    assert answers.find("key") == ANSWER


def test_an_entry_cut_at_any_byte_is_no_answer(answers, tmp_path):
    answers.keep("key", ANSWER)
    (path,) = entries(tmp_path)
    data = path.read_bytes()
    for size in range(len(data)):
        path.write_bytes(data[:size])
        assert answers.find("key") is None


class Harmful:
    def __reduce__(self):
        return os.mkdir, ("made-by-an-entry",)


def test_an_entry_that_would_run_something_is_no_answer(answers, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answers.keep("key", Harmful())
    assert len(entries(tmp_path)) == 1
    assert answers.find("key") is None
    assert not Path("made-by-an-entry").exists()
    assert pickle.dumps(Harmful())


def test_a_link_is_not_followed(answers, tmp_path):
    answers.keep("key", ANSWER)
    (path,) = entries(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert answers.find("key") is None


def test_the_least_lately_asked_leave_first(tmp_path):
    folder = tmp_path / "kept"
    large = os.urandom(10_000)
    answers = LiveAnswers(folder, made_by="1", most_bytes=35_000)
    for number in range(3):
        answers.keep(f"key {number}", large)
        os.utime(folder / f"{_digest(f'key {number}'.encode()).hex()}.answer", (number, number))
    assert answers.find("key 0") == large
    answers.keep("key 3", large)
    found = [answers.find(f"key {number}") is not None for number in range(4)]
    assert found == [True, False, True, True]
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 35_000


def test_what_is_too_large_is_not_kept_and_an_old_half_written_one_goes(answers, tmp_path):
    answers.keep("key", ANSWER)
    half = tmp_path / "kept" / "tmphalf"
    half.write_bytes(b"x")
    os.utime(half, (1, 1))
    answers.keep("large", os.urandom(17 << 20))
    assert answers.find("large") is None
    answers.keep("another", ANSWER)
    assert not half.exists()
    assert answers.find("key") == ANSWER


def test_a_folder_that_cannot_be_made_troubles_nobody(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    answers = LiveAnswers(tmp_path / "file" / "kept", made_by="1")
    answers.keep("key", ANSWER)
    assert answers.find("key") is None
