"""A collection that a runtime was asked for: what it would take, and what it told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reach:
    """How a runtime would be asked, in words. ``pause_s``: for how long it may stand still, at its size now."""

    how: str
    pause_s: float


@dataclass(frozen=True, slots=True)
class Collected:
    """Used heap and anonymous memory before and after, in bytes. ``pause_s``: from the question to the answer.

    ``grown_from_bytes``: the used heap when it was first looked at, None where it was not; garbage of then counts.
    ``again``: an earlier try was cut off, and may have collected already.
    """

    heap_before_bytes: int
    heap_after_bytes: int
    anon_before_bytes: int
    anon_after_bytes: int
    pause_s: float
    grown_from_bytes: int | None = None
    again: bool = False

    @property
    def garbage_bytes(self) -> int:
        return max(0, self.heap_before_bytes - self.heap_after_bytes)
