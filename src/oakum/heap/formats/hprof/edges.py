"""References between the objects of an HPROF file: rows, and what each is called where that is asked."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.formats.hprof import kernels
from oakum.heap.formats.hprof.classes import REFERENCE, Classes, JavaClass
from oakum.heap.formats.hprof.threads import Roots
from oakum.heap.graph import Loose, Strength
from oakum.heap.means import Means, Part, bounds, need
from oakum.heap.tree import row_type

REFERENT_OWNER = "java.lang.ref.Reference"
STRENGTHS = {
    "java.lang.ref.SoftReference": Strength.SOFT,
    "java.lang.ref.WeakReference": Strength.WEAK,
    "java.lang.ref.PhantomReference": Strength.PHANTOM,
    "java.lang.ref.FinalReference": Strength.FINALIZER,
    "sun.misc.Cleaner": Strength.PHANTOM,
}
"""How ``Reference.referent`` holds, by the nearest of these classes on an instance's line."""


MOST_ROWS_KEPT = 64
INSTANCE, OBJECT_ARRAY = 0x21, 0x22


class Edges:
    """``offsets``: int32 or int64[n + 2], ``targets``: int32[m + roots]: rows of nodes, then that of a virtual root.

    ``loose``: those that do not count. ``texts``: what they may be called; see HeapGraph.names. Names are read from the
    file again where they are asked for: few are.
    """

    def __init__(
        self,
        classes: Classes,
        by_kind: tuple[JavaClass, ...],
        kind: NDArray[np.int32],
        roots: Roots,
        rooted: NDArray[np.int32],
        means: Means,
    ) -> None:
        records = classes.records
        self._ids = records.ids
        self._texts: dict[str, int] = {"<class>": 0}
        self._classes = classes
        self._steps = records.data.size // 8
        self._place = (records.data, records.at, records.header.id_bytes)
        starts, places, names, strengths = self._fields(by_kind)
        self._sources, self._extra_targets, self._extra_names = self._extra(roots)
        self._field_names = names
        self._tables = (kind, starts, places, strengths, self._class_nodes(by_kind, roots))
        self._rows: dict[int, NDArray[np.int32]] = {}
        self._fill(rooted, means)
        self.texts = tuple(self._texts)

    def _fill(self, rooted: NDArray[np.int32], means: Means) -> None:
        nodes = self._ids.size
        shares = bounds(nodes, means.shares(self._steps))
        # No more references than the file has room for.
        offsets = means.array(nodes + 2, row_type(self._place[0].size // self._place[2]), Part.EDGES)
        count = chosen(kernels.count_references, self._steps)
        weak = means.each([partial(count, *self._place, *share, *self._tables, offsets) for share in shares])
        chosen(kernels.sum_up, nodes)(offsets[:-1], self._sources)
        most = int(offsets[-2])
        columns = self._place[1].itemsize + 8
        means.plan(need(nodes, most + rooted.size, columns=columns, index=self._ids.bytes))
        offsets = means.move(offsets, Part.EDGES)
        # The virtual root's row stands at the end: walks need no copy of the others.
        targets = means.array(most + rooted.size, np.int32, Part.EDGES)
        loose = [tuple(np.empty(room, kept) for kept in (np.int32, np.int32, np.uint8)) for room in weak]
        tables = (*self._tables, self._sources, self._extra_targets, *self._ids.index, offsets, targets)
        fill = chosen(kernels.fill_references, self._steps)
        begins = [int(offsets[first]) for first, _ in shares]
        done = means.each([
            partial(fill, *self._place, *share, *tables, *rows) for share, rows in zip(shares, loose, strict=True)
        ])  # fmt: skip
        self.dangling = sum(dangling for dangling, _, _ in done)
        kept = int(done[0][1])
        for share, begin, (_, end, _) in zip(shares[1:], begins[1:], done[1:], strict=True):
            chosen(kernels.move_rows, self._steps)(offsets, targets, *share, begin, end, kept)
            kept += int(end) - begin
        offsets[-2], offsets[-1] = kept, kept + rooted.size
        targets[kept : kept + rooted.size] = rooted
        self.offsets: NDArray[np.integer] = offsets
        self.targets: NDArray[np.int32] = targets[: kept + rooted.size]
        cut = [tuple(column[:found] for column in rows) for rows, (_, _, found) in zip(loose, done, strict=True)]
        self.loose = Loose(*(np.concatenate(columns) for columns in zip(*cut, strict=True)))

    def move(self, means: Means) -> None:
        """What was made before it was known how many references there are goes where the rest is."""
        data, at, wide = self._place
        self.at: NDArray[np.integer] = means.move(at, Part.COLUMNS)
        self.kind: NDArray[np.int32] = means.move(self._tables[0], Part.COLUMNS)
        self._place = (data, self.at, wide)
        self._tables = (self.kind, *self._tables[1:])

    def __getitem__(self, edge: int) -> int:
        """What an edge is called; see HeapGraph.edge_names."""
        kept = self.offsets.dtype.type
        source = int(np.searchsorted(self.offsets[:-1], kept(edge), side="right")) - 1
        return int(self._row(source)[edge - int(self.offsets[source])])

    def _row(self, source: int) -> NDArray[np.int32]:
        """The names of one node's edges. Kept for a while: ways lead through the same tables again and again."""
        if source not in self._rows:
            while len(self._rows) >= MOST_ROWS_KEPT:
                del self._rows[next(iter(self._rows))]
            self._rows[source] = self._named(source)
        return self._rows[source]

    def _named(self, source: int) -> NDArray[np.int32]:
        """int32[degree], in the order in which kernels.fill_references puts a row."""
        data, at, wide = self._place
        kind, starts, places, strengths, class_node = self._tables
        of, place = int(kind[source]), int(at[source])
        tag = int(data[place])
        array = tag == OBJECT_ARRAY
        field, fields = int(starts[of]), int(starts[of + 1])
        most = self._classes.records.number(place + 5 + wide, 4) if array else fields - field
        slots, wanted = np.empty(most + 1, np.int32), np.empty(most + 1, np.int64)
        read = chosen(kernels.slots_of, most)
        found = int(read(data, place, wide, field, fields, places, strengths, slots, wanted))
        there = slots[:found][self._ids.of(wanted[:found]) >= 0]
        extra = self._extra_names[self._sources == source]
        own = [0] if tag in {INSTANCE, OBJECT_ARRAY} and class_node[of] >= 0 else []
        return np.concatenate([-1 - there if array else self._field_names[there], own, extra]).astype(np.int32)

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

    def _extra(self, roots: Roots) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
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
        sources, targets = self._ids.of(np.array(source, np.int64)), self._ids.of(np.array(target, np.int64))
        order = np.argsort(sources, kind="stable")
        order = order[(sources[order] >= 0) & (targets[order] >= 0)]
        return sources[order], targets[order], np.array(name, np.int32).reshape(-1)[order]

    def _class_nodes(self, by_kind: tuple[JavaClass, ...], roots: Roots) -> NDArray[np.int32]:
        """An object holds its class, and so its class's loader. Where a root holds the class that changes nothing."""
        rooted = set(roots.groups["class"])
        nodes = self._ids.of(np.array([found.id for found in by_kind], np.int64))
        keep = np.array([found.id != 0 and found.id not in rooted for found in by_kind], np.bool_)
        return np.where(keep, nodes, -1).astype(np.int32)
