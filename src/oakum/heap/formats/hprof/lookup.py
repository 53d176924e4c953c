"""From ids to nodes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.formats.hprof import kernels


class Lookup:
    """Ids (int64[n], ascending) with a directory of buckets: most are found in one or two steps."""

    def __init__(self, ids: NDArray[np.int64]) -> None:
        self.ids = ids
        self.shift = 1
        if not ids.size:
            self.starts = np.zeros(2, np.int32)
            return
        first, last = int(ids[0]), int(ids[-1])
        while (last >> self.shift) - (first >> self.shift) >= ids.size + 2:
            self.shift += 1
        buckets = (last >> self.shift) - (first >> self.shift) + 1
        self.starts = chosen(kernels.directory, ids.size)(ids, self.shift, buckets)

    def of(self, wanted: NDArray[np.int64]) -> NDArray[np.int32]:
        if not self.ids.size:
            return np.full(wanted.size, -1, np.int32)
        found: NDArray[np.int32] = chosen(kernels.find_all, wanted.size)(self.ids, self.starts, self.shift, wanted)
        return found
