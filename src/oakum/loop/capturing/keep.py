"""A dump that a JVM or Node.js wrote itself becomes a file: without its texts, packed and sealed as asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from oakum.loop.capturing.wanted import Wanted
from oakum.loop.dumped import Dumped
from oakum.loop.redact import Poured
from oakum.loop.redact import Settings as Redacting
from oakum.model.capture import Capture
from oakum.model.evidence import Cost
from oakum.model.redaction import Redacted
from oakum.model.units import format_duration, format_size

if TYPE_CHECKING:
    from oakum.host import Machine

PIECE_BYTES = 1 << 20


def keep(dumped: Dumped, wanted: Wanted, kind: str, *, since_s: float, warnings: tuple[str, ...] = ()) -> Capture:
    """``kind``: the format, as in ``oakum.heap/1``. ``since_s``: when the work began, on the monotonic clock.

    The target has run on since. Raises DataError for a dump that is broken, MachineError where the disk refuses;
    nothing half-written is left then.
    """
    machine, came = wanted.machine, dumped.spool.size_bytes
    done = "writing it" if wanted.settings.raw else "filling its texts"
    wanted.progress.stage(
        f"it stood still for {format_duration(dumped.pause_s)} and took {format_size(dumped.extra_bytes)} more; it runs"
        f" on: {format_size(came)} came, {done}"
    )
    clock = machine.clock
    at_s = clock.now_s() - (clock.monotonic_s() - dumped.begun_s)
    file_bytes, redacted = _written(dumped.spool.path(), wanted)
    return Capture(
        target=wanted.target,
        pid=wanted.pid,
        runtime=str(wanted.runtime),
        file=wanted.file,
        file_bytes=file_bytes,
        format=kind,
        at_s=at_s,
        objects=None,
        references=None,
        cost=Cost(dumped.pause_s, dumped.pause_s, came),
        skipped_bytes=0,
        redacted=redacted is not None,
        warnings=warnings,
        sealed_to=tuple(wanted.settings.recipients),
        redaction=redacted,
        extra_bytes=dumped.extra_bytes,
        seconds=clock.monotonic_s() - since_s,
        foretold=dumped.foretold,
    )


def _written(spooled: str, wanted: Wanted) -> tuple[int, Redacted | None]:
    """(bytes of the file, what was filled; None where nothing was)."""
    machine, recipients = wanted.machine, wanted.settings.recipients
    if wanted.settings.raw:
        return machine.dumps.keep(wanted.file, _pieces(spooled, machine), packing=None, recipients=recipients), None
    poured = Poured(spooled, machine=machine, settings=Redacting(), progress=wanted.progress)
    # Closed at once: should nobody take the pieces, the process apart would wait for ever.
    with closing(poured):
        return machine.dumps.keep(wanted.file, poured, packing=None, recipients=recipients), poured.redacted


def _pieces(spooled: str, machine: Machine) -> Iterator[bytes]:
    with machine.dumps.walk(spooled) as (data, past):
        for at in range(0, data.size, PIECE_BYTES):
            yield data[at : at + PIECE_BYTES].tobytes()
            past(at + PIECE_BYTES)
