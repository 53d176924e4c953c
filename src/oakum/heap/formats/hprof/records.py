"""Where every record of an HPROF file stands: one pass over the file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.formats.hprof.header import Header
from oakum.heap.formats.hprof.ids import Ids
from oakum.heap.formats.hprof.scan import kernels
from oakum.heap.means import ALL, Means, Need, Part, bounds

CHUNK = 1 << 16
"""Records between segments are collected so many at a time."""

LEAST_CHUNK = 64
NARROW_BYTES = 1 << 32
"""Places in a smaller file take four bytes each."""

NAME_BYTES_MOST = 4096


@dataclass(slots=True, eq=False)
class Records:
    """``ids``: of all objects, ascending, each once. ``at``: uint32 or int64[n], by id, the place of an object's tag.

    ``string_id``, ``string_at``: int64[s], ascending by id. ``record_at``, ``root_at``: int64[], in the file's order.
    ``truncated``: the file ends too early. ``lost_bytes``: in segments that could not be followed to their end.
    ``repeated``: objects left out because an earlier one has their id.
    """

    data: NDArray[np.uint8]
    header: Header
    ids: Ids
    at: NDArray[np.integer]
    string_id: NDArray[np.int64]
    string_at: NDArray[np.int64]
    record_at: NDArray[np.int64]
    root_at: NDArray[np.int64]
    truncated: bool
    lost_bytes: int
    repeated: int

    def text(self, string_id: int) -> str:
        """A string of the file's own table; "" where there is none."""
        place = int(np.searchsorted(self.string_id, string_id))
        if place == self.string_id.size or int(self.string_id[place]) != string_id:
            return ""
        at = int(self.string_at[place])
        length = self.number(at + 5, 4) - self.header.id_bytes
        begin = at + 9 + self.header.id_bytes
        return self.data[begin : begin + min(length, NAME_BYTES_MOST)].tobytes().decode("utf-8", "replace")

    def number(self, at: int, wide: int) -> int:
        return int.from_bytes(self.data[at : at + wide].tobytes(), "big")

    def places(self, node: NDArray[np.integer]) -> NDArray[np.int64]:
        """int64[k]: where the tags of these objects stand."""
        found: NDArray[np.int64] = self.at[node].astype(np.int64)
        return found

    def numbers(self, at: NDArray[np.int64], wide: int) -> NDArray[np.int64]:
        """int64[k]: the number at each place."""
        value = np.zeros(at.size, np.int64)
        for step in range(wide):
            value = (value << 8) | self.data[at + step]
        return value

    def identity(self, at: int) -> int:
        """An id as kernels see it: signed when it is of 8 bytes."""
        wide = self.header.id_bytes
        return int.from_bytes(self.data[at : at + wide].tobytes(), "big", signed=wide == 8)


def scan(data: NDArray[np.uint8], header: Header, means: Means = ALL) -> Records:
    """O(bytes). Segments are read twice: to count what they hold, then to keep it."""
    state, (begin, end, string_id, string_at, record_at) = _outlined(data, header)
    steps = data.size // 8
    shares = _shares(begin, end, means.shares(steps))
    tallies = [np.zeros(5, np.int64) for _ in shares]
    survey, collect = chosen(kernels.survey, steps), chosen(kernels.collect, steps)
    means.each(
        [partial(survey, data, *share, header.id_bytes, tally) for share, tally in zip(shares, tallies, strict=True)]
    )
    total = np.sum(tallies, axis=0)
    objects, roots = int(total[kernels.OBJECTS]), int(total[kernels.ROOTS])
    place = np.uint32 if data.size < NARROW_BYTES else np.int64
    # Of every object: its id and its place in the order of the file, and the place by id.
    wide = np.dtype(place).itemsize
    means.plan(Need(always=0, columns=2 * wide * objects, edges=0, results=0, work=8 * objects, numbering=0))
    ids, at = means.array(objects, np.int64, Part.WORK), means.array(objects, place, Part.COLUMNS)
    root_at = np.empty(roots, np.int64)
    calls, object_from, root_from = [], 0, 0
    for share, tally in zip(shares, tallies, strict=True):
        found, rooted = object_from + int(tally[kernels.OBJECTS]), root_from + int(tally[kernels.ROOTS])
        own = (ids[object_from:found], at[object_from:found], root_at[root_from:rooted])
        calls.append(partial(collect, data, *share, header.id_bytes, *own))
        object_from, root_from = found, rooted
    means.each(calls)
    every = int(np.bitwise_or.reduce([int(tally[kernels.ALL_IDS]) for tally in tallies]))
    known = Ids(ids, every)
    by_id = means.array(known.size, place, Part.COLUMNS)
    known.put_in_order(ids, at, by_id)
    string_id, string_at = _ascending(string_id, string_at)
    return Records(
        data,
        header,
        known,
        by_id,
        string_id,
        string_at,
        record_at,
        root_at,
        bool(state[kernels.CUT_OFF]) or bool(total[kernels.BROKEN]),
        int(state[kernels.LOST_BYTES] + total[kernels.LOST]),
        objects - known.size,
    )


def _outlined(data: NDArray[np.uint8], header: Header) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """(state, [begins and ends of segments, ids and places of strings, places of other records])."""
    state = np.zeros(7, np.int64)
    state[kernels.POS] = header.end
    # Small files need no large chunks.
    chunk = int(min(CHUNK, max(LEAST_CHUNK, data.size // 16)))
    parts: list[list[NDArray[np.int64]]] = [[], [], [], [], []]
    counts = (kernels.SEGMENTS, kernels.SEGMENTS, kernels.STRINGS, kernels.STRINGS, kernels.RECORDS)
    walk = chosen(kernels.outline, data.size // 64)
    while True:
        arrays = [np.empty(chunk, np.int64) for _ in parts]
        state[kernels.SEGMENTS] = header.id_bytes
        walk(data, state, *arrays)
        for part, array, count in zip(parts, arrays, counts, strict=True):
            part.append(array[: int(state[count])])
        if not state[kernels.FULL]:
            return state, [np.concatenate(part) for part in parts]


def _shares(
    begin: NDArray[np.int64], end: NDArray[np.int64], count: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Segments in so many parts of about equal bytes, in the order of the file."""
    before = np.concatenate(([0], np.cumsum(end - begin)))
    cuts = np.searchsorted(before, [edge for edge, _ in bounds(max(int(before[-1]), 1), count)])
    return [(begin[first:last], end[first:last]) for first, last in zip(cuts, [*cuts[1:], begin.size], strict=True)]


def _ascending(ids: NDArray[np.int64], at: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sorted by id; of records with one id the first is kept."""
    order = np.argsort(ids, kind="stable")
    ids, at = ids[order], at[order]
    keep = np.append(True, ids[1:] != ids[:-1])[: ids.size]
    return ids[keep], at[keep]
