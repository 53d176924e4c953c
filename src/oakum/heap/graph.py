"""One heap as a graph in flat arrays, whatever the runtime."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class HeapGraph:
    """Nodes 0 … n - 1. Only owning references are edges: weak ones were left out by whoever read the heap.

    ``address``: int64[n]. ``size``: int64[n], bytes of the node's own block. ``kind``: int32[n], an index into
    ``kinds``; -1 for a raw block (a table or an array that an object owns).
    ``edge_offsets``: int64[n + 1], non-decreasing, from 0. ``edge_targets``: int32[m], all in [0, n).
    ``roots``: groups of nodes (int32) in order of precedence: what a module holds is not a thread's.
    """

    address: NDArray[np.int64]
    size: NDArray[np.int64]
    kind: NDArray[np.int32]
    kinds: tuple[str, ...]
    edge_offsets: NDArray[np.int64]
    edge_targets: NDArray[np.int32]
    roots: tuple[NDArray[np.int32], ...]

    @property
    def nodes(self) -> int:
        return len(self.address)

    def targets(self, node: int) -> NDArray[np.int32]:
        """The nodes that ``node`` refers to."""
        return self.edge_targets[self.edge_offsets[node] : self.edge_offsets[node + 1]]

    def kind_name(self, node: int) -> str:
        kind = int(self.kind[node])
        return self.kinds[kind] if kind >= 0 else "raw"
