"""Starts the programs of lab/java/leaks in a real JVM, each in a memory cgroup."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from programs import ROOT, Program, started

FOLDER = ROOT / "lab" / "java" / "leaks"
LIMIT_BYTES = 1024 * 1024**2
HEAP = "-Xmx640m"


@cache
def jdks() -> dict[str, Path]:
    """``bin`` folders of the JDKs here, by major version, that have a compiler."""
    found = {}
    for home in sorted(Path("/usr/lib/jvm").glob("*")):
        release = home / "release"
        if release.is_file() and (home / "bin" / "javac").exists():
            told = dict(line.split("=", 1) for line in release.read_text(encoding="utf-8").splitlines() if "=" in line)
            found.setdefault(told["JAVA_VERSION"].strip('"').partition(".")[0], home / "bin")
    return found


def compiled(folder: Path) -> Path:
    """The programs' classes, as the oldest JDK here makes them."""
    if shutil.which("javac") is None:
        pytest.skip("no javac on this machine")
    classes = folder / "classes"
    classes.mkdir(mode=0o755)
    subprocess.run(["javac", "-d", str(classes), *map(str, sorted(FOLDER.rglob("*.java")))], check=True)
    return classes


@contextmanager
def jvm_program(
    name: str,
    classes: Path,
    *options: str,
    rate: float = 2.0,
    limit_bytes: int = LIMIT_BYTES,
    prefix: Sequence[str] = (),
    java: str = "java",
) -> Iterator[Program]:
    """``options``: of the JVM itself. ``rate``: MB per second."""
    command = [*prefix, java, HEAP, *options, "-cp", str(classes), f"leaks.{name}", str(rate)]
    with started(command, name=f"jvm-{name.lower()}", limit_bytes=limit_bytes) as (process, cgroup):
        yield Program(process, cgroup)


def left_of(pid: int) -> list[str]:
    """What nobody must find in the temporary folder of ``pid`` afterwards, nor where it stands."""
    inner = Path(f"/proc/{pid}/status").read_text(encoding="ascii").partition("NSpid:")[2].split("\n")[0].split()[-1]
    places = [f"/proc/{pid}/root/tmp", f"/proc/{pid}/cwd"]
    return [
        name
        for place in places
        for name in os.listdir(place)
        if name.startswith((f".oakum-{inner}-", f".attach_pid{inner}"))
    ]
