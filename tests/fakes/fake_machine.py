"""A machine in memory: processes, cgroups, the kernel log and other processes' memory, behind the ports of model.

What the ports promise is proven of it, and of the real adapters, by one suite: ``tests/contract``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from fake_clock import FakeClock
from fake_logs import FakeLogs
from fake_process import MIB, FakeMemory, FakePiece, FakeProcess

from oakum.host import Machine
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import TargetError
from oakum.model.layout import Mapping
from oakum.model.node import NodeView, Room
from oakum.model.oom import OomReport, OomTask
from oakum.model.process import CgroupLimit, CgroupMemory, OomKill, ProcessInfo, ProcessMemory
from oakum.model.surroundings import Connection

MACHINE_BYTES = 8 << 30
FIRST_PID = 1 << 22
"""No process of a real machine has a number as high: the tests' own among them."""


@dataclass(slots=True)
class FakeCgroup:
    """One memory cgroup. ``limit_bytes`` None is the kernel's ``max``."""

    limit_bytes: int | None = None
    cache_bytes: int = 0
    kills: int | None = 0
    pressure_some_us: int | None = 0
    readable: bool = True


class FakeMachine:
    """The world that the ports look at. Time goes on only when ``clock`` is slept on."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.table: dict[int, FakeProcess] = {}
        self.groups: dict[str, FakeCgroup] = {"/": FakeCgroup()}
        self.killed: list[tuple[float, OomKill]] = []
        self.log_readable = True
        self._next_pid = FIRST_PID
        self.start(("oakum",))
        self.processes = FakeProcesses(self)
        self.cgroups = FakeCgroups(self)
        self.kernel_log = FakeKernelLog(self)
        self.memories = FakeMemories(self)
        self.node = FakeNode(self)
        self.logs = FakeLogs()

    def ports(self, *, dumps=None, apart=None, debuggees=None, spools=None, jvms=None, rubies=None) -> Machine:
        """All of them; whoever needs more than these gives it."""
        return Machine(
            self.processes,
            self.cgroups,
            self.clock,
            self.kernel_log,
            self.memories,
            sandboxes=None,
            dumps=dumps,
            apart=apart,
            debuggees=debuggees,
            spools=spools,
            jvms=jvms,
            rubies=rubies,
            logs=self.logs,
        )

    def start(
        self,
        command: tuple[str, ...] = ("service",),
        *,
        parent_pid: int = 1,
        cgroup: str = "/",
        uid: int = 1000,
        anon_bytes: int = 20 * MIB,
    ) -> FakeProcess:
        """The next number is given; a cgroup that is not there yet is made, without a limit."""
        self.groups.setdefault(cgroup, FakeCgroup())
        process = FakeProcess(
            self._next_pid, command, parent_pid, cgroup, uid, self.clock.monotonic_s(), anon_bytes=anon_bytes
        )
        self.table[process.pid] = process
        self._next_pid += 1
        return process

    def end(self, pid: int) -> None:
        self.table.pop(pid).ended = True

    def oom_kill(self, pid: int) -> None:
        """As the kernel does it: it ends, its cgroup counts it, the log tells it."""
        process = self.table[pid]
        group = self.groups[process.cgroup]
        if group.kills is not None:
            group.kills += 1
        words = f"Memory cgroup out of memory: Killed process {pid} ({process.command[0]})"
        at_s = self.clock.monotonic_s()
        kill = OomKill(
            0.0,
            "memcg",
            process.cgroup,
            process.cgroup,
            process.command[0],
            pid,
            process.uid,
            process.anon_bytes,
            words,
        )
        self.killed.append((at_s, kill))
        self.end(pid)

    def found(self, pid: int) -> FakeProcess:
        process = self.table.get(pid)
        if process is None:
            raise TargetError(f"there is no process {pid}", why="it has ended", next_step="oakum scan host")
        return process

    def info(self, process: FakeProcess) -> ProcessInfo:
        return ProcessInfo(
            pid=process.pid,
            parent_pid=process.parent_pid,
            start_ticks=int(process.started_at_s * 100),
            started_s=self.clock.wall_of(process.started_at_s),
            uid=process.uid,
            name=PurePosixPath(process.command[0] if process.command else "gone").name[:15],
            executable=process.executable,
            command=process.command,
            cgroup=process.cgroup,
            threads=process.threads,
            state=process.state,
            namespace_pid=process.pid,
        )


class FakeGauge:
    """Port ProcessGauge."""

    def __init__(self, machine: FakeMachine, process: FakeProcess) -> None:
        self._machine, self._process, self._closed = machine, process, False
        self._info = machine.info(process)

    @property
    def info(self) -> ProcessInfo:
        if not self._process.ended and not self._closed:
            self._info = self._machine.info(self._process)
        return self._info

    def sample(self) -> ProcessMemory | None:
        process = self._process
        if process.ended or self._closed:
            return None
        rss_bytes = process.anon_bytes + process.file_bytes
        return ProcessMemory(self._machine.clock.now_s(), process.anon_bytes, rss_bytes, process.file_bytes)

    def sample_in_full(self) -> ProcessMemory | None:
        memory = self.sample()
        if memory is None:
            return None
        process = self._process
        pss_bytes = memory.anon_bytes + memory.file_bytes // 2
        return ProcessMemory(
            memory.at_s, memory.anon_bytes, memory.rss_bytes, memory.file_bytes, process.swap_bytes, pss_bytes
        )

    def close(self) -> None:
        self._closed = True


class FakeProcesses:
    """Port Processes."""

    def __init__(self, machine: FakeMachine) -> None:
        self._machine = machine

    def list(self) -> list[ProcessInfo]:
        return [self._machine.info(process) for process in self._machine.table.values()]

    def pids(self) -> list[int]:
        return sorted(self._machine.table)

    def info(self, pid: int) -> ProcessInfo:
        return self._machine.info(self._machine.found(pid))

    def open(self, pid: int) -> FakeGauge:
        return FakeGauge(self._machine, self._machine.found(pid))

    def environment(self, pid: int) -> dict[str, str] | Absent:
        process = self._machine.table.get(pid)
        if process is None:
            return Absent(f"the environment of pid {pid}", AbsentKind.UNREADABLE, "No such process")
        return process.environment

    def mappings(self, pid: int) -> list[Mapping] | Absent:
        process = self._machine.table.get(pid)
        what = f"the mappings of pid {pid}"
        if process is None:
            return Absent(what, AbsentKind.UNREADABLE, "No such process")
        if process.mappings is None:
            # As its series has it: one heap.
            size = process.anon_bytes
            return [Mapping(1 << 30, (1 << 30) + max(size, 4096), "rw-p", 0, 0, "[heap]", size, size)]
        return list(process.mappings)

    def connections(self, pid: int) -> list[Connection] | Absent:
        process = self._machine.table.get(pid)
        if process is None:
            return Absent(f"the connections of pid {pid}", AbsentKind.UNREADABLE, "No such process")
        return list(process.connections)

    def read_file(self, pid: int, path: str, max_bytes: int) -> bytes | Absent:
        process = self._machine.table.get(pid)
        what = f"{path} of pid {pid}"
        if process is None or path not in process.files:
            return Absent(what, AbsentKind.UNREADABLE, "No such file or directory")
        content = process.files[path]
        if content is None:
            return Absent(what, AbsentKind.NOT_APPLICABLE, "not a regular file")
        return content[:max_bytes]


class FakeCgroups:
    """Port Cgroups."""

    def __init__(self, machine: FakeMachine) -> None:
        self._machine = machine

    def memory(self, path: str) -> CgroupMemory | Absent:
        group = self._machine.groups.get(path)
        if group is not None and not group.readable:
            return Absent(f"memory of cgroup {path}", AbsentKind.UNREADABLE, "the controller is off here")
        if group is None or path == "/":
            why = "there is no such cgroup" if group is None else "the root cgroup has no usage figure"
            return Absent(f"memory of cgroup {path}", AbsentKind.NOT_APPLICABLE, why)
        anon_bytes = sum(self._machine.table[pid].anon_bytes for pid in self.pids(path))
        return CgroupMemory(
            at_s=self._machine.clock.now_s(),
            path=path,
            version=2,
            usage_bytes=anon_bytes + group.cache_bytes,
            anon_bytes=anon_bytes,
            file_bytes=group.cache_bytes,
            working_set_bytes=anon_bytes,
            swap_bytes=0,
            limits=tuple(self._limits(path)),
            kills=group.kills,
            pressure_some_us=group.pressure_some_us,
        )

    def _limits(self, path: str) -> Iterator[CgroupLimit]:
        for place in (path, *map(str, PurePosixPath(path).parents)):
            group = self._machine.groups.get(place)
            if group is not None and group.limit_bytes is not None:
                yield CgroupLimit(place, group.limit_bytes)

    def pids(self, path: str) -> list[int]:
        return [process.pid for process in self._machine.table.values() if _below(process.cgroup, path)]

    def list(self) -> list[str]:
        return sorted(path for path in self._machine.groups if self.pids(path))

    def machine_memory_bytes(self) -> int:
        return MACHINE_BYTES


class FakeKernelLog:
    """Port KernelLog. A stamp is told by today's wall clock, as the kernel's are."""

    def __init__(self, machine: FakeMachine) -> None:
        self._machine = machine

    def oom_kills(self, since_s: float) -> list[OomKill] | Absent:
        if not self._machine.log_readable:
            return Absent("the kernel log", AbsentKind.NOT_PERMITTED, "Operation not permitted", "run as root")
        told = []
        for at_s, kill in self._machine.killed:
            wall_s = self._machine.clock.wall_of(at_s)
            if wall_s >= since_s - 0.5:
                told.append(
                    OomKill(
                        wall_s,
                        kill.constraint,
                        kill.limit_cgroup,
                        kill.task_cgroup,
                        kill.victim,
                        kill.pid,
                        kill.uid,
                        kill.anon_bytes,
                        kill.line,
                    )
                )
        return told

    def oom_reports(self, since_s: float) -> list[OomReport] | Absent:
        """Each kill is a report; who was there is told as it was then."""
        kills = self.oom_kills(since_s)
        if isinstance(kills, Absent):
            return kills
        return [
            OomReport(
                kill.at_s,
                kill.victim,
                kill.constraint,
                kill.limit_cgroup,
                None,
                None,
                (OomTask(kill.pid, kill.uid or 0, kill.victim, kill.anon_bytes, 0, 0),),
                (kill,),
            )
            for kill in kills
        ]


class FakeNode:
    """Port Node."""

    def __init__(self, machine: FakeMachine) -> None:
        self._machine = machine
        self.left_bytes: int | None = 1 << 40

    def view(self) -> NodeView:
        used = sum(process.anon_bytes for process in self._machine.table.values())
        left = MACHINE_BYTES - used
        return NodeView(self._machine.clock.now_s(), MACHINE_BYTES, left, left, 0, used, 0, 0)

    def rooms(self) -> list[Room]:
        return [] if self.left_bytes is None else [Room(self.left_bytes, "this machine's memory")]


class FakeMemories:
    """Port Memories."""

    def __init__(self, machine: FakeMachine) -> None:
        self._machine = machine

    def open(self, pid: int) -> FakeMemory | Absent:
        process = self._machine.found(pid)
        if not process.may_be_read:
            return Absent(f"the memory of pid {pid}", AbsentKind.NOT_PERMITTED, "another user's", "run oakum as root")
        return FakeMemory(process)


def _below(path: str, ancestor: str) -> bool:
    return path == ancestor or path.startswith(f"{ancestor.rstrip('/')}/")


__all__ = ["MACHINE_BYTES", "MIB", "FakeCgroup", "FakeMachine", "FakePiece", "FakeProcess", "FakeProcesses"]
