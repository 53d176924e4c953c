"""Of each series the last sample of each step, gathered as samples come: in any order, in parts, or twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from sys import getsizeof
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.model.errors import TooMuchError
from oakum.model.metrics import LabelSet, Samples, Span
from oakum.model.series import Floats
from oakum.model.units import format_size
from oakum.prometheus.remote import plain

MOST_CELLS: Final = 4_000_000
"""Steps of all series of one answer: 64 MB. Shards are a twentieth of it."""

MOST_TEXT: Final = 64 << 20
"""Bytes of the labels of one answer, as they are held."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The steps of a span in milliseconds, and one before the first."""

    start_ms: int
    step_ms: int
    cells: int

    @classmethod
    def of(cls, span: Span) -> Grid:
        step_ms = max(1, round(span.step_s * 1000))
        return cls(round(span.start_s * 1000) - step_ms, step_ms, span.points + 1)

    @property
    def end_ms(self) -> int:
        return self.start_ms + (self.cells - 1) * self.step_ms


class Row:
    """A series: the time and the bits of the last sample of each step."""

    __slots__ = ("at_ms", "bits", "labels")

    def __init__(self, labels: LabelSet, cells: int) -> None:
        self.labels = labels
        self.at_ms = np.full(cells, plain.NEVER, np.int64)
        self.bits = np.zeros(cells, np.uint64)

    def keep(self, grid: Grid, at_ms: NDArray[np.int64], value: Floats) -> None:
        """As ``kernels.kept``, of samples that are there as arrays."""
        inside = (at_ms > grid.start_ms - grid.step_ms) & (at_ms <= grid.end_ms)
        at_ms, value = at_ms[inside], value[inside]
        if at_ms.size > 1 and not np.all(np.diff(at_ms) > 0):
            order = np.argsort(at_ms, kind="stable")
            at_ms, value = at_ms[order], value[order]
        cell = -((grid.start_ms - at_ms) // grid.step_ms)
        last = np.append(np.diff(cell) > 0, True)[: cell.size]
        cell, at_ms, value = cell[last], at_ms[last], value[last]
        newer = at_ms >= self.at_ms[cell]
        self.at_ms[cell[newer]] = at_ms[newer]
        self.bits[cell[newer]] = value[newer].view(np.uint64)


class Rows:
    """The series of one answer."""

    def __init__(self, grid: Grid, place: str) -> None:
        self.grid = grid
        self._place, self._text = place, 0
        self._rows: dict[tuple[tuple[str, str], ...], Row] = {}

    def of(self, labels: Iterable[tuple[str, str]]) -> Row:
        """Raises TooMuchError for more series, or longer labels, than are held."""
        pairs = sorted(labels)
        key = tuple(pairs)
        row = self._rows.get(key)
        if row is None:
            if (len(self._rows) + 1) * self.grid.cells > MOST_CELLS:
                raise TooMuchError(
                    f"{self._place} sends more series than are read at once",
                    why=f"more than {len(self._rows)}",
                    next_step="ask for less: --window 6h, or --namespace",
                )
            self._text += sum(getsizeof(name) + getsizeof(value) for name, value in pairs)
            if self._text > MOST_TEXT:
                raise TooMuchError(
                    f"{self._place} sends more labels than are read at once",
                    why=f"those of {len(self._rows)} series are {format_size(MOST_TEXT)}",
                    next_step="ask for less: --window 6h, or --namespace",
                )
            row = self._rows[key] = Row(dict(pairs), self.grid.cells)
        return row

    def samples(self, *, closed: bool) -> tuple[Samples, ...]:
        """``closed``: a sample at the very begin of a step belongs to it too, where nothing comes after it."""
        found = []
        for row in self._rows.values():
            at_s, value = _told(row, self.grid, closed=closed)
            if at_s.size:
                found.append(Samples(row.labels, at_s, value))
        return tuple(found)


def _told(row: Row, grid: Grid, *, closed: bool) -> tuple[Floats, Floats]:
    """The steps that have a sample that is a number, and it."""
    ends_ms = grid.start_ms + grid.step_ms * np.arange(grid.cells)
    there, bits = row.at_ms != plain.NEVER, row.bits
    if closed:
        held = np.append(False, (row.at_ms == ends_ms)[:-1]) & ~there
        bits = np.where(held, np.append(np.uint64(0), bits[:-1]), bits)
        there = there | held
    value = bits.view(np.float64)
    kept = there & np.isfinite(value)
    kept[0] = False
    return ends_ms[kept] / 1000, value[kept]
