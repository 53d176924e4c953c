"""The twins of ``oakum heap``: dumps, taken and read."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from oakum import wiring
from oakum.loop import capture as capturing
from oakum.loop import heap as heaping
from oakum.loop import histogram as counting
from oakum.loop import incident as incidents
from oakum.loop import redact as redacting
from oakum.loop.capturing.record import check_record, on_record
from oakum.loop.capturing.settings import Settings as CaptureSettings
from oakum.loop.progress import Progress, Silent
from oakum.loop.terms import Terms
from oakum.model.budget import Budget
from oakum.model.capture import Capture
from oakum.model.heap import HeapDiff, HeapPaths, HeapReport
from oakum.model.histogram import ClassHistogram
from oakum.model.redaction import Redaction
from oakum.model.target import parse_target


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


def capture_heap(
    target: str,
    file: str | Path,
    *,
    stop: bool = False,
    inspect: bool = False,
    budget: Budget | None = None,
    worker: str = "",
    raw: bool = False,
    seal_to: Sequence[str] = (),
    incident: str = "",
    store: str = "",
    progress: Progress | None = None,
) -> Capture:
    """As ``oakum heap capture TARGET --output FILE``. Raises the families of ``oakum.OakumError``.

    ``inspect``: a JVM or Node.js may be signalled and asked; ``budget``: what that may cost it, 15 s of pause when not
    given. ``raw``: the program's texts are written as they are. ``incident``: a copy becomes evidence of it. Where that
    fails, the file stays, and the error is raised.
    """
    recipients, terms = wiring.seal_recipients(seal_to), Terms(inspect, budget or Budget())
    settings = CaptureSettings(stop, raw, recipients, terms, worker, incident, store)
    wanted, told = parse_target(target), progress or Silent()
    if not incident:
        return capturing.capture(wanted, str(file), machine=wiring.machine(), settings=settings, progress=told)
    number, recorder = incidents.number_of(incident), wiring.recorder(store)
    check_record(number, str(file), recorder)
    taken = capturing.capture(wanted, str(file), machine=wiring.machine(), settings=settings, progress=told)
    return on_record(taken, number, recorder, now_s=time.time())


def heap_histogram(
    target: str, *, inspect: bool = False, budget: Budget | None = None, progress: Progress | None = None
) -> ClassHistogram:
    """As ``oakum heap histogram TARGET``. ``inspect``: the JVM may be signalled and asked; ``budget``: its pause."""
    terms = Terms(inspect, budget or Budget())
    return counting.histogram(
        parse_target(target), machine=wiring.machine(), terms=terms, progress=progress or Silent()
    )


def redact_heap(
    file: str | Path,
    out: str | Path,
    *,
    key: str | Path = "",
    seal_to: Sequence[str] = (),
    identity: str | Path = "",
    progress: Progress | None = None,
) -> Redaction:
    """As ``oakum heap redact IN OUT``."""
    settings = redacting.Settings(str(key), wiring.seal_recipients(seal_to), str(identity))
    told = progress or Silent()
    return redacting.redact(str(file), str(out), machine=wiring.machine(), settings=settings, progress=told)


def _bench(memory_bytes: int | None, *, fresh: bool, progress: Progress | None) -> heaping.Bench:
    return heaping.Bench(
        machine=wiring.machine(),
        settings=heaping.Settings.of(memory_bytes=memory_bytes, fresh=fresh),
        progress=progress or Silent(),
        answers=wiring.answers(),
    )
