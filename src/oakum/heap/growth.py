"""Two captures of one heap compared: which type grew, and where the new objects hang."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from oakum.heap.distinct import distinct
from oakum.heap.formats.python.attributes import attributes
from oakum.heap.formats.python.bounds import bound_of
from oakum.heap.formats.python.calling import called_by
from oakum.heap.formats.python.garbage import Collector, collector, garbage
from oakum.heap.formats.python.layouts import FLAG_DICT, FLAG_LIST, FLAG_TUPLE, FLAG_UNICODE
from oakum.heap.formats.python.naming import Named, Namer
from oakum.heap.formats.python.objects import PythonHeap
from oakum.heap.graph import HeapGraph
from oakum.heap.tree import Children, Dominators, dominators, shortest_paths
from oakum.model.division import Divided
from oakum.model.growth import Cycles, HeapGrowth, HolderGrowth, RootKind, TypeGrowth

MOST_TYPES = 40
MOST_HOLDERS = 8
HOLDER_SHARE = 0.03
"""A holder of less than this share of the new bytes is not named."""

SEVERAL = 3
"""So many items of one container that gain alike are what it keeps, and it is what holds them."""

CYCLES_SHARE = 0.2
"""Garbage that gained less than this share of what the heap gained is an ordinary moment between collections."""

DEQUES = frozenset({"deque", "collections.deque"})

LRU_CACHE, LRU_LINK = "_lru_cache_wrapper", "_lru_list_elem"
LRU_CACHE_DICT, LRU_RESULT = 72, 48
"""Where a functools.lru_cache keeps its dict, and a link its result (Modules/_functoolsmodule.c), in bytes."""

SPLIT_SHARE = 0.5
"""Where no child carries this share of what a node gained, growth has arrived: its many children are the items."""


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """One capture with its tree. ``retained``, ``held``: int64[n], bytes and objects that would go with each node."""

    heap: PythonHeap
    tree: Dominators
    retained: NDArray[np.int64]
    held: NDArray[np.int64]
    parent: NDArray[np.int32]
    which: NDArray[np.int8]


def compare(before: PythonHeap, after: PythonHeap, seconds: float) -> HeapGrowth:
    """O(n log n) in the larger heap. Unreachable objects are never a holder's."""
    first, last = _side(before), _side(after)
    fresh = ~_in(last.heap, first.heap)
    holders = _holders(first, last, fresh)
    cycles = _cycles(first, last)
    return HeapGrowth(
        seconds=seconds,
        objects_before=before.objects,
        objects_after=after.objects,
        heap_bytes_before=int(before.graph.size.sum()),
        heap_bytes_after=int(after.graph.size.sum()),
        types=_types(before, after),
        holders=holders,
        module_files=_files(last, {holder.module for holder in holders}),
        divided=Divided(before.division, after.division, seconds),
        cycles=cycles,
    )


def _cycles(first: _Side, last: _Side) -> Cycles | None:
    """None where they gained less than CYCLES_SHARE of what all objects did, or shrank."""
    graphs = (first.heap.graph, last.heap.graph)
    lost = [garbage(side.heap, side.which) for side in (first, last)]
    then, now = (int(graph.size[each].sum()) for graph, each in zip(graphs, lost, strict=True))
    more = int(graphs[1].size.sum()) - int(graphs[0].size.sum())
    if now - then <= CYCLES_SHARE * max(more, 0):
        return None
    objects = [each & (graph.kind >= 0) for graph, each in zip(graphs, lost, strict=True)]
    what = _item_type(last.heap, graphs[1].address[objects[1]])
    return Cycles(int(objects[0].sum()), int(objects[1].sum()), then, now, what, _off(collector(last.heap)))


def _off(found: Collector | None) -> str:
    if found is None or (found.enabled and found.thresholds[0] > 0):
        return ""
    return "gc.set_threshold(0)" if found.enabled else "gc.disable()"


