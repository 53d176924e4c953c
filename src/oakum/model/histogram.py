"""How many objects of each class a JVM has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClassCount:
    """``bytes``: of the objects themselves, not of what they hold."""

    name: str
    count: int
    bytes: int


@dataclass(frozen=True, slots=True)
class ClassHistogram:
    """Every object, garbage too. ``rows``: the most bytes first. ``at_s``: UTC epoch.

    ``pause_s``: for how long it stood still at most; ``foretold_pause_s``: what was said beforehand.
    """

    target: str
    pid: int
    runtime: str
    at_s: float
    pause_s: float
    foretold_pause_s: float
    rows: tuple[ClassCount, ...]

    @property
    def objects(self) -> int:
        return sum(row.count for row in self.rows)

    @property
    def bytes(self) -> int:
        return sum(row.bytes for row in self.rows)
