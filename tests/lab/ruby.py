"""The leaking shop of lab/ruby in a real Ruby."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from programs import ROOT, Lines, started

MAIN = ROOT / "lab" / "ruby" / "shop" / "main.rb"


class RubyShop:
    def __init__(self, process) -> None:
        self.process = process
        self._lines = Lines(process.stdout.fileno())
        assert self._lines.next() == "ready"

    def _ask(self, question: str) -> str:
        self.process.stdin.write(f"{question}\n".encode())
        self.process.stdin.flush()
        return self._lines.next()

    def trace(self) -> None:
        """From now on it is recorded where objects are allocated."""
        assert self._ask("trace") == "tracing"

    def serve(self, requests: int) -> None:
        assert self._ask(f"serve {requests}").startswith("served ")

    def dump(self, path: Path) -> Path:
        assert self._ask(f"dump {path}") == f"dumped {path}"
        return path


@contextmanager
def ruby_shop() -> Iterator[RubyShop]:
    ruby = shutil.which("ruby")
    if ruby is None:
        pytest.skip("no ruby on this machine")
    with started([ruby, str(MAIN)], name="lab-ruby") as (process, _):
        yield RubyShop(process)
