"""Which word of a dict's, an instance's or a list's table is what: names for references, found in bulk.

Sources: as in formats/python/values.py and attributes.py, which read one value at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.python.layouts import (
    FLAG_DICT,
    FLAG_INLINE_VALUES,
    FLAG_LIST,
    FLAG_MANAGED_DICT,
    FLAG_TYPE,
    TP_DICT,
    TP_DICTOFFSET,
)
from oakum.heap.formats.python.objects import PythonHeap

MOST_NAMED_ENTRIES = 1000
"""An instance with more attributes than this is used as a mapping: its keys are data."""

_NO_NODES = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """Tables of one sort. ``node``: int32[k], each once. ``base``: int64[k], the word where its entries begin.

    ``step``: int64[k], words of an entry; its last is the value. ``keys``: int64[k], the address of the entries that
    hold the keys of a table of values, 0 where the key stands before the value. ``keys_step``: int64[k].
    ``code``: bool[k]: its keys are names in code.
    """

    node: NDArray[np.int32]
    base: NDArray[np.int64]
    step: NDArray[np.int64]
    keys: NDArray[np.int64]
    keys_step: NDArray[np.int64]
    code: NDArray[np.bool_]


def flags_of(heap: PythonHeap) -> NDArray[np.int64]:
    """int64[n]: the flags of each node's type, 0 for raw blocks."""
    return np.where(heap.graph.kind >= 0, heap.types.flags[heap.graph.kind], 0)


def list_tables(heap: PythonHeap, flags: NDArray[np.int64]) -> NDArray[np.int32]:
    lists = heap.graph.address[flags & FLAG_LIST != 0]
    found = np.unique(heap.node_of(heap.fetch(lists + 24)))
    tables: NDArray[np.int32] = found[(found >= 0) & (heap.graph.kind[found] < 0)]
    return tables


