"""Where every record of an HPROF file stands: one pass over the file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.formats.hprof import kernels
from oakum.heap.formats.hprof.header import Header

CHUNK = 1 << 20
"""Objects are collected so many at a time."""

LEAST_CHUNK = 64
NAME_BYTES_MOST = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """``id``, ``at``: int64[n], objects by ascending id, each id once; ``at`` is the place of an object's tag.

    ``string_id``, ``string_at``: int64[s], ascending by id. ``record_at``, ``root_at``: int64[], in the file's order.
    ``truncated``: the file ends too early. ``lost_bytes``: in segments that could not be followed to their end.
    ``repeated``: objects left out because an earlier one has their id.
    """

    data: NDArray[np.uint8]
    header: Header
    id: NDArray[np.int64]
    at: NDArray[np.int64]
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


def scan(data: NDArray[np.uint8], header: Header) -> Records:
    """O(bytes), and a sort of the ids where the file does not hold them in order."""
    state = np.zeros(9, np.int64)
    state[kernels.POS] = header.end
    # A dump cut short has fewer objects than it has room for; small files need no large chunks.
    chunk = int(min(CHUNK, max(LEAST_CHUNK, data.size // 16)))
    parts: list[list[NDArray[np.int64]]] = [[], [], [], [], [], []]
    counts = (kernels.OBJECTS, kernels.OBJECTS, kernels.STRINGS, kernels.STRINGS, kernels.RECORDS, kernels.ROOTS)
    walk = chosen(kernels.scan, data.size // 8)
    while True:
        arrays = [np.empty(chunk, np.int64) for _ in parts]
        walk(data, state, header.id_bytes, *arrays)
        for part, array, count in zip(parts, arrays, counts, strict=True):
            part.append(array[: int(state[count])].copy() if int(state[count]) < chunk else array)
        if not state[kernels.FULL]:
            break
    object_id, object_at, string_id, string_at, record_at, root_at = (_joined(part) for part in parts)
    found = object_id.size
    object_id, object_at = _ascending(object_id, object_at)
    string_id, string_at = _ascending(string_id, string_at)
    return Records(
        data,
        header,
        object_id,
        object_at,
        string_id,
        string_at,
        record_at,
        root_at,
        bool(state[kernels.CUT_OFF]),
        int(state[kernels.LOST_BYTES]),
        found - object_id.size,
    )


def _joined(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """One array of all, the parts given up."""
    whole = np.concatenate(parts)
    parts.clear()
    return whole


def _ascending(ids: NDArray[np.int64], at: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sorted by id; of records with one id the first is kept."""
    rising = ids[1:] > ids[:-1]
    if rising.all():
        return ids, at
    order = np.argsort(ids, kind="stable")
    ids, at = ids[order], at[order]
    keep = np.append(True, ids[1:] != ids[:-1])
    return (ids, at) if keep.all() else (ids[keep], at[keep])
