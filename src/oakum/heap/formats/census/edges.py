"""What the references of a CPython heap are called: globals, attributes, slots, closure variables, keys, places."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from oakum.heap import kernels
from oakum.heap.formats.census.names import Names
from oakum.heap.formats.census.tables import (
    Row,
    flags_of,
    inline_values,
    key_tables,
    list_tables,
    namespaces,
    values_tables,
)
from oakum.heap.formats.python.attributes import members
from oakum.heap.formats.python.frames import free_names
from oakum.heap.formats.python.layouts import FLAG_TUPLE, FLAG_TYPE, TP_BASE, TP_DICT, TP_DICTOFFSET
from oakum.heap.formats.python.objects import PythonHeap

MOST_TEXTS = 200_000
"""So many different keys are named; a heap with more has mappings of data, and those are counted, not named."""

WORDS = 1 << 13
"""Fields are told apart within so many words of an object, a quarter of them before its head."""

CLOSURE, NAMESPACE = "__closure__", "__dict__"


class Edges:
    """References of one heap with their names. ``source``: int32[m]; ``name``: int32[m], as in a Census."""

    def __init__(self, heap: PythonHeap, names: Names) -> None:
        graph = heap.graph
        self.heap, self._names = heap, names
        self._address: NDArray[np.int64] = graph.address[:]
        self.flags = flags_of(heap)
        self.source = np.repeat(np.arange(graph.nodes, dtype=np.int32), np.diff(graph.edge_offsets))
        self.target = graph.edge_targets
        image = heap.image
        head = np.where(graph.kind >= 0, self._address + 8, 0)
        place = (image.words, image.start, image.end, image.offset, heap.slot_base, heap.slots)
        self._word: NDArray[np.int32] = kernels.word_of_edges(
            *place, heap.begin, graph.size, head, graph.edge_offsets, graph.edge_targets
        )
        self.name = np.zeros(self.target.size, np.int32)
        self.code_dicts, self.own_dicts = namespaces(heap, self.flags)
        self._items()
        self._fields()
        self._keyed()
        self._closures()

    def _items(self) -> None:
        is_table = np.zeros(self.heap.graph.nodes, np.bool_)
        is_table[list_tables(self.heap, self.flags)] = True
        of_list = is_table[self.source] & (self._word >= 0)
        self.name[of_list] = -1 - self._word[of_list]
        shift = (self._address - self.heap.begin + self.heap.layout.tuple_items) >> 3
        place = self._word - shift[self.source]
        of_tuple = (self.flags[self.source] & FLAG_TUPLE != 0) & (self._word >= 0) & (place >= 0)
        self.name[of_tuple] = -1 - place[of_tuple].astype(np.int32)

    def _fields(self) -> None:
        """Slots and members of C structs, by type and place."""
        rows = sorted(
            (kind * WORDS + (at >> 3) + WORDS // 4, name)
            for kind in range(len(self.heap.types.names))
            for name, at in self._members(kind)
            if -WORDS < at < WORDS * 4
        )
        if not rows:
            return
        place = np.array([row[0] for row in rows], np.int64)
        called = np.array([self._names.of(row[1]) for row in rows], np.int32)
        shift = (self._address - self.heap.begin) >> 3
        kind = self.heap.graph.kind[self.source].astype(np.int64)
        word = self._word - shift[self.source] + WORDS // 4
        asked = (kind >= 0) & (self._word >= 0) & (word >= 0) & (word < WORDS)
        key = kind[asked] * WORDS + word[asked]
        found = np.minimum(np.searchsorted(place, key), place.size - 1)
        self.name[np.flatnonzero(asked)[place[found] == key]] = called[found[place[found] == key]]
        # The pointer to a table of attributes leads past its own prefix: no word says where that begins.
        self.name[(self._word < 0) & (kind >= 0)] = self._names.of(NAMESPACE)

    def _members(self, kind: int) -> Iterator[tuple[str, int]]:
        """(name, bytes from an object's head)."""
        types, image, layout = self.heap.types, self.heap.image, self.heap.layout
        flags = int(types.flags[kind])
        if flags & FLAG_TYPE:
            yield from ((NAMESPACE, TP_DICT), ("__base__", TP_BASE))
        yield from _STRUCTS.get(types.names[kind], ())
        if types.names[kind] == "function":
            yield from (
                ("__globals__", layout.func_globals),
                ("__code__", layout.func_code),
                ("__defaults__", layout.func_defaults),
                ("__kwdefaults__", layout.func_kwdefaults),
                (CLOSURE, layout.func_closure),
                (NAMESPACE, layout.func_dict),
            )
        offset = image.word(int(types.address[kind]) + TP_DICTOFFSET)
        if 0 < offset < 1 << 16 and types.names[kind] not in {"module", "function"}:
            yield NAMESPACE, offset
        if flags & layout.preheader_flags & 1 << 4:
            yield NAMESPACE, -24
        for base in types.line(kind):
            yield from self._slots(int(types.address[base]))

    def _slots(self, type_at: int) -> Iterator[tuple[str, int]]:
        for name, offset in members(self.heap.image, type_at):
            if 16 <= offset < 1 << 14:
                yield name, offset

    def _keyed(self) -> None:
        """By key: of dicts where the key stands beside the value, of values whose keys are kept by their class."""
        code, own = np.zeros(self.heap.graph.nodes, np.bool_), np.zeros(self.heap.graph.nodes, np.bool_)
        code[self.code_dicts] = True
        own[self.own_dicts] = True
        parts = [
            self._keys_of(row)
            for row in (
                key_tables(self.heap, self.flags, code, own),
                values_tables(self.heap, self.flags),
                inline_values(self.heap, self.flags),
            )
        ]
        edge, key = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
        is_code = np.concatenate([part[2] for part in parts])
        for wanted in (True, False):
            mine = is_code == wanted
            unique, place = np.unique(key[mine], return_inverse=True)
            called = np.zeros(unique.size, np.int32)
            for index, at in enumerate(unique[:MOST_TEXTS].tolist()):
                called[index] = self._names.of_key(self.heap, at, code=wanted)
            self.name[edge[mine]] = called[place]

    def _keys_of(self, row: Row) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """(edge, address of its key, whether that is a name in code) of the values in these tables."""
        heap = self.heap
        at = np.full(heap.graph.nodes, -1, np.int32)
        at[row.node] = np.arange(row.node.size, dtype=np.int32)
        of = at[self.source]
        edge = np.flatnonzero((of >= 0) & (self._word >= 0))
        of = of[edge]
        entry = self._word[edge] - row.base[of]
        is_value = (entry >= 0) & (entry % row.step[of] == row.step[of] - 1)
        edge, of, entry = edge[is_value], of[is_value], entry[is_value]
        beside = heap.begin[self.source[edge]] + (self._word[edge] - 1) * np.int64(8)
        apart = row.keys[of] + (entry * row.keys_step[of] + row.keys_step[of] - 2) * 8
        key = heap.fetch(np.where(row.keys[of] > 0, apart, beside))
        known = key > 4096
        return edge[known], key[known], row.code[of[known]]

    def _closures(self) -> None:
        """Cells of a closure are items of a tuple; the code knows what its variables are called."""
        heap, offsets = self.heap, self.heap.graph.edge_offsets
        functions = heap.graph.address[heap.graph.kind == heap.types.index("function")]
        closures, codes = (
            heap.fetch(functions + heap.layout.func_closure),
            heap.fetch(functions + heap.layout.func_code),
        )
        nodes = heap.node_of(closures)
        known: dict[int, list[int]] = {}
        for node, code in zip(nodes[nodes >= 0].tolist(), codes[nodes >= 0].tolist(), strict=True):
            if code not in known:
                known[code] = [self._names.of_code(name) for name in free_names(heap.values, code)]
            row = slice(int(offsets[node]), int(offsets[node + 1]))
            for edge, name in enumerate(self.name[row].tolist(), row.start):
                if name < 0 and -1 - name < len(known[code]):
                    self.name[edge] = known[code][-1 - name]


_STRUCTS = {
    "module": ((NAMESPACE, 16),),
    "cell": (("cell_contents", 16),),
    "method": (("__func__", 16), ("__self__", 24)),
    "builtin_function_or_method": (("__self__", 24),),
}
