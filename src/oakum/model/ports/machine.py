"""This machine: its clocks, processes, memory cgroups and what its kernel says."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from typing import Protocol

from oakum.model.absent import Absent
from oakum.model.layout import Mapping as MappingRow
from oakum.model.node import NodeView, Room
from oakum.model.oom import OomReport
from oakum.model.process import CgroupMemory, OomKill, ProcessInfo, ProcessMemory
from oakum.model.surroundings import Connection


class Clock(Protocol):
    """Two clocks: the wall for people and records, the monotonic one for intervals."""

    def now_s(self) -> float:
        """UTC epoch seconds. May step."""

    def monotonic_s(self) -> float:
        """Never steps back."""

    def sleep_until(self, monotonic_s: float) -> None:
        """Return at ``monotonic_s``, at once if it has passed."""


class ProcessGauge(Protocol):
    """A process held open: samples are of this very process or fail; a reused pid is never mistaken for it."""

    @property
    def info(self) -> ProcessInfo: ...

    def sample(self) -> ProcessMemory | None:
        """Cheap (no page-table walk). None: the process has ended."""

    def sample_in_full(self) -> ProcessMemory | None:
        """With PSS and swap where permitted; walks the page tables. None: the process has ended."""

    def close(self) -> None: ...


class Processes(Protocol):
    """The processes of this machine."""

    def list(self) -> Sequence[ProcessInfo]:
        """All that can be seen; those that end meanwhile are left out. Kernel threads are left out."""

    def pids(self) -> Sequence[int]:
        """The numbers of all that can be seen, kernel threads too. Cheap: nothing is read of the processes."""

    def info(self, pid: int) -> ProcessInfo:
        """Raises TargetError when there is no such process."""

    def open(self, pid: int) -> ProcessGauge:
        """Raises TargetError when there is no such process."""

    def environment(self, pid: int) -> dict[str, str] | Absent:
        """The environment that it was started with."""

    def read_file(self, pid: int, path: str, max_bytes: int) -> bytes | Absent:
        """A file as the process sees it (through its mount namespace); regular files only."""

    def mappings(self, pid: int) -> Sequence[MappingRow] | Absent:
        """Its mappings with what of each is in memory, ascending. The kernel walks the page tables for that."""

    def connections(self, pid: int) -> Sequence[Connection] | Absent:
        """Its TCP connections that somebody holds: established, or ended by the peer alone."""


class Cgroups(Protocol):
    """The memory cgroups of this machine."""

    def memory(self, path: str) -> CgroupMemory | Absent:
        """``path`` is relative to the memory hierarchy's root, as in ProcessInfo.cgroup."""

    def pids(self, path: str) -> Sequence[int]:
        """The processes in it and below it."""

    def list(self) -> Sequence[str]:
        """Every memory cgroup that holds at least one process, itself or below."""

    def machine_memory_bytes(self) -> int: ...


class KernelLog(Protocol):
    """The kernel's own words."""

    def oom_kills(self, since_s: float) -> Sequence[OomKill] | Absent:
        """Kills since ``since_s`` (UTC epoch), oldest first."""

    def oom_reports(self, since_s: float) -> Sequence[OomReport] | Absent:
        """Each time that memory ran out since then, oldest first, with who was there and who was killed."""


class Node(Protocol):
    """This machine as a whole."""

    def view(self) -> NodeView:
        """Raises MachineError where it cannot be told."""

    def rooms(self) -> Sequence[Room]:
        """What is left of its memory, and below each bound over the target that is no cgroup which can be seen.

        None where nothing is known.
        """


class Sandbox(Protocol):
    """A memory cgroup of our own with a limit, in which a program that may leak is started."""

    @property
    def path(self) -> str:
        """As in ProcessInfo.cgroup."""

    @property
    def limit_bytes(self) -> int: ...

    def start(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start ``command`` inside; its standard output and error are pipes."""

    def close(self) -> None:
        """Kill what still runs inside, and remove the cgroup."""


class Sandboxes(Protocol):
    """Makes memory cgroups where this machine allows it."""

    def create(self, name: str, limit_bytes: int) -> Sandbox | Absent: ...
