"""Timers of Node.js stand in a ring of one duration, each leading to its neighbours: they are put below their list.

Who keeps one timer to clear it later holds all of the ring by its neighbours, and then nobody alone holds any of them.
A neighbour is where the list goes on, and owns nothing. Source: node, lib/internal/timers.js and linkedlist.js.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.v8.sections import Sections

TIMER, TIMER_LIST = "Timeout", "TimersList"
NEXT, PREVIOUS = "_idleNext", "_idlePrev"

LEAST_TIMERS = 64
"""Rows are left as they are where no more timers than that are waiting."""

SHARE = 1 << 22
"""Edges that are looked at at once."""


def below_their_list(found: Sections, offsets: NDArray[np.integer]) -> None:
    """Where many timers wait: their edges to neighbours lead to nobody else, and their list leads to each of them.

    As many edges as before: each timer's edge to the one before it becomes the list's edge to the timer. ``offsets``:
    of settled rows, made anew. O(m), and two copies of one column at a time.
    """
    types, names = found.meta, found.names
    wanted = {name: names.find(name) for name in (TIMER, TIMER_LIST, NEXT, PREVIOUS)}
    if min(wanted.values()) < 0 or "property" not in types.edge_types or "object" not in types.node_types:
        return
    objects = types.node_types.index("object")
    timers = _named(found, wanted[TIMER], objects)
    if timers.size < LEAST_TIMERS:
        return
    lists = _named(found, wanted[TIMER_LIST], objects)
    edge_type = types.edge_types.index("property")
    forward, forward_of = _edges(found, offsets, wanted[NEXT], edge_type)
    back, back_of = _edges(found, offsets, wanted[PREVIOUS], edge_type)
    next_of = dict(zip(forward_of.tolist(), found.edge_target[forward].tolist(), strict=True))
    list_of = _lists(lists.tolist(), set(timers.tolist()), next_of)
    if len(list_of) < LEAST_TIMERS:
        return
    waiting = np.array(sorted(list_of), np.int64)
    mine = np.isin(forward_of, waiting)
    found.edge_target[forward[mine]] = forward_of[mine]
    mine = np.isin(back_of, waiting)
    moved, timer = back[mine], back_of[mine]
    found.edge_target[moved] = timer
    _move(found, offsets, moved, timer, np.array([list_of[node] for node in timer.tolist()], np.int64))


def _named(found: Sections, name: int, kind: int) -> NDArray[np.int64]:
    return np.flatnonzero((found.node_name == name) & (found.node_kind == kind))


def _edges(
    found: Sections, offsets: NDArray[np.integer], name: int, kind: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(edges of that name, the node that each starts at), ascending."""
    size = found.edge_name.size
    parts = [
        begin
        + np.flatnonzero(
            (found.edge_name[begin : begin + SHARE] == name) & (found.edge_kind[begin : begin + SHARE] == kind)
        )
        for begin in range(0, size, SHARE)
    ]
    edges = np.concatenate([np.empty(0, np.int64), *parts])
    return edges, np.searchsorted(offsets, edges.astype(offsets.dtype), side="right").astype(np.int64) - 1


def _lists(lists: list[int], timers: set[int], next_of: dict[int, int]) -> dict[int, int]:
    """The list by each timer that it leads to."""
    found: dict[int, int] = {}
    for first in lists:
        at = next_of.get(first, -1)
        while at in timers and at not in found:
            found[at] = first
            at = next_of.get(at, -1)
    return found


def _move(
    found: Sections,
    offsets: NDArray[np.integer],
    edges: NDArray[np.int64],
    source: NDArray[np.int64],
    to: NDArray[np.int64],
) -> None:
    """Take ``edges`` (ascending) out of the rows of ``source`` and put them at the ends of the rows ``to``."""
    by_row = np.argsort(to, kind="stable")
    ends = offsets[to[by_row] + 1].astype(np.int64)
    places = ends - np.searchsorted(edges, ends)
    for column in (found.edge_kind, found.edge_name, found.edge_target):
        column[:] = np.insert(np.delete(column, edges), places, column[edges[by_row]])
    change = np.zeros(offsets.size, np.int64)
    np.add.at(change, to + 1, 1)
    np.subtract.at(change, source + 1, 1)
    offsets += np.cumsum(change).astype(offsets.dtype)
