"""Arrays and texts that are there more than once, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap import contents
from oakum.heap.compiled import chosen


@dataclass(frozen=True, slots=True)
class Duplicate:
    """``copies`` blocks with one content. ``node``: the first of them. ``wasted_bytes``: shallow, of all but one."""

    node: int
    copies: int
    wasted_bytes: int


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Most waste first. ``wasted_bytes``: of all groups, those that are not listed too."""

    wasted_bytes: int
    groups: int
    worst: tuple[Duplicate, ...]


def duplicates(
    data: NDArray[np.uint8],
    node: NDArray[np.int32],
    begin: NDArray[np.int64],
    length: NDArray[np.int64],
    size: NDArray[np.integer],
    *,
    most: int,
) -> Duplicates:
    """``node``: int32[k]; ``begin``, ``length``: int64[k], where its content stands in ``data``, all inside of it.

    ``size``: int[k], shallow bytes. Blocks are alike when length and a hash are, and then byte for byte.
    O(bytes + k log k). The lengths -1, -2 … of blocks of different types must not meet: call once per type.
    """
    if not node.size:
        return Duplicates(0, 0, ())
    steps = int(length.sum()) + node.size
    hashed = chosen(contents.kernels.hash_blocks, steps)(data, begin, length)
    order = np.argsort(hashed, kind="stable")
    same = chosen(contents.kernels.same_as_before, steps)(data, begin[order], length[order], hashed[order])
    head = np.flatnonzero(~same)
    copies = np.diff(np.append(head, order.size))
    wasted = np.add.reduceat(size[order], head, dtype=np.int64) - size[order][head]
    many = np.flatnonzero(copies > 1)
    worst = many[np.argsort(-wasted[many], kind="stable")][:most]
    rows = tuple(Duplicate(int(node[order[head[at]]]), int(copies[at]), int(wasted[at])) for at in worst.tolist())
    return Duplicates(int(wasted[many].sum()), int(many.size), rows)
