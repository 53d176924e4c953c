"""A heap dump of a Ruby process, if it fits: a copy of it writes, over a socket, into a file without a name."""

from __future__ import annotations

from oakum.loop.dumped import Dumped, Occasion
from oakum.model.absent import Absent
from oakum.model.ports import Ruby
from oakum.model.ruby import RubyFigures
from oakum.model.units import format_duration, format_size
from oakum.probe.ruby_cost import RubyNeeds, ruby_needs

DUMP_ORIGIN = "ObjectSpace.dump_all in a copy (fork)"


def needs_now(figures: RubyFigures, occasion: Occasion) -> RubyNeeds:
    return ruby_needs(occasion.anon_bytes(), figures.slots, lines=figures.lines)


def ruby_dump(ruby: Ruby, needs: RubyNeeds, occasion: Occasion) -> Dumped | Absent:
    """Absent: it does not fit, and no copy was made. ``extra_bytes`` of it: what the copy took.

    Raises TargetError where it breaks off, RefusedError where more came, or for longer, than is allowed.
    """
    granted = occasion.granted(needs)
    if isinstance(granted, Absent):
        return granted
    spool = granted.spool
    occasion.progress.stage(
        f"a heap dump: it may stand still for up to {format_duration(needs.pause_s)} while it is copied; the copy takes"
        f" up to {format_size(needs.extra_bytes)} more memory{granted.left}; up to {format_size(needs.file_bytes)} come"
    )
    with occasion.paid(spool) as peak:
        copied = ruby.dump(spool, within_s=needs.within_s)
    if isinstance(copied, Absent):
        spool.close()
        return copied
    took_bytes = peak.extra_bytes if copied.took_bytes is None else copied.took_bytes
    # What is in it is as of the copy: the program ran on since, whatever the copy took to write.
    return Dumped(spool, copied.begun_s, copied.begun_s + copied.stood_still_s, took_bytes, granted.foretold)
