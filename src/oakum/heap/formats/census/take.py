"""From a decoded heap to a census: tables folded into their owners, roots gathered, texts left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.census.census import Census, Facts, Kind, Told
from oakum.heap.formats.census.edges import Edges
from oakum.heap.formats.census.fold import owners
from oakum.heap.formats.census.names import TEXT_HASH, Names
from oakum.heap.formats.python.frames import Frame, read_code
from oakum.heap.formats.python.layouts import FLAG_BYTES, FLAG_DICT, FLAG_LIST, FLAG_TUPLE, FLAG_TYPE, FLAG_UNICODE
from oakum.heap.formats.python.objects import PythonHeap

MOST_FUNCTIONS = 200_000
FRAME, NATIVE, TABLE = "frame", "native memory", "raw memory"


@dataclass(frozen=True, slots=True)
class Taking:
    """How a census is made. ``hashed``: the process's hashes may be kept: their key is its own secret."""

    at_s: float
    pause_s: float
    redact: bool
    hashed: bool


def take_census(heap: PythonHeap, taking: Taking) -> Census:
    """O(n log n + m log m)."""
    names = Names(redact=taking.redact, hashed=taking.hashed)
    edges = Edges(heap, names)
    foldable = heap.graph.kind < 0
    foldable[edges.own_dicts] = True
    foldable[edges.code_dicts] = True
    owner = owners(edges.source, edges.target, foldable, heap.graph.nodes)
    kept = np.flatnonzero(owner == np.arange(owner.size))
    place = np.full(owner.size, -1, np.int32)
    place[kept] = np.arange(kept.size, dtype=np.int32)
    rooted = _Rooted(heap, names, place[owner], kept.size)
    keeps = owner[edges.target] == edges.target
    source = np.concatenate([place[owner[edges.source[keeps]]], rooted.source])
    target = np.concatenate([place[edges.target[keeps]], rooted.target])
    name = np.concatenate([edges.name[keeps], rooted.name])
    order = np.argsort(source, kind="stable")
    nodes = kept.size + rooted.count
    kinds, shapes = _kinds(heap)
    size = np.bincount(place[owner], weights=heap.graph.size, minlength=nodes).astype(np.int64)
    kind = np.append(heap.graph.kind[kept], rooted.kind(len(kinds) - 3))
    kind[kind < 0] = len(kinds) - 1
    length_node, length = _lengths(heap, kept, shapes)
    text_node, text_hash = _hashes(heap, kept, edges.flags) if taking.hashed else (length_node[:0], length[:0])
    told = _told(heap, names, kept, edges.flags, rooted)
    modules = place[owner[heap.graph.roots[0]]]
    spaces = np.concatenate([edges.code_dicts, edges.own_dicts])
    return Census(
        facts=Facts(
            ".".join(map(str, heap.layout.version)),
            taking.at_s,
            taking.pause_s,
            taking.redact,
            heap.image.skipped_bytes,
        ),
        kinds=kinds,
        names=names.all(),
        address=np.append(heap.graph.address[kept], rooted.address),
        size=size,
        kind=kind.astype(np.int32),
        degree=np.bincount(source, minlength=nodes).astype(np.int32),
        target=target[order].astype(np.int32),
        edge_name=name[order].astype(np.int32),
        told=told,
        length_node=length_node,
        length=length,
        text_node=text_node,
        text_hash=text_hash,
        namespace=np.unique(place[spaces[owner[spaces] == spaces]]).astype(np.int32),
        modules=np.unique(modules).astype(np.int32),
        frames=rooted.frames,
        native=rooted.native,
    )


class _Rooted:
    """Stand-ins for what holds objects without being one: each frame, and native memory as a whole.

    They come last, native memory after the frames: a way through them is taken where there is no other.
    """

    def __init__(self, heap: PythonHeap, names: Names, place: NDArray[np.int32], first: int) -> None:
        source, target, called = [], [], []
        self.of: list[Frame] = []
        for frame in heap.frames:
            nodes = heap.node_of(np.array([at for _, at in frame.variables], np.int64).reshape(-1)).tolist()
            held = [(name, node) for (name, _), node in zip(frame.variables, nodes, strict=True) if node >= 0]
            if not held:
                continue
            for name, node in held:
                source.append(first + len(self.of))
                target.append(int(place[node]))
                called.append(names.of_code(name))
            self.of.append(frame)
        native = np.unique(place[heap.graph.roots[2]])
        last = first + len(self.of)
        self.count = len(self.of) + 1
        self.source = np.append(np.array(source, np.int32), np.full(native.size, last, np.int32))
        self.target = np.append(np.array(target, np.int32), native)
        self.name = np.append(np.array(called, np.int32), np.zeros(native.size, np.int32))
        self.address = np.array([*(frame.address for frame in self.of), 0], np.int64)
        self.frames = np.arange(first, last, dtype=np.int32)
        self.native = np.array([last], np.int32)

    def kind(self, frame: int) -> NDArray[np.int32]:
        """The kinds of these nodes; that of native memory comes behind that of frames."""
        return np.append(np.full(len(self.of), frame, np.int32), np.int32(frame + 1))


