"""Why objects of one class are still there: who dominates them, and by which ways roots reach them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from oakum.heap.analysis import Told, dominating, reading
from oakum.heap.dump import Dump
from oakum.heap.formats.detect import read_dump
from oakum.heap.held import Held, held
from oakum.heap.histogram import Histogram, dominators_of_class, histogram, nodes_of_class
from oakum.heap.means import ALL, Means
from oakum.heap.paths import backward, distinct, shortest, telling_steps
from oakum.heap.suspects import identity, steps
from oakum.model.errors import CallerError
from oakum.model.growth import PathStep
from oakum.model.heap import HeapPaths, HolderClass, PathGroup, Tally
from oakum.model.stage import Stage

MOST_LOOKED_AT = 10_000
MOST_GROUPS = 20
LONGEST_TOLD = 100
"""Of a longer way (a linked list) the ends are told."""

Signature = int
"""A way without places within arrays, by a number of its own."""


def paths_to_class(
    data: NDArray[np.uint8], name: str, *, file: str, most: int, told: Told, means: Means = ALL
) -> HeapPaths:
    """Raises DataError for what cannot be read, CallerError for a class that roots hold no object of."""
    dump, found = _held(data, f"ways to {name}", told, means)
    return ways(dump, found, name, file=file, most=most)


def paths_to_object(
    data: NDArray[np.uint8], object_id: str, *, file: str, most: int, told: Told, means: Means = ALL
) -> HeapPaths:
    """Raises DataError for what cannot be read, CallerError for an id of no object, or of one that nothing holds."""
    dump, found = _held(data, f"ways to {object_id}", told, means)
    node = _node(dump, found, object_id, file)
    above = int(found.tree.vertex[found.tree.idom[found.tree.order[node]]])
    size, retained = int(dump.graph.size[node]), found.retained_by(node)
    holder = dump.label(above) if above < dump.graph.nodes else "root"
    asked = _Asked(dump.label(node), Tally(1, size), retained, (HolderClass(holder, 1, 1, size, retained),))
    told_of = _told(dump, found, np.array([node], np.int64), asked, file=file, most=most)
    return replace(told_of, object_id=told_of.largest_id)


def _held(data: NDArray[np.uint8], text: str, told: Told, means: Means) -> tuple[Dump, Held]:
    told(reading(data))
    dump = read_dump(data, means)
    told(dominating(dump.graph))
    found = held(dump.graph, means)
    told(Stage(text, work=dump.graph.nodes, unit="objects", kind=f"ways {dump.format}"))
    return dump, found


def ways(dump: Dump, found: Held, name: str, *, file: str, most: int) -> HeapPaths:
    table = histogram(found)
    row = _row(table, name, file)
    asked = _Asked(
        table.names[row],
        Tally(int(table.count[row]), int(table.shallow[row])),
        int(table.retained[row]),
        dominators_of_class(found, table, row),
    )
    return _told(dump, found, nodes_of_class(found, table, row), asked, file=file, most=most)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for, and what is known of it without following any way."""

    name: str
    objects: Tally
    retained_bytes: int
    held_by: tuple[HolderClass, ...]


