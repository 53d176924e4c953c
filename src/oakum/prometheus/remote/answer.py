"""The streamed answer to a remote read, decoded frame by frame as it comes."""

from __future__ import annotations

from functools import cache
from pickle import UnpicklingError
from types import ModuleType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.prometheus.remote import plain
from oakum.prometheus.remote.frames import Frames, broken
from oakum.prometheus.remote.grid import Grid, Row, Rows

PLAIN_BYTES: Final = 64_000
"""About half as much as is done in plain Python while numba loads the kernels."""

MOST: Final = 200_000
"""Series, labels or chunks of one frame. A frame of 1 MiB, as servers send them, has a quarter of it at most."""


class Answer:
    """Fed with a body. ``begun``: bytes that were read before it, by which it is chosen how to decode."""

    def __init__(self, grid: Grid, place: str, begun: int = 0) -> None:
        self.bytes = begun
        self.rows = Rows(grid, place)
        self._place, self._frames = place, Frames(place)

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
        if max(many, label_rows, chunk_rows) > MOST:
            raise broken(self._place, f"a frame holds more than {MOST:,} series, labels or chunks")
        labels, chunks = np.empty((label_rows, 5), np.int64), np.empty((chunk_rows, 4), np.int64)
        with_.tables(data, labels, chunks)
        names = np.searchsorted(labels[:, 0], np.arange(many + 1)).tolist()
        parts = np.searchsorted(chunks[:, 0], np.arange(many + 1)).tolist()
        grid = self.rows.grid
        for number in range(many):
            if parts[number] < parts[number + 1]:
                row = self._row(message, labels[names[number] : names[number + 1]])
                own = chunks[parts[number] : parts[number + 1]]
                fault = with_.kept(data, own, grid.start_ms, grid.step_ms, row.at_ms, row.bits)
                if fault:
                    raise broken(self._place, plain.FAULTS[fault])

    def _row(self, message: bytes, places: NDArray[np.int64]) -> Row:
        try:
            return self.rows.of([(message[a:b].decode(), message[c:d].decode()) for _, a, b, c, d in places.tolist()])
        except UnicodeDecodeError:
            raise broken(self._place, "a label is no text") from None


def _loops(size: int) -> ModuleType:
    return plain if size <= PLAIN_BYTES else _kernels()


@cache
def _kernels() -> ModuleType:
    """In plain Python where they can neither be kept nor taken from where they were: on a full disk."""
    from oakum.prometheus.remote import kernels  # noqa: PLC0415  (numba takes half a second to load)

    nothing, none = np.frombuffer(b"", np.uint8), np.empty((0, 5), np.int64)
    try:
        kernels.checksum(nothing)
        kernels.tables(nothing, none, none[:, :4].copy())
        kernels.kept(nothing, none[:, :4].copy(), 0, 1, np.empty(0, np.int64), np.empty(0, np.uint64))
    except (OSError, EOFError, UnpicklingError):
        return plain
    return kernels
