"""From the lines of a Ruby dump to a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.formats.ruby import kernels
from oakum.heap.formats.ruby.beside import GLOBALS, Beside, Named, beside
from oakum.heap.graph import HeapGraph
from oakum.model.errors import DataError

BEGINS = (b'{"type":"ROOT"', b'{"address":"0x')
SLOT_BYTES = 40
"""A slot of the object space where the dump does not tell its size: Ruby up to 3.1."""

LARGEST_OBJECT = 1 << 48
LONGEST_NAME = 200
TRACER = "ObjectTracing/allocation_info_tracer"
LATE = "machine_context"
"""The C stack, read as if every word were a reference: no answer where something else holds it too."""


@dataclass(frozen=True, slots=True, eq=False)
class RubyHeap:
    """A decoded dump. ``rows``: int64[n, COLUMNS], of each node, as kernels.scan filled them; roots come last.

    ``types``: the type of each node, an index into ``type_names``. ``data``: uint8[b], the file. ``names``: of the
    variable by which one node (first) holds another, where somebody told.
    """

    data: NDArray[np.uint8]
    rows: NDArray[np.int64]
    types: NDArray[np.int32]
    type_names: tuple[str, ...]
    graph: HeapGraph
    warnings: tuple[str, ...]
    names: Mapping[tuple[int, int], Named] = field(default_factory=dict)

    def text(self, node: int, column: int) -> str:
        """What the line says there; "" where it says nothing."""
        return _text(self.data, int(self.rows[node, column]), int(self.rows[node, column + 1]))

    def type_of(self, node: int) -> str:
        return self.type_names[int(self.types[node])]


def is_ruby(begin: bytes) -> bool:
    return begin.lstrip().startswith(BEGINS)


def read_ruby(data: NDArray[np.uint8]) -> RubyHeap:
    """``data``: uint8[b], the file. Raises DataError where no line tells of an object."""
    rows, references, broken = _scanned(data)
    root = rows[:, kernels.AT_TYPE] == int.from_bytes(b"ROOT", "little")
    order, late = _order(data, rows, root)
    if not order.size or not (~root).any():
        raise DataError(
            "this Ruby dump is broken", why="no line of it tells of an object", next_step="ObjectSpace.dump_all again"
        )
    first = rows[:, kernels.AT_REFERENCES]
    last = np.append(first[1:], references.size)
    kept = rows[order]
    told = beside(data)
    source, target = _edges(kept, first[order], last[order], references)
    source, target = _with(told, kept, source, target, late)
    codes, types = np.unique(kept[:, kernels.AT_TYPE], return_inverse=True)
    type_names = tuple(_short(int(code)) for code in codes)
    kind, kinds = _kinds(data, kept, types, type_names)
    nodes = kept.shape[0]
    roots = np.flatnonzero(kept[:, kernels.AT_ADDRESS] < 0).astype(np.int32)
    by_row = np.argsort(source, kind="stable")
    graph = HeapGraph(
        address=np.maximum(kept[:, kernels.AT_ADDRESS], 0),
        size=_sizes(kept),
        kind=kind,
        kinds=kinds,
        edge_offsets=np.concatenate(([0], np.cumsum(np.bincount(source, minlength=nodes)))).astype(np.int64),
        edge_targets=target[by_row],
        roots=(roots,),
        root_kinds=("root",),
        late=np.arange(nodes - late, nodes, dtype=np.int32),
        drawn=roots,
    )
    return RubyHeap(
        data,
        kept,
        types.astype(np.int32),
        type_names,
        graph,
        _warnings(data, broken, roots.size),
        _names(told, data, kept),
    )


def _scanned(data: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    lines = chosen(kernels.lines_of, data.size)(data)
    rows = np.empty((lines, kernels.COLUMNS), np.int64)
    scan = chosen(kernels.scan, data.size)
    # An address of a real process takes 18 bytes with its quotes and comma.
    references = np.empty(data.size // 16, np.int64)
    filled, found, broken = scan(data, rows, references)
    if found > references.size:
        references = np.empty(found, np.int64)
        filled, found, broken = scan(data, rows, references)
    return rows[:filled], references[:found].copy(), broken


def _order(data: NDArray[np.uint8], rows: NDArray[np.int64], root: NDArray[np.bool_]) -> tuple[NDArray[np.int64], int]:
    """(rows to keep: objects by address, each once, then roots, those of the C stack last; how many those are)."""
    objects = np.flatnonzero(~root & (rows[:, kernels.AT_ADDRESS] > 0))
    _, first = np.unique(rows[objects, kernels.AT_ADDRESS], return_index=True)
    of_stack = [
        _text(data, int(rows[at, kernels.AT_SORT]), int(rows[at, kernels.AT_SORT_END])) == LATE
        for at in np.flatnonzero(root).tolist()
    ]
    stack = np.array(of_stack, np.bool_)
    roots = np.flatnonzero(root)
    rows[roots, kernels.AT_ADDRESS] = -1
    return np.concatenate([objects[first], roots[~stack], roots[stack]]), int(stack.sum())


def _edges(
    kept: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64], references: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """(source, target): each reference, and from each object to its class. What is not in the dump is left out."""
    nodes = kept.shape[0]
    objects = int((kept[:, kernels.AT_ADDRESS] >= 0).sum())
    address = kept[:objects, kernels.AT_ADDRESS]
    degree = last - first
    source = np.repeat(np.arange(nodes, dtype=np.int32), degree)
    begin = np.concatenate(([0], np.cumsum(degree)[:-1]))
    place = np.arange(source.size) - begin[source] + first[source]
    asked = np.concatenate([references[place], kept[:objects, kernels.AT_CLASS]])
    source = np.concatenate([source, np.arange(objects, dtype=np.int32)])
    found = np.minimum(np.searchsorted(address, asked), max(objects - 1, 0))
    known = (asked > 0) & (address[found] == asked) if objects else np.zeros(asked.size, np.bool_)
    return source[known], found[known].astype(np.int32)


def _with(
    told: Beside, kept: NDArray[np.int64], source: NDArray[np.int32], target: NDArray[np.int32], late: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The edges without the helper's own, and with those of threads that a dump does not tell.

    What a stack holds that something else holds too is held by the C stack: a way goes round it.
    """
    if told.own:
        own = _nodes(kept, sorted(told.own))
        stays = ~np.isin(source, own[own >= 0])
        source, target = source[stays], target[stays]
    threads = {thread for thread, _ in told.threads}
    named = [(each.owner, each.held) for each in told.names if each.owner in threads]
    pairs = [(thread, held) for thread, row in told.threads for held in row if held not in told.own]
    if not named and not pairs:
        return source, target
    holder = _nodes(kept, [thread for thread, _ in (*named, *pairs)])
    held = _nodes(kept, [each for _, each in (*named, *pairs)])
    if late:
        nodes = kept.shape[0]
        elsewhere = np.zeros(nodes, np.bool_)
        elsewhere[target[(source < nodes - late) & ~np.isin(source, holder) & (source != target)]] = True
        of_stack = np.arange(holder.size) >= len(named)
        holder = np.where(of_stack & elsewhere[held], nodes - 1, holder).astype(np.int32)
    known = (holder >= 0) & (held >= 0)
    return np.concatenate([source, holder[known]]), np.concatenate([target, held[known]])


