"""What a histogram or a heap dump would take of a JVM, and whether it has that."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.model.absent import Absent, AbsentKind
from oakum.model.budget import Budget
from oakum.model.node import Room
from oakum.model.units import format_size
from oakum.probe.room import USED_SHARE, budget_refusal, room_refusal

HISTOGRAM_S_PER_MB = 0.002
"""How long counting every object stops it, in seconds per MB of heap in use (docs/jvm.md)."""

DUMP_S_PER_MB = 0.015
"""The same for a dump, with Oakum reading at full speed (docs/jvm.md)."""

LEAST_S = 0.1
FILE_PER_BYTE = 2.0
"""A dump writes references of 8 bytes where the heap has 4, and a header for each object."""

LEAST_FILE_BYTES = 64 << 20
EXTRA_BYTES = 64 << 20
"""What writing a dump takes beside the heap: buffers and the tables of classes. Nothing is written to its disk."""


@dataclass(frozen=True, slots=True)
class DumpNeeds:
    """Upper bounds, for ``heap_bytes`` in use, garbage too."""

    heap_bytes: int
    pause_s: float
    extra_bytes: int
    file_bytes: int

    @property
    def dump_bytes(self) -> int:
        """Of the objects alone."""
        return int(FILE_PER_BYTE * self.heap_bytes)

    def refusal(self, room: Room | None, budget: Budget, command: str) -> Absent | None:
        what = "a heap dump"
        refused = budget_refusal(what, self.pause_s, self.dump_bytes, budget, command)
        return refused or room_refusal(what, self.extra_bytes, room, who="it")

    def disk_refusal(self, free_bytes: int | None) -> Absent | None:
        """For a JVM that writes the objects on its own disk first."""
        if free_bytes is not None and self.file_bytes <= USED_SHARE * free_bytes:
            return None
        left = {None: "how much is free there cannot be seen", 0: "that is memory, and its own"}.get(
            free_bytes, f"{format_size(free_bytes or 0)} are free there"
        )
        return Absent(
            "a heap dump",
            AbsentKind.TOO_DEAR,
            f"this JVM (22 or later) writes a dump into its /tmp before it hands it on, up to"
            f" {format_size(self.file_bytes)}, and {left}",
            "give its /tmp a disk with room (an emptyDir volume, not of memory)",
        )


def dump_needs(heap_bytes: int, carried_bytes_per_s: float | None = None) -> DumpNeeds:
    """``carried_bytes_per_s``: how fast it comes, where that is not as fast as it is written."""
    written_s = LEAST_S + DUMP_S_PER_MB * heap_bytes / 1e6
    carried_s = 0.0 if carried_bytes_per_s is None else FILE_PER_BYTE * heap_bytes / carried_bytes_per_s
    return DumpNeeds(
        heap_bytes,
        written_s + carried_s,
        EXTRA_BYTES,
        max(LEAST_FILE_BYTES, int(FILE_PER_BYTE * heap_bytes)),
    )


def histogram_pause_s(heap_bytes: int) -> float:
    return LEAST_S + HISTOGRAM_S_PER_MB * heap_bytes / 1e6