def _kinds(heap: PythonHeap) -> tuple[tuple[Kind, ...], list[str]]:
    """(kinds: the types, then frame, native memory and raw memory; the shape of each type)."""
    types = heap.types
    by_base = {
        "set": set(types.derived({"set", "frozenset"})),
        "sequence": set(types.derived({"deque", "collections.deque"})),
    }
    shapes = []
    for index, flags in enumerate(types.flags.tolist()):
        shape = "instance"
        if types.names[index] in {"module", "function", "cell"} and types.modules[index] in {"builtins", ""}:
            shape = types.names[index]
        elif flags & FLAG_TYPE:
            shape = "class"
        elif flags & FLAG_DICT:
            shape = "mapping"
        elif flags & (FLAG_LIST | FLAG_TUPLE):
            shape = "sequence"
        elif flags & (FLAG_UNICODE | FLAG_BYTES):
            shape = "text"
        else:
            shape = next((name for name, members in by_base.items() if index in members), shape)
        shapes.append(shape)
    own = [Kind(types.qualified(index), types.modules[index], shape) for index, shape in enumerate(shapes)]
    return (*own, Kind(FRAME, "", "frame"), Kind(NATIVE, "", "native"), Kind(TABLE, "", "table")), shapes


_LENGTH_AT = {"mapping": 16, "sequence": 16, "text": 16, "set": 24}


def _lengths(
    heap: PythonHeap, kept: NDArray[np.int64], shapes: list[str]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Items of containers, characters of texts, as they say themselves; what cannot be is left out."""
    offsets = np.array([_LENGTH_AT.get(shape, 0) for shape in shapes] + [0], np.int64)
    offset = offsets[heap.graph.kind[kept]]
    node = np.flatnonzero(offset)
    length = heap.fetch(heap.graph.address[kept[node]] + offset[node])
    likely = (length >= 0) & (length < 1 << 40)
    return node[likely].astype(np.int32), length[likely]


def _hashes(
    heap: PythonHeap, kept: NDArray[np.int64], flags: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    node = np.flatnonzero(flags[kept] & (FLAG_UNICODE | FLAG_BYTES) != 0)
    number = heap.fetch(heap.graph.address[kept[node]] + TEXT_HASH)
    known = (number != -1) & (number != 0)
    return node[known].astype(np.int32), number[known]


def _told(heap: PythonHeap, names: Names, kept: NDArray[np.int64], flags: NDArray[np.int64], rooted: _Rooted) -> Told:
    """What modules, classes, functions and frames are called, and where in the code they are."""
    address, kind, values, layout = heap.graph.address[kept], heap.graph.kind[kept], heap.values, heap.layout
    rows: list[tuple[int, int, int, int]] = []
    for node in _of_type(heap, kind, "module"):
        at = int(address[node])
        file = values.named(heap.image.word(at + 16), "__file__")
        rows.append((node, names.of(values.text(heap.image.word(at + 48)) or "?"), _file(heap, names, file), 0))
    of_type = np.flatnonzero(flags[kept] & FLAG_TYPE != 0)
    index = np.minimum(np.searchsorted(heap.types.address, address[of_type]), len(heap.types.address) - 1)
    for node, at in zip(of_type.tolist(), index.tolist(), strict=True):
        if heap.types.address[at] == address[node]:
            rows.append((node, names.of(heap.types.qualified(at)), 0, 0))
    for node in _of_type(heap, kind, "function")[:MOST_FUNCTIONS]:
        at = int(address[node])
        code = heap.image.word(at + layout.func_code)
        said = read_code(values, code)
        name = values.text(heap.image.word(at + layout.func_qualname)) or said.name
        rows.append((node, names.of(name[:200]), names.of(said.file), said.line))
    for place, frame in enumerate(rooted.of):
        rows.append((kept.size + place, names.of(frame.code.name), names.of(frame.code.file), frame.code.line))
    table = np.array(rows, np.int64).reshape(-1, 4).astype(np.int32)
    return Told(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy(), table[:, 3].copy())


def _file(heap: PythonHeap, names: Names, address: int) -> int:
    return names.of((heap.values.text(address) if address else None) or "")


def _of_type(heap: PythonHeap, kind: NDArray[np.int32], name: str) -> list[int]:
    index = heap.types.index(name)
    return np.flatnonzero(kind == index).tolist() if index >= 0 else []
