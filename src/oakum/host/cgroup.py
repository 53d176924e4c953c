"""The memory cgroups of this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import MachineError
from oakum.model.process import CgroupLimit, CgroupMemory
from oakum_guard import Hierarchy, Memory, Mount, child_folders, find_hierarchy, read_cgroup, read_machine_bytes


class LiveCgroups:
    """Port Cgroups. ``root``: where ``proc`` and ``sys`` are found; another one than "/" is a recorded tree."""

    def __init__(self, root: str = "/") -> None:
        self._root = root
        self._hierarchy = find_hierarchy(root)

    @property
    def hierarchy(self) -> Hierarchy:
        return self._hierarchy

    def memory(self, path: str) -> CgroupMemory | Absent:
        at_s = time.time()
        memory = read_cgroup(path, self._root, self._hierarchy)
        if memory.version == 0:
            return Absent(
                f"memory of cgroup {path}",
                AbsentKind.NOT_APPLICABLE,
                "no memory cgroup is mounted here",
                "mount -t cgroup2 none /sys/fs/cgroup",
            )
        return _whole(memory, at_s) or self._absent(path)

    def _absent(self, path: str) -> Absent:
        mount = self._hierarchy.mount_of(path)
        folder = None if mount is None else mount.locate(path)
        what = f"memory of cgroup {path}"
        if folder is None:
            return Absent(
                what, AbsentKind.NOT_PERMITTED, "it lies outside what this container can see", "run oakum on the node"
            )
        if not os.path.isdir(folder):  # noqa: PTH112  (a plain question about a plain text)
            return Absent(what, AbsentKind.NOT_APPLICABLE, "there is no such cgroup", "oakum scan host")
        if path == "/":
            return Absent(
                what, AbsentKind.NOT_APPLICABLE, "the root cgroup is the whole machine: it has no usage figure"
            )
        return Absent(what, AbsentKind.UNREADABLE, f"{folder} shows no memory figures: the controller is off here")

    def pids(self, path: str) -> list[int]:
        mount = self._hierarchy.mount_of(path)
        folder = None if mount is None else mount.locate(path)
        if folder is None:
            return []
        return sorted(pid for below in _downwards(folder) for pid in read_pids(below))

    def list(self) -> list[str]:
        found: set[str] = set()
        for mount in self._hierarchy.mounts:
            _collect(mount, mount.folder, mount.root, found)
        return sorted(found)

    def machine_memory_bytes(self) -> int:
        total = read_machine_bytes(self._root)
        if total is None:
            raise MachineError("cannot tell this machine's memory", why="no MemTotal", next_step="cat /proc/meminfo")
        return total


def read_pids(folder: str) -> list[int]:
    """The processes in one cgroup, itself only. One in a pid namespace that we cannot see reads as 0: left out."""
    try:
        with open(f"{folder}/cgroup.procs", "rb") as file:  # noqa: PTH123  (called for every cgroup of a node)
            return [pid for pid in map(int, file.read().split()) if pid]
    except OSError:
        return []


def _downwards(folder: str) -> Iterator[str]:
    yield folder
    for child in child_folders(folder):
        yield from _downwards(child)


def _collect(mount: Mount, folder: str, path: str, found: set[str]) -> bool:
    """Whether ``folder`` or one below it holds a process; each that does is added to ``found``."""
    inside = bool(read_pids(folder))
    for child in child_folders(folder):
        inside |= _collect(mount, child, f"{path.rstrip('/')}/{os.path.basename(child)}", found)  # noqa: PTH119
    if inside:
        found.add(path)
    return inside


def _whole(memory: Memory, at_s: float) -> CgroupMemory | None:
    """None when one of the figures that the noun always has is not there."""
    if (
        memory.usage_bytes is None
        or memory.anon_bytes is None
        or memory.file_bytes is None
        or memory.working_set_bytes is None
    ):
        return None
    return CgroupMemory(
        at_s=at_s,
        path=memory.path,
        version=memory.version,
        usage_bytes=memory.usage_bytes,
        anon_bytes=memory.anon_bytes,
        file_bytes=memory.file_bytes,
        working_set_bytes=memory.working_set_bytes,
        swap_bytes=memory.swap_bytes,
        limits=tuple(CgroupLimit(limit.path, limit.limit_bytes) for limit in memory.limits),
        kills=memory.kills,
        pressure_some_us=memory.pressure.some_total_us if memory.pressure else None,
    )
