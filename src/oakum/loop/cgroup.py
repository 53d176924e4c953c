"""What the memory cgroup tells of those inside it: the limit over them, and how often the kernel killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oakum.model.absent import Absent

if TYPE_CHECKING:
    from oakum.host import Machine


def limit_bytes_of(pid: int, machine: Machine) -> int | None:
    """The tightest limit over a process, in bytes; None where there is none, or it cannot be read.

    Raises TargetError when there is no such process.
    """
    memory = machine.cgroups.memory(machine.processes.info(pid).cgroup)
    limit = None if isinstance(memory, Absent) else memory.limit
    return None if limit is None else limit.limit_bytes


def kills_in(path: str, machine: Machine) -> int | None:
    """How many the kernel killed in the cgroup ``path`` so far; None where it is not told."""
    memory = machine.cgroups.memory(path)
    return None if isinstance(memory, Absent) else memory.kills
