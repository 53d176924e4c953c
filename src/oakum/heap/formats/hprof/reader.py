"""From the bytes of an HPROF file to a graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.formats.hprof import kernels
from oakum.heap.formats.hprof.classes import PRIMITIVES, REFERENCE, Classes, JavaClass
from oakum.heap.formats.hprof.header import Header, read_header
from oakum.heap.formats.hprof.lookup import Lookup
from oakum.heap.formats.hprof.records import Records, scan
from oakum.heap.formats.hprof.sizes import SizeModel, size_model
from oakum.heap.formats.hprof.threads import Roots, read_roots
from oakum.heap.graph import HeapGraph, Loose, Strength, seeds
from oakum.model.errors import DataError
from oakum.model.units import format_count, format_size

ARRAYS = (0x22, 0x23, 0xC3)
REFERENT_OWNER = "java.lang.ref.Reference"
STRENGTHS = {
    "java.lang.ref.SoftReference": Strength.SOFT,
    "java.lang.ref.WeakReference": Strength.WEAK,
    "java.lang.ref.PhantomReference": Strength.PHANTOM,
    "java.lang.ref.FinalReference": Strength.FINALIZER,
    "sun.misc.Cleaner": Strength.PHANTOM,
}
"""How ``Reference.referent`` holds, by the nearest of these classes on an instance's line."""


@dataclass(frozen=True, slots=True, eq=False)
class HprofHeap:
    """A decoded dump. ``classes_by_kind``: the class of each of ``graph.kinds``. ``lookup``: ids to nodes."""

    header: Header
    records: Records
    classes: Classes
    classes_by_kind: tuple[JavaClass, ...]
    roots: Roots
    sizes: SizeModel
    lookup: Lookup
    graph: HeapGraph
    dangling: int
    warnings: tuple[str, ...]

    def items(self, node: NDArray[np.integer]) -> NDArray[np.int64]:
        """int64[k]: the length of each array, read from the file; -1 of what is none, and of no node (-1)."""
        at = self.records.at[node]
        array = np.isin(self.records.data[at], ARRAYS) & (node >= 0)
        found = np.full(at.size, -1, np.int64)
        found[array] = self.records.numbers(at[array] + 1 + self.header.id_bytes + 4, 4)
        return found

    def items_of(self, node: int) -> int:
        return int(self.items(np.array([node], np.int64))[0])


def read_hprof(data: NDArray[np.uint8]) -> HprofHeap:
    """``data``: uint8[b], the whole file. Raises DataError for what is no HPROF file or holds no object.

    O(b + m log n) time; about 50 bytes of memory per object and 9 per reference. A file cut short is read as far as it
    goes; ``warnings`` say so.
    """
    header = read_header(data)
    records = scan(data, header)
    if not records.id.size:
        why = "the file ends before its first object" if records.truncated else "it has no heap segment"
        if records.lost_bytes and not records.truncated:
            why = f"{format_size(records.lost_bytes)} of heap segments could not be understood"
        raise DataError("this dump holds no object", why=why, next_step="take the dump again")
    classes = Classes(records)
    by_kind, kind_of_class = _kinds(classes)
    class_ids = np.array(sorted(classes.by_id), np.int64)
    kind, items = _described(records, class_ids, kind_of_class, by_kind)
    sizes, instance = size_model(header.id_bytes, records.id, kind, items, list(by_kind), classes)
    element = np.array([_element(found, sizes) for found in by_kind], np.int64)
    size = chosen(kernels.shallow_sizes, kind.size)(kind, items, element, sizes.array_head, instance)
    # As large as the ids: not kept beside the references.
    del items
    lookup = Lookup(records.id)
    _size_of_classes(size, by_kind, classes, sizes, instance, lookup)
    roots = read_roots(records, classes)
    groups = {name: _nodes(lookup, ids) for name, ids in roots.groups.items()}
    edges = _Edges(classes, by_kind, kind, lookup, roots)
    graph = HeapGraph(
        address=records.id,
        size=size,
        kind=kind,
        kinds=tuple(found.name for found in by_kind),
        edge_offsets=edges.offsets[:-1],
        edge_targets=edges.targets[: edges.names.size],
        roots=tuple(groups.values()),
        root_kinds=tuple(groups),
        edge_names=edges.names,
        names=edges.texts,
        loose=edges.loose,
        rooted=(edges.offsets, edges.targets),
        late=_nodes(lookup, list(roots.threads)),
    )
    return HprofHeap(
        header,
        records,
        classes,
        by_kind,
        roots,
        sizes,
        lookup,
        graph,
        edges.dangling,
        _warnings(records, edges.dangling, graph.edges),
    )


def _nodes(lookup: Lookup, ids: list[int]) -> NDArray[np.int32]:
    """Ascending, each once; ids of no object are left out."""
    found = lookup.of(np.array(ids, np.int64))
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
    records: Records, class_ids: NDArray[np.int64], kind_of_class: dict[int, int], by_kind: tuple[JavaClass, ...]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    rows: dict[str, int] = {}
    for row, found in enumerate(by_kind):
        rows.setdefault(found.name, row)
    class_kind = np.array([kind_of_class[at] for at in class_ids.tolist()] + [rows["java.lang.Class"]], np.int32)
    primitive_kind = np.full(16, rows["(class unknown)"], np.int32)
    for code, primitive in PRIMITIVES.items():
        primitive_kind[code] = rows[f"{primitive}[]"]
    # A file without classes is searched by an id that no object has.
    table = Lookup(class_ids if class_ids.size else np.array([-1 << 62], np.int64))
    if not class_ids.size:
        class_kind = np.repeat(class_kind, 2)
    kind, items = chosen(kernels.describe, records.at.size)(
        records.data,
        records.at,
        records.header.id_bytes,
        table.ids,
        table.starts,
        table.shift,
        class_kind,
        primitive_kind,
    )
    return np.where(kind < 0, rows["(class unknown)"], kind).astype(np.int32), items


