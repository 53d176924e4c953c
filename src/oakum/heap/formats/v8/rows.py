"""The rows of one flat array of a snapshot, parsed in shares of about equal length."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.v8 import kernels
from oakum.heap.means import Means, bounds

BLOCK_BYTES = 1 << 20
ROW_BYTES_MOST = 4096
"""The longest text that is looked through for the end of a row."""


def closing(data: NDArray[np.uint8], pos: int) -> tuple[int, bool]:
    """(place of the next closing bracket, whether there is one); the end of the file if not. O(bytes)."""
    for at in range(pos, data.size, BLOCK_BYTES):
        found = data[at : at + BLOCK_BYTES].tobytes().find(b"]")
        if found >= 0:
            return at + found, True
    return data.size, False


class Rows:
    """The text of ``rows`` rows of ``fields`` numbers each from ``pos`` on. ``stop``: where it ends."""

    def __init__(self, data: NDArray[np.uint8], pos: int, fields: int, rows: int, means: Means) -> None:
        self._data, self._pos, self._fields, self._rows, self._means = data, pos, fields, rows, means
        self.stop, self._closed = closing(data, pos)
        self._shares = self._divided() if self._closed else [(pos, self.stop, 0, rows)]

    def walk(
        self, kernel: Callable[..., Any], told: tuple[Any, ...], columns: tuple[NDArray[Any], ...]
    ) -> tuple[int, int]:
        """(rows read, how it ended), as the kernel tells; where shares do not agree, as it tells of the whole."""
        done = self._means.each([
            partial(kernel, begin, stop, self._closed, *told, *(column[first:last] for column in columns))
            for begin, stop, first, last in self._shares
        ])  # fmt: skip
        if any(ended == kernels.WIDE for _, ended in done):
            return 0, kernels.WIDE
        each = all(
            ended == kernels.WHOLE and read == last - first
            for (read, ended), (_, _, first, last) in zip(done, self._shares, strict=True)
        )
        if each or len(self._shares) == 1:
            return sum(int(read) for read, _ in done), int(done[-1][1])
        self._shares = [(self._pos, self.stop, 0, self._rows)]
        return self.walk(kernel, told, columns)

    def _divided(self) -> list[tuple[int, int, int, int]]:
        """(begin, stop, first row, row after the last) of each share; one where commas and rows do not agree."""
        whole = [(self._pos, self.stop, 0, self._rows)]
        parts = bounds(self.stop - self._pos, self._means.shares(self.stop - self._pos))
        if len(parts) == 1:
            return whole
        ends = [(self._pos + begin, self._pos + end) for begin, end in parts]
        commas = self._means.each([partial(self._commas, *part) for part in ends])
        if sum(commas) + 1 != self._rows * self._fields:
            return whole
        cuts, before = [(self._pos, 0)], 0
        for (begin, _), met in zip(ends[1:], commas, strict=False):
            before += met
            cut = self._next_row(begin, before)
            if cut is None:
                return whole
            cuts.append(cut)
        cuts.append((self.stop, self._rows))
        return [(begin, stop, first, last) for (begin, first), (stop, last) in zip(cuts, cuts[1:], strict=False)]

    def _commas(self, begin: int, end: int) -> int:
        steps = range(begin, end, BLOCK_BYTES)
        return sum(int(np.count_nonzero(self._data[at : min(at + BLOCK_BYTES, end)] == kernels.COMMA)) for at in steps)

    def _next_row(self, begin: int, before: int) -> tuple[int, int] | None:
        """(place, number) of the first row that begins behind ``begin``, before which so many commas stand."""
        row = before // self._fields + 1
        commas = np.flatnonzero(self._data[begin : begin + ROW_BYTES_MOST] == kernels.COMMA)
        left = row * self._fields - before
        return (begin + int(commas[left - 1]) + 1, row) if commas.size >= left and row < self._rows else None
