"""A heap dump of a Ruby process, asked of the helper that it loaded."""

from __future__ import annotations

from contextlib import closing

from oakum.loop.capturing.keep import keep
from oakum.loop.capturing.wanted import Wanted, missing
from oakum.loop.dumped import Dumped, Occasion
from oakum.loop.ruby import ANSWERED_WITHIN_S
from oakum.loop.ruby_dump import needs_now, ruby_dump
from oakum.model.absent import Absent
from oakum.model.capture import Capture
from oakum.model.units import format_duration, format_size
from oakum.probe.ruby import RubyProbe, RubyReach
from oakum.probe.ruby_cost import ruby_needs


def capture_ruby(wanted: Wanted) -> Capture:
    """Raises as ``loop.capture.capture`` does."""
    begun_s = wanted.machine.clock.monotonic_s()
    dumped = _dumped(wanted)
    with closing(dumped.spool):
        return keep(dumped, wanted, "ruby", since_s=begun_s)


def _dumped(wanted: Wanted) -> Dumped:
    machine, occasion = wanted.machine, wanted.occasion()
    with closing(machine.rubies.open(wanted.pid)) as ruby:
        reach = RubyProbe(wanted.pid, ruby, machine.processes).look()
        if isinstance(reach, Absent):
            raise missing(reach)
        wanted.agree(_question(reach, occasion) + wanted.texts())
        figures = ruby.figures(within_s=ANSWERED_WITHIN_S)
        if isinstance(figures, Absent):
            raise missing(figures)
        needs = needs_now(figures, occasion)
        wanted.check_room(needs.file_bytes)
        dumped = ruby_dump(ruby, needs, occasion)
    if isinstance(dumped, Absent):
        raise missing(dumped)
    return dumped


def _question(reach: RubyReach, occasion: Occasion) -> str:
    """What would be done. Its heap is not larger than its anonymous memory."""
    most = ruby_needs(occasion.anon_bytes())
    left = occasion.room_told()
    return (
        f"{reach.how(occasion.pid)} A copy of it (fork) writes one heap dump: at its size now it stands still for up to"
        f" about {format_duration(most.pause_s)}, and the copy takes up to {format_size(most.extra_bytes)} more"
        f" memory{left}; up to {format_size(most.file_bytes)} come. None that could take longer than"
        f" {format_duration(occasion.budget.pause_s)}. No collection is forced."
    )
