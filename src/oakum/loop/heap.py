"""``oakum heap``: what is in a dump, and who holds it. The work is done in a process apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from oakum.model.errors import CallerError
from oakum.model.heap import HeapReport
from oakum.model.ports import Dumps
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


def _apart(request: Mapping[str, str | int], machine: Machine, settings: Settings, progress: Progress) -> object:
    memory = settings.memory_bytes or int(machine.cgroups.machine_memory_bytes() * MACHINE_SHARE)
    return machine.apart.run(WORKER, request, memory_bytes=memory, told=progress.stage)


def work(request: Mapping[str, str | int], *, dumps: Dumps, told: Told) -> object:
    """What the process apart does."""
    from oakum.heap.analysis import analyze as analysis  # noqa: PLC0415  (loads the kernels)

    _say_compiling(told)
    file = str(request["file"])
    with dumps.open(file) as data:
        return analysis(data, file=file, told=told)


def _say_compiling(told: Told) -> None:
    """Kernels are compiled when they are first run, and kept by numba: beside the package or in the user's cache."""
    from oakum.heap.tree import kernels  # noqa: PLC0415

    folder = getattr(getattr(kernels.depth_first, "stats", None), "cache_path", None)
    if folder and not any(Path(folder).glob("kernels.depth_first-*.nbc")):
        told("compiling the kernels: some seconds, once on this machine")
