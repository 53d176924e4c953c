"""What a dump by a copy of a Ruby process would take, and whether it has that. Measured: docs/ruby.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from oakum.model.absent import Absent
from oakum.model.budget import Budget
from oakum.model.node import Room
from oakum.probe.room import budget_refusal, room_refusal

LEAST_PAUSE_S: Final = 0.1
PAUSE_S_PER_MB: Final = 0.0005
"""How long the kernel takes to copy its page tables, and it to run on, in seconds per MB of anonymous memory."""

LEAST_EXTRA_BYTES: Final = 64 << 20
EXTRA_SHARE: Final = 0.3
"""Of its memory, what it or the copy writes to while both are there: such pages are there twice."""

LINE_BYTES: Final = 300
"""A line of a dump, without the text that it holds."""

PLACE_BYTES: Final = 200
"""More of it where it tells file and line."""

TEXT_SHARE: Final = 2.0
LEAST_FILE_BYTES: Final = 64 << 20
SLOT_BYTES: Final = 40
LEAST_WITHIN_S: Final = 60.0
WRITTEN_BYTES_PER_S: Final = 20e6
"""A copy that writes more slowly is given up."""


@dataclass(frozen=True, slots=True)
class RubyNeeds:
    """Upper bounds. ``within_s``: how long the copy may be there."""

    pause_s: float
    extra_bytes: int
    file_bytes: int

    @property
    def within_s(self) -> float:
        return LEAST_WITHIN_S + self.file_bytes / WRITTEN_BYTES_PER_S

    def refusal(self, room: Room | None, budget: Budget, command: str) -> Absent | None:
        what = "a heap dump"
        refused = budget_refusal(what, self.pause_s, self.file_bytes, budget, command)
        return refused or room_refusal(what, self.extra_bytes, room, who="the copy that writes it")


def ruby_needs(anon_bytes: int, slots: int | None = None, *, lines: bool = True) -> RubyNeeds:
    """``slots``: objects, as many as its memory could hold where that is not known."""
    count = anon_bytes // SLOT_BYTES if slots is None else slots
    each = LINE_BYTES + (PLACE_BYTES if lines else 0)
    return RubyNeeds(
        LEAST_PAUSE_S + PAUSE_S_PER_MB * anon_bytes / 1e6,
        LEAST_EXTRA_BYTES + int(EXTRA_SHARE * anon_bytes),
        LEAST_FILE_BYTES + count * each + int(TEXT_SHARE * anon_bytes),
    )
