"""Counts over rows of the zoo: by runtime, and over all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from lab.zoo.case import FIXED, HEALTHY, LEAK, Case
from lab.zoo.results import Result, Results
from lab.zoo.score import FALSE, OPEN, RIGHT, WEAK, Score, scored


@dataclass(frozen=True, slots=True)
class Row:
    """One variant of one case. ``result``: None where it was never run."""

    case: Case
    variant: str
    result: Result | None

    @property
    def ran(self) -> bool:
        return self.result is not None and bool(self.result.looks)

    @property
    def score(self) -> Score:
        return scored(self.case, self.variant, self.result.looks if self.result else ())

    @property
    def seconds(self) -> float:
        """From the first question to the last answer."""
        return sum(look.seconds for look in self.result.looks) if self.result else 0.0

    @property
    def pause_s(self) -> float:
        """Of all looks together."""
        return sum(look.pause_s for look in self.result.looks) if self.result else 0.0

    @property
    def bytes_read(self) -> int:
        return sum(look.bytes_read for look in self.result.looks) if self.result else 0


@dataclass(frozen=True, slots=True)
class Share:
    """``of`` zero: nothing was measured."""

    good: int
    of: int

    def __str__(self) -> str:
        return f"{self.good} of {self.of}" if self.of else "-"

    @property
    def percent(self) -> float | None:
        return 100 * self.good / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Figures:
    """Of rows that ran. ``seconds``: median of the leaks. ``pause_s``: (median, most) and ``bytes_read``: median, of
    all rows; None where nothing ran. ``twice``: rows that were looked at twice.
    """

    found: Share
    top1: Share
    top3: Share
    holder: Share
    fixed: Share
    guilty_looking: Share
    false_leaks: Share
    suspected: int
    left_open: int
    seconds: float | None
    pause_s: tuple[float, float] | None
    bytes_read: float | None
    twice: Share


def rows_of(cases: Sequence[Case], results: Results, oakum: str) -> list[Row]:
    """By this Oakum; else what trouble there was with it."""
    return [Row(case, variant, results.last(case, variant, oakum)) for case in cases for variant in case.variants]


def figures(rows: Sequence[Row]) -> Figures:
    ran = [row for row in rows if row.ran]
    leaks = [row for row in ran if row.variant == LEAK]
    healthy = [row for row in ran if row.variant != LEAK]
    pauses = [row.pause_s for row in ran]
    return Figures(
        found=_share(leaks, lambda row: bool(row.result and row.result.looks[-1].verdict == LEAK)),
        top1=_share(leaks, lambda row: bool(row.score.top1)),
        top3=_share(leaks, lambda row: bool(row.score.top3)),
        holder=_share(leaks, lambda row: bool(row.score.holder)),
        fixed=_share([row for row in ran if row.variant == FIXED], _right),
        guilty_looking=_share([row for row in ran if row.variant == HEALTHY], _right),
        false_leaks=_share(healthy, lambda row: row.score.outcome == FALSE),
        suspected=sum(row.score.outcome == WEAK for row in healthy),
        left_open=sum(row.score.outcome == OPEN for row in healthy),
        seconds=median(row.seconds for row in leaks) if leaks else None,
        pause_s=(median(pauses), max(pauses)) if pauses else None,
        bytes_read=median(row.bytes_read for row in ran) if ran else None,
        twice=_share(ran, lambda row: row.result is not None and len(row.result.looks) > 1),
    )


def _right(row: Row) -> bool:
    return row.score.outcome == RIGHT


def _share(rows: Sequence[Row], good: Callable[[Row], bool]) -> Share:
    return Share(sum(good(row) for row in rows), len(rows))
