"""A heap dump of a JVM, asked for by its attach socket."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from oakum.loop.capturing.keep import keep
from oakum.loop.capturing.wanted import Wanted, missing
from oakum.loop.dumped import Dumped, Occasion
from oakum.loop.jvm_asked import jvm_asked
from oakum.loop.jvm_dump import jvm_dump
from oakum.model.absent import Absent
from oakum.model.capture import Capture
from oakum.model.units import format_duration, format_size
from oakum.probe.jvm import Reach
from oakum.probe.jvm_cost import dump_needs


def capture_jvm(wanted: Wanted) -> Capture:
    """Raises as ``loop.capture.capture`` does."""
    begun_s = wanted.machine.clock.monotonic_s()
    dumped = _dumped(wanted)
    with closing(dumped.spool):
        return keep(dumped, wanted, "hprof", since_s=begun_s)


def _dumped(wanted: Wanted) -> Dumped:
    """What was opened is left before this returns."""
    occasion = wanted.occasion()

    def agree(reach: Reach) -> None:
        wanted.agree(_question(reach, occasion) + wanted.texts())

    with jvm_asked(wanted.pid, wanted.machine, agree) as (session, reach):
        command = session.dump_command()
        if isinstance(command, Absent):
            raise missing(command)
        used_bytes = session.pools().heap_used_bytes
        wanted.check_room(dump_needs(used_bytes).dump_bytes)
        dumped = jvm_dump(session, command, used_bytes, reach.tmp_free_bytes, occasion)
    if isinstance(dumped, Absent):
        counting = replace(wanted.settings.terms.budget, max_bytes=None)
        raise missing(dumped, cheaper=counting.asked(f"oakum heap histogram pid/{wanted.pid} --inspect"))
    return dumped


def _question(reach: Reach, occasion: Occasion) -> str:
    """What would be done. Its heap in use is not larger than its anonymous memory."""
    most = dump_needs(occasion.anon_bytes())
    left = occasion.room_told()
    return (
        f"{reach.how(occasion.pid)} It writes one heap dump through a pipe; no collection is forced. At its size now it"
        f" stands still for up to about {format_duration(most.pause_s)} and takes up to {format_size(most.extra_bytes)}"
        f" more memory{left}; up to {format_size(most.dump_bytes)} come. None that takes longer than"
        f" {format_duration(occasion.budget.pause_s)}. A JVM of version 22 or later keeps a file in its /tmp meanwhile."
    )
