"""One heap as a graph in flat arrays, whatever the runtime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Strength(IntEnum):
    """How an edge holds its target. ``counts`` says which of them keep it alive for good."""

    STRONG = 0
    WEAK = 1
    SOFT = 2
    PHANTOM = 3
    FINALIZER = 4
    EPHEMERON = 5
    """From a weak table to a value that its key holds too: the key's edge is the one that counts."""
    SHORTCUT = 6
    """A way round that the runtime drew for its own tools; the real edges are there beside it."""


def counts(strength: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """bool[m]: whether each edge counts for reach, paths and dominators. Every walk, forward or back, asks this alone.

    A soft or a finalizer's edge keeps its target for a while, but gives it up before memory runs out.
    """
    held: NDArray[np.bool_] = strength == Strength.STRONG
    return held


@dataclass(frozen=True, slots=True, eq=False)
class Loose:
    """Edges that do not count and were kept apart. ``source``, ``target``: int32[w]; ``strength``: uint8[w]."""

    source: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    target: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    strength: NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, np.uint8))


def seeds(roots: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    """int32[]: every root once, ascending."""
    return np.unique(np.concatenate([np.empty(0, np.int32), *roots])).astype(np.int32)


class Numbers(Protocol):
    """int64[n], as an array or worked out where it is asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, node: Any, /) -> Any:
        """Of a node, or an array of those of some."""


class Named(Protocol):
    """int32[m], as an array or worked out where it is asked for."""

    def __getitem__(self, edge: int, /) -> Any: ...


@dataclass(frozen=True, slots=True, eq=False)
class HeapGraph:
    """Nodes 0 … n - 1, edges 0 … m - 1 in rows by source.

    ``address``: int64[n], or what is indexed like it, the identity of each node in its runtime. ``size``: int32[n], or
    int64 where one is of 2**31 or more, bytes of the node's own block.
    ``kind``: int32[n], an index into ``kinds``; -1 for a raw block (a table or an array that an object owns). Two kinds
    may have one name: a class that two loaders loaded.
    ``edge_offsets``: int32[n + 1], or int64, non-decreasing, from 0. ``edge_targets``: int32[m], all in [0, n).
    ``roots``: groups of nodes (int32) in order of precedence: what a module holds is not a thread's; ``root_kinds``
    names each group.
    ``edge_names``: int32[m], or what is indexed like it: an index into ``names``, or -1 - i for element i of an array;
    None where the reader names edges by other means. ``edge_strength``: uint8[m], of Strength; None where every edge is
    strong.
    ``loose``: edges that do not count and stand in no row. ``rooted``: ([n + 2], int32[m + roots]), the same rows
    with the row of a virtual root n behind them, where the reader made room for it.
    ``late``: int32[], nodes that hold for a moment only (a thread's frames): a path round them tells more.
    ``drawn``: int32[], nodes that stand for no object: the runtime drew them to gather its roots. Nothing accumulates
    at them.
    """

    address: Numbers
    size: NDArray[np.integer]
    kind: NDArray[np.int32]
    kinds: tuple[str, ...]
    edge_offsets: NDArray[np.integer]
    edge_targets: NDArray[np.int32]
    roots: tuple[NDArray[np.int32], ...]
    root_kinds: tuple[str, ...] = ()
    edge_names: Named | None = None
    names: Sequence[str] = ()
    edge_strength: NDArray[np.uint8] | None = None
    loose: Loose = field(default_factory=Loose)
    rooted: tuple[NDArray[np.integer], NDArray[np.int32]] | None = None
    late: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    drawn: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))

    @property
    def nodes(self) -> int:
        return len(self.address)

    @property
    def edges(self) -> int:
        """Those that do not count too."""
        return len(self.edge_targets) + len(self.loose.target)

    def targets(self, node: int) -> NDArray[np.int32]:
        """The nodes that ``node`` refers to, by whatever strength."""
        return self.edge_targets[self.edge_offsets[node] : self.edge_offsets[node + 1]]

    def source_of(self, edge: int) -> int:
        """O(log n): the edge's number is made as narrow as the offsets, or all of them would be widened."""
        kept = self.edge_offsets.dtype.type
        return int(np.searchsorted(self.edge_offsets, kept(edge), side="right")) - 1

    def kind_name(self, node: int) -> str:
        kind = int(self.kind[node])
        return self.kinds[kind] if kind >= 0 else "raw"

    def edge_name(self, edge: int) -> str:
        """``next``, or ``[3]`` for an element; "" where the reader gave no names."""
        if self.edge_names is None:
            return ""
        name = int(self.edge_names[edge])
        return self.names[name] if name >= 0 else f"[{-1 - name}]"

    def edge_between(self, source: int, target: int) -> int:
        """The first edge that counts from ``source`` to ``target``, -1 where none does. O(degree of the source)."""
        begin, end = int(self.edge_offsets[source]), int(self.edge_offsets[source + 1])
        found = self.edge_targets[begin:end] == target
        if self.edge_strength is not None:
            found &= counts(self.edge_strength[begin:end])
        at = np.flatnonzero(found)
        return begin + int(at[0]) if at.size else -1
