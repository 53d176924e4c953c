"""Oakum's own figures of a dump, object by object: for comparing, not for timing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from oakum.heap.formats.detect import read_dump
from oakum.heap.graph import HeapGraph
from oakum.heap.held import held


@dataclass(frozen=True, slots=True)
class Ours:
    """Of what roots hold: ``objects``, ``bytes``, and ``retained``: (bytes, objects) by id.

    ``classes``: (count, own bytes) by name, of all objects.
    """

    objects: int
    bytes: int
    classes: dict[str, tuple[int, int]]
    retained: dict[int, tuple[int, int]]


def ours(dump: Path) -> Ours:
    graph = read_dump(np.fromfile(dump, np.uint8)).graph
    found = held(graph)
    reached = np.flatnonzero(found.reached)
    number = found.tree.order[reached]
    one_each = found.tree.retained(np.append(np.ones(graph.nodes, np.int64), 0))
    kept = zip(found.retained[number].tolist(), one_each[number].tolist(), strict=True)
    return Ours(
        reached.size,
        int(graph.size[reached].sum()),
        _classes(graph),
        dict(zip(graph.address[reached].tolist(), kept, strict=True)),
    )


def _classes(graph: HeapGraph) -> dict[str, tuple[int, int]]:
    classes: dict[str, tuple[int, int]] = {}
    named = graph.kind >= 0
    count = np.bincount(graph.kind[named], minlength=len(graph.kinds))
    size = np.bincount(graph.kind[named], graph.size[named], minlength=len(graph.kinds))
    for kind, name in enumerate(graph.kinds):
        if count[kind]:
            before = classes.get(name, (0, 0))
            classes[name] = (before[0] + int(count[kind]), before[1] + int(size[kind]))
    return classes
