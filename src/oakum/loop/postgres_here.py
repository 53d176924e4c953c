"""The memory of a PostgreSQL server's processes, where it runs on this machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import OakumError
from oakum.model.postgres import PostgresSample, Session
from oakum.model.process import ProcessInfo

if TYPE_CHECKING:
    from oakum.host import Machine

SAME_S: Final = 3.0
"""A process that began so near to what the server says, in seconds, is the one: clocks tell ticks and milliseconds."""

MOST: Final = 2000
"""Of more sessions the memory is not read."""

ELSEWHERE: Final = Absent(
    "the memory of each connection's backend",
    AbsentKind.NOT_APPLICABLE,
    "the server's processes are not seen on this machine",
    "the same command on the server's machine",
)


def with_memory(sample: PostgresSample, machine: Machine) -> PostgresSample:
    """Anonymous bytes by pid: a backend's own, not the buffers that all share.

    The pid as the server sees itself, the name and the start must agree: another machine's pids mean nothing here.
    Absent where no process here is a backend of it; left empty where there are no sessions whose age is told.
    """
    wanted = {session.pid: session for session in sample.sessions if session.age_s is not None}
    if sample.depth is None or not 0 < len(wanted) <= MOST:
        return sample
    memory = {}
    try:
        for process in machine.processes.list():
            session = wanted.get(process.namespace_pid)
            if session is not None and _is(process, session, sample.at_s):
                held = _anonymous(machine, process.pid)
                if held is not None:
                    memory[session.pid] = held
    except OakumError:
        memory = {}
    return replace(sample, depth=replace(sample.depth, memory=memory or ELSEWHERE))


def _is(process: ProcessInfo, session: Session, at_s: float) -> bool:
    began_s = at_s - (session.age_s or 0.0)
    return process.title.startswith("postgres: ") and abs(process.started_s - began_s) <= SAME_S


def _anonymous(machine: Machine, pid: int) -> int | None:
    """None for one that has ended."""
    try:
        gauge = machine.processes.open(pid)
    except OakumError:
        return None
    try:
        told = gauge.sample()
    finally:
        gauge.close()
    return None if told is None else told.anon_bytes
