"""Leak suspects of one dump: what accumulates, named by the field that a developer wrote."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from oakum.heap.dump import Dump
from oakum.heap.held import Held
from oakum.heap.holder import Holder, named
from oakum.heap.loaders import LOADER, with_loaders
from oakum.heap.paths import shortest
from oakum.heap.shapes import Shape, guess, others
from oakum.heap.spread import Point, points
from oakum.heap.tree import Children
from oakum.model.growth import PathStep
from oakum.model.heap import Suspect
from oakum.model.units import format_count, format_size

LEAST_SHARE = 0.003
"""A holder of a smaller share of what roots hold is no suspect."""

LEAST_FOREIGN_SHARE = 0.02
"""Libraries and runtimes keep tables of their own: a small one is as it should be."""

LEAST_BYTES = 16 * 1024
MOST_SUSPECTS = 20
MOST_HOLDERS = 2000
MOST_CONFIDENCE = 0.6
"""One dump does not tell what grows from what is merely large."""

ITEMS_DEPTH = 5
MOST_INSIDE = 6
"""Steps within a collection, from the field on, by which it is told what kind it is."""

TREE_DEPTH = 40
"""Deeper than any balanced tree of entries."""

MOST_ITEMS = 1000
"""Of a holder's items so many are looked at, evenly taken."""

SINGLE_SHARE = 0.7
LOADERS_SHARE = 0.05
CALLED = frozenset({"listener", "timer"})
CALLED_DEPTH = 3
MOST_CALLED = 50
"""Listeners and timers are the application's where it wrote one of the first of them."""

NAMELESS = "function (anonymous)"


def suspects(dump: Dump, held: Held, children: Children, parent: NDArray[np.int32]) -> tuple[Suspect, ...]:
    """Application code before libraries, those before the runtime, then most bytes first.

    ``parent``: as paths.telling_steps gives it.
    """
    total = int(held.retained[0])
    least_bytes = max(LEAST_BYTES, int(total * LEAST_SHARE))
    found = _holders(points(held, children, least_bytes=least_bytes), dump, held, children, parent)
    found = with_loaders(found, dump, held, parent, least_bytes=least_bytes)
    told = [holder for holder in found if not holder.foreign or holder.bytes >= LEAST_FOREIGN_SHARE * total]
    # A type in brackets names no holder: it is the runtime's own, or lost its name where a file was cut off.
    told = [holder for holder in told if not holder.name.startswith("(")]
    if dump.partial:
        told = [holder for holder in told if holder.name != NAMELESS]
    ranked = sorted(told, key=lambda holder: (*_rank(holder, total), -holder.bytes))[:MOST_SUSPECTS]
    return tuple(_suspect(rank, holder, dump, total) for rank, holder in enumerate(ranked, 1))


def _rank(holder: Holder, total: int) -> tuple[bool, bool, bool]:
    """Loaders that were left behind come before what they loaded: that is there because of them."""
    loaders = holder.special == LOADER and holder.bytes >= LOADERS_SHARE * total
    return holder.foreign, holder.runtime, not loaders


def every_holder(
    dump: Dump, held: Held, children: Children, parent: NDArray[np.int32], *, least_bytes: int
) -> dict[str, Suspect]:
    """All that could be compared with another dump, by name; most bytes first."""
    found = _holders(points(held, children, least_bytes=least_bytes, most=MOST_HOLDERS), dump, held, children, parent)
    found = with_loaders(found, dump, held, parent, least_bytes=least_bytes)
    total = int(held.retained[0])
    ranked = sorted(found, key=lambda holder: -holder.bytes)
    return {holder.name: _suspect(rank, holder, dump, total) for rank, holder in enumerate(ranked, 1)}


def _holders(found: list[Point], dump: Dump, held: Held, children: Children, parent: NDArray[np.int32]) -> list[Holder]:
    """One per name: what a field of several instances holds is told as one."""
    by_name: dict[str, Holder] = {}
    counted: set[int] = set()
    for point in found:
        holder = _holder(point, dump, held, children, parent)
        known = by_name.get(holder.name)
        if holder.node in counted and dump.length(holder.node) is not None:
            # Parts of one collection, as branches of a tree: it has told its length.
            holder = replace(holder, count=0)
        counted.add(holder.node)
        if known is None:
            by_name[holder.name] = holder
        elif not held.tree.dominates(known.number, holder.number):
            by_name[holder.name] = replace(
                known,
                bytes=known.bytes + holder.bytes,
                count=known.count + holder.count,
                more=(*known.more, holder.number),
            )
    return list(by_name.values())


