"""``oakum heap capture`` of a real JVM: without its texts, and whatever ends in the middle, the JVM serves on."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from captures import capture, captured, capturing, gone, heard, suspects, worker_of
from jvm import vault
from jvm_programs import left_of
from programs import OAKUM, oakum

pytestmark = pytest.mark.lab

SECRET = "Tr0ub4dor-and-3-staples!"
PLANTED = 30
"""So many times 2,000 sessions: a dump of them takes long enough for something to end in the middle."""

MIB = 1 << 20


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """One for all; it answers whoever plants."""
    with vault(tmp_path_factory.mktemp("java"), "-XX:+UseSerialGC") as running:
        for number in range(PLANTED):
            running.plant(f"{SECRET}-{number}")
        yield running


@pytest.fixture
def jvm(served, tmp_path):
    """It serves on after every test, and nothing is left: no file, nothing in its folders."""
    yield served.process.pid
    until_s = time.monotonic() + 10.0
    while left_of(served.process.pid) and time.monotonic() < until_s:
        time.sleep(0.05)
    assert left_of(served.process.pid) == []
    served.plant(SECRET)
    assert [path for path in tmp_path.iterdir() if path.name not in {"tiny", "whole", "kept", "kept.raw"}] == []


def test_a_planted_password_is_not_in_the_file_and_its_holder_is_named_as_in_a_raw_one(jvm, tmp_path):
    found = captured(jvm, tmp_path / "kept")
    raw = captured(jvm, tmp_path / "kept.raw", "--raw")
    assert (found["redacted"], raw["redacted"], raw["redaction"]) == (True, False, None)
    assert {"byte[]", "char[]"} <= {row["what"] for row in found["redaction"]["replaced"]}
    data, whole = (tmp_path / "kept").read_bytes(), (tmp_path / "kept.raw").read_bytes()
    assert SECRET.encode() in whole
    assert SECRET.encode() not in data
    assert SECRET.encode("utf-16-be") not in data
    assert suspects(tmp_path / "kept") == suspects(tmp_path / "kept.raw") != []
    for told in (found, raw):
        assert 0 < told["cost"]["pause_s"] <= told["foretold"]["pause_s"] + 0.5
        assert 0 < told["cost"]["bytes_read"] <= told["foretold"]["file_bytes"]


def test_classes_are_counted_without_a_dump_as_jcmd_counts_them(served, jvm):
    run = oakum("heap", "histogram", f"pid/{jvm}", "--inspect", "-o", "json")
    assert run.code == 0, run.err
    (mine,) = [row for row in run.json["classes"] if row["name"] == "vault.Main$Session"]
    assert (mine["count"], mine["shallow_bytes"]) == served.histogram()["vault.Main$Session"]


def test_oakum_killed_in_the_middle_of_the_dump_leaves_nothing_and_the_next_one_works(jvm, tmp_path):
    with capturing(jvm, tmp_path / "a") as process:
        heard(process, "a heap dump:")
        time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert list(tmp_path.iterdir()) == []
    captured(jvm, tmp_path / "kept")


def test_oakum_killed_while_it_writes_takes_what_fills_the_texts_with_it(jvm, tmp_path):
    with capturing(jvm, tmp_path / "a") as process:
        heard(process, "filling its texts")
        worker = worker_of(process)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert gone(worker)


def test_the_process_apart_killed_is_one_error_and_no_file(jvm, tmp_path):
    with capturing(jvm, tmp_path / "a") as process:
        heard(process, "filling its texts")
        os.kill(worker_of(process), signal.SIGKILL)
        said = process.stderr.read()
        assert process.wait() == 6
    assert b"killed" in said
    assert b"Traceback" not in said


def test_a_slow_reader_does_not_hold_the_jvm(served, jvm):
    with capturing(jvm, "-", "--raw") as process:
        begin = process.stdout.read(4096)
        # The pipe is full, and nobody reads: the JVM does not know.
        for _ in range(3):
            served.plant(SECRET)
        assert process.poll() is None
        said = process.communicate(timeout=60)
        assert process.returncode == 0
    assert begin.startswith(b"JAVA PROFILE")
    assert len(begin) + len(said[0]) > 10 * MIB


def test_a_disk_without_room_is_told_before_the_jvm_is_stopped(jvm, tiny_disk):
    full = capture(jvm, tiny_disk / "a")
    full.says("cannot write", "No space left")
    spool = capture(jvm, tiny_disk.parent / "a", environment={"TMPDIR": str(tiny_disk)})
    spool.says("TMPDIR")
    assert (full.code, spool.code) == (6, 3)
    assert "stood still" not in full.err + spool.err
    assert list(tiny_disk.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_sent(jvm, tiny_disk):
    subprocess.run(["mount", "-o", "remount,ro", tiny_disk], check=True)
    run = capture(jvm, tiny_disk / "a")
    run.says("cannot write")
    assert run.code == 6
    assert "attach socket" not in run.err


def test_a_disk_that_fills_in_the_middle_lets_the_jvm_go_on(jvm, tmp_path):
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4 * MIB, 4 * MIB))

    command = [OAKUM, "heap", "capture", f"pid/{jvm}", "--output", str(tmp_path / "a"), "--inspect"]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=small_files, check=False)
    assert done.returncode == 6, done.stderr
    assert "no room" in done.stderr


def test_a_stale_socket_is_opened_anew_and_a_jvm_that_is_killed_in_the_middle_leaves_no_file(tmp_path):
    with vault(tmp_path / "classes", "-XX:+UseSerialGC") as running:
        pid = running.process.pid
        for number in range(PLANTED):
            running.plant(f"{SECRET}-{number}")
        stale = Path(f"/tmp/.java_pid{pid}")
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(stale))
        captured(pid, tmp_path / "kept")
        with capturing(pid, tmp_path / "a") as process:
            heard(process, "a heap dump:")
            running.process.kill()
            said = process.stderr.read()
            assert process.wait() == 3, said
    assert not (tmp_path / "a").exists()
    assert not [name for name in os.listdir("/tmp") if name.startswith(f".oakum-{pid}-")]
    stale.unlink(missing_ok=True)
