"""A heap snapshot of a Node.js process, asked for by its inspector, which is closed again where Oakum opened it."""

from __future__ import annotations

from contextlib import closing

from oakum.loop.capturing.keep import keep
from oakum.loop.capturing.wanted import Wanted, missing
from oakum.loop.dumped import Dumped, Occasion
from oakum.loop.node_heaps import title, unknown
from oakum.loop.node_snapshot import foretold, node_snapshot
from oakum.model.absent import Absent
from oakum.model.capture import Capture
from oakum.model.errors import CallerError
from oakum.model.units import format_count, format_duration, format_size
from oakum.probe.node import NodeProbe, Opening
from oakum.probe.node_cost import needs_of
from oakum.probe.node_session import Heaps, NodeSession
from oakum.probe.node_workers import Worker, named

TOLD = 10


def capture_node(wanted: Wanted) -> Capture:
    """Raises as ``loop.capture.capture`` does."""
    begun_s = wanted.machine.clock.monotonic_s()
    warnings: list[str] = []
    dumped = _dumped(wanted, warnings)
    with closing(dumped.spool):
        return keep(dumped, wanted, "v8", since_s=begun_s, warnings=tuple(warnings))


def _dumped(wanted: Wanted, warnings: list[str]) -> Dumped:
    """What was opened is left before this returns."""
    machine, occasion = wanted.machine, wanted.occasion()
    with closing(machine.debuggees.open(wanted.pid)) as debuggee:
        probe = NodeProbe(
            wanted.pid, debuggee, processes=machine.processes, memories=machine.memories, clock=machine.clock
        )
        opening = probe.look()
        if isinstance(opening, Absent):
            raise missing(opening)
        wanted.agree(_question(opening, occasion) + wanted.texts())
        session = probe.open(opening)
        if isinstance(session, Absent):
            raise missing(probe.without_inspector(session))
        try:
            dumped = _taken(session, wanted, occasion, warnings)
        finally:
            left_open = session.close()
            if left_open is not None:
                warnings.append(f"{left_open.what} is to come: {left_open.why}; {left_open.get}")
                wanted.progress.stage(warnings[-1])
    return dumped


def _taken(session: NodeSession, wanted: Wanted, occasion: Occasion, warnings: list[str]) -> Dumped:
    session.hold(0.0)
    heaps = session.heaps()
    worker = _worker(heaps, wanted)
    used_bytes = heaps.used_bytes(worker)
    if used_bytes is None:
        raise unknown(worker)
    needs = foretold(session, used_bytes, occasion, worker)
    wanted.check_room(needs.dump_bytes)
    if heaps.workers:
        warnings.append(_left_out(heaps, worker))
    dumped = node_snapshot(session, needs, occasion, worker)
    if isinstance(dumped, Absent):
        raise missing(dumped)
    return dumped


def _worker(heaps: Heaps, wanted: Wanted) -> Worker | None:
    """None is the main thread. Raises CallerError where the one that is asked for is not there."""
    if not wanted.settings.worker:
        return None
    worker = named(heaps.workers, wanted.settings.worker)
    if worker is None:
        there = ", ".join(row.name for row in heaps.workers[:TOLD]) or "none"
        raise CallerError(
            f"pid {wanted.pid} has no worker thread {wanted.settings.worker!r}",
            why=f"its worker threads: {there}",
            next_step="the same command with --worker largest, or with its number",
        )
    return worker


def _left_out(heaps: Heaps, worker: Worker | None) -> str:
    """Which heaps are not in it."""
    others = [row for row in heaps.workers if row != worker]
    total = format_size(sum(row.heap_used_bytes or 0 for row in others))
    rest = f"the heaps of {format_count(len(others))} worker threads ({total})"
    if worker is None:
        return f"{rest} are not in it: --worker NUMBER, or largest, captures one of them"
    main = f"the main thread's heap ({format_size(heaps.main.heap_used_bytes)})"
    return f"it is the heap of {title(worker)}; {main} {f'and {rest} are' if others else 'is'} not in it"


def _question(opening: Opening, occasion: Occasion) -> str:
    """What would be done. Its heap is not larger than its anonymous memory."""
    most = needs_of(occasion.anon_bytes())
    room = occasion.room()
    left = f", of {format_size(room.left_bytes)} that are left below {room.boundary}" if room else ""
    return (
        f"{opening.how(occasion.pid)} It makes one heap snapshot: at its size now it stands still for up to about"
        f" {format_duration(most.pause_s)} and takes up to {format_size(most.extra_bytes)} more memory{left}; up to"
        f" {format_size(most.dump_bytes)} come. None that could take longer than"
        f" {format_duration(occasion.budget.pause_s)}."
    )
