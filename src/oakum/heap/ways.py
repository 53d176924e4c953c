"""Why objects of one class are still there: who dominates them, and by which ways roots reach them."""

from __future__ import annotations

import difflib

import numpy as np
from numpy.typing import NDArray

from oakum.heap.analysis import Told, dominating, reading
from oakum.heap.dump import Dump
from oakum.heap.formats.detect import read_dump
from oakum.heap.held import Held, held
from oakum.heap.histogram import Histogram, dominators_of_class, histogram, nodes_of_class
from oakum.heap.paths import backward, distinct, shortest, telling_steps
from oakum.heap.suspects import steps
from oakum.heap.tree import Children
from oakum.model.errors import CallerError
from oakum.model.heap import HeapPaths, PathGroup, Tally
from oakum.model.stage import Stage

MOST_LOOKED_AT = 2000
MOST_GROUPS = 10


def paths_to_class(data: NDArray[np.uint8], name: str, *, file: str, most: int, told: Told) -> HeapPaths:
    """Raises DataError for what cannot be read, CallerError for a class that roots hold no object of."""
    told(reading(data))
    dump = read_dump(data)
    told(dominating(dump.graph))
    found = held(dump.graph)
    told(Stage(f"ways to {name}", work=dump.graph.nodes, unit="objects", kind=f"ways {dump.format}"))
    return ways(dump, found, name, file=file, most=most)


def ways(dump: Dump, found: Held, name: str, *, file: str, most: int) -> HeapPaths:
    table = histogram(found, Children(found.tree))
    row = _row(table, name, file)
    nodes = nodes_of_class(found, table, row)
    retained = found.retained[found.tree.order[nodes]]
    largest = int(nodes[np.argmax(retained)])
    looked_at = nodes[:: -(-nodes.size // MOST_LOOKED_AT)]
    return HeapPaths(
        file=file,
        format=dump.format,
        runtime=dump.runtime,
        name=table.names[row],
        objects=Tally(int(table.count[row]), int(table.shallow[row])),
        retained_bytes=int(table.retained[row]),
        looked_at=int(looked_at.size),
        held_by=dominators_of_class(found, table, row),
        groups=_groups(dump, found, looked_at),
        largest_bytes=int(retained.max()),
        largest=tuple(steps(dump, path) for path in distinct(backward(found), largest, most=most)),
        partial=dump.partial,
        warnings=dump.warnings,
    )


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


def _groups(dump: Dump, found: Held, nodes: NDArray[np.int64]) -> tuple[PathGroup, ...]:
    """Ways that differ in the place within an array or a chain of one class only are one."""
    parent = telling_steps(found)
    known: dict[tuple[tuple[int, str], ...], tuple[int, tuple[int, ...]]] = {}
    for node in nodes.tolist():
        path = shortest(parent, node, found.root)
        begin = max((at for at in range(len(path) - 1) if dump.is_anchor(path[at])), default=0)
        told = path[begin:]
        key = _signature(dump, told)
        count, example = known.get(key, (0, told))
        known[key] = (count + 1, example)
    ranked = sorted(known.values(), key=lambda pair: -pair[0])[:MOST_GROUPS]
    return tuple(PathGroup(count, steps(dump, path)) for count, path in ranked)


def _signature(dump: Dump, path: tuple[int, ...]) -> tuple[tuple[int, str], ...]:
    graph = dump.graph
    found: list[tuple[int, str]] = [(path[0], "")]
    for source, target in zip(path, path[1:], strict=False):
        name = graph.edge_name(graph.edge_between(source, target))
        step = (-1 - int(graph.kind[target]), "[]" if name.startswith("[") or name.isdigit() else name)
        if step != found[-1]:
            found.append(step)
    return tuple(found)
