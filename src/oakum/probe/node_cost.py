"""What a heap snapshot would take of a Node.js process, and whether it has that."""

from __future__ import annotations

from dataclasses import dataclass, replace

from oakum.model.absent import Absent
from oakum.model.budget import Budget
from oakum.model.node import Room
from oakum.model.units import format_count, format_size
from oakum.probe.room import budget_refusal, known_room_refusal, pause_refusal

EXTRA_PER_BYTE = 45
"""Memory that a snapshot takes beside the heap, per byte of it, while it is made (docs/node.md: 0.9 to 40)."""

EXTRA_PER_OBJECT = 1500
"""The same in bytes per small object of the heap, beside EXTRA_BYTES (docs/node.md: 340 to 1,480)."""

EXTRA_BYTES = 96 << 20

SMALL_BYTES = 60
"""Of a small object. Bytes beyond that are counted as references, each of which costs as an object does."""

PAUSE_S_PER_MB = 0.2
"""How long it takes, in seconds per MB of heap (docs/node.md: 0.01 to 0.15 where the machine is not busy)."""

PAUSE_S_PER_OBJECT = 20e-6
"""The same in seconds per object (docs/node.md: 3 to 12 microseconds; 35 with nothing but different keys)."""

COUNT_PER_BYTE = 4.0
"""Memory that to count the objects takes, per byte of the heap: V8 gives each a number (docs/node.md: 0.2 to 3.2)."""

COUNT_S_PER_MB = 0.05
"""How long that takes, with its collection, in seconds per MB of heap (docs/node.md: 0.002 to 0.024)."""

COLLECTION_S_PER_MB = 0.01
"""How long a full collection takes, in seconds per MB of heap (docs/node.md: 0.0002 to 0.004)."""

FILE_PER_BYTE = 6.0
LEAST_FILE_BYTES = 256 << 20
LEAST_BYTES = 16 << 20
OWN_BYTES = 32 << 20
"""Of a small heap: Node.js' own 60,000 objects are most of it."""

SPREAD = 1.5
"""A second snapshot may take this much more than the first did for its size."""


@dataclass(frozen=True, slots=True)
class SnapshotNeeds:
    """Upper bounds, for a heap of ``heap_bytes``. ``free_bytes``: memory that an earlier one left in the process.

    ``objects``: that are in it; None where they were not counted.
    """

    heap_bytes: int
    pause_s: float
    extra_bytes: int
    file_bytes: int
    free_bytes: int = 0
    objects: int | None = None

    @property
    def dump_bytes(self) -> int:
        """Of the objects alone."""
        return int(FILE_PER_BYTE * self.heap_bytes)

    def refusal(self, room: Room | None, budget: Budget, command: str) -> Absent | None:
        """``room`` None: nothing is known of it, and then none is taken."""
        what = "a heap snapshot"
        whose = f"a snapshot of a heap of {format_size(self.heap_bytes)}"
        if self.objects is not None:
            whose += f" in {format_count(self.objects)} objects"
        # What a flag allows is told behind what none does.
        without = known_room_refusal(what, self.extra_bytes - self.free_bytes, room, who=whose)
        asked = budget_refusal(what, self.pause_s, self.dump_bytes, budget, command)
        return (without or asked) if room is not None else (asked or without)

    def counted(self, objects: int) -> SnapshotNeeds:
        """The bounds for so many objects: small ones cost less than references in as many bytes."""
        rest_bytes = max(0, self.heap_bytes - SMALL_BYTES * objects)
        by_objects = EXTRA_BYTES + EXTRA_PER_OBJECT * objects + EXTRA_PER_BYTE * rest_bytes
        pause_s = 0.5 + PAUSE_S_PER_OBJECT * objects + PAUSE_S_PER_MB * rest_bytes / 1e6
        return replace(self, pause_s=pause_s, extra_bytes=min(self.extra_bytes, by_objects), objects=objects)

    def at_best(self) -> SnapshotNeeds:
        """The least that a count of its objects could say: nothing but small ones, and no shorter a pause."""
        return replace(self.counted(self.heap_bytes // SMALL_BYTES), pause_s=self.pause_s)

    def taken(self, pause_s: float, extra_bytes: int) -> SnapshotNeeds:
        """What it really was."""
        return replace(self, pause_s=pause_s, extra_bytes=extra_bytes)

    def after(self, first: SnapshotNeeds) -> SnapshotNeeds:
        """The bounds for a second one, by what the first took; and it finds much of that memory still there."""
        larger = SPREAD * self.heap_bytes / max(first.heap_bytes, 1)
        return replace(
            self,
            pause_s=min(self.pause_s, first.pause_s * larger + 1.0),
            extra_bytes=min(self.extra_bytes, int(first.extra_bytes * larger) + LEAST_BYTES),
            free_bytes=first.extra_bytes // 2,
        )


@dataclass(frozen=True, slots=True)
class CountingNeeds:
    """Upper bounds of a count of all objects."""

    pause_s: float
    extra_bytes: int

    def refusal(self, room: Room | None, budget: Budget, command: str) -> Absent | None:
        """``room`` None: nothing is known of it, and then none is made."""
        what = "how many objects its heap has"
        refused = pause_refusal(what, self.pause_s, budget, command)
        return refused or known_room_refusal(what, self.extra_bytes, room, who="to count them")


def counting_needs(heap_bytes: int) -> CountingNeeds:
    """``heap_bytes``: heapUsed, or more."""
    return CountingNeeds(0.3 + COUNT_S_PER_MB * heap_bytes / 1e6, int(COUNT_PER_BYTE * heap_bytes) + LEAST_BYTES)


def collection_pause_s(heap_bytes: int) -> float:
    """An upper bound, in seconds. ``heap_bytes``: heapUsed, or more."""
    return 0.2 + COLLECTION_S_PER_MB * heap_bytes / 1e6


def needs_of(heap_bytes: int) -> SnapshotNeeds:
    """``heap_bytes``: heapUsed, or more."""
    return SnapshotNeeds(
        heap_bytes,
        0.5 + PAUSE_S_PER_MB * heap_bytes / 1e6,
        EXTRA_PER_BYTE * heap_bytes + OWN_BYTES,
        max(LEAST_FILE_BYTES, int(FILE_PER_BYTE * heap_bytes)),
    )
