"""What a server answers to a remote read, taken in as it comes: of each series the last sample of each step."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.model.errors import TooMuchError
from oakum.model.metrics import LabelSet, Samples, Span
from oakum.model.series import Floats
from oakum.prometheus.remote import plain
from oakum.prometheus.remote.frames import Frames, broken

MOST_CELLS: Final = 4_000_000
"""Steps of all series of one answer: 64 MB. Shards are a twentieth of it."""

PLAIN_BYTES: Final = 64_000
"""About half as much as is done in plain Python while numba loads the kernels."""


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


class _Row:
    """A series: the time and the bits of the last sample of each step."""

    __slots__ = ("at_ms", "bits", "labels")

    def __init__(self, labels: LabelSet, cells: int) -> None:
        self.labels = labels
        self.at_ms = np.full(cells, plain.NEVER, np.int64)
        self.bits = np.zeros(cells, np.uint64)


class Answer:
    """Fed with a body. ``begun``: bytes that were read before it, by which it is chosen how to decode."""

    def __init__(self, grid: Grid, place: str, begun: int = 0) -> None:
        self.bytes = begun
        self._grid, self._place = grid, place
        self._frames = Frames(place)
        self._rows: dict[tuple[tuple[str, str], ...], _Row] = {}

    def feed(self, piece: bytes) -> None:
        """Raises DataError for what is broken, TooMuchError for more than is held."""
        self.bytes += len(piece)
        with_ = _loops(self.bytes)
        for check, message in self._frames.cut(piece):
            data = np.frombuffer(message, np.uint8)
            if with_.checksum(data) != check:
                raise self._frames.broken("the checksum of a frame is of something else")
            self._take(with_, message, data)

    def end(self) -> None:
        """Raises DataError where the body ended too early."""
        self._frames.end()

    def _take(self, with_: ModuleType, message: bytes, data: NDArray[np.uint8]) -> None:
        many, label_rows, chunk_rows = with_.tables(data, np.empty((0, 5), np.int64), np.empty((0, 4), np.int64))
        if many < 0:
            raise broken(self._place, "a frame holds no message")
        labels, chunks = np.empty((label_rows, 5), np.int64), np.empty((chunk_rows, 4), np.int64)
        with_.tables(data, labels, chunks)
        names = np.searchsorted(labels[:, 0], np.arange(many + 1)).tolist()
        parts = np.searchsorted(chunks[:, 0], np.arange(many + 1)).tolist()
        for number in range(many):
            if parts[number] < parts[number + 1]:
                row = self._row(message, labels[names[number] : names[number + 1]])
                own = chunks[parts[number] : parts[number + 1]]
                fault = with_.kept(data, own, self._grid.start_ms, self._grid.step_ms, row.at_ms, row.bits)
                if fault:
                    raise broken(self._place, plain.FAULTS[fault])

    def _row(self, message: bytes, places: NDArray[np.int64]) -> _Row:
        try:
            pairs = sorted((message[a:b].decode(), message[c:d].decode()) for _, a, b, c, d in places.tolist())
        except UnicodeDecodeError:
            raise broken(self._place, "a label is no text") from None
        key = tuple(pairs)
        row = self._rows.get(key)
        if row is None:
            if (len(self._rows) + 1) * self._grid.cells > MOST_CELLS:
                raise TooMuchError(
                    f"{self._place} sends more series than are read at once",
                    why=f"more than {len(self._rows)}",
                    next_step="ask for less: --window 6h, or --namespace",
                )
            row = self._rows[key] = _Row(dict(pairs), self._grid.cells)
        return row

    def samples(self, *, closed: bool) -> tuple[Samples, ...]:
        """``closed``: a sample at the very begin of a step belongs to it too, where nothing comes after it."""
        found = []
        for row in self._rows.values():
            at_s, value = _told(row, self._grid, closed=closed)
            if at_s.size:
                found.append(Samples(row.labels, at_s, value))
        return tuple(found)


def _told(row: _Row, grid: Grid, *, closed: bool) -> tuple[Floats, Floats]:
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


def _loops(size: int) -> ModuleType:
    if size <= PLAIN_BYTES:
        return plain
    from oakum.prometheus.remote import kernels  # noqa: PLC0415  (numba takes a second to load)

    return kernels
