"""From a copy of memory to a graph: pymalloc's blocks, the tables that objects own, and large objects from malloc."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap import kernels
from oakum.heap.distinct import distinct
from oakum.heap.formats.glibc import kernels as glibc
from oakum.heap.formats.glibc.chunks import Chunks, find_chunks
from oakum.heap.formats.python import frames
from oakum.heap.formats.python.division import divide, find_arenas
from oakum.heap.formats.python.layouts import (
    FLAG_BYTES,
    FLAG_INLINE_VALUES,
    FLAG_LONG,
    FLAG_UNICODE,
    OB_TYPE,
    Layout,
)
from oakum.heap.formats.python.tables import owned_tables, values_tables
from oakum.heap.formats.python.types import Types, find_types
from oakum.heap.formats.python.values import Values
from oakum.heap.formats.python.words import fetch
from oakum.heap.graph import HeapGraph
from oakum.heap.image import Area, MemoryImage
from oakum.model.division import Division

ROUNDS = 12
"""Large objects that hold large objects are found in rounds; real heaps end after four."""

LARGEST_BLOCK, LARGEST_OWN = 1 << 40, 512


@dataclass(frozen=True, slots=True, eq=False)
class PythonHeap:
    """A decoded heap. ``begin``: int64[n], where each node's block begins; ``graph.address`` is the object's head."""

    image: MemoryImage
    layout: Layout
    values: Values
    types: Types
    graph: HeapGraph
    begin: NDArray[np.int64]
    slots: NDArray[np.int32]
    slot_base: NDArray[np.int64]
    frames: tuple[frames.Frame, ...]
    objects: int
    division: Division

    def node_of(self, address: NDArray[np.int64]) -> NDArray[np.int32]:
        """The node at each address (int64[k]), -1 where none is."""
        image = self.image
        found: NDArray[np.int32] = kernels.look_up(image.start, image.end, self.slot_base, self.slots, address)
        return found

    def fetch(self, address: NDArray[np.int64]) -> NDArray[np.int64]:
        """The word at each address, 0 where nothing was copied."""
        return fetch(self.image, address)

    def kind_at(self, address: int) -> str:
        """The type's name of the object at an address, "" where none is."""
        node = int(self.node_of(np.array([address], np.int64))[0])
        return self.graph.kind_name(node) if node >= 0 else ""


