"""``oakum heap capture``: one dump of a live process, taken safely and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oakum.loop.subject import choose
from oakum.model.absent import Absent, AbsentKind
from oakum.model.capture import Capture
from oakum.model.errors import OakumError, RefusedError, TargetError
from oakum.model.runtime import Preflight, Runtime, RuntimeName
from oakum.model.target import Target
from oakum.model.units import format_duration, format_size
from oakum.probe.python import HeapCapture, PythonProbe
from oakum.probe.runtime import recognise

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.progress import Progress

FILE_SHARE = 0.25
"""A census takes no more of the disk than this share of the memory that it is made from; a tenth is usual."""

OTHERS = {
    RuntimeName.JVM: "jcmd {pid} GC.heap_dump /tmp/heap.hprof    # stops the program; oakum heap analyze reads it",
    RuntimeName.NODE: "start it with --heapsnapshot-signal=SIGUSR2, then kill -USR2 {pid}; oakum heap analyze reads it",
    RuntimeName.RUBY: "ObjectSpace.dump_all(output: File.open('heap.json', 'w')) in the program",
    RuntimeName.GO: "curl -o heap.pb.gz http://HOST:PORT/debug/pprof/heap, where net/http/pprof is served",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """How a dump is taken."""

    stop: bool = False
    """Whether the target may stand still while its memory is copied."""

    raw: bool = False
    """Whether the program's texts are written as they are; else they are left out."""

    recipients: Sequence[str] = ()
    """To whom the dump is sealed; nobody where there are none."""


def capture(target: Target, file: str, *, machine: Machine, settings: Settings, progress: Progress) -> Capture:
    """Raises CallerError, TargetError (RefusedError where it would be too dear) or MachineError."""
    machine.dumps.check_recipients(settings.recipients)
    machine.dumps.check_room(file, 0)
    progress.stage(f"looking at {target}")
    subject = choose(target, processes=machine.processes, cgroups=machine.cgroups, clock=machine.clock)
    pid = subject.process.pid
    if subject.why:
        progress.stage(f"pid {pid} is looked at: {subject.why}")
    runtime = recognise(pid, machine.processes, machine.memories)
    if isinstance(runtime, Absent):
        raise _missing(runtime)
    if runtime.name is not RuntimeName.CPYTHON:
        raise _another(pid, runtime)
    probe = PythonProbe(machine.memories, machine.processes, machine.clock, runtime)
    preflight = _said(probe, pid, settings, progress)
    machine.dumps.check_room(file, int(preflight.bytes_to_read * FILE_SHARE))
    taken = probe.capture(pid, stop=settings.stop)
    if isinstance(taken, Absent):
        raise _missing(taken)
    progress.stage(f"copied {format_size(taken.cost.bytes_read)} in {format_duration(taken.cost.seconds)}; counting")
    return _kept(taken, str(target), pid, runtime, file, machine=machine, settings=settings)


def _said(probe: PythonProbe, pid: int, settings: Settings, progress: Progress) -> Preflight:
    """What it will cost, before it is taken."""
    preflight = probe.preflight(pid, stop=settings.stop)
    if isinstance(preflight, Absent):
        raise _missing(preflight)
    pause = f"about {format_duration(preflight.pause_s)}" if preflight.pause_s else "none"
    size = format_size(int(preflight.bytes_to_read * FILE_SHARE))
    texts = "" if not settings.raw else " Texts of the program, which may be secrets, will be in the file."
    progress.stage(
        f"a capture reads {format_size(preflight.bytes_to_read)} and writes at most {size}; pause: {pause};"
        f" Oakum needs {format_size(preflight.own_memory_bytes)}. {preflight.risk}{texts}"
    )
    if preflight.refusal:
        raise RefusedError("the capture was not taken", why=preflight.refusal, next_step="a machine with more memory")
    return preflight


def _kept(  # noqa: PLR0913  (everything comes together here)
    taken: HeapCapture,
    target: str,
    pid: int,
    runtime: Runtime,
    file: str,
    *,
    machine: Machine,
    settings: Settings,
) -> Capture:
    from oakum.heap.formats.census import write_census  # noqa: PLC0415  (loads the kernels)
    from oakum.heap.formats.census.take import Taking, take_census  # noqa: PLC0415

    heap = taken.decode()
    if isinstance(heap, Absent):
        raise _missing(heap)
    environment = machine.processes.environment(pid)
    hashed = isinstance(environment, dict) and "PYTHONHASHSEED" not in environment
    census = take_census(heap, Taking(taken.at_s, taken.cost.pause_s, not settings.raw, hashed))
    return Capture(
        target=target,
        pid=pid,
        runtime=str(runtime),
        file=file,
        file_bytes=machine.dumps.keep(file, write_census(census), recipients=settings.recipients),
        format="python",
        at_s=taken.at_s,
        objects=int(census.address.size),
        references=int(census.target.size),
        cost=taken.cost,
        skipped_bytes=taken.image.skipped_bytes,
        redacted=not settings.raw,
        warnings=_warnings(taken.image.skipped_bytes),
        sealed_to=tuple(settings.recipients),
    )


def _warnings(skipped_bytes: int) -> tuple[str, ...]:
    if not skipped_bytes:
        return ()
    return (f"{format_size(skipped_bytes)} went away while it was copied: what stood there is not in the dump",)


def _missing(absent: Absent) -> OakumError:
    family = RefusedError if absent.kind is AbsentKind.TOO_DEAR else TargetError
    return family("the heap cannot be captured", why=absent.why, next_step=absent.get)


def _another(pid: int, runtime: Runtime) -> TargetError:
    return TargetError(
        f"pid {pid} runs {runtime}, and this version captures CPython",
        why=", ".join(runtime.how),
        next_step=OTHERS.get(runtime.name, "oakum investigate pid/{pid}    # the series still speaks").format(pid=pid),
    )
