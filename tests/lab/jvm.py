"""The leaking programs of lab/java in a real JVM, and what the JVM's own tools say of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from programs import ROOT, Lines, started

from oakum.heap.formats.hprof.classes import source_name

SOURCES = ROOT / "lab" / "java" / "shop"
SHAPES = ROOT / "lab" / "java" / "shapes"
VAULT = ROOT / "lab" / "java" / "vault"
REDEPLOY = ROOT / "lab" / "java" / "redeploy"
ROW = re.compile(r"\s*\d+:\s+(\d+)\s+(\d+)\s+(\S+)")
HIDDEN_NAME = re.compile(r"[/.+]0x[0-9a-f]+$")


def need_jdk():
    for program in ("javac", "java", "jcmd"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program} on this machine")


@contextmanager
def shop(classes: Path, *options: str) -> Iterator[Shop]:
    """The shop with at most 256 MB of heap, compiled into ``classes``, in a memory cgroup."""
    with _started(SOURCES, classes, [*options, "-cp", str(classes), "shop.Main"]) as process:
        yield Shop(process)


@contextmanager
def server(classes: Path, kept_by: str) -> Iterator[Shop]:
    """The server that deploys an application anew with every number asked for; see lab/java/redeploy/Main.java."""
    with _started(REDEPLOY, classes, ["-XX:+UseSerialGC", "-cp", str(classes), "redeploy.Main", kept_by]) as process:
        yield Shop(process)


@contextmanager
def shapes(classes: Path) -> Iterator[Shop]:
    """The program that keeps too much in every ordinary way; see lab/java/shapes/Shapes.java."""
    with _started(SHAPES, classes, ["-XX:+UseSerialGC", "-cp", str(classes), "shapes.Shapes"]) as process:
        yield Shop(process)


@contextmanager
def vault(classes: Path, *options: str) -> Iterator[Shop]:
    """The program that keeps a secret in every form; see lab/java/vault/Main.java."""
    with _started(VAULT, classes, [*options, "-cp", str(classes), "vault.Main"]) as process:
        yield Shop(process)


@contextmanager
def _started(sources: Path, classes: Path, arguments: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    need_jdk()
    subprocess.run(["javac", "-d", str(classes), *map(str, sorted(sources.rglob("*.java")))], check=True)
    with started(["java", "-Xmx256m", *arguments], name="lab-jvm") as (process, _):
        yield process


class Shop:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._lines = Lines(process.stdout.fileno())
        assert self._lines.next() == "ready"

    def serve(self, requests: int) -> None:
        self.process.stdin.write(f"{requests}\n".encode())
        self.process.stdin.flush()
        assert self._lines.next().startswith(("served ", "deployed "))

    def plant(self, secret: str) -> None:
        self.process.stdin.write(f"{secret}\n".encode())
        self.process.stdin.flush()
        assert self._lines.next() == "planted"

    def jcmd(self, *command: str) -> str:
        done = subprocess.run(["jcmd", str(self.process.pid), *command], check=True, capture_output=True, text=True)
        return done.stdout

    def dump(self, path: Path, *options: str) -> Path:
        self.jcmd("GC.heap_dump", *options, str(path))
        return path

    def histogram(self, *options: str) -> dict[str, tuple[int, int]]:
        """(instances, bytes) by class name as in source."""
        rows = {}
        for line in self.jcmd("GC.class_histogram", *options).splitlines():
            if match := ROW.match(line):
                name = source_name(HIDDEN_NAME.sub("", match[3]).replace(".", "/"))
                count, size = rows.get(name, (0, 0))
                rows[name] = (count + int(match[1]), size + int(match[2]))
        return rows