class _Nodes:
    """Nodes as they are found; ``slots`` tells where they begin."""

    def __init__(self, image: MemoryImage) -> None:
        self.image = image
        granules = (image.end - image.start) >> 4
        self.slot_base = np.concatenate(([0], np.cumsum(granules)[:-1])).astype(np.int64)
        self.slots = np.full(int(granules.sum()), -1, np.int32)
        self.address: list[NDArray[np.int64]] = []
        self.begin: list[NDArray[np.int64]] = []
        self.size: list[NDArray[np.int64]] = []
        self.kind: list[NDArray[np.int32]] = []
        self.count = 0

    def add(
        self, address: NDArray[np.int64], begin: NDArray[np.int64], size: NDArray[np.int64], kind: NDArray[np.int32]
    ) -> None:
        """Those whose place is taken are left out."""
        if not address.size:
            return
        # The tail of a table that was never written to is not in memory, and so not in the copy.
        piece = np.maximum(np.searchsorted(self.image.start, begin, side="right") - 1, 0)
        size = np.maximum(np.minimum(size, (self.image.end[piece] - begin) & ~7), 0)
        address, first = np.unique(address, return_index=True)
        free = self.look_up(address) < 0
        first = first[free]
        image = self.image
        kernels.mark(image.start, image.end, self.slot_base, self.slots, address[free], self.count)
        self.address.append(address[free])
        self.begin.append(begin[first])
        self.size.append(size[first])
        self.kind.append(kind[first])
        self.count += int(free.sum())

    def look_up(self, address: NDArray[np.int64]) -> NDArray[np.int32]:
        image = self.image
        found: NDArray[np.int32] = kernels.look_up(image.start, image.end, self.slot_base, self.slots, address)
        return found

    def since(self, group: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
        """(address, begin, size, kind) of all that was added from the ``group``-th call on."""
        none = np.empty(0, np.int64)
        return (
            np.concatenate([none, *self.address[group:]]),
            np.concatenate([none, *self.begin[group:]]),
            np.concatenate([none, *self.size[group:]]),
            np.concatenate([np.empty(0, np.int32), *self.kind[group:]]),
        )


def decode(image: MemoryImage, layout: Layout) -> PythonHeap | None:
    """None when no pool of pymalloc is there. O(bytes of the image)."""
    heap_pieces = _may_hold_objects(image)
    block, block_size, pools = kernels.find_blocks(
        image.words, image.start, image.end, image.offset, heap_pieces, layout.pool_bytes
    )
    if not block.size:
        return None
    types = _types(image, layout, block, block_size)
    shift, kind = kernels.find_heads(
        image.words, image.start, image.end, image.offset, block, block_size, types.address, types.head
    )
    _are_tables(image, types, layout, block, (shift, kind))
    nodes = _Nodes(image)
    nodes.add(block + shift, block, block_size.astype(np.int64), kind)
    _follow(nodes, types, layout)
    arenas = find_arenas(image, layout, pools)
    chunks = find_chunks(image, arenas)
    buffers = _add_buffers(nodes, types, chunks)
    if buffers.size:
        _follow(nodes, types, layout, group=len(nodes.address) - 1)
    _, begin, size, _ = nodes.since(0)
    division = divide(image, arenas, chunks, begin=begin, size=size, buffers=buffers)
    return _graph(nodes, types, layout, pools, division)


def _add_buffers(nodes: _Nodes, types: Types, chunks: Chunks) -> NDArray[np.int64]:
    """int64[b]: what malloc gave out and an object leads to, no object itself: the items of an array, a C struct."""
    image = nodes.image
    _, begin, size, kind = nodes.since(0)
    read = np.where(_is_leaf(types, kind), 0, size)
    given = chunks.given
    room = chunks.size[chunks.used] - 16
    known = np.sort(begin)
    # An object with something before its head begins within its chunk all the same.
    empty = np.searchsorted(known, given) == np.searchsorted(known, given + room)
    given, room = given[empty], room[empty]
    led_to = glibc.owned(
        image.words, image.start, image.end, image.offset, nodes.slot_base, nodes.slots, begin, read, given
    )
    address: NDArray[np.int64] = given[led_to]
    nodes.add(address, address, (room[led_to] + 8) & ~7, np.full(address.size, -1, np.int32))
    return address


def _types(image: MemoryImage, layout: Layout, block: NDArray[np.int64], size: NDArray[np.int32]) -> Types:
    """A first look takes any word in a head's place for a type; large types are met again through their own types."""
    seen = []
    for before in (0, 16, 32):
        reach = block[size >= before + 16] + before + OB_TYPE
        seen.append(distinct(fetch(image, reach)))
    candidates = distinct(np.concatenate(seen))
    meta = fetch(image, candidates[candidates > 4096] + OB_TYPE)
    return find_types(image, layout, distinct(np.concatenate([candidates, meta])))


def _follow(nodes: _Nodes, types: Types, layout: Layout, *, group: int = 0) -> None:
    """Owned tables and large objects, until nothing new is met. ``group``: the first call of ``add`` to go on from."""
    image = nodes.image
    static = np.flatnonzero((image.area == Area.STATIC) | (image.area == Area.STACK))
    strays = _strays(nodes, types, image.start[static], image.end[static] - image.start[static])
    for _ in range(ROUNDS):
        address, begin, size, kind = nodes.since(group)
        group = len(nodes.address)
        raw_begin, raw_size = owned_tables(Values(image, layout), types, address, kind)
        _add_raw(nodes, raw_begin, raw_size)
        read = np.where(_is_leaf(types, kind), 0, size)
        strays = np.concatenate([strays, _strays(nodes, types, begin, read)])
        if raw_begin.size:
            strays = np.concatenate([strays, _strays(nodes, types, raw_begin, raw_size)])
        _add_large(nodes, types, layout, strays)
        strays = np.empty(0, np.int64)
        if len(nodes.address) == group:
            return


def _strays(nodes: _Nodes, types: Types, begin: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.int64]:
    image = nodes.image
    found: NDArray[np.int64] = kernels.find_strays(
        image.words,
        image.start,
        image.end,
        image.offset,
        nodes.slot_base,
        nodes.slots,
        begin,
        size,
        types.address,
    )
    return found


def _add_raw(nodes: _Nodes, begin: NDArray[np.int64], size: NDArray[np.int64]) -> None:
    aligned = (begin & 15 == 0) & (size > 0) & (size < LARGEST_BLOCK)
    nodes.add(begin[aligned], begin[aligned], size[aligned], np.full(int(aligned.sum()), -1, np.int32))


def _add_large(nodes: _Nodes, types: Types, layout: Layout, address: NDArray[np.int64]) -> None:
    if not address.size:
        return
    image = nodes.image
    kind = np.searchsorted(types.address, fetch(image, address + OB_TYPE)).astype(np.int32)
    kind = np.minimum(kind, len(types.address) - 1)
    items = np.abs(fetch(image, address + 16))
    items[(types.item[kind] == 0) | (items > LARGEST_BLOCK)] = 0
    size = types.basic[kind] + types.item[kind] * items + types.head[kind]
    text = types.flags[kind] & FLAG_UNICODE != 0
    size[text] = np.maximum(size[text], _text_bytes(image, layout, address[text]))
    size = np.minimum((size + 15) & ~15, LARGEST_BLOCK)
    nodes.add(address, address - types.head[kind], size, kind)


def _text_bytes(image: MemoryImage, layout: Layout, address: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64[n]: a str counts its characters itself, behind its head; its type tells no size of an item.

    0 where its state makes no sense.
    """
    length = np.clip(fetch(image, address + 16), 0, LARGEST_BLOCK)
    state = fetch(image, address + 32)
    width, compact, ascii_only = (state >> 2) & 7, (state >> 5) & 1, (state >> 6) & 1
    head = np.where(ascii_only != 0, layout.ascii_bytes, layout.compact_bytes)
    whole: NDArray[np.int64] = np.where((compact != 0) & (width <= 4), head + (length + 1) * width, 0)
    return whole


def _graph(nodes: _Nodes, types: Types, layout: Layout, pools: NDArray[np.int64], division: Division) -> PythonHeap:
    image = nodes.image
    address, begin, size, kind = nodes.since(0)
    values = Values(image, layout)
    place = (image.words, image.start, image.end, image.offset, nodes.slot_base, nodes.slots)
    skip = _weak_words(types, layout, address, kind)
    read = _own_bytes(types, address - begin, size, kind)
    degree = kernels.count_edges(*place, begin, read, kind, skip)
    edge_offsets = np.concatenate(([0], np.cumsum(degree))).astype(np.int64)
    targets = kernels.fill_edges(*place, begin, read, kind, skip, edge_offsets)
    edge_offsets, targets = _add_values_tables(nodes, types, layout, edge_offsets, targets)
    found = _frames(nodes, types, layout, kind, pools)
    held = [at for frame in found for _, at in frame.variables]
    modules = np.flatnonzero(kind == types.index("module")).astype(np.int32)
    if types.index("module") < 0:
        modules = np.empty(0, np.int32)
    on_frames = nodes.look_up(np.array(held, np.int64).reshape(-1))
    native = nodes.look_up(_outside_words(image, pools, layout.pool_bytes))
    roots = (modules, distinct(on_frames[on_frames >= 0]), distinct(native[native >= 0]))
    names = tuple(types.qualified(index) for index in range(len(types.names)))
    graph = HeapGraph(address, size, kind, names, edge_offsets, targets, roots)
    objects = int((kind >= 0).sum())
    return PythonHeap(
        image, layout, values, types, graph, begin, nodes.slots, nodes.slot_base, found, objects, division
    )


def _is_leaf(types: Types, kind: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Text, bytes and whole numbers refer to nothing: whatever their bytes look like."""
    leaf: NDArray[np.bool_] = np.where(kind >= 0, types.flags[kind] & (FLAG_UNICODE | FLAG_BYTES | FLAG_LONG), 0) != 0
    return leaf


def _own_bytes(
    types: Types, before: NDArray[np.int64], size: NDArray[np.int64], kind: NDArray[np.int32]
) -> NDArray[np.int64]:
    """int64[n]: how much of each block its object wrote; ``before``: what stands ahead of its head.

    Blocks come in steps of 16 bytes: behind an object of a fixed size stands what another left there.
    """
    fixed = (kind >= 0) & (types.item[kind] == 0) & (types.flags[kind] & FLAG_INLINE_VALUES == 0)
    own = np.where(fixed, np.minimum(size, before + types.basic[kind]), size)
    return np.where(_is_leaf(types, kind), 0, own).astype(np.int64)


def self_references(heap: PythonHeap, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64[k]: how many references to itself each of ``nodes`` has, which are no edges: in ``__slots__``, in a tuple.

    Those behind LARGEST_OWN bytes are not counted.
    """
    address, kind = np.asarray(heap.graph.address)[nodes], heap.graph.kind[nodes]
    begin = heap.begin[nodes]
    skip = _weak_words(heap.types, heap.layout, address, kind)
    own = _own_bytes(heap.types, address - begin, heap.graph.size[nodes].astype(np.int64), kind)
    found = np.zeros(nodes.size, np.int64)
    for at in range(0, min(int(own.max(initial=0)), LARGEST_OWN), 8):
        here = begin + at
        found += (at + 8 <= own) & (here != skip[:, 0]) & (here != skip[:, 1]) & (heap.fetch(here) == address)
    return found


def _weak_words(types: Types, layout: Layout, address: NDArray[np.int64], kind: NDArray[np.int32]) -> NDArray[np.int64]:
    """int64[n, 2]: up to two words that refer without owning: an object's type, a weak reference's target."""
    skip = np.zeros((len(address), 2), np.int64)
    skip[kind >= 0, 0] = address[kind >= 0] + OB_TYPE
    weak = [index for index, basic in enumerate(types.basic) if _is_weakref(types, index, layout, int(basic))]
    is_weak = np.isin(kind, weak)
    skip[is_weak, 1] = address[is_weak] + 16
    if layout.version >= (3, 12):
        managed = np.where(kind >= 0, types.flags[kind] & (1 << 3), 0) != 0
        skip[managed, 1] = address[managed] - 32
    return skip


def _is_weakref(types: Types, index: int, layout: Layout, basic: int) -> bool:
    name = types.names[index].rpartition(".")[2]
    return basic >= layout.weakref_bytes and (name in {"ReferenceType", "weakref", "KeyedRef", "WeakMethod"})


def _are_tables(
    image: MemoryImage, types: Types, layout: Layout, block: NDArray[np.int64], head: tuple[NDArray[np.int32], ...]
) -> None:
    """What stood in a block before shows through the prefix of a table: it is no object. ``head``: shift, kind."""
    shift, kind = head
    _, begin = values_tables(image, types, layout, block + shift, kind)
    tables = np.isin(block, begin)
    shift[tables], kind[tables] = 0, -1


def _add_values_tables(
    nodes: _Nodes, types: Types, layout: Layout, edge_offsets: NDArray[np.int64], targets: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Edges to the tables of attributes of 3.11 and 3.12, which no word of their owners leads to."""
    address, _, _, kind = nodes.since(0)
    source, begin = values_tables(nodes.image, types, layout, address, kind)
    if not source.size:
        return edge_offsets, targets
    table = nodes.look_up(begin)
    source, table = source[table >= 0], table[table >= 0]
    degree = np.diff(edge_offsets)
    more = np.bincount(source, minlength=degree.size)
    order = np.argsort(np.concatenate([np.repeat(np.arange(degree.size), degree), source]), kind="stable")
    merged = np.concatenate([targets, table])[order]
    return np.concatenate(([0], np.cumsum(degree + more))).astype(np.int64), merged.astype(np.int32)


def _frames(
    nodes: _Nodes, types: Types, layout: Layout, kind: NDArray[np.int32], pools: NDArray[np.int64]
) -> tuple[frames.Frame, ...]:
    image = nodes.image
    values = Values(image, layout)
    if layout.version < (3, 11):
        address = (
            nodes.since(0)[0][kind == types.index("frame")] if types.index("frame") >= 0 else np.empty(0, np.int64)
        )
        return frames.read_frames(values, layout, address)
    found = kernels.find_frames(
        image.words,
        image.start,
        image.end,
        nodes.slot_base,
        nodes.slots,
        image.offset,
        _may_hold_objects(image),
        pools,
        layout.pool_bytes,
        kind,
        types.index("code"),
        types.index("dict"),
        layout.frame_code,
        layout.frame_globals,
        layout.frame_tag,
    )
    return frames.read_frames(values, layout, found)


def _may_hold_objects(image: MemoryImage) -> NDArray[np.bool_]:
    """An arena mapped right behind a library's data looks like its .bss: both are searched."""
    may: NDArray[np.bool_] = (image.area == Area.HEAP) | (image.area == Area.STATIC)
    return may


def _outside_words(image: MemoryImage, pools: NDArray[np.int64], pool_bytes: int) -> NDArray[np.int64]:
    """Every word of static data and of the main stack, without pools that lie among them."""
    parts = [np.empty(0, np.int64)]
    for piece in np.flatnonzero((image.area == Area.STATIC) | (image.area == Area.STACK)):
        start, end = int(image.start[piece]), int(image.end[piece])
        at = int(image.offset[piece]) >> 3
        words = image.words[at : at + ((end - start) >> 3)]
        inside = pools[(pools >= start) & (pools < end)]
        if inside.size:
            keep = np.ones(words.size, np.bool_)
            for pool in inside.tolist():
                keep[(pool - start) >> 3 : (pool + pool_bytes - start) >> 3] = False
            words = words[keep]
        parts.append(words)
    return np.concatenate(parts)