def _holder(point: Point, dump: Dump, held: Held, children: Children, parent: NDArray[np.int32]) -> Holder:
    node = int(held.tree.vertex[point.number])
    path = shortest(parent, node, held.root)
    name, source, edge_end = named(dump, path)
    aside = dump.aside(path)
    special = ""
    if aside is not None:
        name, special = aside
    container = path[edge_end]
    length = _length(dump, path, container, inner=bool(special))
    count = length if length is not None else _many(point, children)
    item_type = _item_type(dump, held, children, point.number)
    alone = node == container or (length is None and dump.is_runtime(node))
    single = alone and int(held.graph.size[node]) >= SINGLE_SHARE * point.bytes
    owner_static = edge_end > 0 and dump.is_anchor(path[edge_end - 1])
    shape = Shape(
        name=name,
        items=item_type,
        kind=dump.label(container),
        special=special,
        static=owner_static,
        single=single,
        inside=tuple(dict.fromkeys(dump.label(step) for step in path[edge_end + 1 :][:MOST_INSIDE])),
        singleton=edge_end > 1 and dump.is_anchor(path[edge_end - 2]) and not dump.is_inside(path[edge_end - 1]),
    )
    foreign = dump.is_foreign(source) and dump.is_foreign(container)
    if special:
        foreign = foreign and special in CALLED and _all_foreign(dump, held, children, point.number, path)
    return Holder(
        name=name,
        node=container,
        number=point.number,
        bytes=point.bytes,
        count=count,
        item_type=item_type,
        path=_told(dump, path, len(path) - 1 if special == "timer" else edge_end),
        special=special,
        foreign=foreign,
        runtime=foreign and dump.is_runtime(source),
        guess=guess(shape),
        others=others(shape),
    )


def _all_foreign(dump: Dump, held: Held, children: Children, number: int, path: tuple[int, ...]) -> bool:
    """Whether neither the way to listeners or timers, nor what they call, is the application's."""
    level = np.array([number], np.int32)
    below: list[int] = []
    for _ in range(CALLED_DEPTH):
        level = np.concatenate([np.empty(0, np.int32), *(children.of(int(at))[:MOST_CALLED] for at in level)])
        level = level[:MOST_CALLED]
        below += held.tree.vertex[level].tolist()
    return all(dump.is_foreign(node) for node in (*path, *below))


def holder_name(dump: Dump, path: tuple[int, ...]) -> str:
    """What holds the last step of a path, as a developer would write it; "" where a root does itself."""
    return named(dump, path)[0] if len(path) > 1 else ""


def _length(dump: Dump, path: tuple[int, ...], container: int, *, inner: bool) -> int | None:
    """What the collection that the edge leads to says of itself; ``inner``: the last one on the way instead."""
    if not inner:
        return dump.length(container)
    own = dump.length(path[-1])
    # The last step may be the table of the collection before it.
    return dump.length(path[-2]) if own is None and len(path) > 1 and dump.is_inside(path[-1]) else own


def _told(dump: Dump, path: tuple[int, ...], end: int) -> tuple[int, ...]:
    """From the last anchor before the named edge to what it leads to."""
    begin = max((at for at in range(end) if dump.is_anchor(path[at])), default=0)
    return path[begin : end + 1]


def identity(dump: Dump, address: int) -> str:
    """An object's id as the tools of its runtime write it: ``@413`` in V8, ``0x7f3a…`` elsewhere."""
    return f"@{address}" if dump.format == "v8" else f"0x{address & (1 << 64) - 1:x}"


def steps(dump: Dump, path: tuple[int, ...]) -> tuple[PathStep, ...]:
    """A path in words."""
    graph = dump.graph
    found = [PathStep(dump.label(path[0]), "", int(graph.address[path[0]]))] if path else []
    for source, target in zip(path, path[1:], strict=False):
        edge = graph.edge_between(source, target)
        found.append(PathStep(dump.label(target), dump.via(edge) if edge >= 0 else "", int(graph.address[target])))
    return tuple(found)


