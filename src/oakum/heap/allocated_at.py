"""What grew by the line where it was allocated, for dumps that tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from oakum.heap.dump import Dump
from oakum.heap.formats.ruby.dump import RubyDump
from oakum.model.cause import CodePlace
from oakum.model.growth import LineGrowth

MOST_LINES = 20
Lines = Mapping[tuple[str, str, int], tuple[int, int]]
"""(count, bytes) by class, file and line."""


def lines_of(dump: Dump, reached: NDArray[np.bool_]) -> Lines:
    """``reached``: bool[n], what roots hold. Empty for formats that tell no lines."""
    return dump.lines(reached) if isinstance(dump, RubyDump) else {}


def line_growth(each: Sequence[Lines]) -> tuple[LineGrowth, ...]:
    """``each``: of dumps, oldest first. Those that have more bytes in the last than in the first, most first."""
    rows = []
    for key in each[-1]:
        found = [lines.get(key, (0, 0)) for lines in each]
        if found[-1][1] > found[0][1]:
            name, file, line = key
            counts, sizes = tuple(count for count, _ in found), tuple(size for _, size in found)
            rows.append(LineGrowth(name, CodePlace(file, line, ""), counts, sizes))
    return tuple(sorted(rows, key=lambda row: row.shallow_bytes[0] - row.shallow_bytes[-1])[:MOST_LINES])
