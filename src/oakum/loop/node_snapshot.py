"""A heap snapshot of a Node.js process, if it fits: streamed by its inspector into a file without a name."""

from __future__ import annotations

from oakum.loop.dumped import Dumped, Occasion
from oakum.model.absent import Absent
from oakum.model.capture import Foretold
from oakum.model.units import format_duration, format_size
from oakum.probe.node_cost import SnapshotNeeds
from oakum.probe.node_session import NodeSession
from oakum.probe.node_workers import Worker

SNAPSHOT_ORIGIN = "HeapProfiler.takeHeapSnapshot"


def node_snapshot(
    session: NodeSession, needs: SnapshotNeeds, occasion: Occasion, worker: Worker | None = None
) -> Dumped | Absent:
    """Of the main thread's heap, or a worker's. Absent: it does not fit, and nothing was asked.

    Raises TargetError, RefusedError where more came than is allowed. Nobody can end a snapshot that has begun.
    """
    room = occasion.room()
    refused = needs.refusal(room, occasion.budget, occasion.command)
    foretold = Foretold(needs.pause_s, needs.extra_bytes, needs.file_bytes)
    spool = refused or occasion.spool(foretold)
    if isinstance(spool, Absent):
        return spool
    left = f", {format_size(room.left_bytes)} are left below {room.boundary}" if room else ""
    occasion.progress.stage(
        f"{_what(worker)}: it may stand still for about {format_duration(needs.pause_s)} and take up to"
        f" {format_size(needs.extra_bytes)} more{left}; up to {format_size(needs.file_bytes)} come"
    )
    with occasion.paid(spool) as peak:
        cost = session.snapshot(spool, within_s=4 * needs.pause_s + 30, worker=worker)
    return Dumped(spool, cost.begun_s, cost.ended_s, peak.extra_bytes, foretold)


def _what(worker: Worker | None) -> str:
    return "a heap snapshot" if worker is None else f"a heap snapshot of worker thread {worker.name}"


def stood_still(worker: Worker | None) -> str:
    return "it stood still" if worker is None else f"worker thread {worker.name} stood still, the others did not,"
