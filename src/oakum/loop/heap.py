"""``oakum heap``: what is in a dump, and who holds it. The work is done in a process apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.model.errors import CallerError
from oakum.model.growth import HeapGrowth
from oakum.model.heap import HeapDiff, HeapPaths, HeapReport
from oakum.model.ports import Dumps, Request
from oakum.model.units import format_size

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.progress import Progress

WORKER = "oakum.cli.worker"
LEAST_MEMORY_BYTES = 256 * 1024**2
MACHINE_SHARE = 0.8

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """How dumps are analysed."""

    memory_bytes: int | None = None
    """The most that the analysis takes for itself; mapped files are not counted. None: most of this machine's."""

    @classmethod
    def of(cls, *, memory_bytes: int | None = None) -> Settings:
        """Raises CallerError for less than the kernels themselves need."""
        if memory_bytes is not None and memory_bytes < LEAST_MEMORY_BYTES:
            raise CallerError(
                f"{format_size(memory_bytes)} are too little for any analysis",
                why=f"the program itself takes most of {format_size(LEAST_MEMORY_BYTES)}",
                next_step="--memory 600MiB",
            )
        return cls(memory_bytes)


def analyze(file: str, *, machine: Machine, settings: Settings, progress: Progress) -> HeapReport:
    """Raises CallerError, DataError or MachineError."""
    made = _apart({"verb": "analyze", "file": file}, machine, settings, progress)
    assert isinstance(made, HeapReport)
    return made


def diff(files: Sequence[str], *, machine: Machine, settings: Settings, progress: Progress) -> HeapDiff:
    """``files``: oldest first. Raises CallerError, DataError or MachineError."""
    if len(files) < 2:
        raise CallerError("one dump cannot be compared", why="two or more are", next_step="oakum heap diff OLD NEW")
    made = _apart({"verb": "diff", "files": list(files)}, machine, settings, progress)
    assert isinstance(made, HeapDiff)
    return made


def paths(file: str, name: str, *, most: int, machine: Machine, settings: Settings, progress: Progress) -> HeapPaths:
    """Why objects of class ``name`` are there. Raises CallerError, DataError or MachineError."""
    made = _apart({"verb": "paths", "file": file, "class": name, "most": most}, machine, settings, progress)
    assert isinstance(made, HeapPaths)
    return made


def grown(files: Sequence[str], seconds: float, *, machine: Machine, progress: Progress) -> HeapGrowth:
    """Two snapshots of one process that ran ``seconds`` between them. Raises DataError or MachineError."""
    request: Request = {"verb": "grown", "files": list(files), "milliseconds": round(seconds * 1000)}
    made = _apart(request, machine, Settings(), progress)
    assert isinstance(made, HeapGrowth)
    return made


def _apart(request: Request, machine: Machine, settings: Settings, progress: Progress) -> object:
    memory = settings.memory_bytes or int(machine.cgroups.machine_memory_bytes() * MACHINE_SHARE)
    return machine.apart.run(WORKER, request, memory_bytes=memory, told=progress.stage)


def work(request: Request, *, dumps: Dumps, told: Told) -> object:
    """What the process apart does."""
    _say_compiling(told)
    if request["verb"] == "diff":
        return _compared(request["files"], dumps, told)
    if request["verb"] == "grown":
        return _grown(request["files"], int(str(request["milliseconds"])) / 1000, dumps)
    from oakum.heap.analysis import analyze as analysis  # noqa: PLC0415  (loads the kernels)
    from oakum.heap.ways import paths_to_class  # noqa: PLC0415

    file = str(request["file"])
    with dumps.open(file) as data:
        if request["verb"] == "paths":
            return paths_to_class(data, str(request["class"]), file=file, most=int(str(request["most"])), told=told)
        return analysis(data, file=file, told=told)


def _compared(files: object, dumps: Dumps, told: Told) -> HeapDiff:
    """One dump after the other: of each only a sketch is kept."""
    from oakum.heap.difference import difference, sketch  # noqa: PLC0415

    assert isinstance(files, list)
    sketches = []
    for file in files:
        with dumps.open(str(file)) as data:
            sketches.append(sketch(data, file=str(file), told=told))
    return difference(sketches)


def _grown(files: object, seconds: float, dumps: Dumps) -> HeapGrowth:
    from oakum.heap.accrual import account, grown  # noqa: PLC0415
    from oakum.heap.formats.detect import read_dump  # noqa: PLC0415

    assert isinstance(files, list)
    accounts = []
    for file in files:
        with dumps.open(str(file)) as data:
            accounts.append(account(read_dump(data)))
    return grown(accounts[0], accounts[-1], seconds)


def _say_compiling(told: Told) -> None:
    """Kernels are compiled when they are first run, and kept by numba: beside the package or in the user's cache."""
    from oakum.heap.tree import kernels  # noqa: PLC0415

    folder = getattr(getattr(kernels.depth_first, "stats", None), "cache_path", None)
    if folder and not any(Path(folder).glob("kernels.depth_first-*.nbc")):
        told("compiling the kernels: some seconds, once on this machine")
