"""What the standard library itself keeps for the whole process: its modules' variables, its classes' attributes."""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.python.layouts import FLAG_DICT, FLAG_TYPE, TP_DICT
from oakum.heap.formats.python.objects import PythonHeap

MODULE_DICT, MODULE_NAME = 16, 48
"""Where a module has its dict and its name (Objects/moduleobject.c), in bytes."""

MOST_BLOCKS = 3
"""An object is reached from a dict through at most so many blocks that are no objects: its table of keys."""


def standard(qualified: str) -> bool:
    """Whether a module, or what it has, is the standard library's."""
    top = qualified.partition(".")[0]
    return top in sys.stdlib_module_names and top != "__main__"


def standard_object(node: str) -> bool:
    """Whether a step of a way is an instance of one of the standard library's classes, but of no builtin."""
    return "." in node and not node.startswith(("module ", "class ", "function ")) and standard(node)


def kept_by_library(heap: PythonHeap, node: int) -> bool:
    """Whether a variable of one of its modules, or an attribute of one of its classes, is this object. O(m).

    Then it is the library's own, whatever variable of the application's leads to it as well.
    """
    graph = heap.graph
    tables = _holders(heap, np.array([node]))
    tables = tables[(_flags(heap, tables) & FLAG_DICT) != 0]
    if not tables.size:
        return False
    places = set(graph.address[tables].tolist())
    return any(_dict_of(heap, int(at)) in places for at in _holders(heap, tables).tolist())


def module_name(heap: PythonHeap, node: int) -> str:
    return heap.values.text(heap.image.word(int(heap.graph.address[node]) + MODULE_NAME)) or "?"


def _dict_of(heap: PythonHeap, node: int) -> int:
    """The address of the dict of a module or a class of the standard library; 0 of anything else."""
    at, kind = int(heap.graph.address[node]), int(heap.graph.kind[node])
    if heap.graph.kind_name(node) == "module":
        return heap.image.word(at + MODULE_DICT) if standard(module_name(heap, node)) else 0
    if not int(heap.types.flags[kind]) & FLAG_TYPE:
        return 0
    row = int(np.searchsorted(heap.types.address, at))
    known = row < len(heap.types.names) and int(heap.types.address[row]) == at
    return heap.image.word(at + TP_DICT) if known and standard(heap.types.modules[row]) else 0


def _flags(heap: PythonHeap, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
    found: NDArray[np.int64] = np.asarray(heap.types.flags, np.int64)[heap.graph.kind[nodes]]
    return found


def _holders(heap: PythonHeap, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The objects that refer to one of these, directly or through a block of their own."""
    graph = heap.graph
    found, level = [np.empty(0, np.int64)], nodes
    for _ in range(MOST_BLOCKS):
        wanted = np.zeros(graph.nodes, np.bool_)
        wanted[level] = True
        edges = np.flatnonzero(wanted[graph.edge_targets])
        above = np.unique(np.searchsorted(graph.edge_offsets, edges, side="right") - 1).astype(np.int64)
        found.append(above[graph.kind[above] >= 0])
        level = above[graph.kind[above] < 0]
        if not level.size:
            break
    return np.unique(np.concatenate(found))
