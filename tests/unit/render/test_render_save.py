"""A file is written whole or not at all, and nothing but that file is touched."""

from __future__ import annotations

import errno
import os
import shlex
import stat
import threading

import pytest

from oakum.model.errors import CallerError, MachineError
from oakum.render.save import check_writable, save


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def full_disk(monkeypatch, *, after):
    """Every disk takes ``after`` bytes and then no more, at the latest when it is asked to be sure."""

    def refuse(handle):
        if os.fstat(handle).st_size > after:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)


def test_a_new_file_holds_the_text_and_nothing_stands_beside_it(tmp_path):
    path = tmp_path / "report.html"
    assert save(path, "grüße\n") == path
    assert path.read_bytes() == "grüße\n".encode()
    assert names(tmp_path) == ["report.html"]


def test_what_may_name_secrets_is_readable_by_its_owner_alone(tmp_path):
    path = save(tmp_path / "report.html", "x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_older_file_is_replaced_at_one_stroke(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("older")
    reader = path.open()
    save(path, "newer")
    assert path.read_text() == "newer"
    assert reader.read() == "older", "who had it open still sees the whole older one"
    reader.close()


def test_a_full_disk_leaves_the_older_file_and_no_half(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("older")
    full_disk(monkeypatch, after=100)
    with pytest.raises(MachineError) as caught:
        save(path, "x" * 1000)
    assert path.read_text() == "older"
    assert names(tmp_path) == ["report.html"]
    assert (caught.value.what, caught.value.why) == (f"cannot write {path}", "No space left on device")
    assert shlex.split(caught.value.next_step)[:2] == ["df", "-h"]


def test_a_disk_that_is_nearly_full_is_noticed_before_the_work(tmp_path, monkeypatch):
    full_disk(monkeypatch, after=16 << 10)
    with pytest.raises(MachineError):
        check_writable(tmp_path / "report.html")
    assert names(tmp_path) == []


def test_a_place_that_can_be_written_is_left_as_it_was(tmp_path):
    path = tmp_path / "report.html"
    check_writable(path)
    assert names(tmp_path) == []
    path.write_text("older")
    check_writable(path)
    assert (names(tmp_path), path.read_text()) == (["report.html"], "older")


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_a_rename_that_is_refused_leaves_no_half(tmp_path, monkeypatch, number):
    path = tmp_path / "report.html"
    path.write_text("older")

    def refuse(*args):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr("pathlib.Path.replace", refuse)
    with pytest.raises(MachineError):
        save(path, "newer")
    assert (names(tmp_path), path.read_text()) == (["report.html"], "older")


@pytest.mark.parametrize("failure", [KeyboardInterrupt, MemoryError])
def test_an_interrupt_leaves_no_half_either(tmp_path, monkeypatch, failure):
    def interrupted(handle):
        raise failure

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(failure):
        save(tmp_path / "report.html", "text")
    assert names(tmp_path) == []


def test_a_text_that_cannot_be_encoded_leaves_no_half(tmp_path):
    with pytest.raises(UnicodeEncodeError):
        save(tmp_path / "report.html", "\udcff")
    assert names(tmp_path) == []


@pytest.mark.parametrize("attempt", [lambda path: save(path, "x"), check_writable])
def test_a_folder_where_a_file_is_wanted_is_the_callers_mistake(tmp_path, attempt):
    folder = tmp_path / "my folder"
    folder.mkdir()
    with pytest.raises(CallerError, match="is a folder") as caught:
        attempt(folder)
    assert shlex.split(caught.value.next_step) == ["-f", f"{folder}/oakum-report.html"]
    assert names(tmp_path) == ["my folder"]


@pytest.mark.parametrize("attempt", [lambda path: save(path, "x"), check_writable])
@pytest.mark.parametrize(
    "name",
    ["no/such/folder/report.html", "file/report.html", "x" * 300, "a\nb" * 100],
    ids=["missing", "in a file", "long", "lines"],
)
def test_a_place_that_cannot_be_is_a_machine_error(tmp_path, attempt, name):
    (tmp_path / "file").write_text("x")
    with pytest.raises(MachineError) as caught:
        attempt(tmp_path / name)
    assert caught.value.why
    assert caught.value.next_step
    assert names(tmp_path) == ["file"]


def test_a_folder_that_takes_nothing_is_a_machine_error(tmp_path):
    """/proc takes no file from anybody, root included."""
    with pytest.raises(MachineError):
        save(tmp_path.__class__("/proc/report.html"), "x")


def test_a_link_is_replaced_and_what_it_led_to_is_left_alone(tmp_path):
    other, link = tmp_path / "other", tmp_path / "report.html"
    other.write_text("somebody else's")
    link.symlink_to(other)
    save(link, "ours")
    assert not link.is_symlink()
    assert (link.read_text(), other.read_text()) == ("ours", "somebody else's")


def test_a_link_that_leads_nowhere_is_replaced_too(tmp_path):
    link = tmp_path / "report.html"
    link.symlink_to(tmp_path / "nowhere")
    save(link, "ours")
    assert names(tmp_path) == ["report.html"]
    assert link.read_text() == "ours"


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    check_writable(pipe)
    heard = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_text()), daemon=True)
    reader.start()
    save(pipe, "through")
    reader.join(timeout=2)
    assert heard == ["through"]
    assert pipe.is_fifo()
    assert names(tmp_path) == ["pipe"]


@pytest.mark.parametrize("name", ["/dev/null", "/dev/fd/{}", "/proc/self/fd/{}"])
def test_a_device_is_never_replaced(tmp_path, name):
    with (tmp_path / "target").open("w+") as file:
        path = tmp_path.__class__(name.format(file.fileno()))
        before = os.lstat(path)
        check_writable(path)
        save(path, "x")
        assert os.lstat(path).st_ino == before.st_ino
        assert names(path.parent) == sorted(names(path.parent))
        assert not [each for each in os.listdir(path.parent) if each.startswith(f".{path.name}.")]