def namespaces(heap: PythonHeap, flags: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """(dicts of modules and classes, dicts of instances): int32[], each once."""
    address, kind = heap.graph.address, heap.graph.kind
    fixed = [heap.fetch(address[flags & FLAG_TYPE != 0] + TP_DICT)]
    module = heap.types.index("module")
    if module >= 0:
        fixed.append(heap.fetch(address[kind == module] + 16))
    own = [np.empty(0, np.int64)]
    offset = heap.fetch(heap.types.address + TP_DICTOFFSET)
    with_dict = np.flatnonzero((offset > 0) & (offset < 1 << 16))
    mine = np.isin(kind, with_dict) & (kind != module) & (flags & FLAG_TYPE == 0)
    own.append(heap.fetch(address[mine] + offset[kind[mine]]))
    managed = flags & heap.layout.preheader_flags & FLAG_MANAGED_DICT != 0
    word = heap.fetch(address[managed] - 24)
    own.append(np.where(word & 1, 0, word) if heap.layout.managed == 2 else word)
    return _dicts(heap, flags, np.concatenate(fixed)), _dicts(heap, flags, np.concatenate(own))


def _dicts(heap: PythonHeap, flags: NDArray[np.int64], address: NDArray[np.int64]) -> NDArray[np.int32]:
    found = np.unique(heap.node_of(address[address > 4096]))
    found = found[found >= 0]
    chosen: NDArray[np.int32] = found[flags[found] & FLAG_DICT != 0]
    return chosen


def key_tables(heap: PythonHeap, flags: NDArray[np.int64], code: NDArray[np.bool_], own: NDArray[np.bool_]) -> Row:
    """Of dicts, where key and value stand side by side.

    ``code``, ``own``: bool[n]: the dicts of modules and classes; those of instances.
    """
    dicts = np.flatnonzero(flags & FLAG_DICT != 0)
    begin = heap.fetch(heap.graph.address[dicts] + 32)
    node = heap.node_of(begin)
    used = node >= 0
    dicts, begin, node = dicts[used], begin[used], node[used]
    node, first = np.unique(node, return_index=True)
    dicts, begin = dicts[first], begin[first]
    entries_at, step, split, entries = key_heads(heap, begin)
    named = code[dicts] | (own[dicts] & (entries <= MOST_NAMED_ENTRIES))
    whole = ~split & (heap.graph.kind[node] < 0)
    zero = np.zeros(node.size, np.int64)
    return _kept(Row(node, entries_at >> 3, step, zero, zero, named), whole)


def key_heads(
    heap: PythonHeap, begin: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """(bytes to the entries, words of an entry, split, entries in use) of tables of keys."""
    if heap.layout.keys_modern:
        head = heap.fetch(begin + 8)
        kind = (head >> 16) & 0xFF
        entries_at = 32 + (np.int64(1) << np.minimum((head >> 8) & 0xFF, 43))
        return entries_at, np.where(kind == 0, 3, 2), kind == 2, heap.fetch(begin + 24)
    size = heap.fetch(begin + 8)
    width = np.select([size <= 0xFF, size <= 0xFFFF, size <= 0xFFFFFFFF], [1, 2, 4], 8)
    entries_at = 40 + np.clip(size, 0, 1 << 40) * width
    return entries_at, np.full(begin.size, 3), np.zeros(begin.size, np.bool_), heap.fetch(begin + 32)


def values_tables(heap: PythonHeap, flags: NDArray[np.int64]) -> Row:
    """Values whose keys are the class's: of instances that have no dict, and of dicts that share their keys."""
    pointer, keys = _shared(heap, flags)
    if heap.layout.managed in {1, 2}:
        # The byte before the values says how long the prefix is (pycore_object.h, _PyObject_ValuesPrefix).
        head = (heap.fetch(pointer - 8) >> 56) & 0xFF
        node = heap.node_of(pointer - head)
    else:
        head = np.full(pointer.size, 8 if heap.layout.managed == 3 else 0, np.int64)
        node = heap.node_of(pointer)
    entries_at, step, _, _ = key_heads(heap, keys)
    node, first = np.unique(node, return_index=True)
    one = np.ones(node.size, np.int64)
    made = Row(
        node,
        head[first] >> 3,
        one,
        (keys + entries_at)[first],
        step[first],
        np.ones(node.size, np.bool_),
    )
    return _kept(made, (node >= 0) & (made.keys > 4096))


def _shared(heap: PythonHeap, flags: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(where values begin, where their keys' table begins)."""
    address, kind, layout = heap.graph.address, heap.graph.kind, heap.layout
    dicts = address[flags & FLAG_DICT != 0]
    pointers, keys = [heap.fetch(dicts + 40)], [heap.fetch(dicts + 32)]
    managed = flags & layout.preheader_flags & FLAG_MANAGED_DICT != 0
    if layout.managed in {1, 2}:
        at = address[managed]
        word = heap.fetch(at - 32) if layout.managed == 1 else heap.fetch(at - 24)
        pointers.append(word if layout.managed == 1 else np.where(word & 1, word + 1, 0))
        keys.append(heap.fetch(heap.types.address + layout.ht_cached_keys)[kind[managed]])
    pointer, of = np.concatenate(pointers), np.concatenate(keys)
    used = (pointer > 4096) & (of > 4096)
    return pointer[used], of[used]


def inline_values(heap: PythonHeap, flags: NDArray[np.int64]) -> Row:
    """Since 3.13 values stand behind the fixed part of an instance: a head of 8 bytes, then one word each."""
    kind = heap.graph.kind
    none = np.empty(0, np.int64)
    if heap.layout.managed != 3:
        return Row(_NO_NODES, none, none, none, none, np.empty(0, np.bool_))
    mine = flags & heap.layout.preheader_flags & FLAG_MANAGED_DICT != 0
    node = np.flatnonzero(mine & (flags & FLAG_INLINE_VALUES != 0)).astype(np.int32)
    keys = heap.fetch(heap.types.address + heap.layout.ht_cached_keys)[kind[node]]
    entries_at, step, _, _ = key_heads(heap, keys)
    shift = heap.graph.address[node] - heap.begin[node]
    base = (shift + heap.types.basic[kind[node]] + 8) >> 3
    made = Row(node, base, np.ones(node.size, np.int64), keys + entries_at, step, np.ones(node.size, np.bool_))
    return _kept(made, keys > 4096)


def _kept(row: Row, which: NDArray[np.bool_]) -> Row:
    return Row(
        row.node[which], row.base[which], row.step[which], row.keys[which], row.keys_step[which], row.code[which]
    )
