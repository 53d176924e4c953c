"""What the stages need of the world, as Protocols: adapters implement them, wiring introduces them.

An adapter translates every foreign error: a port raises OakumError families and nothing else.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from oakum.model.absent import Absent
from oakum.model.attach import Answered, JvmStanding, Streamed
from oakum.model.blob import Blob
from oakum.model.debugger import Dispositions, Fetched, Listener
from oakum.model.incident import Change, Incident, Record
from oakum.model.kept_scan import KeptHead, KeptScan, ScanBounds
from oakum.model.layout import Mapping as MappingRow
from oakum.model.mute import Mute
from oakum.model.node import NodeView, Room
from oakum.model.oom import OomReport
from oakum.model.plan_record import Approval, PlanRecord
from oakum.model.process import CgroupMemory, OomKill, ProcessInfo, ProcessMemory, Region
from oakum.model.retention import Claim
from oakum.model.surroundings import Connection
from oakum.model.work import Holder, Work

T = TypeVar("T")


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

    def present_in(self, spans: Sequence[tuple[int, int]]) -> Sequence[NDArray[np.bool_]]:
        """As ``present``, of many at once: where memory is far away, each question costs a journey."""

    def read_many(self, pieces: Sequence[tuple[int, memoryview]], *, within_s: float | None = None) -> int:
        """As ``read_into`` of each, at once: bytes read of all.

        ``within_s``: for all of them. Raises RefusedError where that is over: what was read so far is of no use.
        """

    def carried_bytes_per_s(self) -> float | None:
        """How fast its bytes come over the network that they must cross: measured, once. None: they cross none."""

    def read_present(self, start: int, size: int) -> bytes:
        """As ``read``, with zeros for pages that are not in memory: nothing is brought in for it."""

    def mapped(self, region: Region, offset: int, size: int) -> bytes:
        """At most ``size`` bytes at ``offset`` of the file that ``region`` maps, as the file has them.

        Another root, a file that was deleted or replaced make no difference. Where the file itself may not be opened,
        what of it is in memory between the region's bounds, zeros elsewhere. Empty for what is no regular file.
        """

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


class Packing(StrEnum):
    """How a file is packed."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"


class Dumps(Protocol):
    """Opens heap dumps, and keeps those that were taken."""

    def open(self, path: str, *, identity: str = "") -> AbstractContextManager[NDArray[np.uint8]]:
        """uint8[b], the whole file, unpacked; ``-`` is standard input. The array is valid inside the block only.

        ``identity``: a file with the key of one that is sealed. Raises CallerError, DataError (a packed file that
        cannot be unpacked, a sealed one that was changed) or MachineError.
        """

    def walk(
        self, path: str, *, identity: str = ""
    ) -> AbstractContextManager[tuple[NDArray[np.uint8], Callable[[int], None]]]:
        """As ``open``, for who reads from the begin to the end, again and again. The call is told the place that was
        reached: what lies before it need not stay in memory.
        """

    def check_identity(self, path: str) -> str:
        """What is wrong with the modes of a file of secret keys, "" for nothing."""

    def key(self, path: str, size: int) -> bytes:
        """A secret of ``size`` bytes from the file ``path``, which is made, of chance, where it is not there.

        Raises CallerError for a file that holds something else, MachineError where it cannot be read or made.
        """

    def check_recipients(self, recipients: Sequence[str]) -> None:
        """Raises CallerError for one that no file can be sealed to, MachineError where none can be sealed here."""

    def check_room(self, path: str, wanted_bytes: int) -> None:
        """Raises what ``keep`` would, as far as that can be told beforehand."""

    def keep(
        self,
        path: str,
        chunks: Iterable[bytes],
        *,
        packing: Packing | None = Packing.ZSTD,
        recipients: Sequence[str] = (),
    ) -> int:
        """Write a dump: whole or not at all, never over another file; ``-`` is standard output. Returns its bytes.

        ``packing``: None for what the name says. ``recipients``: who can open it; everybody where there are none.
        Raises CallerError for a name that is taken, MachineError when the disk refuses, and what ``chunks`` raise.
        """


