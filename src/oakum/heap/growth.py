"""Two captures of one heap compared: which type grew, and where the new objects hang."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.python.attributes import attributes
from oakum.heap.formats.python.bounds import bound_of
from oakum.heap.formats.python.calling import called_by
from oakum.heap.formats.python.garbage import Collector, collector, garbage
from oakum.heap.formats.python.items import item_type, items_of, length
from oakum.heap.formats.python.naming import Named, Namer
from oakum.heap.formats.python.objects import PythonHeap
from oakum.heap.side import Side, side_of
from oakum.heap.tree import Children, Dominators
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

SPLIT_SHARE = 0.5
"""Where no child carries this share of what a node gained, growth has arrived: its many children are the items."""


def compare(before: PythonHeap, after: PythonHeap, seconds: float) -> HeapGrowth:
    """O(n log n) in the larger heap. Unreachable objects are never a holder's."""
    first, last = side_of(before), side_of(after)
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


def _cycles(first: Side, last: Side) -> Cycles | None:
    """None where they gained less than CYCLES_SHARE of what all objects did, or shrank."""
    graphs = (first.heap.graph, last.heap.graph)
    lost = [garbage(side.heap, side.which) for side in (first, last)]
    then, now = (int(graph.size[each].sum()) for graph, each in zip(graphs, lost, strict=True))
    more = int(graphs[1].size.sum()) - int(graphs[0].size.sum())
    if now - then <= CYCLES_SHARE * max(more, 0):
        return None
    objects = [each & (graph.kind >= 0) for graph, each in zip(graphs, lost, strict=True)]
    what = item_type(last.heap, graphs[1].address[objects[1]])
    return Cycles(int(objects[0].sum()), int(objects[1].sum()), then, now, what, _off(collector(last.heap)))


def _off(found: Collector | None) -> str:
    if found is None or (found.enabled and found.thresholds[0] > 0):
        return ""
    return "gc.set_threshold(0)" if found.enabled else "gc.disable()"


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


def _holders(first: Side, last: Side, fresh: NDArray[np.bool_]) -> tuple[HolderGrowth, ...]:
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


def _old_self(node: int, first: Side, last: Side, fresh: NDArray[np.bool_], attribute: str) -> int:
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


def _holder(node: int, first: Side, last: Side, fresh: NDArray[np.bool_], namer: Namer) -> HolderGrowth:
    heap = last.heap
    named: Named = namer.name(node)
    old = _old_self(node, first, last, fresh, named.attribute)
    items, before_items = items_of(heap, node), items_of(first.heap, old)
    gone = before_items[~np.isin(before_items, items)]
    new = items[~np.isin(items, before_items)]
    return HolderGrowth(
        name=named.name,
        kind=heap.graph.kind_name(node),
        root=named.root if int(last.which[node]) >= 0 else RootKind.UNREACHABLE,
        path=named.path,
        items_before=length(first.heap, old, before_items, first.held),
        items_after=length(heap, node, items, last.held),
        bytes_before=int(first.retained[old]) if old >= 0 else 0,
        bytes_after=int(last.retained[node]),
        evicted_items=int(gone.size),
        item_type=item_type(heap, new),
        owner_type=named.owner_type,
        attribute=named.attribute,
        module=named.module,
        bound=bound_of(heap, node, last.parent),
        defined=named.defined,
        calls=called_by(heap, new),
    )


def _files(side: Side, modules: set[str]) -> dict[str, str]:
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
