"""A heap dump of a JVM, if it fits: through a pipe, at full speed, into a file without a name."""

from __future__ import annotations

from oakum.loop.dumped import Dumped, Occasion
from oakum.model.absent import Absent
from oakum.model.units import format_duration, format_size
from oakum.probe.jvm_session import DumpCommand, JvmSession

DUMP_ORIGIN = "GC.heap_dump -all, through a pipe"


def jvm_dump(
    session: JvmSession, command: DumpCommand, used_bytes: int, tmp_free_bytes: int | None, occasion: Occasion
) -> Dumped | Absent:
    """``used_bytes``: of its heap; ``tmp_free_bytes``: of its own disk. Absent: it does not fit, and nothing was asked.

    Raises TargetError; RefusedError where more came, or for longer, than is allowed: the JVM runs on.
    """
    needs = session.dump_needs(used_bytes)
    granted = occasion.granted(needs, needs.disk_refusal(tmp_free_bytes) if command.in_pieces else None)
    if isinstance(granted, Absent):
        return granted
    spool = granted.spool
    occasion.progress.stage(
        f"a heap dump: it may stand still for up to {format_duration(needs.pause_s)} and take up to"
        f" {format_size(needs.extra_bytes)} more{granted.left}; up to {format_size(needs.file_bytes)} come, through"
        " a pipe"
    )
    with occasion.paid(spool) as peak:
        streamed = session.dump(command, spool, within_s=occasion.budget.pause_s)
    return Dumped(spool, streamed.begun_s, streamed.ended_s, peak.extra_bytes, granted.foretold)
