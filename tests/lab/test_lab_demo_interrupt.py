"""Ctrl-C, at any moment: exit 130, no process, no cgroup, no file left behind."""

from __future__ import annotations

import os
import random
import re
import select
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from programs import OAKUM, running

pytestmark = pytest.mark.lab

MARK = "OAKUM_LAB_MARK"
ENDS_WITHIN_S = 15.0
SEED = int(os.environ.get("OAKUM_LAB_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
"""Printed with a failure; set OAKUM_LAB_SEED to it to meet the same moments again."""

WITHIN_S = (0.2, 0.8, 3.0, 12.0, 25.0, 50.0)
"""The n-th Ctrl-C comes at a random moment of the first so many seconds."""


def marked(mark: str) -> list[str]:
    """Processes that inherited our mark: whatever they became, whoever is their parent now."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes():
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found.append(f"{folder.name} [{state}] {command}")
        except OSError:
            continue
    return found


def cgroups_of(pid: int) -> list[str]:
    """Sandboxes carry the pid of the Oakum that made them."""
    roots = [path for path in (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")) if path.is_dir()]
    return [
        folder
        for root in roots[:1]
        for folder, _, _ in os.walk(root)
        if re.search(rf"/oakum-[a-z0-9-]+-{pid}$", folder)
    ]


@contextmanager
def interruptible(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """(Oakum in a process group of its own, as a shell would start it; its mark)."""
    mark = uuid.uuid4().hex
    process = subprocess.Popen(
        [str(OAKUM), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={**os.environ, MARK: mark, "TMPDIR": str(folder)},
        process_group=0,
    )
    try:
        yield process, mark
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        process.stderr.close()


def interrupt_after(process: subprocess.Popen[bytes], seconds: float) -> str:
    """Ctrl-C as a terminal gives it, to the whole group. Returns what was said on standard error until the end."""
    until_s, said = time.monotonic() + seconds, b""
    while time.monotonic() < until_s:
        if select.select([process.stderr], [], [], until_s - time.monotonic())[0]:
            chunk = os.read(process.stderr.fileno(), 65536)
            said += chunk
            if not chunk:
                break
    os.killpg(process.pid, signal.SIGINT)
    _, rest = process.communicate(timeout=ENDS_WITHIN_S)
    return (said + rest).decode(errors="replace")


def in_start_up(seconds: float, code: int) -> bool:
    """In its first moments the process is the interpreter's, not ours: the signal kills it, and nothing exists yet."""
    return seconds < 0.3 and code == -signal.SIGINT


def nothing_is_left(process: subprocess.Popen[bytes], mark: str, folder: Path) -> None:
    assert marked(mark) == []
    assert cgroups_of(process.pid) == []
    assert sorted(path.name for path in folder.iterdir()) == []


@pytest.mark.parametrize("within_s", WITHIN_S)
def test_the_demo_interrupted_leaves_nothing(tmp_path, within_s):
    seconds = random.Random(f"{SEED} {within_s}").uniform(0.05, within_s)
    with interruptible(tmp_path, "demo", "-o", "json") as (process, mark):
        said = interrupt_after(process, seconds)
        assert process.returncode == 130 or in_start_up(seconds, process.returncode), (SEED, seconds, said)
        assert "Traceback" not in said or in_start_up(seconds, process.returncode), (SEED, seconds, said)
        nothing_is_left(process, mark, tmp_path)


def until_said(process: subprocess.Popen[bytes], words: str, within_s: float = 400.0) -> str:
    """What was said on standard error until ``words`` came."""
    until_s, said = time.monotonic() + within_s, ""
    while words not in said:
        ready = select.select([process.stderr], [], [], max(0.0, until_s - time.monotonic()))[0]
        chunk = os.read(process.stderr.fileno(), 65536) if ready else b""
        assert chunk, f"{words!r} was not said: {said}"
        said += chunk.decode(errors="replace")
    return said


def test_the_demo_interrupted_while_it_restarts_its_service_leaves_nothing(tmp_path):
    """The service is nobody's child by then, and a handover of its own starts it again."""
    with interruptible(tmp_path, "demo", "-o", "json") as (process, mark):
        said = until_said(process, "step 2: Restart pid")
        said += interrupt_after(process, random.Random(SEED).uniform(0.0, 1.5))
        assert process.returncode == 130, (SEED, said)
        assert "Traceback" not in said, (SEED, said)
        nothing_is_left(process, mark, tmp_path)


@pytest.mark.parametrize("seconds", [0.4, 2.0, 9.0])
def test_an_investigation_interrupted_leaves_the_target_alone(tmp_path, seconds):
    with running("closure") as program:
        with interruptible(tmp_path, "investigate", f"pid/{program.pid}", "-o", "json") as (process, mark):
            said = interrupt_after(process, seconds)
            assert process.returncode == 130, said
            assert "Traceback" not in said, said
            nothing_is_left(process, mark, tmp_path)
        program.serve_for(0.2)


def test_a_demo_killed_outright_takes_its_services_with_it(tmp_path):
    """SIGKILL leaves no time to clean up: the services see that their starter is gone, and end."""
    with interruptible(tmp_path, "demo", "-o", "json") as (process, mark):
        until_s = time.monotonic() + 30
        while not (children := [row for row in marked(mark) if "load.py" in row]) and time.monotonic() < until_s:
            select.select([process.stderr], [], [], 0.2)
        assert children, "the demo did not start its load within 30 s"
        process.kill()
        process.wait()
        all_gone(mark, tmp_path)


def test_a_demo_killed_outright_after_the_restart_takes_what_it_restarted_and_its_record_with_it(tmp_path):
    with interruptible(tmp_path, "demo", "-o", "json") as (process, mark):
        until_said(process, "memory is at its base again")
        assert list(tmp_path.glob("oakum-record-*/oakum.db"))
        process.kill()
        process.wait()
        all_gone(mark, tmp_path)


def all_gone(mark: str, folder: Path) -> None:
    """Soon: the kernel closes pipes, and those who read them end. What is left of a cgroup the next demo removes."""
    until_s = time.monotonic() + ENDS_WITHIN_S
    while (marked(mark) or list(folder.iterdir())) and time.monotonic() < until_s:
        select.select([], [], [], 0.1)
    assert marked(mark) == []
    assert list(folder.iterdir()) == []
