"""The Python twin of the commands: the same journeys, values instead of text."""

from __future__ import annotations

import time
from pathlib import Path

from oakum import wiring
from oakum.loop import heap as heaping
from oakum.loop import investigate as investigating
from oakum.loop import scan as scanning
from oakum.loop.node import NodeSettings
from oakum.loop.progress import Progress, Silent
from oakum.model.assessment import Investigation
from oakum.model.heap import HeapDiff, HeapPaths, HeapReport
from oakum.model.scan import Scan
from oakum.model.target import parse_target


def investigate(  # noqa: PLR0913  (an option is a parameter, as in the command)
    target: str,
    *,
    watch_s: float = 20.0,
    capture: bool = True,
    stop: bool = False,
    inspect: bool = False,
    max_pause_s: float = 15.0,
    progress: Progress | None = None,
) -> Investigation:
    """As ``oakum investigate TARGET``. ``inspect``: the inspector of a Node.js process may be opened and asked;
    ``max_pause_s``: no snapshot is taken that could stop it for longer.

    Raises the families of ``oakum.OakumError``.
    """
    return investigating.investigate(
        parse_target(target),
        machine=wiring.machine(),
        policy=wiring.policy(),
        settings=investigating.Settings.of(
            watch_s=watch_s, capture=capture, stop=stop, node=NodeSettings(inspect=inspect, max_pause_s=max_pause_s)
        ),
        progress=progress or Silent(),
    )


def scan(
    *files: str | Path, watch_s: float = 30.0, unit: str = "bytes", at: str = "", progress: Progress | None = None
) -> Scan:
    """As ``oakum scan``: this machine when no file is given."""
    settings = scanning.Settings.of(watch_s=watch_s, unit=unit, at=at)
    if not files:
        return scanning.scan_host(wiring.machine(), settings=settings, progress=progress or Silent())
    paths = [Path(file) for file in files]
    return scanning.scan_files(paths, now_s=time.time(), settings=settings, progress=progress or Silent())


def analyze_heap(file: str | Path, *, memory_bytes: int | None = None, progress: Progress | None = None) -> HeapReport:
    """As ``oakum heap analyze FILE``. A broken dump gives what could be read, ``partial``."""
    settings = heaping.Settings.of(memory_bytes=memory_bytes)
    return heaping.analyze(str(file), machine=wiring.machine(), settings=settings, progress=progress or Silent())


def diff_heaps(*files: str | Path, memory_bytes: int | None = None, progress: Progress | None = None) -> HeapDiff:
    """As ``oakum heap diff A B…``: the oldest first."""
    settings = heaping.Settings.of(memory_bytes=memory_bytes)
    names = [str(file) for file in files]
    return heaping.diff(names, machine=wiring.machine(), settings=settings, progress=progress or Silent())


def heap_paths(
    file: str | Path, name: str, *, most: int = 3, memory_bytes: int | None = None, progress: Progress | None = None
) -> HeapPaths:
    """As ``oakum heap paths FILE --class NAME``."""
    settings = heaping.Settings.of(memory_bytes=memory_bytes)
    machine = wiring.machine()
    told = progress or Silent()
    return heaping.paths(str(file), name, most=most, machine=machine, settings=settings, progress=told)