def _told(dump: Dump, found: Held, nodes: NDArray[np.int64], asked: _Asked, *, file: str, most: int) -> HeapPaths:
    retained = found.retained[found.tree.order[nodes]]
    largest = int(nodes[np.argmax(retained)])
    looked_at = nodes[:: -(-nodes.size // MOST_LOOKED_AT)]
    many, groups = _groups(dump, found, looked_at)
    return HeapPaths(
        file=file,
        format=dump.format,
        runtime=dump.runtime,
        name=asked.name,
        objects=asked.objects,
        retained_bytes=asked.retained_bytes,
        looked_at=int(looked_at.size),
        held_by=asked.held_by,
        groups=groups,
        largest_bytes=int(retained.max()),
        largest=tuple(_steps(dump, path) for path in _distinct(dump, found, largest, most)),
        partial=dump.partial,
        warnings=dump.warnings,
        largest_id=identity(dump, int(dump.graph.address[largest])),
        ways=many,
    )


def _distinct(dump: Dump, found: Held, node: int, most: int) -> tuple[tuple[int, ...], ...]:
    """Ways round what holds for a moment only, where there are such; else all."""
    back = backward(found)
    return distinct(back, node, most=most, avoid=frozenset(dump.graph.late.tolist())) or distinct(back, node, most=most)


def _node(dump: Dump, found: Held, text: str, file: str) -> int:
    """By its id: ``@413``, ``413`` or ``0x7f3a00``."""
    try:
        number = int(text.removeprefix("@"), 0)
    except ValueError:
        raise CallerError(
            f"{text!r} is no object's id",
            why="an id is a number: @413, 0x7f3a00",
            next_step=f"oakum heap analyze {file}",
        ) from None
    # Ids of 64 bits are kept with a sign.
    signed = number - (1 << 64) if number >= 1 << 63 else number
    at = np.flatnonzero(dump.graph.address[:] == signed) if -(1 << 63) <= signed < 1 << 63 else np.empty(0, np.int64)
    if not at.size:
        raise CallerError(
            f"there is no object {text} in {file}",
            why="ids are of one dump: in another the same object may have another one",
            next_step=f"oakum heap analyze {file}",
        )
    if not found.reached[at[0]]:
        raise CallerError(
            f"no root holds {text}",
            why=f"{dump.label(int(at[0]))} is garbage, or held weakly only",
            next_step=f"oakum heap analyze {file}",
        )
    return int(at[0])


def _row(table: Histogram, name: str, file: str) -> int:
    """By its whole name, or by the last part of it if only one class ends so."""
    live = [row for row, known in enumerate(table.names) if table.count[row]]
    exact = [row for row in live if table.names[row] == name]
    ending = [row for row in live if table.names[row].replace("$", ".").rpartition(".")[2] == name]
    chosen = exact or ending
    if len(chosen) == 1:
        return chosen[0]
    names = [table.names[row] for row in (chosen or live)]
    near = names if chosen else difflib.get_close_matches(name, names, n=5, cutoff=0.4)
    raise CallerError(
        f"{len(chosen) or 'no'} class{'es' if chosen else ''} {name!r} in {file}",
        why=f"there are {', '.join(near[:5])}" if near else "roots hold no object of it",
        next_step=f"oakum heap analyze {file} --top 50",
    )


def _groups(dump: Dump, found: Held, nodes: NDArray[np.int64]) -> tuple[int, tuple[PathGroup, ...]]:
    """(how many different ways, the most common). Those that differ in the place within an array, or in the length of a
    chain of one class, are one. O(steps on all ways, each once).
    """
    parent = telling_steps(found)
    signed = _Signatures(dump, found, parent)
    counted: dict[Signature, list[int]] = {}
    for node in nodes.tolist():
        counted.setdefault(signed.of(node), [0, node])[0] += 1
    ranked = sorted(counted.values(), key=lambda pair: -pair[0])[:MOST_GROUPS]
    return len(counted), tuple(
        PathGroup(count, _steps(dump, _from_anchor(dump, shortest(parent, node, found.root)))) for count, node in ranked
    )


def _from_anchor(dump: Dump, path: tuple[int, ...]) -> tuple[int, ...]:
    begin = next((at for at in range(len(path) - 2, 0, -1) if dump.is_anchor(path[at])), 0)
    return path[begin:]


def _steps(dump: Dump, path: tuple[int, ...]) -> tuple[PathStep, ...]:
    if len(path) <= LONGEST_TOLD:
        return steps(dump, path)
    half = LONGEST_TOLD // 2
    between = PathStep(f"… {len(path) - 2 * half} more steps", "")
    return (*steps(dump, path[:half]), between, *steps(dump, path[-half:]))


class _Signatures:
    """Ways as numbers: equal ones are equal ways. Ways share their begins, so each step is looked at once."""

    def __init__(self, dump: Dump, found: Held, parent: NDArray[np.int32]) -> None:
        self._dump, self._root, self._parent = dump, found.root, parent
        self._of: dict[int, Signature] = {}
        self._known: dict[tuple[Signature, int, str], Signature] = {}
        self._last: list[tuple[int, str]] = []

    def of(self, node: int) -> Signature:
        """Of the way to ``node`` from the last anchor above it."""
        todo, at = [node], int(self._parent[node])
        while at >= 0 and at != self._root and at not in self._of:
            todo.append(at)
            if self._dump.is_anchor(at):
                break
            at = int(self._parent[at])
        for step in reversed(todo):
            # What an anchor holds is told from there; an anchor that is asked for itself is told by its own way.
            found = self._begun(step) if step != node and self._dump.is_anchor(step) else self._stepped(step)
            if step == node and self._dump.is_anchor(step):
                return found
            self._of[step] = found
        return self._of[node]

    def _begun(self, node: int) -> Signature:
        """Anchors have names of their own; of what else a root holds the class says enough."""
        return self._numbered(-1, node if self._dump.is_anchor(node) else -1 - int(self._dump.graph.kind[node]), "")

    def _stepped(self, node: int) -> Signature:
        source = int(self._parent[node])
        if source < 0 or source == self._root:
            return self._begun(node)
        graph = self._dump.graph
        if graph.kind[node] == graph.kind[source] and self._dump.is_inside(node):
            return self._of[source] if source in self._of else self._begun(source)
        name = graph.edge_name(graph.edge_between(source, node))
        step = (-1 - int(graph.kind[node]), "[]" if name.startswith("[") or name.isdigit() else name)
        before = self._of[source] if source in self._of else self._begun(source)
        return before if self._last[before] == step else self._numbered(before, *step)

    def _numbered(self, before: Signature, what: int, name: str) -> Signature:
        number = self._known.setdefault((before, what, name), len(self._last))
        if number == len(self._last):
            self._last.append((what, name))
        return number
