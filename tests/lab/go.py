"""The leaking shop of lab/go, built by a real Go without the network."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from programs import ROOT, Lines, started

FOLDER = ROOT / "lab" / "go" / "shop"


def go() -> str:
    found = shutil.which("go")
    if found is None:
        pytest.skip("no go on this machine")
    return found


def built(folder: Path) -> Path:
    program = folder / "shop"
    offline = {**os.environ, "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    subprocess.run([go(), "build", "-o", program, "."], cwd=FOLDER, env=offline, check=True, timeout=300)
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
