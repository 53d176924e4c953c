"""Tables that objects own outside of their own blocks: of lists, dicts, sets, deques, bytearrays and attributes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oakum.heap.distinct import distinct
from oakum.heap.formats.python.layouts import (
    FLAG_DICT,
    FLAG_LIST,
    FLAG_MANAGED_DICT,
    Layout,
)
from oakum.heap.formats.python.types import Types
from oakum.heap.formats.python.values import Values
from oakum.heap.formats.python.words import fetch
from oakum.heap.image import MemoryImage

DEQUE_BLOCK_BYTES = 66 * 8


def owned_tables(
    values: Values, types: Types, address: NDArray[np.int64], kind: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(begin, size in bytes) of what lists, dicts, sets, deques and bytearrays own outside their own block."""
    image = values.image
    known = np.where(kind >= 0, types.flags[kind], 0)
    lists = address[known & FLAG_LIST != 0]
    dicts = address[known & FLAG_DICT != 0]
    sets = address[np.isin(kind, types.derived({"set", "frozenset"}))]
    deques = address[np.isin(kind, types.derived({"deque", "collections.deque"}))]
    begin = [fetch(image, lists + 24)]
    size = [(np.maximum(fetch(image, lists + 32), 0)) * 8]
    table = fetch(image, sets + 40)
    outside = table != sets + 64
    begin.append(table[outside])
    size.append((fetch(image, sets + 32)[outside] + 1) * 16)
    buffers = address[np.isin(kind, types.derived({"bytearray"}))]
    begin.append(fetch(image, buffers + 32))
    size.append(fetch(image, buffers + 24) & ~7)
    keys_begin, keys_size = _dict_tables(values, dicts)
    blocks = _deque_blocks(image, deques)
    begin += [keys_begin, blocks]
    size += [keys_size, np.full(blocks.size, DEQUE_BLOCK_BYTES, np.int64)]
    return np.concatenate(begin), np.concatenate(size)


def _dict_tables(values: Values, dicts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Small tables are pymalloc's blocks and nodes already; only those of dicts with many entries are worked out."""
    tables = distinct(fetch(values.image, dicts + 32))
    head = fetch(values.image, tables + 8)
    # log2 of the size since 3.11, the size before.
    tables = tables[(head & 0xFF >= 5) if values.layout.keys_modern else head >= 16]
    found = [(keys.begin, keys.size) for at in tables.tolist() if (keys := values.keys_at(at)) and keys.size > 512]
    pairs = np.array(found, np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _deque_blocks(image: MemoryImage, deques: NDArray[np.int64]) -> NDArray[np.int64]:
    """Blocks are linked from left to right; a chain ends at the rightmost or where it is torn."""
    at = fetch(image, deques + 24)
    last = fetch(image, deques + 32)
    found = [distinct(at[at != 0])]
    seen = 0
    while at.size and seen < 1 << 20:
        going = (at != 0) & (at != last)
        at, last = fetch(image, at[going] + DEQUE_BLOCK_BYTES - 8), last[going]
        found.append(at[at != 0])
        seen += 1
    return distinct(np.concatenate(found))


def values_tables(
    image: MemoryImage, types: Types, layout: Layout, address: NDArray[np.int64], kind: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(index of the owner among ``address``, where the table's block begins) of attributes of 3.11 and 3.12.

    An instance's own, or those of its dict, which share the class's keys. The pointer leads past the table's prefix.
    """
    none = np.empty(0, np.int64)
    if layout.managed not in {1, 2}:
        return none, none
    flags = np.where(kind >= 0, types.flags[kind], 0)
    instances = np.flatnonzero(flags & layout.preheader_flags & FLAG_MANAGED_DICT)
    dicts = np.flatnonzero(flags & FLAG_DICT)
    if layout.managed == 1:
        pointer = fetch(image, address[instances] - 32)
    else:
        word = fetch(image, address[instances] - 24)
        pointer = np.where(word & 1, word + 1, 0)
    pointer = np.concatenate([pointer, fetch(image, address[dicts] + 40)])
    owner = np.concatenate([instances, dicts])
    owner, pointer = owner[pointer > 4096], pointer[pointer > 4096]
    # The byte before the values says how long the prefix is (pycore_object.h, _PyObject_ValuesPrefix).
    return owner, pointer - ((fetch(image, pointer - 8) >> 56) & 0xFF)
