"""Where retained memory spreads over many: the points of the dominator tree at which something accumulates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oakum.heap.held import Held
from oakum.heap.tree import Children

CARRIED_SHARE = 0.5
"""Where heavy children carry less than this share of a node's bytes, its many small children are the items."""

HEAVY_SHARE = 0.05
"""A child is heavy from this share of its holder's bytes on."""

REST_SHARE = 0.3
"""A node that passes most on to heavy children is a point too, if this share stays with small ones."""

CHAIN_STEPS = 16
"""A list of linked nodes is known by so many steps of one class, one below the other."""

MOST_POINTS = 400


@dataclass(frozen=True, slots=True)
class Point:
    """``number`` in the dominator tree. ``bytes``: what accumulates here, without heavy children told apart.

    ``children``: how many it dominates directly. ``chained``: it is the head of a linked list.
    """

    number: int
    bytes: int
    children: int
    chained: bool


def points(held: Held, children: Children, *, least_bytes: int, most: int = MOST_POINTS) -> list[Point]:
    """Most bytes first, at most ``most``. Work is in proportion to the children of heavy nodes."""
    retained, vertex = held.retained, held.tree.vertex
    found: list[Point] = []
    drawn = frozenset(held.tree.order[held.graph.drawn].tolist())
    todo = [0]
    while todo and len(found) < most:
        number = todo.pop()
        below = children.of(number)
        total = int(retained[number])
        large = below[retained[below] >= least_bytes]
        if not number or number in drawn:
            todo.extend(large.tolist())
            continue
        if _is_chain(number, children, held):
            found.append(Point(number, total, int(below.size), chained=True))
            continue
        heavy = large[retained[large] >= HEAVY_SHARE * total]
        if int(retained[heavy].sum()) < CARRIED_SHARE * total:
            found.append(Point(number, total, int(below.size), chained=False))
            continue
        # What is too small to carry its holder may still be large enough to be told.
        todo.extend(large.tolist())
        rest = total - int(retained[large].sum())
        if rest >= max(least_bytes, REST_SHARE * total) and rest > 2 * int(held.graph.size[vertex[number]]):
            found.append(Point(number, rest, int(below.size), chained=False))
    return sorted(found, key=lambda point: -point.bytes)


def _is_chain(number: int, children: Children, held: Held) -> bool:
    """The heaviest child is of the same class, and so on, each step giving up a little."""
    retained, vertex, kind = held.retained, held.tree.vertex, held.graph.kind
    at = number
    for _ in range(CHAIN_STEPS):
        below = children.of(at)
        if not below.size:
            return False
        heaviest = int(below[np.argmax(retained[below])])
        if kind[vertex[heaviest]] != kind[vertex[number]] or retained[heaviest] < CARRIED_SHARE * retained[at]:
            return False
        at = heaviest
    return True
