"""What a count of a Node.js program's containers would take of it, and whether it has that."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.model.absent import Absent, AbsentKind
from oakum.model.budget import Budget
from oakum.model.node import Room
from oakum.model.units import format_size
from oakum.probe.node_census import WHAT
from oakum.probe.room import known_room_refusal, pause_refusal

COLLECTION_S_PER_MB = 0.04
"""A full collection, in seconds per MB of heap (docs/node.md: 0.001 to 0.04, the most on a very busy machine)."""

QUERY_S_PER_MB = 0.1
"""A query for all functions of the heap, in seconds per MB: V8 collects several times (docs/node.md: up to 0.08)."""

WALK_BYTES = 24 << 20
"""What a walk takes for as long as it lasts, for the objects that it may pass."""

WALK_SHARE = 0.5
"""And of the heap, beside that: keys of an object that are numbers become texts as they are listed."""

PROMISES_SHARE = 0.4
WALK_S_PER_MB = 0.01
OWN_ROOM = 2
"""V8 ends a program whose heap meets its limit: what is taken must fit there so many times."""


@dataclass(frozen=True, slots=True)
class CensusNeeds:
    """Upper bounds. ``pause_s``: of the longest of its pauses."""

    pause_s: float
    extra_bytes: int

    def refusal(self, room: Room | None, own_bytes: int | None, budget: Budget, command: str) -> Absent | None:
        """``room`` None: nothing is known of it, and then none is taken. ``own_bytes``: below V8's own limit; None
        likewise.
        """
        refused = pause_refusal(WHAT, self.pause_s, budget, command) or known_room_refusal(
            WHAT, self.extra_bytes, room, who="to count them"
        )
        return refused or self._own_refusal(own_bytes)

    def _own_refusal(self, own_bytes: int | None) -> Absent | None:
        if own_bytes is not None and OWN_ROOM * self.extra_bytes <= own_bytes:
            return None
        what = "is not known" if own_bytes is None else f"is {format_size(own_bytes)}"
        return Absent(
            WHAT,
            AbsentKind.TOO_DEAR,
            f"to count them could take {format_size(self.extra_bytes)} more of its heap, and what V8's own limit leaves"
            f" there {what}: it ends a program that meets it",
            "look earlier in its life, or start it with a higher --max-old-space-size",
        )


def walk_needs(heap_bytes: int) -> CensusNeeds:
    """Of a walk and a collection before it."""
    seconds = 0.2 + (COLLECTION_S_PER_MB + WALK_S_PER_MB) * heap_bytes / 1e6
    return CensusNeeds(seconds, int(WALK_SHARE * heap_bytes) + WALK_BYTES)


def query_needs(heap_bytes: int) -> CensusNeeds:
    """Of a query for all functions: each takes as much as its place in what is found, so no more than the heap."""
    return CensusNeeds(0.5 + QUERY_S_PER_MB * heap_bytes / 1e6, heap_bytes + WALK_BYTES)


def promise_needs(heap_bytes: int) -> CensusNeeds:
    """Of a query for all promises: a place in what is found, twice while that grows, for each 40 bytes of the heap at
    most (v8, src/objects/js-promise.tq: five words).
    """
    return CensusNeeds(0.5 + QUERY_S_PER_MB * heap_bytes / 1e6, int(PROMISES_SHARE * heap_bytes) + WALK_BYTES)
