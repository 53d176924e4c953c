"""A process that the agent holds open: what is read of it is of this very process, or nothing."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from oakum.host.afar.agent import Agent, gone
from oakum.host.stat import Stat, parse_command, parse_ids, parse_stat
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import OakumError, TargetError
from oakum.model.process import ProcessInfo
from oakum_guard import parse_membership

GONE: Final = {errno.ESRCH, errno.ENOENT}
REFUSED: Final = {errno.EACCES, errno.EPERM}
COMMAND_BYTES: Final = 1 << 17


class AfarFolder:
    """As the host's ProcessFolder: an open /proc/PID, there."""

    def __init__(self, agent: Agent, pid: int, number: int | None = None) -> None:
        """``number``: by which it is held already. Raises OSError when there is no such process."""
        self.pid, self.agent = pid, agent
        self.number = agent.number() if number is None else number
        if number is None:
            agent.ask("hold", self.number, pid)
        self._open = True

    @classmethod
    def each(cls, agent: Agent, pids: Sequence[int]) -> list[Self]:
        """All at once; those that have ended are left out."""
        numbers = [agent.number() for _ in pids]
        told = agent.ask_all([("hold", number, pid) for number, pid in zip(numbers, pids, strict=True)])
        return [
            cls(agent, pid, number)
            for pid, number, each in zip(pids, numbers, told, strict=True)
            if not isinstance(each, OSError)
        ]

    @classmethod
    def opened(cls, agent: Agent, pid: int) -> Self:
        """Raises TargetError."""
        try:
            return cls(agent, pid)
        except OSError as exc:
            raise translated(pid, exc) from exc

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def read(self, name: str, max_bytes: int = 4096) -> bytes:
        """Raises OSError."""
        return self.agent.ask("read", self.number, name, max_bytes)

    def close(self) -> None:
        if self._open:
            self._open = False
            self.agent.drop([self.number])


def information(agent: Agent, held: list[AfarFolder]) -> list[ProcessInfo | None]:
    """Of each, all asked at once. None: it has ended, or is a thread of the kernel."""
    wanted = (("read", "stat", 4096), ("read", "status", 4096), ("read", "cmdline", COMMAND_BYTES))
    wanted_all = [
        request
        for folder in held
        for request in (
            *((verb, folder.number, name, most) for verb, name, most in wanted),
            ("read", folder.number, "cgroup", 1 << 16),
            ("link", folder.number, "exe"),
        )
    ]
    told = agent.ask_all(wanted_all)
    boot_s = time.time() - agent.greeting.up_s - (time.monotonic() - agent.begun_s)
    return [_information(folder, told[at * 5 : at * 5 + 5], boot_s) for at, folder in enumerate(held)]


def _information(folder: AfarFolder, told: list[bytes | OSError], boot_s: float) -> ProcessInfo | None:
    raw, status, command, cgroup, executable = told
    if isinstance(raw, OSError) or isinstance(status, OSError) or isinstance(command, OSError):
        return None
    stat: Stat | None = parse_stat(raw)
    if stat is None or stat.kernel_thread:
        return None
    uid, namespace_pid = parse_ids(status)
    return ProcessInfo(
        pid=folder.pid,
        parent_pid=stat.parent_pid,
        start_ticks=stat.start_ticks,
        started_s=boot_s + stat.start_ticks / folder.agent.greeting.ticks_per_s,
        uid=uid,
        name=stat.name,
        executable="" if isinstance(executable, OSError) else os.fsdecode(executable),
        command=parse_command(command),
        cgroup="/" if isinstance(cgroup, OSError) else membership(cgroup),
        threads=stat.threads,
        state=stat.state,
        namespace_pid=folder.pid if namespace_pid is None else namespace_pid,
    )


def membership(raw: bytes) -> str:
    """Of memory, by whichever version counts it there."""
    told = parse_membership(os.fsdecode(raw))
    return told.v1_memory or told.unified or "/"


def translated(pid: int, exc: OSError) -> TargetError:
    if exc.errno in GONE:
        return gone(pid)
    return TargetError(f"pid {pid} may not be looked at", why=exc.strerror or str(exc), next_step="oakum doctor")


def absent(what: str, pid: int, exc: OSError) -> Absent:
    if exc.errno in REFUSED:
        why = f"pid {pid} belongs to another user of the container"
        return Absent(what, AbsentKind.NOT_PERMITTED, why, "an ephemeral container with SYS_PTRACE: --image")
    if exc.errno == errno.EINVAL:
        return Absent(what, AbsentKind.NOT_APPLICABLE, "not a regular file")
    return Absent(what, AbsentKind.UNREADABLE, exc.strerror or str(exc))


def lost(what: str, exc: OakumError) -> Absent:
    """Of what the agent was not there any more to tell."""
    return Absent(what, AbsentKind.UNREADABLE, exc.brief, exc.next_step)
