"""Arrays and texts that are there more than once, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap import contents
from oakum.heap.compiled import chosen
from oakum.heap.means import ALL, Means, Part


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


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """``node``: int32[k]; ``begin``, ``length``: [k], where the content of each stands in a file, all inside of it."""

    node: NDArray[np.int32]
    begin: NDArray[np.integer]
    length: NDArray[np.integer]


def duplicates(
    data: NDArray[np.uint8], blocks: Blocks, size: NDArray[np.integer], *, most: int, means: Means = ALL
) -> Duplicates:
    """``size``: by node, shallow bytes. Blocks are alike when length and a hash are, and then byte for byte.
    O(bytes + k log k). The lengths -1, -2 … of blocks of different types must not meet: call once per type.
    """
    node, begin, length = blocks.node, blocks.begin, blocks.length
    if not node.size:
        return Duplicates(0, 0, ())
    steps = int(length.sum(dtype=np.int64)) + node.size
    hashed = means.array(node.size, np.int64, Part.RESULTS)
    chosen(contents.kernels.hash_blocks, steps)(data, begin, length, hashed)
    order = np.argsort(hashed, kind="stable")
    same = chosen(contents.kernels.same_as_before, steps)(data, begin, length, hashed, order)
    del hashed
    head = np.flatnonzero(~same)
    copies = np.diff(np.append(head, order.size))
    own = size[node[order]]
    wasted = np.add.reduceat(own, head, dtype=np.int64) - own[head]
    many = np.flatnonzero(copies > 1)
    worst = many[np.argsort(-wasted[many], kind="stable")][:most]
    rows = tuple(Duplicate(int(node[order[head[at]]]), int(copies[at]), int(wasted[at])) for at in worst.tolist())
    return Duplicates(int(wasted[many].sum()), int(many.size), rows)
