"""The leaking shop of lab/node in a real Node.js."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from programs import ROOT, Lines, started

MAIN = ROOT / "lab" / "node" / "shop" / "main.js"
VAULT = ROOT / "lab" / "node" / "vault" / "main.js"


class NodeShop:
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

    def plant(self, secret: str) -> None:
        assert self._ask(f"plant {secret}") == "planted"

    def dump(self, path: Path) -> Path:
        assert self._ask(f"dump {path}") == f"dumped {path}"
        return path


@contextmanager
def node_shop(main: Path = MAIN) -> Iterator[NodeShop]:
    """At most 256 MB of heap, in a memory cgroup: a snapshot takes ten times what is used."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    with started([node, "--max-old-space-size=256", str(main)], name="lab-node", limit_bytes=1 << 30) as (process, _):
        yield NodeShop(process)
