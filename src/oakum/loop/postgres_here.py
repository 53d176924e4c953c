"""What this machine knows of a PostgreSQL server: the memory of its processes, and which processes are its clients."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from oakum.explain.admission import of_postgres
from oakum.model.absent import Absent, AbsentKind
from oakum.model.admission import Instance
from oakum.model.errors import OakumError
from oakum.model.postgres import PostgresSample, Session
from oakum.model.process import ProcessInfo

if TYPE_CHECKING:
    from oakum.host import Machine

SAME_S: Final = 3.0
"""A process that began so near to what the server says, in seconds, is the one: clocks tell ticks and milliseconds."""

MOST: Final = 2000
"""Of more sessions the memory is not read."""

_FILE: Final = re.compile(r"[\w./-]{1,200}\.\w{1,5}")

ELSEWHERE: Final = Absent(
    "the memory of each connection's backend",
    AbsentKind.NOT_APPLICABLE,
    "the server's processes are not seen on this machine",
    "the same command on the server's machine",
)


def here(sample: PostgresSample, machine: Machine, place: str) -> PostgresSample:
    return with_clients(with_memory(sample, machine), machine, place)


def with_clients(sample: PostgresSample, machine: Machine, place: str) -> PostgresSample:
    """Those that come over TCP from processes of this machine. Of a Unix socket nobody is told."""
    if sample.depth is None:
        return sample
    ends = {(each.client, each.port): each.id for each in sample.sessions if each.port}
    reached = of_postgres(sample, place).reached
    held: dict[tuple[int, float], Instance] = {}
    known: dict[int, Instance | None] = {}
    try:
        for end, pid in machine.connections.owners(ends.keys(), reached).items():
            if pid not in known:
                known[pid] = _instance(machine, pid)
            if (instance := known[pid]) is not None:
                held[ends[end]] = instance
    except (OakumError, OSError):
        held = {}
    return replace(sample, depth=replace(sample.depth, clients=held))


def _instance(machine: Machine, pid: int) -> Instance | None:
    """None for one that has ended."""
    try:
        info = machine.processes.info(pid)
    except OakumError:
        return None
    return Instance(f"pid {pid} ({short_title(info)})", info.started_s)


def short_title(info: ProcessInfo) -> str:
    """``python3 shop.py``: the program and the file that it runs; further words may hold a password."""
    first, *rest = info.command or (info.name,)
    file = next((word for word in rest if not word.startswith("-")), "")
    plain = file if _FILE.fullmatch(file) else ""
    return " ".join(PurePath(word).name for word in (first, plain) if word)


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