class Scratch(Protocol):
    """Room for arrays that memory is too small for."""

    def array(self, count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        """``count`` zeros in a file without a name, which goes with them. Raises MachineError for a full disk."""

    @property
    def used_bytes(self) -> int:
        """All that was ever made."""


class OwnMemory(Protocol):
    """What this very process takes."""

    def watched(self) -> AbstractContextManager[Callable[[], int]]:
        """Inside of the block, the call gives the most bytes of its own (pages of files are not) that were seen."""


class Threads(Protocol):
    """Work side by side, for calls that let others run meanwhile."""

    @property
    def count(self) -> int: ...

    def each(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """What each call gives, in order. The first error is raised when all have ended."""


Request: TypeAlias = Mapping[str, str | int | Sequence[str]]
"""What is asked of a process apart: plain values."""


class Apart(Protocol):
    """Runs work on data that nobody vouches for in a process of its own."""

    def run(self, module: str, request: Request, *, memory_bytes: int, told: Callable[[str], None]) -> object:
        """What ``python -m module`` answers. Raises what it raised; DataError when it crashed.

        ``memory_bytes``: it may not take more for itself; mapped files are not counted.
        """

    def pour(
        self, module: str, request: Request, *, memory_bytes: int, told: Callable[[str], None]
    ) -> Generator[bytes, None, object]:
        """As ``run``, for work that gives bytes, piece by piece; its answer is the generator's value."""


class Answers(Protocol):
    """Answers about files that were kept. Whatever is wrong with them, there is none: the work is done again."""

    def mark(self, files: Sequence[str]) -> str | None:
        """What the files are known by, as they are now; None where one cannot be read twice (a pipe)."""

    def find(self, key: str) -> object | None:
        """The answer that was kept by ``key``: of the model's values only."""

    def keep(self, key: str, answer: object) -> None:
        """Keep an answer, whole or not at all. Raises nothing."""


class Rates(Protocol):
    """How fast work of one kind went on this machine."""

    def of(self, kind: str) -> float | None:
        """Units per second, None for a kind that was never seen."""

    def learn(self, kind: str, per_s: float) -> None:
        """Raises nothing."""


class Incidents(Protocol):
    """Incidents with their timelines. Each write happens whole or not at all, and is on the disk when it returns."""

    def write(self, identity: str, make: Callable[[Sequence[Incident]], Change | None]) -> Incident | None:
        """Open or change an incident of ``identity``: ``make`` is given all of that identity, oldest first.

        It is pure: it may be asked again when another Oakum wrote meanwhile. None: nothing is to be written.
        """

    def change(self, number: int, make: Callable[[Record], Change | None]) -> Incident:
        """As ``write``, for one that is there. Raises CallerError when it is not."""

    def get(self, number: int) -> Incident:
        """Raises CallerError when it is not there."""

    def list(self, *, closed: bool = False) -> Sequence[Incident]:
        """The open ones, or all; the newest first."""

    def record(self, number: int) -> Record:
        """All that is known of one, as of one moment. Raises CallerError when it is not there."""

    def digests(self) -> frozenset[str]:
        """Every content address that some record names."""

    def claims(self) -> Sequence[Claim]:
        """The same by incident, as of one moment: each that names evidence, the oldest first."""


class Plans(Protocol):
    """Plans with their steps and approvals."""

    def add(self, plan: PlanRecord) -> PlanRecord: ...

    def get(self, number: int) -> PlanRecord:
        """Raises CallerError when it is not there."""

    def of(self, incident: int) -> Sequence[PlanRecord]:
        """Oldest first."""

    def change(self, plan: PlanRecord) -> PlanRecord:
        """Write it with its steps. Raises RefusedError when another one wrote since it was read (``revision``)."""

    def approve(self, approval: Approval) -> None:
        """Raises RefusedError when ``digest`` is not that of the plan as it stands."""

    def approvals(self, plan: int) -> Sequence[Approval]: ...


class Mutes(Protocol):
    """Mutes, lifted and expired ones too: who said it stays on record."""

    def add(self, mute: Mute) -> Mute:
        """One that holds for the same scope and identity is replaced: lifted, in the same write."""

    def lift(self, number: int, *, author: str, at_s: float) -> Mute:
        """Raises CallerError when it is not there or was lifted before."""

    def list(self) -> Sequence[Mute]:
        """Oldest first."""


class Scans(Protocol):
    """Results of scans: ``oakum.scan/1`` documents."""

    def add(
        self,
        source: str,
        at_s: float,
        document: Mapping[str, object],
        *,
        name: str = "",
        bounds: ScanBounds | None = None,
    ) -> int:
        """Its number. ``bounds``: what is more than them goes with the same write."""

    def get(self, number: int) -> KeptScan:
        """Raises CallerError when it is not there, DataError when it cannot be read any more."""

    def last(self, source: str, name: str = "") -> KeptScan | None:
        """The latest, or the latest of a name. Raises DataError as ``get``."""

    def list(self) -> Sequence[KeptHead]:
        """The latest first."""

    def forget(self, before_s: float) -> int:
        """How many were older and are gone; the last of each name stays."""


class JudgeStates(Protocol):
    """What the judge knows of a series between two runs: bytes whose meaning is the judge's own."""

    def get(self, series: str) -> tuple[bytes, int] | None:
        """(state, its revision)."""

    def put(self, series: str, state: bytes, *, revision: int, at_s: float) -> int:
        """``revision``: that which was read, 0 for a new one. Returns the new one.

        Raises RefusedError when another Oakum wrote since.
        """

    def forget(self, before_s: float) -> int:
        """How many were put before and are gone; whoever goes on with one of them begins anew."""


class Works(Protocol):
    """What was begun and has not ended."""

    def begin(self, work: Work) -> Work: ...

    def finish(self, number: int) -> None:
        """Nothing happens when it ended before."""

    def unfinished(self) -> Sequence[Work]: ...


class Workers(Protocol):
    """Who works here: tells a process that goes on from one that is gone."""

    def this(self) -> Holder: ...

    def gone(self, holder: Holder) -> bool | None:
        """None: it is of another machine, and cannot be told from here."""


class Blobs(Protocol):
    """Files by their content: the address is the SHA-256 of what is inside, in hexadecimal."""

    def put(self, parts: Iterable[bytes]) -> str:
        """The address, once all is on the disk; the same content again is kept once."""

    def get(self, digest: str) -> bytes:
        """Raises CallerError when it is not there, DataError when it is no longer what it was."""

    def has(self, digest: str) -> bool: ...

    def digests(self) -> Sequence[str]: ...

    def kept(self) -> Sequence[Blob]:
        """All that is there, by address."""

    def remove(self, digest: str, *, put_at_s: float | None = None) -> int:
        """Bytes that were freed; 0 where it is not there, or was put at another moment than ``put_at_s``."""

    def sweep(self) -> int:
        """Remove what writers that died left half-written; how many there were."""


class Store(Protocol):
    """The record, in one place. Another thread needs one of its own."""

    @property
    def place(self) -> str:
        """Where it is, for a person; no password."""

    @property
    def incidents(self) -> Incidents: ...

    @property
    def plans(self) -> Plans: ...

    @property
    def mutes(self) -> Mutes: ...

    @property
    def scans(self) -> Scans: ...

    @property
    def judge_states(self) -> JudgeStates: ...

    @property
    def works(self) -> Works: ...

    @property
    def blobs(self) -> Blobs: ...

    @property
    def blobs_alone(self) -> bool:
        """No other record keeps evidence in the same place; False where that cannot be told."""

    def close(self) -> None: ...


Heard: TypeAlias = Callable[[str, Mapping[str, object]], None]
"""Called with the name and the values of an event that came between a question and its answer."""


class Inspection(Protocol):
    """A debugger's session with a program: Chrome DevTools Protocol."""

    def ask(
        self,
        method: str,
        parameters: Mapping[str, object] | None = None,
        *,
        within_s: float,
        heard: Heard | None = None,
    ) -> Mapping[str, object]:
        """The result. Raises TargetError when it refuses, ends, or does not answer in time."""

    def listen(self, is_done: Callable[[], bool], *, within_s: float, heard: Heard) -> None:
        """Hear events until ``is_done``, or until the time is up. Raises TargetError when the program ends."""

    def close(self) -> None:
        """The program runs on; its inspector stays open."""


class Debuggee(Protocol):
    """A process held open, that may have an inspector. A reused pid is never mistaken for it."""

    def listeners(self) -> Sequence[Listener] | Absent:
        """The TCP sockets on which this process itself listens."""

    def taken(self) -> Sequence[Listener] | Absent:
        """The same of every process in its network namespace."""

    def dispositions(self) -> Dispositions:
        """What it does with signals. Raises TargetError when it has ended."""

    def wake(self) -> None:
        """Send SIGUSR1. Whoever calls has made sure that the process handles it."""

    def inspector(self, listener: Listener) -> str | Absent:
        """The version of the Node.js whose inspector answers there."""

    def connect(self, listener: Listener) -> Inspection | Absent: ...

    def fetch(self, listener: Listener, path: str, *, within_s: float, most_bytes: int) -> Fetched | Absent:
        """What ``GET path`` answers there, asked inside of the process's own network.

        Absent where nothing comes within ``within_s`` for all of it, or more than ``most_bytes``.
        """

    def close(self) -> None: ...


class Debuggees(Protocol):
    """Opens processes for debugging. Nothing is sent to them by opening."""

    def open(self, pid: int) -> Debuggee:
        """Raises TargetError when there is no such process."""


class Jvm(Protocol):
    """A process held open that may be a HotSpot JVM. A reused pid is never mistaken for it."""

    def standing(self) -> JvmStanding | Absent:
        """Nothing is sent. Raises TargetError when it has ended."""

    def ask(self, command: str, *, may_signal: bool, within_s: float) -> Answered | Absent:
        """What the JVM prints for a command of jcmd.

        ``may_signal``: SIGQUIT may be sent, once, where its attach socket is not open; whoever calls has made sure that
        the process is a JVM and handles it. Raises TargetError when it refuses, ends, or does not answer in time.
        """

    def carried_bytes_per_s(self) -> float | None:
        """At least so fast a file comes that it writes: it stands still meanwhile. None: as fast as it writes."""

    def stream(
        self, command: str, spool: Spool, *, in_pieces: bool, may_signal: bool, within_s: float
    ) -> Streamed | Absent:
        """As ``ask``, for one that writes a heap dump where ``{file}`` stands: into ``spool``, through a pipe.

        ``in_pieces``: the JVM (22 and later) writes the objects into a file beside it first, on its own disk.

        ``within_s``: from the file's first byte to its last; later than that the pipe is closed, the JVM gives the file
        up and goes on. Raises RefusedError then.
        """

    def close(self) -> None: ...


class Jvms(Protocol):
    """Opens processes that may be JVMs. Nothing is sent to them by opening."""

    def open(self, pid: int) -> Jvm:
        """Raises TargetError when there is no such process."""


class Channel(Protocol):
    """The standard input and output of a program of ours that runs elsewhere."""

    def send(self, data: bytes) -> None:
        """Raises TargetError when it has ended, or cannot be reached any more."""

    def receive(self, within_s: float) -> bytes:
        """What it says next, never nothing. Raises TargetError as ``send``, SilentError when nothing comes in time."""


class Spool(Protocol):
    """A file without a name, for what is streamed out of a target."""

    size_bytes: int

    def write(self, piece: bytes) -> None:
        """Raises RefusedError beyond its limit, MachineError when the disk is full."""

    def path(self) -> str:
        """By which our own processes can open it, until it is closed."""

    def close(self) -> None: ...


class Spools(Protocol):
    """Makes spools where there is room for them."""

    def create(self, limit_bytes: int) -> Spool | Absent: ...
