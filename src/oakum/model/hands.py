"""The ports through which a plan changes this machine. What changes something is idempotent, or says how it is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from oakum.model.absent import Absent
from oakum.model.launch import Launch, Manner, Started
from oakum.model.sighting import Sighting


class Sightings(Protocol):
    """Looks at processes closely enough to tell them apart for ever."""

    def look(self, pid: int) -> Sighting:
        """Raises TargetError when there is no such process."""

    def manner(self, pid: int) -> Manner:
        """Raises TargetError when there is no such process."""

    def runs(self, pid: int, start_ticks: int) -> bool:
        """Whether that very process still runs; a zombie does not."""

    def cpu_s(self, pid: int) -> float:
        """The processor time that it has used so far, in seconds. Raises TargetError when it has ended."""

    def family(self, pid: int) -> Sequence[tuple[int, int]]:
        """(pid, start ticks) of it and all its descendants, itself first. Raises TargetError when it has ended."""


@dataclass(frozen=True, slots=True)
class LimitFiles:
    """The limits of one memory cgroup by file name, in bytes; None is no limit. ``inode``: of its folder."""

    path: str
    inode: int
    version: int
    limits: Mapping[str, int | None]


class MemoryLimits(Protocol):
    """The memory limits of cgroups."""

    def read(self, path: str) -> LimitFiles | Absent: ...

    def write(self, path: str, inode: int, limits: Sequence[tuple[str, int | None]]) -> None:
        """In the order given; what already stands there is not written.

        Raises RefusedError, TargetError or MachineError.
        """


@dataclass(frozen=True, slots=True)
class Handover:
    """A stop, with or without a start after it, as one deed that goes on when Oakum itself dies.

    ``family``: (pid, start ticks) of those that must have ended first, the one to be asked at the head.
    ``mark``: names the deed: two handovers of one mark ask once and start once.
    ``ask``: whether the head is sent SIGTERM. ``kill_after_s``: then SIGKILL, None never. ``launch``: what is started.
    ``wait_s``: given up after so long.
    """

    mark: str
    family: Sequence[tuple[int, int]]
    ask: bool
    wait_s: float
    kill_after_s: float | None = None
    launch: Launch | None = None


class Handovers(Protocol):
    """Ends processes and starts them again."""

    def launch_of(self, pid: int) -> Launch | Absent:
        """Absent: why it could not be started again as it was. Raises TargetError when it has ended."""

    def begin(self, handover: Handover) -> None:
        """Hand it to a process of its own; returns once that runs. Raises TargetError or MachineError."""

    def asked(self, mark: str) -> bool:
        """Whether the head was sent SIGTERM."""

    def started(self, mark: str) -> Started | None:
        """None: nothing was started so far."""

    def keep(self, mark: str, launch: Launch) -> None:
        """In a file that only this user can read."""

    def kept(self, mark: str) -> Launch | None: ...

    def forget(self, mark: str) -> None:
        """The launch that was kept; nothing happens when there is none."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended."""

    code: int
    out: str
    err: str


class Programs(Protocol):
    """Other programs of this machine: systemctl, supervisorctl, jcmd."""

    def run(self, command: Sequence[str], *, within_s: float, uid: int | None = None) -> Ran | Absent:
        """Absent: it is not here. ``uid``: as which user. Raises MachineError when it takes longer."""

    def systemd_runs(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Hands:
    """All that a plan acts through."""

    sightings: Sightings
    limits: MemoryLimits
    handovers: Handovers
    programs: Programs
