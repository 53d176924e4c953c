"""How full collections are: empty ones, those of one element, tables far larger than what is in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SPARSE = 0.25
"""A table is oversized when less than this share of its slots is used."""

LEAST_SLOTS = 16
"""Smaller tables are as runtimes make them."""


@dataclass(frozen=True, slots=True)
class Fill:
    """The collections of one class. ``wasted_bytes``: slots never used, of empty and oversized ones."""

    name: str
    count: int
    empty: int
    single: int
    oversized: int
    wasted_bytes: int


def fill(
    names: tuple[str, ...], group: NDArray[np.int32], used: NDArray[np.int64], capacity: NDArray[np.int64], slot: int
) -> tuple[Fill, ...]:
    """Rows by class, most waste first. ``group``: int32[k], into ``names``; ``used``, ``capacity``: int64[k], in slots.

    ``slot``: bytes of one slot. A count below 0 or a capacity of -1 (not known) wastes nothing. O(k log k).
    """
    rows = []
    sparse = (capacity >= LEAST_SLOTS) & (used > 0) & (used < SPARSE * capacity)
    idle = np.where(sparse | (used == 0), np.maximum(capacity - np.maximum(used, 0), 0), 0) * slot
    for row in np.unique(group).tolist():
        mine = group == row
        rows.append(
            Fill(
                name=names[row],
                count=int(mine.sum()),
                empty=int((used[mine] == 0).sum()),
                single=int((used[mine] == 1).sum()),
                oversized=int(sparse[mine].sum()),
                wasted_bytes=int(idle[mine].sum()),
            )
        )
    return tuple(sorted(rows, key=lambda found: -found.wasted_bytes))
