"""What a census of CPython's objects explains of the process's anonymous memory, and what the rest is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.glibc import kernels as glibc
from oakum.heap.formats.glibc.chunks import Chunks, free_extents
from oakum.heap.formats.python import kernels
from oakum.heap.formats.python.layouts import Layout
from oakum.heap.image import Area, MemoryImage
from oakum.heap.kernels import fetch
from oakum.model.division import Division, Part

ARENA_ROW = 48
CONTROL_BYTES = 4096
"""A thread's own block and what stands behind it end within so many bytes."""


def find_arenas(image: MemoryImage, layout: Layout, pools: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64[a, 2]: pymalloc's arenas, ascending. A pool tells its arena's row, so rows that agree are the table."""
    wanted = (image.area == Area.HEAP) | (image.area == Area.STATIC)
    place, address = kernels.find_arenas(
        image.words, image.start, image.end, image.offset, wanted, layout.pool_bytes, layout.arena_bytes
    )
    if not pools.size or not place.size:
        return np.empty((0, 2), np.int64)
    pools = np.sort(pools)
    row = fetch(image.words, image.start, image.end, image.offset, pools + 32) & 0xFFFFFFFF
    inside = np.minimum(np.searchsorted(pools, address), pools.size - 1)
    good = (pools[inside] >= address) & (pools[inside] < address + layout.arena_bytes)
    table = place[good] - ARENA_ROW * row[inside[good]]
    if not table.size:
        return np.empty((0, 2), np.int64)
    tables, votes = np.unique(table, return_counts=True)
    begin = np.unique(address[good][table == tables[np.argmax(votes)]])
    return np.stack([begin, begin + layout.arena_bytes], axis=1)


def divide(
    image: MemoryImage,
    arenas: NDArray[np.int64],
    chunks: Chunks,
    *,
    begin: NDArray[np.int64],
    size: NDArray[np.int64],
    buffers: NDArray[np.int64],
) -> Division:
    """``begin``, ``size``: int64[n], every node's block; ``buffers``: int64[b], where those begin that are buffers."""
    own = _within(arenas, begin)
    objects = int(size[own].sum())
    in_arenas = int(image.resident(arenas[:, 0], arenas[:, 1]).sum())
    held, owned, native, free, in_chunks = _malloc(image, chunks, np.sort(begin[~own]), np.sort(buffers))
    taken = np.concatenate([arenas, chunks.heap, _spans(chunks)])
    rest = free_extents(image, taken)
    stacks, threads = _stacks(image, rest)
    elsewhere = int(size[~own & ~_within(taken, begin)].sum())
    anonymous = np.unique(image.mapping[image.area == Area.HEAP], axis=0)
    total = int(image.resident(anonymous[:, 0], anonymous[:, 1]).sum())
    other = total - in_arenas - in_chunks - stacks
    elsewhere = min(elsewhere, max(other, 0))
    parts = {
        Part.OBJECTS: min(objects, in_arenas),
        Part.LARGE_OBJECTS: held + elsewhere,
        Part.BUFFERS: owned,
        Part.OBJECTS_FREE: max(in_arenas - objects, 0),
        Part.NATIVE: native,
        Part.NATIVE_FREE: free,
        Part.STACKS: stacks + _area(image, Area.STACK),
        Part.STATIC: _area(image, Area.STATIC),
        Part.OTHER: max(other - elsewhere, 0),
    }
    return Division(parts, len(arenas), chunks.arenas, threads, chunks.whole)


def _malloc(
    image: MemoryImage, chunks: Chunks, nodes: NDArray[np.int64], buffers: NDArray[np.int64]
) -> tuple[int, int, int, int, int]:
    """Bytes in memory of objects, of buffers, of what nobody knows, of what is free; and of all chunks and heaps."""
    resident = image.resident(chunks.begin, chunks.begin + chunks.size)
    is_buffer = _holds(chunks, buffers) & chunks.used
    is_object = _holds(chunks, nodes) & chunks.used & ~is_buffer
    held, owned = int(resident[is_object].sum()), int(resident[is_buffer].sum())
    native = int(resident[chunks.used & ~is_buffer & ~is_object].sum())
    heaps = int(image.resident(chunks.heap[:, 0], chunks.heap[:, 1]).sum())
    alone = ~_within(chunks.heap, chunks.begin)
    total = heaps + int(resident[alone].sum())
    return held, owned, native, max(total - held - owned - native, 0), total


def _holds(chunks: Chunks, address: NDArray[np.int64]) -> NDArray[np.bool_]:
    """bool[n]: whether one of the addresses (ascending) lies in each chunk."""
    low = np.searchsorted(address, chunks.begin)
    high = np.searchsorted(address, chunks.begin + chunks.size)
    holds: NDArray[np.bool_] = high > low
    return holds


def _spans(chunks: Chunks) -> NDArray[np.int64]:
    """int64[k, 2]: the chunks that are mappings of their own."""
    alone = ~_within(chunks.heap, chunks.begin)
    return np.stack([chunks.begin[alone], (chunks.begin + chunks.size)[alone]], axis=1)


def _within(extents: NDArray[np.int64], address: NDArray[np.int64]) -> NDArray[np.bool_]:
    """bool[k]: which addresses lie in an extent (int64[m, 2], not overlapping)."""
    if not len(extents):
        return np.zeros(address.size, np.bool_)
    ordered = extents[np.argsort(extents[:, 0], kind="stable")]
    place = np.searchsorted(ordered[:, 0], address, side="right") - 1
    inside: NDArray[np.bool_] = (place >= 0) & (address < ordered[place, 1])
    return inside


def _stacks(image: MemoryImage, rest: NDArray[np.int64]) -> tuple[int, int]:
    """(bytes in memory, how many): from where nothing else is up to the thread's own block."""
    control = glibc.thread_controls(
        image.words, image.start, image.end, image.offset, rest[:, 0].copy(), rest[:, 1].copy()
    )
    control.sort()
    extent = np.searchsorted(rest[:, 0], control, side="right") - 1
    low = rest[extent, 0]
    high = np.minimum((control // CONTROL_BYTES + 1) * CONTROL_BYTES, rest[extent, 1])
    again = np.flatnonzero(extent[1:] == extent[:-1]) + 1
    low[again] = high[again - 1]
    return int(np.maximum(image.resident(low, high), 0).sum()), int(control.size)


def _area(image: MemoryImage, area: Area) -> int:
    pieces = image.area == area
    return int(image.resident(image.start[pieces], image.end[pieces]).sum())
