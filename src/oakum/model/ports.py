"""What the stages need of the world, as Protocols: adapters implement them, wiring introduces them.

An adapter translates every foreign error: a port raises OakumError families and nothing else.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from oakum.model.absent import Absent
from oakum.model.process import CgroupMemory, OomKill, ProcessInfo, ProcessMemory, Region


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


class Memory(Protocol):
    """The memory of one live process, read from outside. The process is not stopped unless ``stopped`` is entered."""

    def regions(self) -> Sequence[Region]:
        """Its mappings, ascending."""

    def present(self, start: int, end: int) -> NDArray[np.bool_]:
        """bool[pages]: which pages are in memory. Others are not read: that would bring swap back in."""

    def read_into(self, start: int, out: memoryview) -> int:
        """Bytes read from ``start``; short where memory went away. Raises TargetError when refused or ended."""

    def read(self, start: int, size: int) -> bytes:
        """At most ``size`` bytes; shorter, or empty, where memory is not there."""

    def stopped(self, max_s: float) -> AbstractContextManager[None]:
        """All threads stand still inside. Released at exit, and by the kernel should Oakum die."""

    def close(self) -> None: ...


class Memories(Protocol):
    """Opens the memory of processes."""

    def open(self, pid: int) -> Memory | Absent:
        """Absent: not permitted (another user, yama, a container without the capability), and what would permit it."""


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


class Dumps(Protocol):
    """Opens heap dumps."""

    def open(self, path: str) -> AbstractContextManager[NDArray[np.uint8]]:
        """uint8[b], the whole file, unpacked; ``-`` is standard input. The array is valid inside the block only.

        Raises CallerError, DataError (a packed file that cannot be unpacked) or MachineError.
        """


Request: TypeAlias = Mapping[str, str | int | Sequence[str]]
"""What is asked of a process apart: plain values."""


class Apart(Protocol):
    """Runs work on data that nobody vouches for in a process of its own."""

    def run(self, module: str, request: Request, *, memory_bytes: int, told: Callable[[str], None]) -> object:
        """What ``python -m module`` answers. Raises what it raised; DataError when it crashed.

        ``memory_bytes``: it may not take more for itself; mapped files are not counted.
        """
