"""Programs in C and C++ of lab/native, built by the machine's compiler and started in memory cgroups."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from programs import ROOT, Lines, started

FOLDER = ROOT / "lab" / "native"


def wanted(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"no {program} on this machine")
    return found


def built(name: str, folder: Path, *options: str) -> Path:
    """``name``: of a file in lab/native."""
    source = FOLDER / name
    program = folder / source.stem
    compiler = wanted("g++" if source.suffix == ".cc" else "gcc")
    command = [compiler, "-O1", "-pthread", *options, "-o", str(program), str(source)]
    subprocess.run(command, check=True, timeout=120)
    return program


class Native:
    """A running one that has said that it is ready."""

    def __init__(self, process, pid: int) -> None:
        self.process, self.pid = process, pid
        assert Lines(process.stdout.fileno()).next().startswith("ready")


@contextmanager
def running_native(program: Path, *words: object) -> Iterator[Native]:
    with started([str(program), *map(str, words)], name="lab-native") as (process, _):
        yield Native(process, process.pid)


def core_of(pid: int, folder: Path) -> Path:
    """Written by gdb's gcore, while the process stands still."""
    command = [wanted("gcore"), "-o", str(folder / "core"), str(pid)]
    subprocess.run(command, check=True, timeout=120, capture_output=True)
    return folder / f"core.{pid}"
