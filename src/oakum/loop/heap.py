"""``oakum heap``: what is in a dump, and who holds it. The work is done in a process apart."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from oakum.loop.redact import WORKER, say_too_open
from oakum.model.absent import Absent
from oakum.model.errors import CallerError
from oakum.model.growth import HeapGrowth
from oakum.model.heap import HeapDiff, HeapPaths, HeapReport, MemoryUse
from oakum.model.ports import Answers, Dumps, Request
from oakum.model.units import format_size

if TYPE_CHECKING:
    from oakum.heap.means import Means
    from oakum.host import Machine
    from oakum.loop.progress import Progress

LEAST_MEMORY_BYTES = 256 * 1024**2
MACHINE_SHARE = 0.8
OWN_BYTES = 180 * 1024**2
"""What the analysis of a small dump takes: most of it is the compiled kernels and what runs them."""

MAPPED_FILE_BYTES = 128 * 1024**2
"""Of a larger file, names that stand behind are not told."""

Told = Callable[[str], None]
Answer = TypeVar("Answer", HeapReport, HeapDiff, HeapPaths)


@dataclass(frozen=True, slots=True)
class Settings:
    """How dumps are analysed."""

    memory_bytes: int | None = None
    """The most that the analysis takes for itself; files, mapped or spilled to, are not counted. None: most of this
    machine's.
    """

    fresh: bool = False
    """Whether an answer that was kept is passed over."""

    identity: str = ""
    """A file with the key of dumps that are sealed; no answer about those is kept."""

    @classmethod
    def of(cls, *, memory_bytes: int | None = None, fresh: bool = False, identity: str = "") -> Settings:
        """Raises CallerError for less than the kernels themselves need."""
        if memory_bytes is not None and memory_bytes < LEAST_MEMORY_BYTES:
            raise CallerError(
                f"{format_size(memory_bytes)} are too little for any analysis",
                why=f"the program itself takes most of {format_size(LEAST_MEMORY_BYTES)}",
                next_step="--memory 600MiB",
            )
        return cls(memory_bytes, fresh, identity)


@dataclass(frozen=True, slots=True)
class Bench:
    """What a question about dumps is answered with. ``answers``: those that were kept; None to keep none."""

    machine: Machine
    settings: Settings
    progress: Progress
    answers: Answers | None = None


def analyze(file: str, *, bench: Bench, baseline: str = "") -> HeapReport:
    """``baseline``: an older dump, "" for none. Raises CallerError, DataError or MachineError."""
    files = [baseline, file] if baseline else [file]
    return _answered({"verb": "analyze", "file": file, "baseline": baseline}, files, HeapReport, bench)


def diff(files: Sequence[str], *, bench: Bench) -> HeapDiff:
    """``files``: oldest first. Raises CallerError, DataError or MachineError."""
    if len(files) < 2:
        raise CallerError("one dump cannot be compared", why="two or more are", next_step="oakum heap diff OLD NEW")
    return _answered({"verb": "diff", "files": list(files)}, files, HeapDiff, bench)


def paths(file: str, *, name: str = "", object_id: str = "", most: int, bench: Bench) -> HeapPaths:
    """Why objects of class ``name``, or one object, are there. Raises CallerError, DataError or MachineError."""
    if bool(name) == bool(object_id):
        raise CallerError(
            "a class or an object is asked for",
            why="both were named" if name else "neither was named",
            next_step=f"oakum heap paths {file} --class NAME",
        )
    asked: Request = {"verb": "paths", "file": file, "class": name, "object": object_id, "most": most}
    return _answered(asked, [file], HeapPaths, bench)


def _answered(request: Request, files: Sequence[str], kind: type[Answer], bench: Bench) -> Answer:
    """What was kept of the same question about the same files; else it is worked out, and kept."""
    say_too_open(bench.settings.identity, bench.machine, bench.progress)
    mark = None if bench.answers is None or bench.settings.identity else bench.answers.mark(files)
    key = f"{json.dumps(request, sort_keys=True)}\n{mark}"
    if bench.answers is not None and mark is not None and not bench.settings.fresh:
        found = bench.answers.find(key)
        if isinstance(found, kind):
            bench.progress.stage("answered before, and no file has changed since; --fresh works it out again")
            return found
    made = _apart(request, bench)
    assert isinstance(made, kind)
    if bench.answers is not None and mark is not None and bench.answers.mark(files) == mark:
        bench.answers.keep(key, made)
    return made


def _apart(request: Request, bench: Bench) -> object:
    memory = bench.settings.memory_bytes or int(bench.machine.cgroups.machine_memory_bytes() * MACHINE_SHARE)
    asked = {**request, "identity": bench.settings.identity}
    return bench.machine.apart.run(WORKER, asked, memory_bytes=memory, told=bench.progress.stage)


def grown(files: Sequence[str], seconds: float, *, bench: Bench) -> HeapGrowth:
    """Two snapshots of one process that ran ``seconds`` between them. Raises DataError or MachineError."""
    request: Request = {"verb": "grown", "files": list(files), "milliseconds": round(seconds * 1000)}
    made = _apart(request, bench)
    assert isinstance(made, HeapGrowth)
    return made


def work(request: Request, *, machine: Machine, told: Told, poured: Callable[[bytes], None]) -> object:
    """What the process apart does. ``poured``: takes the pieces of an answer that is a file."""
    if request["verb"] == "redact":
        from oakum.loop import redact  # noqa: PLC0415

        return redact.pour(request, dumps=machine.dumps, told=told, poured=poured)
    with machine.own_memory.watched() as peak_bytes:
        made = _made(request, machine, told)
        promised = int(str(request["memory_bytes"]))
        used = MemoryUse(promised, peak_bytes(), machine.scratch.used_bytes)
    return replace(made, memory=used) if isinstance(made, HeapReport | HeapDiff) else made


def _made(request: Request, machine: Machine, told: Told) -> object:
    from oakum.heap.means import Means  # noqa: PLC0415  (engines are loaded here alone)

    _say_compiling(told)
    dumps = Opened(machine.dumps, str(request["identity"]))
    means = Means(_for_arrays(request), machine.scratch, machine.threads, files=partial(_mapped_file, machine))
    if request["verb"] == "diff":
        return _compared(request["files"], dumps, told, means)
    if request["verb"] == "paths":
        return _ways(request, dumps, told, means)
    if request["verb"] == "grown":
        return _grown(request["files"], int(str(request["milliseconds"])) / 1000, dumps, means)
    from oakum.heap.analysis import analyze as analysis  # noqa: PLC0415  (loads the kernels)

    file = str(request["file"])
    if request["baseline"]:
        return _since(str(request["baseline"]), file, dumps, told, means)
    with dumps.open(file) as data:
        return analysis(data, file=file, told=told, means=means)


@dataclass(frozen=True, slots=True)
class Opened:
    """Opens dumps with the key that was given for those that are sealed."""

    dumps: Dumps
    identity: str

    def open(self, path: str) -> AbstractContextManager[NDArray[np.uint8]]:
        return self.dumps.open(path, identity=self.identity)


def _mapped_file(machine: Machine, path: str) -> bytes:
    """A file of this machine by the path that a core has of it; empty where it is not here, or is no regular file."""
    found = machine.processes.read_file(os.getpid(), path, MAPPED_FILE_BYTES)
    return b"" if isinstance(found, Absent) else found


def _for_arrays(request: Request) -> int:
    """What is left of the promise when the program itself, its kernels and its threads have taken theirs."""
    return max(0, int(str(request["memory_bytes"])) - OWN_BYTES)


def _ways(request: Request, dumps: Opened, told: Told, means: Means) -> HeapPaths:
    from oakum.heap.ways import paths_to_class, paths_to_object  # noqa: PLC0415

    file, most = str(request["file"]), int(str(request["most"]))
    with dumps.open(file) as data:
        if request["object"]:
            return paths_to_object(data, str(request["object"]), file=file, most=most, told=told, means=means)
        return paths_to_class(data, str(request["class"]), file=file, most=most, told=told, means=means)


def _since(baseline: str, file: str, dumps: Opened, told: Told, means: Means) -> HeapReport:
    from oakum.heap.baseline import analyze_since  # noqa: PLC0415
    from oakum.heap.difference import sketch  # noqa: PLC0415

    with dumps.open(baseline) as data:
        before = sketch(data, file=baseline, told=told, means=means)
    with dumps.open(file) as data:
        return analyze_since(data, before, file=file, told=told, means=means)


def _compared(files: object, dumps: Opened, told: Told, means: Means) -> HeapDiff:
    """One dump after the other: of each only a sketch is kept."""
    from oakum.heap.difference import difference, sketch  # noqa: PLC0415

    assert isinstance(files, list)
    sketches = []
    for file in files:
        with dumps.open(str(file)) as data:
            sketches.append(sketch(data, file=str(file), told=told, means=means))
    return difference(sketches)


def _grown(files: object, seconds: float, dumps: Opened, means: Means) -> HeapGrowth:
    from oakum.heap.accrual import account, grown  # noqa: PLC0415
    from oakum.heap.formats.detect import read_dump  # noqa: PLC0415

    assert isinstance(files, list)
    accounts = []
    for file in files:
        with dumps.open(str(file)) as data:
            accounts.append(account(read_dump(data, means)))
    return grown(accounts[0], accounts[-1], seconds)


def _say_compiling(told: Told) -> None:
    """Kernels are compiled when they are first run, and kept by numba: beside the package or in the user's cache."""
    from oakum.heap.tree import kernels  # noqa: PLC0415

    folder = getattr(getattr(kernels.depth_first, "stats", None), "cache_path", None)
    if folder and not any(Path(folder).glob("kernels.depth_first-*.nbc")):
        told("compiling the kernels: some seconds, once on this machine")
