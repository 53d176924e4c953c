"""The programs of lab/go, built by a real Go without the network, each in a memory cgroup."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from programs import ROOT, Lines, Program, started

FOLDER = ROOT / "lab" / "go" / "shop"
SERVICE = ROOT / "lab" / "go" / "service"


def go() -> str:
    found = shutil.which("go")
    if found is None:
        pytest.skip("no go on this machine")
    return found


def offline() -> dict[str, str]:
    """No network, and Go's usual cache: in the empty one that tests have, all of Go would be built anew."""
    cache = os.environ.get("GOCACHE", str(Path.home() / ".cache" / "go-build"))
    return {**os.environ, "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOCACHE": cache}


def built(folder: Path, source: Path = FOLDER) -> Path:
    program = folder / source.name
    subprocess.run([go(), "build", "-o", program, "."], cwd=source, env=offline(), check=True, timeout=300)
    return program


class GoShop:
    def __init__(self, process) -> None:
        self.process = process
        self._lines = Lines(process.stdout.fileno())
        assert self._lines.next() == "ready"

    def _ask(self, question: str) -> str:
        self.process.stdin.write(f"{question}\n".encode())
        self.process.stdin.flush()
        return self._lines.next()

    def serve(self, requests: int) -> None:
        assert self._ask(f"serve {requests}").startswith("served ")

    def dump(self, path: Path) -> Path:
        assert self._ask(f"dump {path}") == f"dumped {path}"
        return path


@contextmanager
def go_shop(program: Path) -> Iterator[GoShop]:
    with started([str(program)], name="lab-go") as (process, _):
        yield GoShop(process)


class GoService(Program):
    """One program of lab/go/service."""

    @property
    def port(self) -> int:
        return int(self.ready["port"])

    def source_line(self, file: str, text: str) -> int:
        """Where ``file`` says ``text``, from 1."""
        lines = (SERVICE / file).read_text(encoding="utf-8").splitlines()
        return next(number for number, line in enumerate(lines, 1) if text in line)


@contextmanager
def go_service(program: Path, kind: str, *words: str, prefix: Sequence[str] = ()) -> Iterator[GoService]:
    """``words``: what it serves, and under which path; lab/go/service/face.go. ``prefix``: of the command."""
    with started([*prefix, str(program), kind, *words], name=f"lab-go-{kind}") as running:
        yield GoService(*running)
