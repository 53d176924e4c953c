"""What a heap snapshot would take of a Node.js process, and whether it has that."""

from __future__ import annotations

from dataclasses import dataclass, replace

from oakum.model.absent import Absent, AbsentKind
from oakum.model.budget import Budget
from oakum.model.node import Room
from oakum.model.units import format_size
from oakum.probe.room import USED_SHARE, budget_refusal

EXTRA_PER_BYTE = 10.0
"""Memory that a snapshot takes beside the heap, per byte of it, while it is made (docs/node.md: 3 to 10)."""

PAUSE_S_PER_MB = 0.13
"""How long it takes, in seconds per MB of heap (docs/node.md: 0.02 to 0.13)."""

COLLECTION_S_PER_MB = 0.01
"""How long a full collection takes, in seconds per MB of heap (docs/node.md: 0.0002 to 0.004)."""

FILE_PER_BYTE = 6.0
LEAST_FILE_BYTES = 256 << 20
LEAST_BYTES = 16 << 20
SPREAD = 1.5
"""A second snapshot may take this much more than the first did for its size."""


@dataclass(frozen=True, slots=True)
class SnapshotNeeds:
    """Upper bounds, for a heap of ``heap_bytes``. ``free_bytes``: memory that an earlier one left in the process."""

    heap_bytes: int
    pause_s: float
    extra_bytes: int
    file_bytes: int
    free_bytes: int = 0

    @property
    def dump_bytes(self) -> int:
        """Of the objects alone."""
        return int(FILE_PER_BYTE * self.heap_bytes)

    def refusal(self, room: Room | None, budget: Budget, command: str) -> Absent | None:
        """``room`` None: nothing is known of it, and then none is taken."""
        what = "a heap snapshot"
        refused = budget_refusal(what, self.pause_s, self.dump_bytes, budget, command)
        if refused is not None:
            return refused
        if room is None:
            why = f"it could take {format_size(self.extra_bytes)} more memory, and how much is left there is not known"
            return Absent(what, AbsentKind.TOO_DEAR, why, "the same command on its node, as root")
        if self.extra_bytes - self.free_bytes > USED_SHARE * room.left_bytes:
            return Absent(
                what,
                AbsentKind.TOO_DEAR,
                f"it could take {format_size(self.extra_bytes)} more memory for a heap of"
                f" {format_size(self.heap_bytes)}, and {format_size(room.left_bytes)} are left below {room.boundary}",
                "look earlier in its life, while the heap is small, or give it room for the time: a higher limit",
            )
        return None

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


def collection_pause_s(heap_bytes: int) -> float:
    """An upper bound, in seconds. ``heap_bytes``: heapUsed, or more."""
    return 0.2 + COLLECTION_S_PER_MB * heap_bytes / 1e6


def needs_of(heap_bytes: int) -> SnapshotNeeds:
    """``heap_bytes``: heapUsed, or more."""
    return SnapshotNeeds(
        heap_bytes,
        0.5 + PAUSE_S_PER_MB * heap_bytes / 1e6,
        int(EXTRA_PER_BYTE * heap_bytes) + LEAST_BYTES,
        max(LEAST_FILE_BYTES, int(FILE_PER_BYTE * heap_bytes)),
    )
