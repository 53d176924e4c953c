"""The Python twin of the commands: the same journeys, values instead of text."""

from __future__ import annotations

import time
from pathlib import Path

from oakum import wiring
from oakum.loop import heap as heaping
from oakum.loop import investigate as investigating
from oakum.loop import scan as scanning
from oakum.loop.progress import Progress, Silent
from oakum.model.assessment import Investigation
from oakum.model.heap import HeapDiff, HeapPaths, HeapReport
from oakum.model.scan import Scan
from oakum.model.target import parse_target


def investigate(
    target: str, *, watch_s: float = 20.0, capture: bool = True, stop: bool = False, progress: Progress | None = None
) -> Investigation:
    """As ``oakum investigate TARGET``. Raises the families of ``oakum.OakumError``."""
    return investigating.investigate(
        parse_target(target),
        machine=wiring.machine(),
        policy=wiring.policy(),
        settings=investigating.Settings.of(watch_s=watch_s, capture=capture, stop=stop),
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


def analyze_heap(
    file: str | Path,
    *,
    baseline: str | Path | None = None,
    memory_bytes: int | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
) -> HeapReport:
    """As ``oakum heap analyze FILE``. A broken dump gives what could be read, ``partial``."""
    bench = _bench(memory_bytes, fresh=fresh, progress=progress)
    return heaping.analyze(str(file), bench=bench, baseline="" if baseline is None else str(baseline))


def diff_heaps(
    *files: str | Path, memory_bytes: int | None = None, fresh: bool = False, progress: Progress | None = None
) -> HeapDiff:
    """As ``oakum heap diff A B…``: the oldest first."""
    return heaping.diff([str(file) for file in files], bench=_bench(memory_bytes, fresh=fresh, progress=progress))


def heap_paths(
    file: str | Path,
    what: str,
    *,
    most: int = 3,
    memory_bytes: int | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
) -> HeapPaths:
    """As ``oakum heap paths FILE``; ``what``: the name of a class, or the id of an object (@413, 0x7f3a00)."""
    bench = _bench(memory_bytes, fresh=fresh, progress=progress)
    if what.startswith(("@", "0x")):
        return heaping.paths(str(file), object_id=what, most=most, bench=bench)
    return heaping.paths(str(file), name=what, most=most, bench=bench)


def _bench(memory_bytes: int | None, *, fresh: bool, progress: Progress | None) -> heaping.Bench:
    return heaping.Bench(
        machine=wiring.machine(),
        settings=heaping.Settings.of(memory_bytes=memory_bytes, fresh=fresh),
        progress=progress or Silent(),
        answers=wiring.answers(),
    )
