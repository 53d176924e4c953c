"""What every implementation of Logs that sees real files promises of those that a process writes."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from agent_pipes import pipes

from oakum.host.afar.agent import Agent, command
from oakum.host.afar.logs import MOST_BYTES as AFAR_BYTES
from oakum.host.afar.logs import AfarLogs
from oakum.host.logs import LiveLogs
from oakum.model.errors import TargetError
from oakum.model.log import LogFile, Logs

_PROGRAM = """
import os, sys
os.makedirs("log", exist_ok=True)
own, data, tube = open("log/app.log", "a"), open("data.log"), os.open("log/tube.log", os.O_RDWR)
own.write("first\\nnow\\n"); own.flush()
print("on standard output", flush=True)
sys.stderr.write("ready\\n"); sys.stderr.flush()
sys.stdin.read()
"""


@dataclass(frozen=True)
class World:
    """``folder``: where the program runs; ``end``: ends it."""

    logs: Logs
    pid: int
    folder: Path
    end: Callable[[], None]

    def found(self) -> dict[str, LogFile]:
        every = [each for each in self.logs.of_process(self.pid) if isinstance(each, LogFile)]
        return {str(Path(each.name).relative_to(self.folder)): each for each in every}

    def read(self, name: str, most_bytes: int | None = None) -> tuple[bytes, list[str]]:
        with self.logs.open(self.found()[name], most_bytes=most_bytes) as opened:
            return b"".join(opened.pieces()), list(opened.notes)


@contextmanager
def live() -> Iterator[Logs]:
    yield LiveLogs()


@contextmanager
def afar() -> Iterator[Logs]:
    with pipes(command(sys.executable)) as channel:
        yield AfarLogs(Agent(channel))


@pytest.fixture(params=[live, afar], ids=["this machine", "afar"])
def world(request, tmp_path):
    log = tmp_path / "log"
    log.mkdir()
    (tmp_path / "data.log").write_bytes(b"read, not written\n")
    os.mkfifo(log / "tube.log")
    (log / "app.log.1").write_bytes(b"earlier\n")
    (log / "app.log.2.gz").write_bytes(gzip.compress(b"before that\n"))
    (log / "app.log.old").write_bytes(b"of nobody\n")
    (log / "other.log.1").write_bytes(b"of another\n")
    (log / "app.log.3").write_bytes(b"of a run before\n")
    (log / "app.log.4").symlink_to(tmp_path / "data.log")
    os.utime(log / "app.log.2.gz", (2_000_000_000,) * 2)
    os.utime(log / "app.log.1", (2_000_000_001,) * 2)
    os.utime(log / "app.log.3", (1_000_000_000,) * 2)
    with (tmp_path / "printed.txt").open("wb") as printed:
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM],
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=printed,
            stderr=subprocess.PIPE,
        )

    def end() -> None:
        process.stdin.close()
        process.wait()

    with process, request.param() as logs:
        assert process.stderr.readline() == b"ready\n"
        yield World(logs, process.pid, tmp_path, end)
        end()


def test_its_log_its_output_and_what_was_rotated_away_since_it_was_started_are_found(world):
    found = world.found()
    assert list(found) == ["printed.txt", "log/app.log", "log/app.log.1", "log/app.log.2.gz"]
    assert [found[name].previous for name in found] == [False, False, True, True]
    assert [found[name].whose for name in found][:3] == ["its standard output", "a file that it writes", "rotated"]
    assert found["log/app.log"].size_bytes == len(b"first\nnow\n")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("printed.txt", b"on standard output\n"),
        ("log/app.log", b"first\nnow\n"),
        ("log/app.log.1", b"earlier\n"),
        ("log/app.log.2.gz", b"before that\n"),
    ],
)
def test_each_is_read_whole(world, name, content):
    assert world.read(name) == (content, [])


def test_no_more_of_its_end_is_read_than_is_wanted_from_a_line_s_begin_on(world):
    content, notes = world.read("log/app.log", most_bytes=6)
    assert content == b"now\n"
    assert notes == ["only the last 6 B of 10 B were read"]


def test_a_large_one_is_read_from_its_end_in_pieces(world):
    line = b"%0999d\n"
    many = AFAR_BYTES // 1000 + 2000
    with (world.folder / "log/app.log").open("wb") as file:
        file.writelines(line % at for at in range(many))
    content, notes = world.read("log/app.log", most_bytes=3_500_000)
    assert content.splitlines()[-1] == b"%0999d" % (many - 1)
    assert 3_500_000 - 1000 <= len(content) <= 3_500_000
    assert len(notes) == 1


def test_what_was_written_after_it_was_found_is_read(world):
    log = world.found()["log/app.log"]
    with (world.folder / "log/app.log").open("ab") as file:
        file.write(b"later\n")
    with world.logs.open(log) as opened:
        assert b"".join(opened.pieces()) == b"first\nnow\nlater\n"


def test_one_that_is_rotated_while_it_is_read_is_read_as_it_was(world):
    log = world.found()["log/app.log"]
    with world.logs.open(log) as opened:
        (world.folder / "log/app.log").rename(world.folder / "log/app.log.0")
        (world.folder / "log/app.log").write_bytes(b"new\n")
        assert b"".join(opened.pieces()) == b"first\nnow\n"


def test_another_file_of_its_name_is_not_taken_for_it(world):
    log = world.found()["log/app.log.1"]
    (world.folder / "log/app.log.1").rename(world.folder / "log/app.log.9")
    (world.folder / "log/app.log.1").write_bytes(b"new\n")
    with pytest.raises(TargetError) as raised, world.logs.open(log) as opened:
        list(opened.pieces())
    assert "another file" in raised.value.what
    assert raised.value.next_step


def test_a_log_that_was_removed_is_read_as_long_as_the_process_has_it_open(world):
    (world.folder / "log/app.log").unlink()
    (log,) = [log for name, log in world.found().items() if name.startswith("log/app.log ")]
    with world.logs.open(log) as opened:
        assert b"".join(opened.pieces()) == b"first\nnow\n"


def test_a_link_beside_it_that_leads_elsewhere_is_not_followed(world):
    (world.folder / "log/app.log.2.gz").unlink()
    (world.folder / "log/app.log.2.gz").symlink_to("/etc/hostname")
    assert "log/app.log.2.gz" not in world.found()


def test_of_a_process_that_has_ended_nothing_is_told(world):
    world.end()
    with pytest.raises(TargetError):
        world.logs.of_process(world.pid)
