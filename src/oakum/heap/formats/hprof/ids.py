"""From ids to nodes and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.formats.hprof import kernels

MOST_SHIFT = 3
"""Objects stand eight bytes apart or more; ids that are all multiples of more say nothing."""

CHUNK = 1 << 20


class Ids:
    """Ids (int64), ascending, each once: a bit for each place where an object may begin. See kernels.find_all.

    One or two bytes for each object of a full heap, 140 for one that is alone in its 4 KiB.
    """

    def __init__(self, ids: NDArray[np.int64], every: int) -> None:
        """``ids``: in any order. ``every``: all of them, or-ed."""
        self.shift = next((bit for bit in range(MOST_SHIFT) if every >> bit & 1), MOST_SHIFT)
        self.size = 0
        if not ids.size:
            self.pages, self.starts = np.empty(0, np.int64), np.zeros(2, np.int32)
            self.words, self.bucket_shift = np.empty(0, np.int64), 1
            return
        met = chosen(kernels.pages_met, ids.size)
        pages = np.empty(int(met(ids, self.shift, np.empty(0, np.int64))), np.int64)
        met(ids, self.shift, pages)
        self.pages = pages = np.unique(pages)
        first, last = int(pages[0]), int(pages[-1])
        self.bucket_shift = 0
        while (last >> self.bucket_shift) - (first >> self.bucket_shift) >= 2 * pages.size + 2:
            self.bucket_shift += 1
        buckets = (last >> self.bucket_shift) - (first >> self.bucket_shift) + 1
        self.starts = chosen(kernels.directory, pages.size)(pages, self.bucket_shift, buckets)
        self.words = np.zeros(pages.size * kernels.PAGE_WORDS, np.int64)
        self.size = int(chosen(kernels.set_bits, ids.size)(ids, pages, self.shift, self.words))

    @property
    def index(self) -> tuple[NDArray[np.int64], NDArray[np.int32], int, int, NDArray[np.int64]]:
        """What kernels are given."""
        return self.pages, self.starts, self.bucket_shift, self.shift, self.words

    @property
    def bytes(self) -> int:
        return self.pages.nbytes + self.starts.nbytes + self.words.nbytes

    def of(self, wanted: NDArray[np.int64]) -> NDArray[np.int32]:
        """int32[k]: the node of each id, -1 where there is none."""
        if not self.size:
            return np.full(wanted.size, -1, np.int32)
        found: NDArray[np.int32] = chosen(kernels.find_all, wanted.size)(*self.index, wanted)
        return found

    def put_in_order(self, ids: NDArray[np.int64], places: NDArray[np.integer], out: NDArray[np.integer]) -> None:
        """``out``: filled with the place of each id; of those that are there twice, with the first."""
        for begin in range((ids.size - 1) // CHUNK * CHUNK, -1, -CHUNK):
            # From the last to the first, so that the first is what stays.
            some = slice(begin, begin + CHUNK)
            out[self.of(ids[some])[::-1]] = places[some][::-1]

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, node: int) -> np.int64: ...

    @overload
    def __getitem__(self, node: NDArray[np.integer] | slice) -> NDArray[np.int64]: ...

    def __getitem__(self, node: Any) -> Any:
        """The id of a node, or of each of some. O(log n)."""
        if isinstance(node, slice):
            return self[np.arange(*node.indices(self.size))]
        wanted = np.atleast_1d(np.asarray(node))
        wanted = np.flatnonzero(wanted) if wanted.dtype == np.bool_ else wanted.astype(np.int64)
        wanted = np.where(wanted < 0, wanted + self.size, wanted)
        if wanted.size and not (0 <= int(wanted.min()) <= int(wanted.max()) < self.size):
            raise IndexError(node)
        found = chosen(kernels.ids_of, 64 * wanted.size)(self.pages, self.shift, self.words, wanted)
        return found if np.ndim(node) else found[0]

    def __iter__(self) -> Iterator[np.int64]:
        return iter(self[:])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.int64]:  # noqa: FBT001
        del copy
        return self[:] if dtype is None else self[:].astype(dtype)

    def tolist(self) -> list[int]:
        found: list[int] = self[:].tolist()
        return found
