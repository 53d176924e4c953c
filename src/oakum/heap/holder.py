"""A holder by the name that a developer gave it."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.heap.dump import Dump
from oakum.heap.shapes import Guess
from oakum.model.cause import CauseName


@dataclass(frozen=True, slots=True)
class Holder:
    """A point of accumulation with its name. ``number``: in the dominator tree; ``node``: the container itself."""

    name: str
    node: int
    number: int
    bytes: int
    count: int
    item_type: str
    path: tuple[int, ...]
    special: str
    foreign: bool
    runtime: bool
    guess: Guess
    others: tuple[tuple[CauseName, float], ...] = ()
    more: tuple[int, ...] = ()
    """Numbers of further points of the same name: the field of other instances."""


def named(dump: Dump, path: tuple[int, ...]) -> tuple[str, int, int]:
    """(name, the node that is named by, index of the step that the name ends at): the last edge that the app wrote.

    Where no step is the application's, the last edge whose source is no inside of a collection. What the runtime keeps
    in the application's objects (a class's loader, a module's children) is written by nobody.
    """
    chosen = -1
    for at in range(len(path) - 1, 0, -1):
        source = path[at - 1]
        if dump.is_inside(source) or not dump.is_written(dump.graph.edge_between(source, path[at])):
            continue
        if chosen < 0:
            chosen = at
        if not dump.is_foreign(source):
            chosen = at
            break
    if chosen < 0:
        return dump.label(path[-1]), path[max(len(path) - 2, 0)], len(path) - 1
    source = path[chosen - 1]
    while chosen + 1 < len(path) and dump.names_on(
        path[chosen], dump.graph.edge_between(path[chosen], path[chosen + 1])
    ):
        chosen += 1
    return dump.owned_name(path, chosen), source, chosen
