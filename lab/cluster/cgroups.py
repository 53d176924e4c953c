"""The cgroups of a cluster: one above all pods, with a limit on memory, and one for its own processes, with none."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from oakum.model.errors import MachineError

WITHIN_S = 20.0


def make_pods(name: str, limit_bytes: int) -> None:
    """Under every controller: the kubelet asks for its root in each."""
    for root in _used():
        folder = root / name
        folder.mkdir(exist_ok=True)
        if root.name == "cpuset":
            for file in ("cpuset.cpus", "cpuset.mems"):
                (folder / file).write_text((root / file).read_text(encoding="ascii"), encoding="ascii")
        for file in ("memory.limit_in_bytes", "memory.max"):
            if (folder / file).exists():
                (folder / file).write_text(str(limit_bytes), encoding="ascii")


def make_daemons(name: str) -> Path:
    """In one hierarchy, whose controller counts processes: it is how we find them all, and limits nothing."""
    roots = list(_used())
    folder = next((root for root in roots if root.name == "pids"), roots[0]) / name
    folder.mkdir(exist_ok=True)
    return folder


def empty(name: str) -> None:
    """Kills all that is in it and below it, in every hierarchy, and removes it."""
    until_s = time.monotonic() + WITHIN_S
    for root, _ in _hierarchies():
        folder = root / name
        while folder.exists():
            for pid in _pids(folder):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            _remove(folder)
            if folder.exists() and time.monotonic() > until_s:
                raise MachineError(
                    f"the cgroup {name} does not become empty",
                    why=f"{_pids(folder)} are still in it",
                    next_step=f"cat {folder}/cgroup.procs",
                )
            time.sleep(0.02)


def _pids(folder: Path) -> list[int]:
    found = []
    for file in folder.rglob("cgroup.procs"):
        with contextlib.suppress(OSError):
            found += [int(line) for line in file.read_text(encoding="ascii").split()]
    return found


def _remove(folder: Path) -> None:
    for path, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):
            Path(path).rmdir()


def _used() -> Iterator[Path]:
    """What the kubelet uses: of version 1 all, version 2 where memory is in it."""
    for folder, kind in _hierarchies():
        if kind == "cgroup" or "memory" in (folder / "cgroup.controllers").read_text(encoding="ascii").split():
            yield folder


def _hierarchies() -> list[tuple[Path, str]]:
    """(where it is mounted, cgroup or cgroup2)."""
    mounts = [line.split()[:3] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    return [(Path(folder), kind) for _, folder, kind in mounts if kind in {"cgroup", "cgroup2"}]