def _many(point: Point, children: Children) -> int:
    """Of a linked list, its length; else how many a point dominates directly, through one step that holds them all."""
    if not point.chained:
        return point.children
    return children.first_down(point.number)


def _item_type(dump: Dump, held: Held, children: Children, number: int) -> str:
    """The class that weighs most below a point, a few steps down: the application's own first, insides last."""
    level = _sample(children.of(number))
    least = 0.1 * int(held.retained[level].sum())
    weights: dict[str, list[int]] = {}
    for _ in range(ITEMS_DEPTH):
        nodes = held.tree.vertex[level]
        kinds = held.graph.kind[nodes]
        for kind in np.unique(kinds).tolist():
            mine = kinds == kind
            example = int(nodes[np.argmax(mine)])
            rank = 0 if dump.is_inside(example) else 1 if dump.is_foreign(example) else 2
            row = weights.setdefault(dump.kind_label(example), [rank, 0])
            row[1] = max(row[1], int(held.retained[level[mine]].sum()))
        level = np.concatenate([np.empty(0, np.int32), *(_sample(children.of(int(at))) for at in level)])
        if not level.size or level.size > 16 * MOST_ITEMS:
            break
    large = {name: row for name, row in weights.items() if row[1] >= least}
    found = max(large, key=lambda name: tuple(large[name]), default="")
    return _behind_insides(dump, held, children, number) or found if found and not large[found][0] else found


def _behind_insides(dump: Dump, held: Held, children: Children, number: int) -> str:
    """The class that weighs most behind the insides of a collection: entries of a tree hold each other. "" for none."""
    level = children.of(number)
    weights: dict[str, list[int]] = {}
    for _ in range(TREE_DEPTH):
        within = []
        for at in _sample(level).tolist():
            node = int(held.tree.vertex[at])
            if dump.is_inside(node):
                within.append(children.of(at))
                continue
            row = weights.setdefault(dump.kind_label(node), [0 if dump.is_foreign(node) else 1, 0])
            row[1] += int(held.retained[at])
        if not within:
            break
        level = np.concatenate(within)
    least = 0.1 * sum(row[1] for row in weights.values())
    large = {name: row for name, row in weights.items() if row[1] >= least}
    return max(large, key=lambda name: tuple(large[name]), default="")


def _sample(numbers: NDArray[np.int32]) -> NDArray[np.int32]:
    """At odd steps: keys and values that take turns are both met."""
    return numbers[:: (numbers.size // MOST_ITEMS) | 1] if numbers.size > MOST_ITEMS else numbers


def _suspect(rank: int, holder: Holder, dump: Dump, total: int) -> Suspect:
    share = holder.bytes / total if total else 0.0
    items = f"{format_count(holder.count)} " + (f"{holder.item_type}" if holder.item_type else "objects")
    certain = min(MOST_CONFIDENCE, holder.guess.fit * (0.35 + 0.5 * share)) * (0.5 if holder.foreign else 1.0)
    return Suspect(
        rank=rank,
        cause=holder.guess.cause,
        title=f"{holder.name} holds {format_size(holder.bytes)}: {items}",
        holder=holder.name,
        retained_bytes=holder.bytes,
        share=share,
        count=holder.count,
        item_type=holder.item_type,
        path=steps(dump, holder.path),
        advice=holder.guess.advice,
        confidence=round(certain, 3),
        foreign=holder.foreign,
        runtime=holder.runtime,
        places=dump.places(holder.path),
        others=holder.others,
    )


def named_holders(
    dump: Dump, held: Held, children: Children, parent: NDArray[np.int32], *, least_bytes: int
) -> list[tuple[Holder, Suspect]]:
    """As every_holder, with the places in the tree: most bytes first."""
    found = _holders(points(held, children, least_bytes=least_bytes, most=MOST_HOLDERS), dump, held, children, parent)
    found = with_loaders(found, dump, held, parent, least_bytes=least_bytes)
    total = int(held.retained[0])
    ranked = sorted(found, key=lambda holder: -holder.bytes)
    return [(holder, _suspect(rank, holder, dump, total)) for rank, holder in enumerate(ranked, 1)]
