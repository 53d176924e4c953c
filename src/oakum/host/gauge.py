"""A process held open through its folder in /proc: what is read there is of this very process, or nothing."""

from __future__ import annotations

import functools
import os
import time

from oakum.host.stat import (
    TICKS_PER_S,
    Stat,
    parse_command,
    parse_ids,
    parse_kib_table,
    parse_stat,
    parse_statm,
)
from oakum.model.process import ProcessInfo, ProcessMemory
from oakum_guard import find_hierarchy, parse_membership

_READ_BYTES = 4096
_COMMAND_BYTES = 1 << 17
"""The longest single argument that exec takes."""


class ProcessFolder:
    """An open /proc/PID. The kernel ties it to the process, not to the number: it never shows a later owner."""

    def __init__(self, pid: int) -> None:
        """Raises OSError when there is no such process."""
        self.pid = pid
        self.fd = os.open(f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def open(self, name: str) -> int:
        return os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self.fd)

    def read(self, name: str, max_bytes: int = _READ_BYTES) -> bytes:
        """Raises OSError: ESRCH or ENOENT when it has ended, EACCES or EPERM when refused."""
        fd = self.open(name)
        try:
            return read_whole(fd, max_bytes)
        finally:
            os.close(fd)

    def link(self, name: str) -> str:
        """Where a link points, "" when that may not be known."""
        try:
            return os.readlink(name, dir_fd=self.fd)
        except OSError:
            return ""

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def read_whole(fd: int, max_bytes: int) -> bytes:
    """At most ``max_bytes``. One read of a /proc file gives at most a page or so."""
    parts, left = [], max_bytes
    while left > 0 and (part := os.read(fd, min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


class LiveGauge:
    """Port ProcessGauge. One pread of statm per sample: no path look-up, no page-table walk."""

    def __init__(self, folder: ProcessFolder, info: ProcessInfo) -> None:
        """Takes over ``folder``. Raises OSError when the process has ended."""
        self._folder = folder
        self._info = info
        self._statm_fd = folder.open("statm")

    @property
    def info(self) -> ProcessInfo:
        """Read anew: exec changes name and command. The last known once the process has ended."""
        if self._folder.fd >= 0:
            try:
                self._info = read_info(self._folder) or self._info
            except OSError:
                return self._info
        return self._info

    def sample(self) -> ProcessMemory | None:
        if self._statm_fd < 0:
            return None
        try:
            statm = parse_statm(os.pread(self._statm_fd, 128, 0))
        except OSError:
            return None
        if statm is None:
            return None
        return ProcessMemory(time.time(), statm.anon_bytes, statm.rss_bytes, statm.file_bytes)

    def sample_in_full(self) -> ProcessMemory | None:
        """Another user's smaps_rollup may be refused: then PSS is None, and swap comes from status."""
        memory = self.sample()
        if memory is None:
            return None
        full = self._table("smaps_rollup")
        swap_bytes = full.get("Swap", self._table("status").get("VmSwap"))
        return ProcessMemory(
            memory.at_s, memory.anon_bytes, memory.rss_bytes, memory.file_bytes, swap_bytes, full.get("Pss")
        )

    def _table(self, name: str) -> dict[str, int]:
        try:
            return parse_kib_table(self._folder.read(name))
        except OSError:
            return {}

    def close(self) -> None:
        if self._statm_fd >= 0:
            os.close(self._statm_fd)
            self._statm_fd = -1
        self._folder.close()


def read_info(folder: ProcessFolder) -> ProcessInfo | None:
    """None for a kernel thread. Raises OSError when the process has ended."""
    stat = parse_stat(folder.read("stat"))
    if stat is None or stat.kernel_thread:
        return None
    return complete_info(folder, stat)


def complete_info(folder: ProcessFolder, stat: Stat) -> ProcessInfo:
    """The rest of ``stat``'s process. Raises OSError when it has ended."""
    uid, namespace_pid = parse_ids(folder.read("status"))
    return ProcessInfo(
        pid=folder.pid,
        parent_pid=stat.parent_pid,
        start_ticks=stat.start_ticks,
        started_s=boot_s() + stat.start_ticks / TICKS_PER_S,
        uid=uid,
        name=stat.name,
        executable=folder.link("exe"),
        command=parse_command(folder.read("cmdline", _COMMAND_BYTES)),
        cgroup=_memory_cgroup(folder),
        threads=stat.threads,
        state=stat.state,
        namespace_pid=folder.pid if namespace_pid is None else namespace_pid,
    )


def boot_s() -> float:
    """UTC epoch of the boot, by today's wall clock. start_ticks count suspended time too, as CLOCK_BOOTTIME does."""
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


def _memory_cgroup(folder: ProcessFolder) -> str:
    membership = parse_membership(os.fsdecode(folder.read("cgroup", 1 << 16)))
    return membership.memory(_hierarchy_version()) or "/"


@functools.cache
def _hierarchy_version() -> int:
    return find_hierarchy().version
