"""What a Python container holds: its items, how many they are, and what they mostly are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oakum.heap.distinct import distinct
from oakum.heap.formats.python.layouts import FLAG_DICT, FLAG_LIST, FLAG_TUPLE, FLAG_UNICODE
from oakum.heap.formats.python.objects import PythonHeap

DEQUES = frozenset({"deque", "collections.deque"})

LRU_CACHE, LRU_LINK = "_lru_cache_wrapper", "_lru_list_elem"
LRU_CACHE_DICT, LRU_RESULT = 72, 48
"""Where a functools.lru_cache keeps its dict, and a link its result (Modules/_functoolsmodule.c), in bytes."""


def items_of(heap: PythonHeap, node: int) -> NDArray[np.int64]:
    """Addresses of what a container holds: a dict's values, a list's items; of others, all that it refers to."""
    if node < 0:
        return np.empty(0, np.int64)
    kind = int(heap.graph.kind[node])
    flags = int(heap.types.flags[kind]) if kind >= 0 else 0
    at = int(heap.graph.address[node])
    if flags & FLAG_DICT:
        keys, held = heap.values.dict_items(at)
        # Values may be shared (True, None): then the keys tell entries apart.
        return held if distinct(held).size >= 0.9 * held.size else keys
    if flags & FLAG_LIST:
        return heap.values.list_items(at)
    if flags & FLAG_TUPLE:
        return heap.values.tuple_items(at)
    names = _names(heap, kind)
    if names & DEQUES:
        return heap.values.deque_items(at)
    if LRU_CACHE in names:
        return _cached(heap, at)
    return _through_tables(heap, node)


def _cached(heap: PythonHeap, at: int) -> NDArray[np.int64]:
    """What an lru_cache keeps: its results, each behind a link of its own where the cache has a bound."""
    _, held = heap.values.dict_items(heap.image.word(at + LRU_CACHE_DICT))
    nodes = heap.node_of(held[:1])
    linked = nodes.size > 0 and nodes[0] >= 0 and LRU_LINK in _names(heap, int(heap.graph.kind[nodes[0]]))
    return heap.fetch(held + LRU_RESULT) if linked else held


def _through_tables(heap: PythonHeap, node: int) -> NDArray[np.int64]:
    """What a set, a deque or an instance refers to, directly or through its own tables."""
    graph = heap.graph
    found, todo, seen = [np.empty(0, np.int64)], [node], {node}
    while todo and len(seen) < 200_000:
        targets = graph.targets(todo.pop())
        raw = targets[graph.kind[targets] < 0]
        found.append(graph.address[targets[graph.kind[targets] >= 0]])
        new = [int(at) for at in np.unique(raw) if int(at) not in seen]
        seen.update(new)
        todo += new
    return distinct(np.concatenate(found))


def length(heap: PythonHeap, node: int, items: NDArray[np.int64], held: NDArray[np.int64]) -> int:
    """Of a container, how many it holds; of anything else, how many objects hang on it, as ``held`` says: int64[n]."""
    if node < 0:
        return 0
    kind, at = int(heap.graph.kind[node]), int(heap.graph.address[node])
    names = _names(heap, kind)
    if names & {"set", "frozenset"}:
        return heap.image.word(at + 24)
    if names & DEQUES:
        return heap.image.word(at + 16)
    if names & {"dict", "list", "tuple", LRU_CACHE}:
        return int(items.size)
    return int(held[node])


def _names(heap: PythonHeap, kind: int) -> set[str]:
    """Of a type and of those that it is made from."""
    return {heap.types.names[index] for index in heap.types.line(kind)} if kind >= 0 else set()


def item_type(heap: PythonHeap, items: NDArray[np.int64]) -> str:
    """What the items mostly are; plain text and numbers only if nothing more telling is there."""
    nodes = heap.node_of(items[:20_000])
    kinds = heap.graph.kind[nodes[nodes >= 0]]
    kinds = kinds[kinds >= 0]
    if not kinds.size:
        return ""
    count = np.bincount(kinds)
    telling = count.copy()
    telling[[index for index in range(count.size) if int(heap.types.flags[index]) & FLAG_UNICODE]] = 0
    chosen = telling if telling.max() >= 0.3 * count.max() else count
    return heap.graph.kinds[int(np.argmax(chosen))]
