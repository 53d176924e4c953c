"""A heap snapshot of a Node.js process, if it fits: streamed by its inspector into a file without a name."""

from __future__ import annotations

from oakum.loop.dumped import Dumped, Occasion
from oakum.loop.facts import Facts
from oakum.loop.peak import Peak
from oakum.model.absent import Absent
from oakum.model.capture import Foretold
from oakum.model.evidence import Cost
from oakum.model.units import format_count, format_duration, format_size
from oakum.probe.node_cost import SnapshotNeeds, counting_needs, needs_of
from oakum.probe.node_objects import ORIGIN, count_objects
from oakum.probe.node_session import NodeSession
from oakum.probe.node_workers import Worker

SNAPSHOT_ORIGIN = "HeapProfiler.takeHeapSnapshot"


def foretold(
    session: NodeSession, used_bytes: int, occasion: Occasion, worker: Worker | None = None, facts: Facts | None = None
) -> SnapshotNeeds:
    """By the heap's bytes; where that does not fit and their number could say better, its objects are counted.

    Raises TargetError.
    """
    needs, room = needs_of(used_bytes), occasion.room()
    counting = counting_needs(used_bytes)
    fits = needs.refusal(room, occasion.budget, occasion.command) is None
    never = needs.at_best().refusal(room, occasion.budget, occasion.command) is not None
    if fits or never or counting.refusal(room, occasion.budget, occasion.command) is not None:
        return needs
    occasion.progress.stage(
        f"counting the objects of its heap, by which a snapshot costs: it may stand still twice, for about"
        f" {format_duration(counting.pause_s)} each, and take up to {format_size(counting.extra_bytes)} more for that"
        " time"
    )
    with occasion.gauge() as gauge, Peak(gauge) as peak:
        counted = count_objects(session, within_s=4 * counting.pause_s + 30, worker=worker)
    if counted is None:
        return needs
    found = needs.counted(counted.objects)
    if facts is not None:
        facts.add(
            "objects",
            f"{format_count(counted.objects)} objects in a heap of {format_size(used_bytes)}, counted in two pauses of"
            f" up to {format_duration(counted.pause_s)}: a snapshot could take {format_size(found.extra_bytes)} more"
            " memory",
            ORIGIN,
            cost=Cost(counted.pause_s, counted.pause_s),
            facts={"objects": counted.objects, "heap_used_bytes": used_bytes, "extra_bytes": peak.extra_bytes},
        )
    return found


def node_snapshot(
    session: NodeSession, needs: SnapshotNeeds, occasion: Occasion, worker: Worker | None = None
) -> Dumped | Absent:
    """Of the main thread's heap, or a worker's. Absent: it does not fit, and nothing was asked.

    Raises TargetError, RefusedError where more came than is allowed. Nobody can end a snapshot that has begun.
    """
    room = occasion.room()
    refused = needs.refusal(room, occasion.budget, occasion.command)
    bounds = Foretold(needs.pause_s, needs.extra_bytes, needs.file_bytes)
    spool = refused or occasion.spool(bounds)
    if isinstance(spool, Absent):
        return spool
    left = f", {format_size(room.left_bytes)} are left below {room.boundary}" if room else ""
    occasion.progress.stage(
        f"{_what(worker)}: it may stand still for about {format_duration(needs.pause_s)} and take up to"
        f" {format_size(needs.extra_bytes)} more{left}; up to {format_size(needs.file_bytes)} come"
    )
    with occasion.paid(spool) as peak:
        cost = session.snapshot(spool, within_s=4 * needs.pause_s + 30, worker=worker)
    return Dumped(spool, cost.begun_s, cost.ended_s, peak.extra_bytes, bounds)


def _what(worker: Worker | None) -> str:
    return "a heap snapshot" if worker is None else f"a heap snapshot of worker thread {worker.name}"


def stood_still(worker: Worker | None) -> str:
    return "it stood still" if worker is None else f"worker thread {worker.name} stood still, the others did not,"
