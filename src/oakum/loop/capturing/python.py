"""A census of a CPython, from a copy of its object memory."""

from __future__ import annotations

from oakum.loop.capturing.wanted import Wanted, missing
from oakum.model.absent import Absent
from oakum.model.capture import Capture, Foretold
from oakum.model.errors import RefusedError
from oakum.model.runtime import Preflight
from oakum.model.units import format_duration, format_size
from oakum.probe.python import HeapCapture, PythonProbe
from oakum.probe.room import budget_refusal

FILE_SHARE = 0.25
"""A census takes no more of the disk than this share of the memory that it is made from; a tenth is usual."""


def capture_python(wanted: Wanted) -> Capture:
    """Raises as ``loop.capture.capture`` does."""
    machine, progress = wanted.machine, wanted.progress
    begun_s = machine.clock.monotonic_s()
    probe = PythonProbe(machine.memories, machine.processes, machine.clock, wanted.runtime)
    preflight = _said(probe, wanted)
    foretold = Foretold(preflight.pause_s, 0, int(preflight.bytes_to_read * FILE_SHARE))
    wanted.check_room(foretold.file_bytes)
    taken = probe.capture(wanted.pid, stop=wanted.settings.stop)
    if isinstance(taken, Absent):
        raise missing(taken)
    progress.stage(f"copied {format_size(taken.cost.bytes_read)} in {format_duration(taken.cost.seconds)}; counting")
    return _kept(taken, wanted, foretold, since_s=begun_s)


def _said(probe: PythonProbe, wanted: Wanted) -> Preflight:
    """What it will cost, before it is taken."""
    preflight = probe.preflight(wanted.pid, stop=wanted.settings.stop)
    if isinstance(preflight, Absent):
        raise missing(preflight)
    pause = f"about {format_duration(preflight.pause_s)}" if preflight.pause_s else "none"
    file_bytes = int(preflight.bytes_to_read * FILE_SHARE)
    wanted.progress.stage(
        f"a capture reads {format_size(preflight.bytes_to_read)} and writes at most {format_size(file_bytes)}; pause:"
        f" {pause}; Oakum needs {format_size(preflight.own_memory_bytes)}. {preflight.risk}{wanted.texts()}"
    )
    if preflight.refusal:
        raise RefusedError("the capture was not taken", why=preflight.refusal, next_step="a machine with more memory")
    budget = wanted.settings.terms.budget
    refused = budget_refusal("a capture", preflight.pause_s, file_bytes, budget, wanted.command)
    if refused is not None:
        raise missing(refused, cheaper="the same command without --stop" if preflight.pause_s else "")
    return preflight


def _kept(taken: HeapCapture, wanted: Wanted, foretold: Foretold, *, since_s: float) -> Capture:
    from oakum.heap.formats.census import write_census  # noqa: PLC0415  (loads the kernels)
    from oakum.heap.formats.census.take import Taking, take_census  # noqa: PLC0415

    machine, settings = wanted.machine, wanted.settings
    heap = taken.decode()
    if isinstance(heap, Absent):
        raise missing(heap)
    environment = machine.processes.environment(wanted.pid)
    hashed = isinstance(environment, dict) and "PYTHONHASHSEED" not in environment
    census = take_census(heap, Taking(taken.at_s, taken.cost.pause_s, not settings.raw, hashed))
    return Capture(
        target=wanted.target,
        pid=wanted.pid,
        runtime=str(wanted.runtime),
        file=wanted.file,
        file_bytes=machine.dumps.keep(wanted.file, write_census(census), recipients=settings.recipients),
        format="python",
        at_s=taken.at_s,
        objects=int(census.address.size),
        references=int(census.target.size),
        cost=taken.cost,
        skipped_bytes=taken.image.skipped_bytes,
        redacted=not settings.raw,
        warnings=_warnings(taken.image.skipped_bytes),
        sealed_to=tuple(settings.recipients),
        seconds=machine.clock.monotonic_s() - since_s,
        foretold=foretold,
    )


def _warnings(skipped_bytes: int) -> tuple[str, ...]:
    if not skipped_bytes:
        return ()
    return (f"{format_size(skipped_bytes)} went away while it was copied: what stood there is not in the dump",)
