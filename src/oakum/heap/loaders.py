"""Class loaders that were left behind: each deployment of an application loaded the same classes again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from oakum.heap.dump import Dump
from oakum.heap.held import Held
from oakum.heap.holder import Holder, named
from oakum.heap.paths import shortest
from oakum.heap.shapes import Shape, guess

LOADER = "class-loader"
MOST_LOADERS = 20_000


def with_loaders(
    found: list[Holder], dump: Dump, held: Held, parent: NDArray[np.int32], *, least_bytes: int
) -> list[Holder]:
    """With a holder for what keeps loaders of the same classes alive, where it keeps ``least_bytes``.

    The loader that is in use has a holder of its own: that is told only where no other holds more than one.
    """
    by_name = {holder.name: holder for holder in found}
    for group in dump.generations():
        members = [node for node in group if held.reached[node]][:MOST_LOADERS]
        if len(members) < 2:
            continue
        kept: dict[str, Holder] = {}
        shared = _shared(members, held)
        for node in members:
            one = _holder(node, shared, dump, held, parent)
            known = kept.get(one.name, replace(one, bytes=0, count=0))
            kept[one.name] = replace(known, bytes=known.bytes + one.bytes, count=known.count + 1)
        several = [holder for holder in kept.values() if holder.count > 1] or list(kept.values())
        by_name |= {holder.name: holder for holder in several if holder.bytes >= least_bytes}
    return list(by_name.values())


def _shared(members: list[int], held: Held) -> frozenset[int]:
    """Numbers that dominate two loaders or more. O(members + their dominators): each is met twice at most."""
    idom, order = held.tree.idom, held.tree.order
    met: set[int] = set()
    shared: set[int] = set()
    for member in members:
        at = int(order[member])
        while at not in shared:
            (shared if at in met else met).add(at)
            if not at:
                break
            at = int(idom[at])
    return frozenset(shared)


def _holder(node: int, shared: frozenset[int], dump: Dump, held: Held, parent: NDArray[np.int32]) -> Holder:
    path = shortest(parent, node, held.root)
    name, _, end = named(dump, path)
    loaded = max((at for at in range(len(path) - 1) if dump.is_anchor(path[at])), default=0)
    aside = dump.aside(path[: loaded + 1])
    begin = max((at for at in range(end) if dump.is_anchor(path[at])), default=0)
    top = _top(node, frozenset(path[end + 1 :]), shared, held)
    return Holder(
        name=name if aside is None else aside[0],
        node=path[end],
        number=top,
        bytes=int(held.retained[top]),
        count=1,
        item_type=dump.kind_label(node),
        path=path[begin:],
        special=LOADER,
        foreign=False,
        runtime=False,
        guess=guess(Shape(name="", items="", kind="", special=LOADER, static=False, single=False)),
    )


def _top(node: int, behind: frozenset[int], shared: frozenset[int], held: Held) -> int:
    """The number of what goes with a loader when its holder lets go: an object of one of its classes, most often.

    ``behind``: the steps between the holder and the loader. What dominates another loader too is of both.
    """
    tree = held.tree
    at = top = int(tree.order[node])
    while at:
        at = int(tree.idom[at])
        if at in shared:
            break
        if int(tree.vertex[at]) in behind:
            top = at
    return top
