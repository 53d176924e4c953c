"""Which strings of a snapshot name something that suspects are told by."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.formats.v8.sections import past
from oakum.heap.redact.errors import broken, cut_off
from oakum.heap.redact.turns import Past
from oakum.heap.redact.v8 import kernels
from oakum.heap.redact.v8.parts import Outline, begun, checked, run_through, turn

NODES = frozenset({"hidden", "array", "object", "code", "closure", "native", "synthetic", "object shape"})
"""Classes, functions, scripts, and what V8 calls its own. Of nodes of other types the name is their content."""

EDGES = frozenset({"context", "internal", "shortcut", "weak"})
LEAST_KEYS = 128
"""A plain object of so many references is used as a table: the names of its properties are keys, which are data."""

MOST_TABLES = 1 << 20


def roles(data: NDArray[np.uint8], found: Outline, gone: Past) -> NDArray[np.uint8]:
    """uint8[(strings + 3) // 4], as kernels read it. Raises DataError where rows and description do not agree."""
    meta = found.meta
    out = np.zeros((found.strings + 3) // 4, np.uint8)
    tables, count = _nodes(data, found, out, gone)
    part = found.part("edges")
    if part is None:
        raise cut_off(data.size)
    state = begun(past(data, part.begin, b"["))
    place = np.array([meta.edge_fields.index(name) for name in ("type", "name_or_index")], np.int64)
    properties = meta.edge_types.index("property") if "property" in meta.edge_types else -1
    plain = found.plain if found.plain >= 0 else -2
    told = (len(meta.edge_fields), place, _flags(meta.edge_types, EDGES), properties, plain, tables, count, out)
    run_through(state, chosen(kernels.mark_edges, data.size), data, told, gone)
    if int(state[kernels.ROW]) != meta.edges:
        raise broken(part.begin, f"it holds {int(state[kernels.ROW]):,} of {meta.edges:,} references")
    return out


def _nodes(
    data: NDArray[np.uint8], found: Outline, out: NDArray[np.uint8], gone: Past
) -> tuple[NDArray[np.int64], int]:
    """(tables, how many)."""
    meta, part = found.meta, found.part("nodes")
    if part is None:
        raise cut_off(data.size)
    state = begun(past(data, part.begin, b"["))
    place = np.array([meta.node_fields.index(name) for name in ("type", "name", "edge_count")], np.int64)
    objects = meta.node_types.index("object") if "object" in meta.node_types else -1
    flags = _flags(meta.node_types, NODES)
    tables = np.empty((64, kernels.TABLE_COLUMNS), np.int64)
    walk = chosen(kernels.mark_nodes, data.size)
    while state[kernels.ENDED] != kernels.DONE:
        turn(data, state)
        walk(data, state, len(meta.node_fields), place, flags, objects, LEAST_KEYS, out, tables)
        if state[kernels.ENDED] == kernels.TABLE_FULL:
            if tables.shape[0] >= MOST_TABLES:
                raise broken(int(state[kernels.POS]), f"it has more than {MOST_TABLES:,} large objects")
            tables = np.concatenate([tables, np.empty_like(tables)])
        else:
            checked(data, state, gone)
    if int(state[kernels.ROW]) != meta.nodes or int(state[kernels.EDGES]) != meta.edges:
        raise broken(part.begin, "its objects are not as many as its description says")
    return tables, int(state[kernels.TABLES])


def _flags(types: tuple[str, ...], wanted: Collection[str]) -> NDArray[np.bool_]:
    flags = np.zeros(256, np.bool_)
    for row, name in enumerate(types[:256]):
        flags[row] = name in wanted
    return flags