def _nodes(kept: NDArray[np.int64], addresses: list[int]) -> NDArray[np.int32]:
    """int32[k]: -1 for what is not in the dump."""
    objects = int((kept[:, kernels.AT_ADDRESS] >= 0).sum())
    address = kept[:objects, kernels.AT_ADDRESS]
    asked = np.array(addresses, np.int64)
    found = np.minimum(np.searchsorted(address, asked), objects - 1)
    return np.where(address[found] == asked, found, -1).astype(np.int32)


def _names(told: Beside, data: NDArray[np.uint8], kept: NDArray[np.int64]) -> dict[tuple[int, int], Named]:
    """The first that is told of two nodes counts."""
    if not told.names:
        return {}
    owners = _nodes(kept, [each.owner for each in told.names]).tolist()
    held = _nodes(kept, [each.held for each in told.names]).tolist()
    globals_ = next(
        (
            int(row)
            for row in np.flatnonzero(kept[:, kernels.AT_ADDRESS] < 0)
            if _text(data, int(kept[row, kernels.AT_SORT]), int(kept[row, kernels.AT_SORT_END])) == GLOBALS
        ),
        -1,
    )
    found: dict[tuple[int, int], Named] = {}
    for each, source, target in zip(told.names, owners, held, strict=True):
        node = source if each.owner else globals_
        if node >= 0 and target >= 0:
            found.setdefault((node, target), each)
    return found


