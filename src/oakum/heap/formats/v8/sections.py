"""The parts of a snapshot file, each parsed into flat arrays as it is met."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.formats.v8 import kernels
from oakum.heap.formats.v8.names import Names
from oakum.heap.formats.v8.rows import Rows, closing
from oakum.heap.means import ALL, Means, Part, need
from oakum.model.errors import DataError

INDEX_BYTES = 28
"""Of each node: what names, scripts and the places of strings take while they are looked up."""

META_BYTES_MOST = 1 << 20
KEY_BYTES_MOST = 100
STRING_CHUNK = 1 << 18
SCAN_BYTES = 1 << 22
SPACE = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Meta:
    """What the file says of itself: names of the columns and of the types, and how many rows it promises."""

    node_fields: tuple[str, ...]
    node_types: tuple[str, ...]
    edge_fields: tuple[str, ...]
    edge_types: tuple[str, ...]
    location_fields: tuple[str, ...]
    nodes: int
    edges: int


@dataclass(slots=True, eq=False)
class Sections:
    """``node_kind`` uint8[n], ``node_name`` int32[n], ``id`` uint32[n] and ``size`` int32[n], or both int64, ``degree``
    int32[n]; ``edge_kind`` uint8[m], ``edge_name``, ``edge_target`` int32[m]; ``edge_room``: the last with room for one
    more, where the file holds all edges; ``locations``: int64[l, fields].

    ``detached``: int32[], ascending: DOM nodes that are out of the page.
    ``cut``: the name of the part in which the file ends, "" for a whole one.
    """

    meta: Meta
    node_kind: NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))
    node_name: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    id: NDArray[np.integer] = field(default_factory=lambda: np.empty(0, np.int32))
    size: NDArray[np.integer] = field(default_factory=lambda: np.empty(0, np.int32))
    degree: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    edge_kind: NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))
    edge_name: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    edge_target: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    edge_room: NDArray[np.int32] | None = None
    locations: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 4), np.int64))
    names: Names = field(
        default_factory=lambda: Names(np.empty(0, np.uint8), np.empty(0, np.int64), np.empty(0, np.int64))
    )
    detached: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    cut: str = ""


def is_v8(begin: bytes) -> bool:
    head = begin.lstrip()
    return head.startswith(b"{") and head[1:].lstrip().startswith(b'"snapshot"')


def read_sections(data: NDArray[np.uint8], means: Means = ALL) -> Sections:
    """Raises DataError for what is no snapshot, or breaks off before its first object.

    One that is cut off later is read as far as it goes: rows that are whole, references to objects that are there,
    names that are there. O(bytes); nothing is kept of the text but the places of the strings.
    """
    pos = past(data, 0, b"{")
    found: Sections | None = None
    met: set[str] = set()
    while True:
        key, pos = new_key(data, pos, met)
        if not key:
            break
        if key == "snapshot":
            end = int(small_value_end(data, pos, META_BYTES_MOST))
            found = Sections(read_meta(data[pos:end].tobytes()))
            _plan(found.meta, data.size, means)
            pos = end
        elif found is None:
            raise _broken("its first part is not the description", data, pos)
        else:
            pos = _part(key, found, data, pos, means)
            if pos < 0:
                found.cut = key
                break
    if found is None:
        raise _broken("it holds no description of itself", data, pos)
    if not found.node_kind.size:
        raise DataError(
            "the snapshot breaks off before its first object",
            why=f"it ends after {data.size} bytes",
            next_step="take the snapshot again, with room for all of it",
        )
    if found.edge_kind.size != found.meta.edges:
        _without_edges(found)
    if not found.cut and not len(found.names):
        found.cut = "strings"
    return found


def _without_edges(found: Sections) -> None:
    """Of nodes whose references the file does not hold, those that it holds are left. O(n)."""
    ends = np.minimum(np.cumsum(found.degree, dtype=np.int64), found.edge_kind.size)
    found.degree = np.diff(ends, prepend=0).astype(np.int32)
    found.cut = found.cut or "edges"


def _plan(meta: Meta, size: int, means: Means) -> None:
    """Before the arrays are made: what the file promises, as far as it has the bytes for it. Of a node its type, name,
    id, size, degree and class; of an edge its type and name. Names, scripts and strings are looked up in memory.
    """
    nodes, edges = _room(meta.nodes, len(meta.node_fields), size), _room(meta.edges, len(meta.edge_fields), size)
    columns = 17 * nodes + 5 * edges
    means.plan(replace(need(nodes, edges, columns=0, index=INDEX_BYTES * nodes), columns=columns))


def small_value_end(data: NDArray[np.uint8], pos: int, most: int) -> int:
    """Where a small value ends. Raises DataError if it is larger than ``most`` or does not end."""
    window = data[: min(data.size, pos + most)]
    end = int(chosen(kernels.value_end, window.size - pos)(window, pos))
    if end < 0:
        raise _broken("its description does not end", data, pos)
    return end


def _part(key: str, found: Sections, data: NDArray[np.uint8], pos: int, means: Means) -> int:
    """The place after the part, -1 if the file ends in it."""
    if key == "nodes":
        return _nodes(found, data, pos, means)
    if key == "edges":
        return _edges(found, data, pos, means)
    if key == "locations":
        return _locations(found, data, pos)
    if key == "strings":
        return _strings(found, data, pos)
    return int(chosen(kernels.value_end, data.size - pos)(data, pos))


def read_meta(text: bytes) -> Meta:
    try:
        told = json.loads(text)
        meta = told["meta"]
        made = Meta(
            _texts(meta["node_fields"]),
            _texts(meta["node_types"][0]),
            _texts(meta["edge_fields"]),
            _texts(meta["edge_types"][0]),
            _texts(meta.get("location_fields", ())),
            int(told["node_count"]),
            int(told["edge_count"]),
        )
        wanted = {"type", "name", "id", "self_size", "edge_count"} - set(made.node_fields)
        wanted |= {"type", "name_or_index", "to_node"} - set(made.edge_fields)
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError) as exc:
        raise DataError(
            "the snapshot's description cannot be read", why=str(exc), next_step="head -c 2000 FILE"
        ) from exc
    if wanted or made.nodes < 1 or made.edges < 0:
        raise DataError(
            "the snapshot's description is not complete",
            why=f"missing: {', '.join(sorted(wanted)) or 'nodes'}",
            next_step="head -c 2000 FILE",
        )
    return made


def _texts(names: Collection[object]) -> tuple[str, ...]:
    found = tuple(name for name in names if isinstance(name, str))
    if len(found) != len(names):
        raise TypeError("a name that is no text")
    return found


def _room(rows: int, fields: int, left: int) -> int:
    """Each number takes two bytes of the file at least: a count that promises more than that is a lie."""
    return min(rows, left // (2 * fields) + 1)


def _nodes(found: Sections, data: NDArray[np.uint8], pos: int, means: Means) -> int:
    meta, fields = found.meta, len(found.meta.node_fields)
    rows = _room(meta.nodes, fields, data.size - pos)
    place = np.array(
        [meta.node_fields.index(name) for name in ("type", "name", "id", "self_size", "edge_count")]
        + [_behind(meta.node_fields, "type", "detachedness")],
        np.int64,
    )
    walk = chosen(kernels.nodes, data.size - pos)
    text = Rows(data, pos, fields, rows, means)
    for of_id, of_size in ((np.uint32, np.int32), (np.int64, np.int64)):
        found.node_kind = means.array(rows, np.uint8, Part.COLUMNS)
        found.node_name = means.array(rows, np.int32, Part.COLUMNS)
        found.id, found.size = means.array(rows, of_id, Part.COLUMNS), means.array(rows, of_size, Part.COLUMNS)
        found.degree = np.empty(rows, np.int32)
        columns = (found.node_kind, found.node_name, found.id, found.size, found.degree)
        read, ended = text.walk(
            partial(walk, data), (fields, place, np.iinfo(of_id).max, np.iinfo(of_size).max), columns
        )
        if ended != kernels.WIDE:
            break
    if place[-1] >= 0:
        found.detached = np.flatnonzero(found.node_kind[:read] >= kernels.DETACHED).astype(np.int32)
        found.node_kind[found.detached] -= np.uint8(kernels.DETACHED)
    if read == meta.nodes and ended == kernels.WHOLE:
        return text.stop + 1
    if not _ends_in_numbers(data, pos):
        raise _broken(f"of {meta.nodes} nodes {read} can be read", data, pos)
    found.node_kind, found.node_name = found.node_kind[:read], found.node_name[:read]
    found.id, found.size, found.degree = found.id[:read], found.size[:read], found.degree[:read]
    return -1


def _behind(fields: tuple[str, ...], first: str, wanted: str) -> int:
    """The column ``wanted``, where it stands behind ``first``; else -1."""
    return fields.index(wanted) if wanted in fields and fields.index(wanted) > fields.index(first) else -1


def _edges(found: Sections, data: NDArray[np.uint8], pos: int, means: Means) -> int:
    meta, fields = found.meta, len(found.meta.edge_fields)
    rows = _room(meta.edges, fields, data.size - pos)
    place = np.array([meta.edge_fields.index(name) for name in ("type", "name_or_index", "to_node")], np.int64)
    found.edge_kind = means.array(rows, np.uint8, Part.COLUMNS)
    found.edge_name = means.array(rows, np.int32, Part.COLUMNS)
    # One more, for the root's own edge from above.
    room = means.array(rows + 1, np.int32, Part.EDGES)
    found.edge_target = room[:rows]
    text = Rows(data, pos, fields, rows, means)
    read, ended = text.walk(
        partial(chosen(kernels.edges, data.size - pos), data),
        (fields, place, len(meta.node_fields), found.node_kind.size),
        (found.edge_kind, found.edge_name, found.edge_target),
    )
    promised = int(found.degree.sum(dtype=np.int64))
    if promised != meta.edges:
        raise _broken(f"its nodes have {promised} references, and its description {meta.edges}", data, pos)
    if read == meta.edges and ended == kernels.WHOLE:
        found.edge_room = room
        return text.stop + 1
    if not _ends_in_numbers(data, pos):
        raise _broken(f"of {meta.edges} references {read} can be read", data, pos)
    found.edge_kind, found.edge_name = found.edge_kind[:read], found.edge_name[:read]
    found.edge_target = found.edge_target[:read]
    return -1


def _ends_in_numbers(data: NDArray[np.uint8], pos: int) -> bool:
    """Whether the file is cut off inside of the numbers that begin at ``pos``: nothing else follows. O(bytes)."""
    numbers = np.zeros(256, np.bool_)
    numbers[list(b"0123456789,[" + SPACE)] = True
    return all(bool(numbers[data[at : at + SCAN_BYTES]].all()) for at in range(pos, data.size, SCAN_BYTES))


def _locations(found: Sections, data: NDArray[np.uint8], pos: int) -> int:
    """Every object that a constructor made has one, so there are at most as many as nodes."""
    fields = len(found.meta.location_fields)
    out = np.empty(_room(found.node_kind.size, max(fields, 1), data.size - pos) * max(fields, 1), np.int64)
    stop, closed = closing(data, pos)
    read, ended = chosen(kernels.numbers, stop - pos)(data, pos, stop, out)
    if ended != kernels.WHOLE or not closed:
        return -1
    if fields >= 4:
        whole = min(read, out.size) // fields * fields
        found.locations = out[:whole].reshape(-1, fields).copy()
    return stop + 1


def _strings(found: Sections, data: NDArray[np.uint8], pos: int) -> int:
    begins, ends = [], []
    chunk = int(min(STRING_CHUNK, max(64, (data.size - pos) // 16)))
    closed = False
    pos = past(data, pos, b"[")
    while not closed and pos < data.size:
        begin, end = np.empty(chunk, np.int64), np.empty(chunk, np.int64)
        read, pos, closed = chosen(kernels.strings, data.size)(data, pos, begin, end)
        begins.append(begin[:read])
        ends.append(end[:read])
    none = np.empty(0, np.int64)
    found.names = Names(data, np.concatenate([none, *begins]), np.concatenate([none, *ends]))
    return pos if closed else -1


def past(data: NDArray[np.uint8], pos: int, wanted: bytes) -> int:
    """The place after the next byte that is no space; it must be ``wanted``."""
    while pos < data.size and int(data[pos]) in SPACE:
        pos += 1
    if pos >= data.size or int(data[pos]) != wanted[0]:
        raise _broken(f"{wanted.decode()!r} is expected at byte {pos}", data, pos)
    return pos + 1


def _key(data: NDArray[np.uint8], pos: int) -> tuple[str, int]:
    """(the next key, the place of its value); "" at the end of the object or of the file."""
    while pos < data.size and int(data[pos]) in SPACE + b",":
        pos += 1
    if pos >= data.size or int(data[pos]) != ord('"'):
        return "", pos
    text = data[pos + 1 : pos + KEY_BYTES_MOST].tobytes()
    stop = text.find(b'"')
    if stop < 0:
        return "", pos
    try:
        return text[:stop].decode("utf-8", "replace"), past(data, pos + stop + 2, b":")
    except DataError:
        return "", pos


def new_key(data: NDArray[np.uint8], pos: int, met: set[str]) -> tuple[str, int]:
    """As ``_key``. A part that comes twice is broken: its rows are not those that other parts were checked against."""
    key, pos = _key(data, pos)
    if key and key in met:
        raise _broken(f"its part {key!r} comes twice", data, pos)
    met.add(key)
    return key, pos


def _broken(why: str, data: NDArray[np.uint8], pos: int) -> DataError:
    cut = "; the file may be cut off" if pos > data.size * 0.9 else ""
    return DataError("this V8 snapshot is broken", why=why + cut, next_step="take the snapshot again")
