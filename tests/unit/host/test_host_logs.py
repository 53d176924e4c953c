"""Logs of this machine: what a process writes; files that are packed, rotated, cut, or grow while they are read."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import zstandard

from oakum.host.gauge import ProcessFolder
from oakum.host.log_places import unit_of
from oakum.host.log_streams import PIECE
from oakum.host.logs import LiveLogs
from oakum.model.absent import Absent
from oakum.model.errors import CallerError, TargetError
from oakum.model.log import LogFile

TEXT = b"".join(b"line %d\n" % at for at in range(1000))


def whole(log, **bounds):
    """(content, notes)."""
    with LiveLogs().open(log, **bounds) as opened:
        return b"".join(opened.pieces()), list(opened.notes)


def of(path):
    return LiveLogs().of_file(str(path))[-1]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_a_file_is_read_whatever_it_is_packed_with(tmp_path, pack):
    path = tmp_path / "app.log"
    path.write_bytes(pack(TEXT))
    assert whole(of(path)) == (TEXT, [])


def test_two_packed_pieces_after_each_other_are_one_log(tmp_path):
    path = tmp_path / "app.log.gz"
    path.write_bytes(gzip.compress(TEXT) + gzip.compress(b"more\n"))
    assert whole(of(path))[0] == TEXT + b"more\n"


def test_a_packed_file_that_is_cut_off_or_damaged_gives_what_it_has(tmp_path):
    path = tmp_path / "app.log.gz"
    packed = gzip.compress(os.urandom(50_000).hex().encode())
    path.write_bytes(packed[:-5000])
    content, notes = whole(of(path))
    assert content
    assert notes == ["it is cut off: its packing has no end"]
    path.write_bytes(packed[:-8] + bytes(8))
    assert "damaged" in whole(of(path))[1][0]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_what_unpacks_to_very_much_comes_in_pieces(tmp_path, pack):
    path = tmp_path / "app.log"
    packed = pack(bytes(32 << 20))
    path.write_bytes(packed + packed)
    with LiveLogs().open(of(path)) as opened:
        sizes = [len(piece) for piece in opened.pieces()]
    assert sum(sizes) == 64 << 20
    assert max(sizes) <= PIECE
    assert not opened.notes


def test_members_that_hold_nothing_are_told_one_by_one_and_no_more_of_them_is_read_than_may_be_unpacked(tmp_path):
    """Who keeps to a time looks at its clock between pieces."""
    path = tmp_path / "app.log.gz"
    empty = gzip.compress(b"")
    path.write_bytes(empty * (3 * PIECE // len(empty)))
    with LiveLogs().open(of(path)) as opened:
        assert sum(1 for _ in opened.pieces()) == 3 * PIECE // len(empty)
        assert not opened.notes
    with LiveLogs().open(of(path), most_bytes=PIECE) as opened:
        assert sum(1 for _ in opened.pieces()) == PIECE // len(empty)
        assert opened.notes == ["only its first 1.00 MiB, packed, were read"]


def test_a_packed_file_of_zstd_that_is_damaged_gives_what_it_has(tmp_path):
    path = tmp_path / "app.log"
    path.write_bytes(zstandard.compress(TEXT) + b"no frame")
    content, notes = whole(of(path))
    assert content == TEXT
    assert "damaged" in notes[0]


def test_the_last_bytes_of_a_large_one_begin_with_a_whole_line(tmp_path):
    path = tmp_path / "app.log"
    path.write_bytes(TEXT)
    content, notes = whole(of(path), most_bytes=25)
    assert content == b"line 998\nline 999\n"
    assert notes == ["only the last 25 B of 8.68 KiB were read"]


def test_what_was_rotated_away_comes_before_it_the_oldest_first(tmp_path):
    for age, name in enumerate(
        ["app.log", "app.log.1", "app.log.2.gz", "app.log-20261101.gz", "app.log.bak", "other.log"]
    ):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    found = LiveLogs().of_file(str(tmp_path / "app.log"))
    assert [Path(log.name).name for log in found] == [
        "app.log-20261101.gz",
        "app.log.2.gz",
        "app.log.1",
        "app.log",
    ]
    assert [log.previous for log in found] == [True, True, True, False]


def test_one_that_is_rotated_or_cut_while_it_is_read_says_so(tmp_path):
    path = tmp_path / "app.log"
    path.write_bytes(TEXT)
    log = of(path)
    with LiveLogs().open(log) as opened:
        path.rename(tmp_path / "app.log.1")
        path.write_bytes(b"new\n")
        assert b"".join(opened.pieces()) == TEXT
        assert "rotated while it was read" in opened.notes[0]
    with LiveLogs().open(of(path)) as opened:
        os.truncate(path, 0)
        assert b"".join(opened.pieces()) == b""
        assert "shorter" in opened.notes[0]


def test_one_that_grows_ends_where_it_ended_when_it_was_opened(tmp_path):
    path = tmp_path / "app.log"
    path.write_bytes(b"one\n")
    with LiveLogs().open(of(path)) as opened, path.open("ab") as more:
        more.write(b"two\n" * 1000)
        more.flush()
        assert b"".join(opened.pieces()) == b"one\n"


def test_what_is_no_file_is_refused_with_a_way(tmp_path):
    with pytest.raises(CallerError, match="cannot read"):
        LiveLogs().of_file(str(tmp_path / "none.log"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CallerError) as raised:
        LiveLogs().of_file(str(tmp_path / "pipe"))
    assert "oakum investigate - <" in raised.value.next_step
    with pytest.raises(CallerError, match="no regular file"):
        LiveLogs().of_file(str(tmp_path))


def test_one_that_became_a_pipe_hangs_nobody(tmp_path):
    os.mkfifo(tmp_path / "app.log")
    path = str(tmp_path / "app.log")
    with pytest.raises(TargetError, match="no regular file any more"):
        whole(LogFile(path, f"file:{path}", "given"))


@pytest.fixture
def writer(tmp_path):
    """A process that writes its standard error and a log of its own, and reads a file that is none."""
    (tmp_path / "data.log").write_bytes(b"x")
    code = (
        "import sys; own = open('own.log', 'a'); data = open('data.log'); own.write('own\\n'); own.flush();"
        " print('error', file=sys.stderr, flush=True); print('ready', flush=True); sys.stdin.read()"
    )
    with (tmp_path / "error.txt").open("wb") as error:
        process = subprocess.Popen(
            [sys.executable, "-c", code], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=error
        )
    assert process.stdout.readline() == b"ready\n"
    yield process
    process.stdin.close()
    process.wait()
    process.stdout.close()


def test_a_process_is_known_by_what_it_writes_and_not_by_what_it_reads(writer, tmp_path):
    found = [log for log in LiveLogs().of_process(writer.pid) if isinstance(log, LogFile)]
    assert {Path(log.name).name for log in found} == {"error.txt", "own.log"}
    assert {log.whose for log in found} == {"its standard error", "a file that it writes"}
    assert [whole(log)[0] for log in found if log.name.endswith("error.txt")] == [b"error\n"]


def test_a_log_that_was_deleted_is_read_while_the_process_holds_it(writer, tmp_path):
    (tmp_path / "own.log").unlink()
    (log,) = [each for each in LiveLogs().of_process(writer.pid) if "own.log" in each.name]
    assert whole(log)[0] == b"own\n"


def test_one_that_has_ended_leaves_its_files_and_another_file_is_not_taken_for_them(writer, tmp_path):
    logs = LiveLogs().of_process(writer.pid)
    (log,) = [each for each in logs if "own.log" in each.name]
    writer.stdin.close()
    writer.wait()
    assert whole(log)[0] == b"own\n"
    (tmp_path / "own.log").rename(tmp_path / "old")
    (tmp_path / "own.log").write_bytes(b"other\n")
    with pytest.raises(TargetError, match="another file"):
        whole(log)


def test_where_nothing_is_written_to_a_file_that_is_said():
    with subprocess.Popen(["sleep", "60"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        found = LiveLogs().of_process(process.pid)
        process.kill()
    absent = [each for each in found if isinstance(each, Absent)]
    assert [each.what for each in absent] == [f"the log of pid {process.pid}"] or all(
        "container" in each.whose or "journal" in each.whose for each in found
    )


def test_a_process_that_is_not_there():
    with pytest.raises(TargetError, match="there is no process"):
        LiveLogs().of_process(2**22 + 5)


def test_one_that_may_not_be_read_names_who_may(tmp_path, monkeypatch):
    path = tmp_path / "app.log"
    path.write_bytes(TEXT)
    log = of(path)

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("oakum.host.logs.os.open", refuse)
    with pytest.raises(TargetError) as raised:
        whole(log)
    assert raised.value.why == "Permission denied"
    assert "as root" in raised.value.next_step


USER = "/user.slice/user-1000.slice/user@1000.service"


@pytest.mark.parametrize(
    ("cgroups", "unit"),
    [
        ("0::/system.slice/shop.service", "shop.service"),
        ("0::/system.slice/shop.service/payload", "shop.service"),
        (f"0::{USER}/app.slice/shop.service", "user@1000.service/shop.service"),
        (f"0::{USER}/app.slice/app-shop.slice/shop@1.service", "user@1000.service/shop@1.service"),
        (f"4:memory:{USER}\n1:name=systemd:{USER}/app.slice/shop.service", "user@1000.service/shop.service"),
        (f"0::{USER}/init.scope", ""),
        (f"0::{USER}/app.slice/app-shell.scope", ""),
        ("0::/user.slice/user-1000.slice/session-3.scope", ""),
        ("0::/", ""),
    ],
)
def test_a_users_own_service_is_not_taken_for_all_of_the_users_services(cgroups, unit):
    assert unit_of(cgroups) == unit


@pytest.mark.parametrize(
    ("cgroup", "whose"),
    [
        ("0::/system.slice/shop.service", ["--unit=shop.service"]),
        (
            f"0::{USER}/app.slice/shop.service",
            ["_SYSTEMD_UNIT=user@1000.service", "_SYSTEMD_USER_UNIT=shop.service"],
        ),
    ],
)
def test_the_journal_is_asked_for_that_service_since_the_process_was_started(cgroup, whose, tmp_path, monkeypatch):
    program = tmp_path / "journalctl"
    program.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    read = ProcessFolder.read

    def told(folder, name, max_bytes=1 << 20):
        return cgroup.encode() if name == "cgroup" else read(folder, name, max_bytes)

    monkeypatch.setattr(ProcessFolder, "read", told)
    begun_s = time.time()
    with subprocess.Popen(["sleep", "60"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        found = LiveLogs().of_process(process.pid)
        process.kill()
    (log,) = [each for each in found if isinstance(each, LogFile)]
    assert log.name == "journal of shop.service"
    since, *last = whole(log)[0].decode().splitlines()[-1 - len(whose) :]
    assert last == whose
    assert abs(float(since.removeprefix("--since=@")) - begun_s) < 5