def _element(found: JavaClass, sizes: SizeModel) -> int:
    by_name = {"boolean": 1, "byte": 1, "char": 2, "short": 2, "int": 4, "float": 4, "long": 8, "double": 8}
    return by_name.get(found.element, sizes.reference)


def _size_of_classes(
    size: NDArray[np.int64],
    by_kind: tuple[JavaClass, ...],
    classes: Classes,
    sizes: SizeModel,
    instance: NDArray[np.int64],
    lookup: Lookup,
) -> None:
    base = next(int(instance[row]) for row, found in enumerate(by_kind) if found.name == "java.lang.Class")
    owners = list(classes.by_id.values())
    nodes = lookup.of(np.array([found.id for found in owners], np.int64).reshape(-1))
    size[nodes] = [sizes.class_object(found, base) for found in owners]


class _Edges:
    """Rows of references, their names and strengths."""

    def __init__(
        self,
        classes: Classes,
        by_kind: tuple[JavaClass, ...],
        kind: NDArray[np.int32],
        lookup: Lookup,
        roots: Roots,
    ) -> None:
        records = classes.records
        rooted = seeds([_nodes(lookup, ids) for ids in roots.groups.values()])
        self._texts: dict[str, int] = {"<class>": 0}
        self._classes = classes
        starts, places, names, strengths = self._fields(by_kind)
        extra = self._extra(lookup, roots)
        class_node = self._class_nodes(by_kind, lookup, roots)
        steps = records.data.size // 8
        place = (records.data, records.at, records.header.id_bytes, kind, starts, places)
        count = chosen(kernels.count_references, steps)
        offsets, weak = count(*place, strengths, class_node, extra[0])
        most = int(offsets[-2])
        # The virtual root's row stands at the end: walks need no copy of the others.
        targets, edge_names = np.empty(most + rooted.size, np.int32), np.empty(most, np.int32)
        loose = Loose(np.empty(weak, np.int32), np.empty(weak, np.int32), np.empty(weak, np.uint8))
        self.dangling, kept, loosely = chosen(kernels.fill_references, steps)(
            *place,
            strengths,
            class_node,
            *extra,
            names,
            0,
            lookup.ids,
            lookup.starts,
            lookup.shift,
            offsets,
            targets,
            edge_names,
            loose.source,
            loose.target,
            loose.strength,
        )
        offsets[-1] = kept + rooted.size
        targets[kept : kept + rooted.size] = rooted
        self.offsets: NDArray[np.int64] = offsets
        self.targets = targets[: kept + rooted.size]
        self.names = edge_names[:kept]
        self.loose = Loose(loose.source[:loosely], loose.target[:loosely], loose.strength[:loosely])
        self.texts = tuple(self._texts)

    def _text(self, name: str) -> int:
        return self._texts.setdefault(name, len(self._texts))

    def _fields(
        self, by_kind: tuple[JavaClass, ...]
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8]]:
        starts, places, names, strengths = [0], [], [], []
        for found in by_kind:
            slots = self._classes.slots(found.id) if found.id else ()
            line = self._classes.line(found.id) if any(slot.owner == REFERENT_OWNER for slot in slots) else ()
            weak = next((STRENGTHS[above.name] for above in line if above.name in STRENGTHS), Strength.STRONG)
            for slot in slots:
                referent = slot.owner == REFERENT_OWNER and slot.name == "referent"
                places.append(slot.at)
                names.append(self._text(slot.name))
                strengths.append(weak if referent else Strength.STRONG)
            starts.append(len(places))
        return (
            np.array(starts, np.int64),
            np.array(places, np.int32),
            np.array(names, np.int32),
            np.array(strengths, np.uint8),
        )

    def _extra(self, lookup: Lookup, roots: Roots) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
        """(source, target, name), by source: what classes hold, and what the frames of threads do."""
        source, target, name = [], [], []
        records = self._classes.records
        for found in self._classes.by_id.values():
            held = list(found.held)
            held += [(at.name, records.identity(at.at)) for at in found.statics if at.type == REFERENCE]
            for text, held_id in held:
                if held_id:
                    source.append(found.id)
                    target.append(held_id)
                    name.append(self._text(text))
        for thread_id, held_id, frame in roots.locals:
            source.append(thread_id)
            target.append(held_id)
            name.append(self._text(f"<local of {frame}>" if frame else "<local>"))
        sources, targets = lookup.of(np.array(source, np.int64)), lookup.of(np.array(target, np.int64))
        order = np.argsort(sources, kind="stable")
        order = order[(sources[order] >= 0) & (targets[order] >= 0)]
        return sources[order], targets[order], np.array(name, np.int32).reshape(-1)[order]

    def _class_nodes(self, by_kind: tuple[JavaClass, ...], lookup: Lookup, roots: Roots) -> NDArray[np.int32]:
        """An object holds its class, and so its class's loader. Where a root holds the class that changes nothing."""
        rooted = set(roots.groups["class"])
        nodes = lookup.of(np.array([found.id for found in by_kind], np.int64))
        keep = np.array([found.id != 0 and found.id not in rooted for found in by_kind], np.bool_)
        return np.where(keep, nodes, -1).astype(np.int32)


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
