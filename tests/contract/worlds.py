"""Two worlds with one face: a real child of this machine behind the host's adapters, and a process in memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agent_pipes import pipes
from fake_clock import FakeClock
from fake_machine import FakeMachine, FakePiece, FakeProcess
from live_child import ENVIRONMENT, PATTERN, LiveChild, live_child

from oakum.host.afar.agent import Agent, command
from oakum.host.afar.memory import AfarMemories
from oakum.host.afar.processes import AfarProcesses
from oakum.host.cgroup import LiveCgroups
from oakum.host.clock import LiveClock
from oakum.host.kernel_log import LiveKernelLog
from oakum.host.memory import LiveMemories
from oakum.host.procfs import LiveProcesses
from oakum.model.ports import Cgroups, Clock, KernelLog, Memories, Processes

PAGE = 4096
PATTERN_PLACE = 0x7F00_0000_0000
SPARSE_PLACE = 0x7F80_0000_0000


class World(Protocol):
    """The ports, and one process that the test can speak to. ``file``: one that it sees; ``folder``: one too."""

    processes: Processes
    cgroups: Cgroups
    kernel_log: KernelLog
    memories: Memories
    clock: Clock
    pid: int
    stops: bool
    command: tuple[str, ...]
    pattern_at: int
    sparse_at: int
    file: str
    folder: str

    def grow(self, size: int) -> None:
        """Anonymous memory."""

    def end(self) -> None:
        """And its number is free."""


@dataclass
class RealWorld:
    """This machine."""

    child: LiveChild
    file: str
    folder: str
    stops = True

    def __post_init__(self) -> None:
        self.processes, self.cgroups, self.clock = LiveProcesses(), LiveCgroups(), LiveClock()
        self.kernel_log, self.memories = LiveKernelLog(), LiveMemories()
        self.pid, self.command = self.child.pid, tuple(self.child.process.args)
        self.pattern_at, self.sparse_at = self.child.pattern_at, self.child.sparse_at

    def grow(self, size: int) -> None:
        assert self.child.ask(f"grow {size}") == "grow"

    def end(self) -> None:
        self.child.end()


@dataclass
class FakeWorld:
    """A machine in memory."""

    machine: FakeMachine
    process: FakeProcess
    file: str
    folder: str
    stops = True

    def __post_init__(self) -> None:
        self.processes, self.cgroups, self.clock = self.machine.processes, self.machine.cgroups, self.machine.clock
        self.kernel_log, self.memories = self.machine.kernel_log, self.machine.memories
        self.pid, self.command = self.process.pid, self.process.command
        self.pattern_at, self.sparse_at = PATTERN_PLACE, SPARSE_PLACE

    def grow(self, size: int) -> None:
        self.process.anon_bytes += size

    def end(self) -> None:
        self.machine.end(self.pid)


@contextmanager
def real_world(folder: Path) -> Iterator[World]:
    with live_child() as child:
        yield RealWorld(child, str(_written(folder)), str(folder))


@contextmanager
def fake_world(folder: Path) -> Iterator[World]:
    machine = FakeMachine(FakeClock())
    process = machine.start((sys.executable, "-c", "…"), cgroup="/shop.slice/api.service")
    process.environment.update({name: value for name, value in ENVIRONMENT.items() if name})
    file = _written(folder)
    process.files.update({str(file): file.read_bytes(), str(folder): None})
    whole = PATTERN.ljust(-(-len(PATTERN) // PAGE) * PAGE, b"\0")
    process.pieces[PATTERN_PLACE] = FakePiece(bytearray(whole), "[heap]")
    process.pieces[SPARSE_PLACE] = FakePiece(bytearray(4 * PAGE), absent=frozenset({1, 3}))
    process.pieces[0x5000_0000] = FakePiece(bytearray(b"\x7fELF".ljust(PAGE, b"\0")), sys.executable, writable=False)
    yield FakeWorld(machine, process, str(file), str(folder))


@dataclass
class AfarWorld(RealWorld):
    """This machine, through the program that reads a container's processes, as a process of its own."""

    agent: Agent

    def __post_init__(self) -> None:
        super().__post_init__()
        self.processes = AfarProcesses(self.agent, self.processes.info(self.pid).cgroup, inside=False)
        self.memories, self.stops = AfarMemories(self.agent), False


@contextmanager
def afar_world(folder: Path) -> Iterator[World]:
    with live_child() as child, pipes(command()) as channel:
        yield AfarWorld(child, str(_written(folder)), str(folder), Agent(channel))


def _written(folder: Path) -> Path:
    file = folder / "prices.py"
    file.write_bytes(b"CACHE = {}\n")
    return file
