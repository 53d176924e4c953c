"""Captures of this very machine's processes: what is said first, what is refused, what is never overwritten."""

from __future__ import annotations

import os
import subprocess
import sys

import pyrage
import pytest

import oakum
from oakum.host import this_machine
from oakum.loop.capture import capture
from oakum.loop.capturing.settings import Settings
from oakum.model.errors import CallerError, MachineError, TargetError
from oakum.model.target import parse_target

PROGRAM = (
    "import ctypes; ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1 & (1 << 64) - 1), 0, 0, 0);"
    "rows = [bytearray(3000) for _ in range(500)]; print('ready', flush=True); input()"
)


class Said:
    def __init__(self):
        self.lines = []

    def stage(self, text):
        self.lines.append(text)

    def watched(self, series, verdict, remaining_s):
        raise AssertionError((series, verdict, remaining_s))


def started(*command):
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@pytest.fixture
def child():
    with started(sys.executable, "-I", "-c", PROGRAM) as process:
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


def taken(pid, file, settings=Settings()):  # noqa: B008  (a value)
    said = Said()
    found = capture(parse_target(f"pid/{pid}"), str(file), machine=this_machine(), settings=settings, progress=said)
    return found, said.lines


def test_cost_and_risk_are_said_before_anything_is_read_and_only_the_owner_may_read_the_file(child, tmp_path):
    found, lines = taken(child.pid, tmp_path / "a.census")
    cost = next(at for at, line in enumerate(lines) if "pause: none" in line)
    copied = next(at for at, line in enumerate(lines) if line.startswith("copied"))
    assert cost < copied
    assert "writes at most" in lines[cost]
    assert "not stopped" in lines[cost]
    assert (tmp_path / "a.census").stat().st_mode & 0o777 == 0o600
    assert found.file_bytes == (tmp_path / "a.census").stat().st_size
    assert found.cost.pause_s == 0
    assert [path.name for path in tmp_path.iterdir()] == ["a.census"]


def test_a_program_takes_a_dump_and_counts_classes_as_the_commands_do(child, tmp_path):
    found = oakum.capture_heap(f"pid/{child.pid}", tmp_path / "a.census")
    assert (found.pid, found.redacted, found.file_bytes) == (child.pid, True, (tmp_path / "a.census").stat().st_size)
    with pytest.raises(oakum.OakumError, match="only a JVM counts its objects"):
        oakum.heap_histogram(f"pid/{child.pid}")


def test_a_stop_is_asked_for_by_name_and_its_pause_is_told(child, tmp_path):
    found, lines = taken(child.pid, tmp_path / "a.census", Settings(stop=True))
    assert found.cost.pause_s > 0
    assert any("stands still" in line for line in lines)


def test_a_file_with_texts_says_so_first(child, tmp_path):
    found, lines = taken(child.pid, tmp_path / "a.census", Settings(raw=True))
    assert not found.redacted
    assert any("may be secrets" in line for line in lines)


def test_a_sealed_file_is_opened_by_its_key_alone_and_says_whose_that_is(child, tmp_path):
    key = pyrage.x25519.Identity.generate()
    path, owner = tmp_path / "a.census.age", str(key.to_public())
    found, _ = taken(child.pid, path, Settings(recipients=(owner,)))
    assert found.sealed_to == (owner,)
    assert path.read_bytes().startswith(b"age-encryption.org/v1")
    assert pyrage.decrypt(path.read_bytes(), [key]).startswith(b"\x28\xb5\x2f\xfd")


def test_what_stands_there_is_never_overwritten(child, tmp_path):
    path = tmp_path / "a.census"
    path.write_bytes(b"the only dump there is")
    with pytest.raises(CallerError, match="there already"):
        taken(child.pid, path)
    assert path.read_bytes() == b"the only dump there is"


@pytest.mark.parametrize(("name", "family"), [("", CallerError), ("no/such/folder/a", MachineError)])
def test_a_file_that_cannot_be_is_told_before_the_target_is_looked_at(tmp_path, name, family):
    with pytest.raises(family):
        capture(
            parse_target("pid/1"), f"{tmp_path}/{name}", machine=this_machine(), settings=Settings(), progress=Said()
        )


def test_another_runtime_is_one_error_with_the_next_step(tmp_path):
    with started("/bin/cat") as process:
        try:
            with pytest.raises(TargetError, match="captures CPython") as told:
                taken(process.pid, tmp_path / "a.census")
        finally:
            process.kill()
    assert told.value.next_step
    assert os.listdir(tmp_path) == []


def test_a_process_that_has_ended_is_a_target_error(tmp_path):
    process = started("/bin/true")
    process.communicate()
    with pytest.raises(TargetError):
        taken(process.pid, tmp_path / "a.census")


def test_a_core_of_a_native_program_is_advised_where_there_is_room_and_for_its_owner_alone(tmp_path):
    with started("/bin/cat") as process:
        with pytest.raises(TargetError) as told:
            taken(process.pid, tmp_path / "a")
        process.kill()
    pid = process.pid
    assert told.value.next_step.startswith(
        f"df -h . && grep VmData /proc/{pid}/status && (umask 077; gcore -o leak {pid})"
    )
