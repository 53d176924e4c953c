"""What Java memory is wasted on: equal strings and arrays, tables with little in them, blocks that are simply large."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.duplicates import Blocks, Duplicates, duplicates
from oakum.heap.fill import fill
from oakum.heap.formats.hprof import kernels
from oakum.heap.formats.hprof.classes import PRIMITIVES, VALUE_BYTES
from oakum.heap.formats.hprof.reader import HprofHeap
from oakum.heap.means import Part
from oakum.model.heap import Waste
from oakum.model.units import format_count, format_size

MOST_ROWS = 8
LEAST_BYTES = 4096
BIG_ARRAY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Table:
    """Where a collection keeps its count and its slots. ``count`` "" : the count is not kept in one field."""

    name: str
    count: str
    slots: str


TABLES = (
    Table("java.util.HashMap", "size", "table"),
    Table("java.util.LinkedHashMap", "size", "table"),
    Table("java.util.WeakHashMap", "size", "table"),
    Table("java.util.Hashtable", "count", "table"),
    Table("java.util.concurrent.ConcurrentHashMap", "baseCount", "table"),
    Table("java.util.ArrayList", "size", "elementData"),
    Table("java.util.Vector", "elementCount", "elementData"),
    Table("java.util.PriorityQueue", "size", "queue"),
)


def waste_of(heap: HprofHeap, reached: NDArray[np.bool_]) -> tuple[Waste, ...]:
    """Most bytes first, of what roots hold; texts themselves are not shown. O(bytes of primitive arrays)."""
    rows = [*_duplicates(heap, reached), *_fills(heap, reached), *_big(heap, reached)]
    return tuple(sorted(rows, key=lambda row: -row.wasted_bytes))


def _duplicates(heap: HprofHeap, reached: NDArray[np.bool_]) -> list[Waste]:
    """Arrays of one type are compared with each other alone: their kinds are brought together first."""
    found = []
    records, count = heap.records, heap.graph.nodes
    codes = np.zeros(len(heap.classes_by_kind), np.uint8)
    for row, known in enumerate(heap.classes_by_kind):
        codes[row] = next((code for code, name in PRIMITIVES.items() if known.name == f"{name}[]"), 0)
    place = (records.data, records.at, heap.header.id_bytes)
    starts = np.zeros(max(PRIMITIVES) + 2, np.int64)
    chosen(kernels.count_arrays, count)(*place[:2], heap.graph.kind, codes, reached, starts)
    node = heap.means.array(int(starts[-1]), np.int32, Part.RESULTS)
    chosen(kernels.list_arrays, count)(*place[:2], heap.graph.kind, codes, reached, starts[:-1].copy(), node)
    for code, name in PRIMITIVES.items():
        own = node[int(starts[code]) : int(starts[code + 1])]
        begin = heap.means.array(own.size, records.at.dtype, Part.RESULTS)
        # Places in a file are as wide as its lengths.
        length = heap.means.array(own.size, records.at.dtype, Part.RESULTS)
        chosen(kernels.contents_of, own.size)(*place, own, VALUE_BYTES[code], begin, length)
        equal = duplicates(records.data, Blocks(own, begin, length), heap.graph.size, most=3, means=heap.means)
        if equal.wasted_bytes >= LEAST_BYTES:
            found.append(_duplicate(heap, f"{name}[]", equal))
    return found


def _duplicate(heap: HprofHeap, name: str, equal: Duplicates) -> Waste:
    worst = equal.worst[0]
    size = format_size(int(heap.graph.size[worst.node]))
    note = f"{format_count(equal.groups)} contents; the worst is there {format_count(worst.copies)} times, {size} each"
    return Waste("duplicate arrays", name, sum(row.copies for row in equal.worst), equal.wasted_bytes, note)


def _fills(heap: HprofHeap, reached: NDArray[np.bool_]) -> list[Waste]:
    found = []
    for table in TABLES:
        used, capacity = _table(heap, table, reached)
        if not used.size:
            continue
        (row,) = fill((table.name,), np.zeros(used.size, np.int32), used, capacity, heap.sizes.reference)
        note = (
            f"{format_count(row.empty)} empty, {format_count(row.single)} with one element, "
            f"{format_count(row.oversized)} less than a quarter full"
        )
        if row.wasted_bytes >= LEAST_BYTES:
            found.append(Waste("poorly filled collections", table.name, row.count, row.wasted_bytes, note))
    return found


def _table(heap: HprofHeap, table: Table, reached: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(count, slots) of each collection of that very class: int64[k]; slots are 0 where no table was made yet."""
    none = np.empty(0, np.int64)
    used, capacity = [none], [none]
    wide = heap.header.id_bytes
    for row, known in enumerate(heap.classes_by_kind):
        count = heap.classes.value(known.id, table.count) if known.name == table.name else None
        slots = heap.classes.value(known.id, table.slots) if known.name == table.name else None
        if count is None or slots is None:
            continue
        node = np.flatnonzero((heap.graph.kind == row) & reached)
        body = heap.records.places(node) + 1 + 2 * wide + 8
        end = max(count[0] + heap.classes.wide(count[1]), slots[0] + wide)
        whole = heap.records.numbers(body - 4, 4) >= end if node.size else np.empty(0, np.bool_)
        body = body[whole]
        of = heap.records.ids.of(heap.records.numbers(body + slots[0], wide))
        used.append(heap.records.numbers(body + count[0], heap.classes.wide(count[1])))
        capacity.append(np.maximum(heap.items(of), 0))
    return np.concatenate(used), np.concatenate(capacity)


def _big(heap: HprofHeap, reached: NDArray[np.bool_]) -> list[Waste]:
    """Arrays so large that each is a decision of its own; nothing says that they are waste."""
    big = np.flatnonzero(reached & (heap.graph.size >= BIG_ARRAY_BYTES))
    big = big[heap.items(big) >= 0]
    worst = big[np.argsort(-heap.graph.size[big], kind="stable")][:MOST_ROWS]
    return [
        Waste("big array", f"{heap.graph.kind_name(node)[:-2]}[{heap.items_of(node)}]", 1, 0, _large(heap, node))
        for node in worst.tolist()
    ]


def _large(heap: HprofHeap, node: int) -> str:
    return f"{format_size(int(heap.graph.size[node]))} in one block"
