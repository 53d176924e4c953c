"""From the bytes of an HPROF file to a graph."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.formats.hprof import kernels
from oakum.heap.formats.hprof.classes import PRIMITIVES, Classes, JavaClass
from oakum.heap.formats.hprof.edges import Edges
from oakum.heap.formats.hprof.header import Header, read_header
from oakum.heap.formats.hprof.ids import Ids
from oakum.heap.formats.hprof.records import Records, scan
from oakum.heap.formats.hprof.sizes import SizeModel, size_model
from oakum.heap.formats.hprof.threads import Roots, read_roots
from oakum.heap.graph import HeapGraph, seeds
from oakum.heap.means import ALL, Means, Need, Part, bounds
from oakum.model.errors import DataError
from oakum.model.units import format_count, format_size

ARRAYS = (0x22, 0x23, 0xC3)
WIDE_ITEMS = 1 << 27
"""An array of fewer elements is of fewer than 2**31 bytes."""


@dataclass(frozen=True, slots=True, eq=False)
class HprofHeap:
    """A decoded dump. ``classes_by_kind``: the class of each of ``graph.kinds``. ``means``: it was read with."""

    header: Header
    records: Records
    classes: Classes
    classes_by_kind: tuple[JavaClass, ...]
    roots: Roots
    sizes: SizeModel
    graph: HeapGraph
    means: Means
    warnings: tuple[str, ...]

    def items(self, node: NDArray[np.integer]) -> NDArray[np.int64]:
        """int64[k]: the length of each array, read from the file; -1 of what is none, and of no node (-1)."""
        at = self.records.places(node)
        array = np.isin(self.records.data[at], ARRAYS) & (node >= 0)
        found = np.full(at.size, -1, np.int64)
        found[array] = self.records.numbers(at[array] + 1 + self.header.id_bytes + 4, 4)
        return found

    def items_of(self, node: int) -> int:
        return int(self.items(np.array([node], np.int64))[0])


def read_hprof(data: NDArray[np.uint8], means: Means = ALL) -> HprofHeap:
    """``data``: uint8[b], the whole file. Raises DataError for what is no HPROF file or holds no object, MachineError
    where ``means`` are too little.

    O(b + m) time; about 20 bytes of memory per object and 4 per reference. A file cut short is read as far as it
    goes; ``warnings`` say so.
    """
    header = read_header(data)
    records = scan(data, header, means)
    if not records.ids.size:
        why = "the file ends before its first object" if records.truncated else "it has no heap segment"
        if records.lost_bytes and not records.truncated:
            why = f"{format_size(records.lost_bytes)} of heap segments could not be understood"
        raise DataError("this dump holds no object", why=why, next_step="take the dump again")
    classes = Classes(records)
    by_kind, kind_of_class = _kinds(classes)
    kind, size, sizes = _described(records, classes, kind_of_class, by_kind, means)
    roots = read_roots(records, classes)
    groups = {name: nodes_of(records.ids, ids) for name, ids in roots.groups.items()}
    edges = Edges(classes, by_kind, kind, roots, seeds(list(groups.values())), means)
    edges.move(means)
    records.at, kind, size = edges.at, edges.kind, means.move(size, Part.COLUMNS)
    graph = HeapGraph(
        address=records.ids,
        size=size,
        kind=kind,
        kinds=tuple(found.name for found in by_kind),
        edge_offsets=edges.offsets[:-1],
        edge_targets=edges.targets[: int(edges.offsets[-2])],
        roots=tuple(groups.values()),
        root_kinds=tuple(groups),
        edge_names=edges,
        names=edges.texts,
        loose=edges.loose,
        rooted=(edges.offsets, edges.targets),
        late=nodes_of(records.ids, list(roots.threads)),
    )
    warnings = _warnings(records, edges.dangling, graph.edges)
    return HprofHeap(header, records, classes, by_kind, roots, sizes, graph, means, warnings)


def nodes_of(known: Ids, ids: list[int]) -> NDArray[np.int32]:
    """Ascending, each once; ids of no object are left out."""
    found = known.of(np.array(ids, np.int64))
    return np.unique(found[found >= 0])


def _kinds(classes: Classes) -> tuple[tuple[JavaClass, ...], dict[int, int]]:
    """(the class of each kind, kind by class id): every class of the file, and those that must be there."""
    by_kind = list(classes.by_id.values())
    kind_of_class = {found.id: row for row, found in enumerate(by_kind)}
    known = {found.name for found in by_kind}
    needed = [*(f"{primitive}[]" for primitive in PRIMITIVES.values()), "java.lang.Class", "(class unknown)"]
    by_kind += [JavaClass(0, name, 0, 0, (), (), ()) for name in needed if name not in known]
    return tuple(by_kind), kind_of_class


def _described(
    records: Records,
    classes: Classes,
    kind_of_class: dict[int, int],
    by_kind: tuple[JavaClass, ...],
    means: Means,
) -> tuple[NDArray[np.int32], NDArray[np.integer], SizeModel]:
    """(kind, shallow size of every object, how sizes were found)."""
    count = records.ids.size
    columns = (records.at.itemsize + 8) * count
    means.plan(Need(always=records.ids.bytes, columns=columns, edges=0, results=0, work=8 * count, numbering=0))
    kind, items = means.array(count, np.int32, Part.COLUMNS), means.array(count, np.int64, Part.WORK)
    place = (records.data, records.at, records.header.id_bytes)
    tables = (*_class_table(kind_of_class, by_kind), _primitive_kinds(by_kind))
    describe = chosen(kernels.describe, count)
    means.each(
        [partial(describe, *place, *share, *tables, kind, items) for share in bounds(count, means.shares(count))]
    )
    sizes, instance = size_model(records.header.id_bytes, records.ids, kind, items, list(by_kind), classes)
    element = np.array([_element(found, sizes) for found in by_kind], np.int64)
    narrow = int(items.max()) < WIDE_ITEMS and int(instance.max()) < 2**31
    size = means.array(count, np.int32 if narrow else np.int64, Part.COLUMNS)
    chosen(kernels.shallow_sizes, count)(kind, items, element, sizes.array_head, instance, size)
    _size_of_classes(size, by_kind, classes, sizes, instance)
    return kind, size, sizes


def _class_table(
    kind_of_class: dict[int, int], by_kind: tuple[JavaClass, ...]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """(ids of classes, ascending; the kind of each, and last that of class objects)."""
    ids = sorted(kind_of_class)
    kinds = [*(kind_of_class[at] for at in ids), _row(by_kind, "java.lang.Class")]
    return np.array(ids, np.int64), np.array(kinds, np.int32)


def _primitive_kinds(by_kind: tuple[JavaClass, ...]) -> NDArray[np.int32]:
    found = np.full(17, _row(by_kind, "(class unknown)"), np.int32)
    for code, primitive in PRIMITIVES.items():
        found[code] = _row(by_kind, f"{primitive}[]")
    return found


def _row(by_kind: tuple[JavaClass, ...], name: str) -> int:
    return next(row for row, found in enumerate(by_kind) if found.name == name)


def _element(found: JavaClass, sizes: SizeModel) -> int:
    by_name = {"boolean": 1, "byte": 1, "char": 2, "short": 2, "int": 4, "float": 4, "long": 8, "double": 8}
    return by_name.get(found.element, sizes.reference)


def _size_of_classes(
    size: NDArray[np.integer],
    by_kind: tuple[JavaClass, ...],
    classes: Classes,
    sizes: SizeModel,
    instance: NDArray[np.int64],
) -> None:
    base = int(instance[_row(by_kind, "java.lang.Class")])
    owners = list(classes.by_id.values())
    nodes = classes.records.ids.of(np.array([found.id for found in owners], np.int64).reshape(-1))
    size[nodes] = [sizes.class_object(found, base) for found in owners]


def _warnings(records: Records, dangling: int, edges: int) -> tuple[str, ...]:
    found = []
    if records.truncated:
        found.append(
            "the file ends before the dump does: it was cut off, and objects that it should hold are missing; "
            "what they alone held looks unreachable"
        )
    if records.lost_bytes and not records.truncated:
        found.append(f"{format_size(records.lost_bytes)} could not be understood and were passed over")
    if records.repeated:
        found.append(f"{format_count(records.repeated)} objects have the id of another and were left out")
    # HotSpot's archived classes refer to mirrors that no dump holds: some hundreds are as they should be.
    if dangling > max(5000, edges // 100):
        found.append(f"{format_count(dangling)} references lead to objects that the file does not hold")
    return tuple(found)