def _side(heap: PythonHeap) -> _Side:
    graph = heap.graph
    parent, _, which = shortest_paths(graph.edge_offsets, graph.edge_targets, list(graph.roots))
    seeds = [members[(which[members] == group)] for group, members in enumerate(graph.roots)]
    # A frame roots only what no module holds, and native memory only what neither does.
    direct = np.unique(np.concatenate([group[parent[group] < 0] for group in seeds]).astype(np.int32))
    offsets, targets = _owning(graph, which)
    tree = dominators(np.append(offsets, offsets[-1] + direct.size), np.concatenate([targets, direct]), graph.nodes)
    retained = np.zeros(graph.nodes + 1, np.int64)
    retained[tree.vertex] = tree.retained(graph.size)
    held = np.zeros(graph.nodes + 1, np.int64)
    held[tree.vertex] = tree.retained((graph.kind >= 0).astype(np.int64))
    return _Side(heap, tree, retained, held, parent, which)


def _owning(graph: HeapGraph, which: NDArray[np.int8]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The edges that count for who holds what: what a module holds is not also a frame's or native memory's.

    The newest objects of a program that runs on while it is copied often hang on a frame alone, and lead back into
    what a module holds; counted, they would take it from its holder.
    """
    degree = np.diff(graph.edge_offsets)
    source = np.repeat(np.arange(graph.nodes, dtype=np.int32), degree)
    kept = which[source] <= which[graph.edge_targets]
    offsets = np.concatenate(([0], np.cumsum(np.bincount(source[kept], minlength=graph.nodes)))).astype(np.int64)
    return offsets, graph.edge_targets[kept]


def _in(heap: PythonHeap, other: PythonHeap) -> NDArray[np.bool_]:
    """bool[n]: which nodes were there already, at the same address and of the same type."""
    found = other.node_of(np.asarray(heap.graph.address))
    same: NDArray[np.bool_] = found >= 0
    kinds, others = heap.graph.kind, other.graph.kind[found]
    address = np.append(heap.types.address, 0)
    other_address = np.append(other.types.address, 0)
    alike: NDArray[np.bool_] = same & (address[kinds] == other_address[others])
    return alike


def _types(before: PythonHeap, after: PythonHeap) -> tuple[TypeGrowth, ...]:
    rows: dict[str, list[int]] = {}
    for at, heap in enumerate((before, after)):
        known = heap.graph.kind >= 0
        kind = heap.graph.kind[known]
        count = np.bincount(kind, minlength=len(heap.graph.kinds))
        size = np.bincount(kind, weights=heap.graph.size[known], minlength=len(heap.graph.kinds))
        for name, objects, total in zip(heap.graph.kinds, count.tolist(), size.tolist(), strict=True):
            row = rows.setdefault(name, [0, 0, 0, 0])
            row[at] += objects
            row[2 + at] += int(total)
    grown = [TypeGrowth(name, *row) for name, row in rows.items() if row[1] > row[0] or row[3] > row[2]]
    return tuple(sorted(grown, key=lambda growth: -growth.bytes_grown)[:MOST_TYPES])


def _holders(first: _Side, last: _Side, fresh: NDArray[np.bool_]) -> tuple[HolderGrowth, ...]:
    tree = last.tree
    gained = tree.retained(np.where(fresh, last.heap.graph.size, 0))
    children = Children(tree)
    namer = Namer(last.heap, last.parent, last.which)
    points = _accumulation_points(last.heap, tree, gained, children)
    found: dict[str, list[tuple[int, HolderGrowth]]] = {}
    for number in points:
        node = _owner(last.heap, tree, number)
        holder = _holder(node, first, last, fresh, namer)
        if holder.bytes_grown > 0:
            found.setdefault(holder.name, []).append((node, holder))
    pairs = [pair for alike in found.values() for pair in alike]
    for node in _above_several(last.heap, tree, pairs):
        # What is kept by key in two steps is one holder, not one for each key of the first.
        holder = _holder(node, first, last, fresh, namer)
        found = {name: [pair for pair in alike if not _within(pair[0], node, tree)] for name, alike in found.items()}
        found.setdefault(holder.name, []).append((node, holder))
    together = [_together(alike, tree) for alike in found.values() if alike]
    ranked = sorted(together, key=lambda holder: -holder.bytes_grown)
    most = ranked[0].bytes_grown if ranked else 0
    return tuple(holder for holder in ranked if holder.bytes_grown >= most * HOLDER_SHARE)[:MOST_HOLDERS]


def _above_several(heap: PythonHeap, tree: Dominators, pairs: Sequence[tuple[int, HolderGrowth]]) -> list[int]:
    """Containers of which SEVERAL items or more are holders of one kind, with items of one type: by region, by day."""
    members: dict[tuple[int, str, str], list[int]] = {}
    for node, holder in pairs:
        if len(holder.path) > 1 and holder.path[-1].via.startswith("["):
            members.setdefault((holder.path[-2].address, holder.kind, holder.item_type), []).append(node)
    several = [(key[0], nodes) for key, nodes in members.items() if len(nodes) >= SEVERAL]
    above = heap.node_of(np.array([address for address, _ in several], np.int64)).tolist()
    return [
        at
        for at, (_, nodes) in zip(above, several, strict=True)
        if at >= 0 and all(_within(node, at, tree) for node in nodes)
    ]


def _together(alike: Sequence[tuple[int, HolderGrowth]], tree: Dominators) -> HolderGrowth:
    """Holders of one name, each with its node, as one: a threading.local has a list for each thread, a sharded cache a
    dict for each shard. What one of them holds itself is not counted twice. The largest gives the path.
    """
    ranked = sorted(alike, key=lambda pair: -pair[1].bytes_grown)
    apart: list[tuple[int, HolderGrowth]] = []
    for node, holder in ranked:
        if not any(_within(node, one, tree) or _within(one, node, tree) for one, _ in apart):
            apart.append((node, holder))
    holders = [holder for _, holder in apart]
    return replace(
        holders[0],
        items_before=sum(holder.items_before for holder in holders),
        items_after=sum(holder.items_after for holder in holders),
        bytes_before=sum(holder.bytes_before for holder in holders),
        bytes_after=sum(holder.bytes_after for holder in holders),
        evicted_items=sum(holder.evicted_items for holder in holders),
    )


def _within(node: int, other: int, tree: Dominators) -> bool:
    """Whether it is the other, or goes with it."""
    return bool(tree.order[other] <= tree.order[node] < tree.past[tree.order[other]])


def _accumulation_points(
    heap: PythonHeap, tree: Dominators, gained: NDArray[np.int64], children: Children
) -> list[int]:
    """Numbers where what is new spreads over many children, most gained first."""
    total = int(gained[0])
    if total <= 0:
        return []
    least = max(1, int(total * HOLDER_SHARE))
    points: list[int] = []
    todo = [0]
    while todo and len(points) < 4 * MOST_HOLDERS:
        number = todo.pop()
        below = children.of(number)
        heavy = below[gained[below] >= max(least, int(gained[number] * 0.05))]
        carried = int(gained[heavy].sum())
        chained = bool(number) and heavy.size == 1 and _leads_to_own_kind(heap, tree, gained, children, number)
        if number and (chained or carried < SPLIT_SHARE * gained[number]):
            points.append(number)
        else:
            todo.extend(heavy.tolist())
            if number and gained[number] - carried >= max(least, int(0.3 * gained[number])):
                points.append(number)
    return sorted(points, key=lambda number: -int(gained[number]))


def _leads_to_own_kind(
    heap: PythonHeap, tree: Dominators, gained: NDArray[np.int64], children: Children, number: int
) -> bool:
    """An instance that holds the next of its own class, perhaps through its table of attributes: a linked list."""
    kind = int(heap.graph.kind[tree.vertex[number]])
    if kind < 0 or heap.types.modules[kind] in {"builtins", ""}:
        return False
    at = number
    for _ in range(4):
        below = children.of(at)
        if not below.size:
            return False
        at = int(below[np.argmax(gained[below])])
        if heap.graph.kind[tree.vertex[at]] >= 0:
            return int(heap.graph.kind[tree.vertex[at]]) == kind
    return False


def _owner(heap: PythonHeap, tree: Dominators, number: int) -> int:
    """The container whose table this is."""
    at = number
    while at and heap.graph.kind[tree.vertex[at]] < 0:
        at = int(tree.idom[at])
    return int(tree.vertex[at or number])


def _old_self(node: int, first: _Side, last: _Side, fresh: NDArray[np.bool_], attribute: str) -> int:
    """The node of the first capture that stood in this one's place, -1 if none did.

    A list that is made anew for every item (``x = x + [y]``), or the head of a linked list, is another object each
    time: then it is the same attribute of the same owner.
    """
    heap = last.heap
    if not fresh[node]:
        return int(first.heap.node_of(heap.graph.address[node : node + 1])[0])
    at = int(last.parent[node])
    while at >= 0 and (fresh[at] or heap.graph.kind[at] < 0):
        at = int(last.parent[at])
    owner = int(first.heap.node_of(heap.graph.address[at : at + 1])[0]) if at >= 0 else -1
    if owner < 0 or not attribute:
        return -1
    held = dict(attributes(first.heap, owner)).get(attribute, 0)
    return int(first.heap.node_of(np.array([held], np.int64))[0]) if held else -1


def _holder(node: int, first: _Side, last: _Side, fresh: NDArray[np.bool_], namer: Namer) -> HolderGrowth:
    heap = last.heap
    named: Named = namer.name(node)
    old = _old_self(node, first, last, fresh, named.attribute)
    items, before_items = _items(heap, node), _items(first.heap, old)
    gone = before_items[~np.isin(before_items, items)]
    new = items[~np.isin(items, before_items)]
    return HolderGrowth(
        name=named.name,
        kind=heap.graph.kind_name(node),
        root=named.root if int(last.which[node]) >= 0 else RootKind.UNREACHABLE,
        path=named.path,
        items_before=_length(first, old, before_items),
        items_after=_length(last, node, items),
        bytes_before=int(first.retained[old]) if old >= 0 else 0,
        bytes_after=int(last.retained[node]),
        evicted_items=int(gone.size),
        item_type=_item_type(heap, new),
        owner_type=named.owner_type,
        attribute=named.attribute,
        module=named.module,
        bound=bound_of(heap, node, last.parent),
        defined=named.defined,
        calls=called_by(heap, new),
    )


def _items(heap: PythonHeap, node: int) -> NDArray[np.int64]:
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


def _length(side: _Side, node: int, items: NDArray[np.int64]) -> int:
    """Of a container, how many it holds; of anything else, how many objects hang on it."""
    if node < 0:
        return 0
    heap = side.heap
    kind, at = int(heap.graph.kind[node]), int(heap.graph.address[node])
    names = _names(heap, kind)
    if names & {"set", "frozenset"}:
        return heap.image.word(at + 24)
    if names & DEQUES:
        return heap.image.word(at + 16)
    if names & {"dict", "list", "tuple", LRU_CACHE}:
        return int(items.size)
    return int(side.held[node])


def _names(heap: PythonHeap, kind: int) -> set[str]:
    """Of a type and of those that it is made from."""
    return {heap.types.names[index] for index in heap.types.line(kind)} if kind >= 0 else set()


def _item_type(heap: PythonHeap, items: NDArray[np.int64]) -> str:
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


def _files(side: _Side, modules: set[str]) -> dict[str, str]:
    """``__file__`` of modules by name."""
    heap, namer = side.heap, Namer(side.heap, side.parent, side.which)
    files = {}
    for node in heap.graph.roots[0].tolist():
        name = namer.module_name(node)
        if name in modules:
            table = heap.image.word(int(heap.graph.address[node]) + 16)
            at = heap.values.named(table, "__file__")
            text = heap.values.text(at) if at else None
            if text:
                files[name] = text
    return files
