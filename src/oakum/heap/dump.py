"""A decoded dump as the analysis sees it: the graph, and how a developer of that runtime speaks of it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from oakum.heap.graph import HeapGraph
from oakum.model.cause import CodePlace
from oakum.model.heap import Waste


class Dump(Protocol):
    """One per format. ``partial``: the file did not hold all that it should."""

    format: str
    runtime: str
    graph: HeapGraph
    warnings: tuple[str, ...]
    partial: bool

    def label(self, node: int) -> str:
        """What it is, in words: ``class shop.Main``, ``thread "worker-1"``, ``java.util.HashMap``."""

    def is_anchor(self, node: int) -> bool:
        """Whether a path may be told from here on: a class, a thread, a module, the global object."""

    def is_inside(self, node: int) -> bool:
        """Part of a collection or of the runtime: nobody wrote a field of it. A developer looks past it."""

    def is_foreign(self, node: int) -> bool:
        """Of a library or the runtime, not of the application."""

    def is_runtime(self, node: int) -> bool:
        """Of the runtime itself or its standard library: what is foreign, without what the application chose."""

    def is_written(self, edge: int) -> bool:
        """Whether code wrote this edge: a field, a variable, an element; not what the runtime keeps in an object."""

    def via(self, edge: int) -> str:
        """An edge as it is written: ``.entries``, ``static entries``, ``[3]``."""

    def kind_label(self, node: int) -> str:
        """Its class, as items are spoken of: ``shop.Session``, ``function onTick``."""

    def owned_name(self, path: tuple[int, ...], at: int) -> str:
        """What the edge from step ``at`` - 1 of a path to step ``at`` is called: ``shop.SessionCache.entries``."""

    def names_on(self, source: int, edge: int) -> bool:
        """Whether an edge of something that says nothing itself still belongs to the name: ``exports.cache``."""

    def aside(self, path: tuple[int, ...]) -> tuple[str, str] | None:
        """(name, what kind of holder) where a path goes through something that has a better name than any edge."""

    def generations(self) -> tuple[tuple[int, ...], ...]:
        """Class loaders that loaded the same classes, a group each: old ones should have gone with what they loaded."""

    def length(self, node: int) -> int | None:
        """How many items a collection says that it holds; None for what is none."""

    def places(self, path: tuple[int, ...]) -> tuple[CodePlace, ...]:
        """Where in the code a path's holder is, as far as the dump tells."""

    def waste(self, reached: NDArray[np.bool_]) -> tuple[Waste, ...]:
        """Duplicates, poorly filled collections, big arrays among ``reached`` (bool[n])."""