def _sizes(kept: NDArray[np.int64]) -> NDArray[np.int64]:
    """``memsize`` counts the slot and what is behind it; a line without it is of an empty or a plain slot."""
    said, slot = kept[:, kernels.AT_MEMSIZE], kept[:, kernels.AT_SLOT]
    size = np.where(said >= 0, said, np.where(slot > 0, slot, SLOT_BYTES))
    return np.where(kept[:, kernels.AT_ADDRESS] < 0, 0, np.clip(size, 0, LARGEST_OBJECT))


def _kinds(
    data: NDArray[np.uint8], kept: NDArray[np.int64], types: NDArray[np.intp], type_names: tuple[str, ...]
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """(int32[n], names): an object's class; of the runtime's own, its type."""
    objects = int((kept[:, kernels.AT_ADDRESS] >= 0).sum())
    address = kept[:objects, kernels.AT_ADDRESS]
    own = np.array([name in {"IMEMO", "ROOT", "NODE", "NONE", "ICLASS"} for name in type_names], np.bool_)
    classes, row = np.unique(kept[:, kernels.AT_CLASS], return_inverse=True)
    found = np.minimum(np.searchsorted(address, classes), objects - 1)
    names = [
        _class_name(data, kept[at]) if objects and address[at] == asked else "(unknown class)"
        for asked, at in zip(classes.tolist(), found.tolist(), strict=True)
    ]
    kind = np.where(own[types] | (kept[:, kernels.AT_CLASS] < 0), types + len(names), row).astype(np.int32)
    kind[_tracers(data, kept, types, type_names)] = len(names) + len(type_names)
    return kind, (*names, *(f"({name.lower()})" for name in type_names), "(places of allocations)")


def _tracers(
    data: NDArray[np.uint8], kept: NDArray[np.int64], types: NDArray[np.intp], type_names: tuple[str, ...]
) -> list[int]:
    """The tables of trace_object_allocations, which Ruby calls Object: with each object that is traced, they grow."""
    if "DATA" not in type_names:
        return []
    length = kept[:, kernels.AT_SORT_END] - kept[:, kernels.AT_SORT]
    maybe = np.flatnonzero((types == type_names.index("DATA")) & (length == len(TRACER)))
    return [
        at
        for at in maybe.tolist()
        if _text(data, int(kept[at, kernels.AT_SORT]), int(kept[at, kernels.AT_SORT_END])) == TRACER
    ]


def _class_name(data: NDArray[np.uint8], row: NDArray[np.int64]) -> str:
    return _text(data, int(row[kernels.AT_NAME]), int(row[kernels.AT_NAME_END])) or "(class without a name)"


def _text(data: NDArray[np.uint8], begin: int, end: int) -> str:
    return data[begin : min(end, begin + LONGEST_NAME)].tobytes().decode("utf-8", "replace") if begin >= 0 else ""


def _short(code: int) -> str:
    return code.to_bytes(8, "little", signed=True).rstrip(b"\0").decode("ascii", "replace")


def _warnings(data: NDArray[np.uint8], broken: int, roots: int) -> tuple[str, ...]:
    found = []
    if broken:
        cut = "the dump is cut off: " if data.size and data[-1] not in b"}\n" else ""
        found.append(f"{cut}{broken:,} line{'s' if broken > 1 else ''} of it could not be read to the end")
    if not roots:
        found.append("the dump names no roots: nothing in it is known to be held")
    return tuple(found)
