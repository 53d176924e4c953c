"""A container's memory cgroup, as the container itself sees it, through the agent in it.

Its files are copied into a small tree of ours, which is then read as this machine's own is: there is one parser.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from oakum.host.afar.agent import Agent
from oakum.host.afar.folder import AfarFolder, lost
from oakum.host.afar.processes import AfarProcesses
from oakum.host.cgroup import LiveCgroups
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import MachineError, OakumError
from oakum.model.process import CgroupMemory

FILE_BYTES: Final = 1 << 16
V2: Final = (
    "memory.stat",
    "memory.current",
    "memory.max",
    "memory.swap.current",
    "memory.events",
    "memory.oom.group",
    "memory.pressure",
)
V1: Final = ("memory.stat", "memory.usage_in_bytes", "memory.limit_in_bytes", "memory.oom_control")
FOLDERS: Final = {2: "/sys/fs/cgroup", 1: "/sys/fs/cgroup/memory"}


class AfarCgroups:
    """Port Cgroups: one group, that of the container."""

    def __init__(self, agent: Agent, processes: AfarProcesses, *, seen_by: int) -> None:
        """``seen_by``: a process that sees the container's own cgroup. Raises TargetError when it has ended."""
        self._agent, self._processes, self._seen_by = agent, processes, seen_by
        self._kept = AfarFolder.opened(agent, seen_by)

    def memory(self, path: str) -> CgroupMemory | Absent:
        what = f"memory of cgroup {path}"
        if path != self._processes.group:
            return Absent(what, AbsentKind.NOT_PERMITTED, "it is not the container's own", "run oakum on its node")
        for version, names in ((2, V2), (1, V1)):
            try:
                told = self._files(FOLDERS[version], names)
            except OakumError as exc:
                return lost(what, exc)
            if names[0] in told:
                with tempfile.TemporaryDirectory(prefix="oakum-") as folder:
                    return _read(Path(folder), path, version, told)
        return Absent(
            what, AbsentKind.NOT_APPLICABLE, "the container does not see its own cgroup", "run oakum on its node"
        )

    def _files(self, folder: str, names: Sequence[str]) -> dict[str, bytes]:
        asked = [("file", self._kept.number, f"{folder}/{name}", FILE_BYTES) for name in names]
        told = zip(names, self._agent.ask_all(asked), strict=True)
        return {name: content for name, content in told if not isinstance(content, OSError)}

    def pids(self, path: str) -> Sequence[int]:
        return self._processes.members() if path == self._processes.group else []

    def list(self) -> Sequence[str]:
        return [self._processes.group]

    def machine_memory_bytes(self) -> int:
        try:
            raw = self._agent.ask("file", self._kept.number, "/proc/meminfo", FILE_BYTES)
            return next(int(line.split()[1]) * 1024 for line in raw.splitlines() if line.startswith(b"MemTotal:"))
        except (OSError, StopIteration, ValueError, IndexError) as exc:
            why = "its /proc/meminfo does not tell"
            raise MachineError("cannot tell the node's memory", why=why, next_step="kubectl describe node") from exc


def _read(root: Path, path: str, version: int, told: dict[str, bytes]) -> CgroupMemory | Absent:
    folder = FOLDERS[version]
    kind = "cgroup2 cgroup2 rw" if version == 2 else "cgroup cgroup rw,memory"
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/mountinfo").write_text(f"1 0 0:1 {path} {folder} rw - {kind}\n", encoding="ascii")
    (root / folder.lstrip("/")).mkdir(parents=True)
    for name, content in told.items():
        (root / folder.lstrip("/") / name).write_bytes(content)
    return LiveCgroups(str(root)).memory(path)
