"""Starts the programs of lab/node/leaks in a real Node.js, each in a memory cgroup."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from programs import ROOT, Program, node_port, started

FOLDER = ROOT / "lab" / "node" / "leaks"
LIMIT_BYTES = 1024 * 1024**2


@contextmanager
def node_program(
    name: str, *options: str, limit_bytes: int = LIMIT_BYTES, rate: float | None = None, prefix: Sequence[str] = ()
) -> Iterator[Program]:
    """``options``: of Node.js itself. ``rate``: MB per second; the program's own where it is not given."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    script = [str(FOLDER / name), *([] if rate is None else [str(rate)])]
    command = [*prefix, node, *options, *script]
    place = f"node-{name.partition('.')[0]}"
    with node_port(), started(command, name=place, limit_bytes=limit_bytes) as (process, cgroup):
        yield Program(process, cgroup)


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
