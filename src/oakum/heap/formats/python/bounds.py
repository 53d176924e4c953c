"""A limit to a container's growth that stands beside it in memory: maxlen, maxsize and their like."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.python.attributes import attributes
from oakum.heap.formats.python.objects import PythonHeap
from oakum.model.growth import Bound

LRU_CACHE = 56
"""functools._lru_cache_wrapper: the fields after its first link (Modules/_functoolsmodule.c)."""

_TELLS = re.compile(r"(^|_)(max_?(size|len|entries|items|keys|count)?|capacity|limit|size_limit|bound)$", re.IGNORECASE)
_OWNERS_ABOVE = 6


def bound_of(heap: PythonHeap, node: int, parent: NDArray[np.int32]) -> Bound | None:
    """The bound of a container or of the object that owns it; None when none can be seen."""
    at = node
    for _ in range(_OWNERS_ABOVE):
        if at < 0:
            return None
        found = _own_bound(heap, at)
        if found is not None:
            return found
        at = int(parent[at])
    return None


def _own_bound(heap: PythonHeap, node: int) -> Bound | None:
    kind = int(heap.graph.kind[node])
    if kind < 0:
        return None
    name, at, image = heap.types.names[kind], int(heap.graph.address[node]), heap.image
    if name in {"deque", "collections.deque"}:
        limit = image.word(at + 64)
        return Bound(limit, "deque(maxlen=…)") if 0 < limit < 1 << 40 else None
    if name.endswith("_lru_cache_wrapper"):
        limit = image.word(at + LRU_CACHE + 40)
        return Bound(limit, "functools.lru_cache(maxsize=…)") if 0 < limit < 1 << 40 else None
    if heap.types.modules[kind] in {"builtins", ""} or name in {"type", "ABCMeta"}:
        return None
    return _sibling_bound(heap, node, name)


def _sibling_bound(heap: PythonHeap, node: int, type_name: str) -> Bound | None:
    """A whole number among an instance's attributes whose name says that it limits."""
    for attribute, value in attributes(heap, node):
        if not _TELLS.search(attribute):
            continue
        limit = heap.values.number(value) if heap.kind_at(value) == "int" else None
        if limit is not None and limit > 0:
            return Bound(limit, f"{type_name}.{attribute}")
    return None
