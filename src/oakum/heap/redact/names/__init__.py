"""Ids of names and of arrays that stay as they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.redact.names import kernels
from oakum.heap.redact.turns import unwrapped
from oakum.model.errors import DataError

FIRST_SLOTS = 1 << 10
MOST_SLOTS = 1 << 22
"""32 MiB. No JVM has two million names of classes, fields and methods."""


class IdSet:
    """``table``, ``count``: what kernels are given; anew after ``grow``."""

    def __init__(self, keys: NDArray[np.uint64]) -> None:
        self._keys = keys
        self.table = np.zeros(FIRST_SLOTS, np.int64)
        self.count = np.zeros(1, np.int64)

    def __len__(self) -> int:
        return int(self.count[0])

    @property
    def full(self) -> bool:
        return (len(self) + 1) * kernels.LOAD > self.table.size

    def grow(self) -> None:
        """Raises DataError for more than any program has."""
        if self.table.size >= MOST_SLOTS:
            raise DataError(
                "this dump is broken", why=f"it has more than {len(self):,} names", next_step="take the dump again"
            )
        larger, count = np.zeros(4 * self.table.size, np.int64), np.zeros(1, np.int64)
        with unwrapped():
            chosen(kernels.move, 64 * self.table.size)(self.table, self._keys, larger, count)
        self.table, self.count = larger, count
