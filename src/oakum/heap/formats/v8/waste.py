"""What JavaScript memory is wasted on, as far as a snapshot shows contents: equal strings, blocks that are large."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.v8.reader import V8Heap
from oakum.model.heap import Waste
from oakum.model.units import format_count, format_size

LEAST_BYTES = 4096
BIG_BYTES = 1 << 20
MOST_BIG = 8
SIZE_MOST = 2**32 - 1
STRINGS = frozenset({"string", "concatenated string", "sliced string"})


def waste_of(heap: V8Heap, reached: NDArray[np.bool_]) -> tuple[Waste, ...]:
    """Most bytes first, of what the root holds. Texts are not shown. O(n log n)."""
    rows = [*_equal_strings(heap, reached), *_big(heap, reached)]
    return tuple(sorted(rows, key=lambda row: -row.wasted_bytes))


def _equal_strings(heap: V8Heap, reached: NDArray[np.bool_]) -> list[Waste]:
    """V8 writes equal texts once, so equal names are equal texts; of long ones it writes the beginning only."""
    found = heap.sections
    types = found.meta.node_types
    text = np.isin(found.node_kind, [row for row, name in enumerate(types) if name in STRINGS])
    nodes = np.flatnonzero(text & reached & (found.size > 0))
    if not nodes.size:
        return []
    # No string is of 4 GiB.
    both = np.sort(
        found.node_name[nodes].astype(np.int64) << 32 | np.minimum(found.size[nodes].astype(np.int64), SIZE_MOST)
    )
    head = np.flatnonzero(np.append(True, both[1:] != both[:-1]))
    size = both & SIZE_MOST
    copies = np.diff(np.append(head, both.size))
    wasted = (copies - 1) * size[head]
    if int(wasted.sum()) < LEAST_BYTES:
        return []
    worst = int(np.argmax(wasted))
    note = (
        f"{format_count(int((copies > 1).sum()))} texts; the worst is there {format_count(int(copies[worst]))} times, "
        f"{format_size(int(size[head[worst]]))} each"
    )
    return [Waste("duplicate strings", "string", int(copies[copies > 1].sum()), int(wasted.sum()), note)]


def _big(heap: V8Heap, reached: NDArray[np.bool_]) -> list[Waste]:
    big = np.flatnonzero(reached & (heap.graph.size >= BIG_BYTES))
    worst = big[np.argsort(-heap.graph.size[big], kind="stable")][:MOST_BIG]
    return [
        Waste("big block", heap.graph.kind_name(node), 1, 0, f"{format_size(int(heap.graph.size[node]))} in one block")
        for node in worst.tolist()
    ]
