"""Which function objects will call: bound methods, partials, timers of an event loop.

Sources: Objects/classobject.c and Modules/_functoolsmodule.c (the function follows the head of a method and of a
partial); asyncio.events.Handle keeps ``_callback`` in a slot.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.python.attributes import attributes
from oakum.heap.formats.python.frames import read_code
from oakum.heap.formats.python.objects import PythonHeap
from oakum.model.cause import CodePlace

FUNCTION_BEHIND_HEAD = 16
BEHIND_HEAD = frozenset({"method", "functools.partial"})
HANDLES = frozenset({"asyncio.events.TimerHandle", "asyncio.events.Handle"})
LOOKED_AT = 200
DEEPEST = 4
MOST_SHARE = 0.5
"""Of the objects that were looked at: what fewer of them call is not what they are for."""


def called_by(heap: PythonHeap, items: NDArray[np.int64]) -> CodePlace | None:
    """What most of them call, None where that is not one function. ``items``: addresses; some are looked at."""
    chosen = items[:: max(1, items.size // LOOKED_AT)][:LOOKED_AT]
    functions = Counter(found for at in chosen.tolist() if (found := _function(heap, at)))
    if not functions:
        return None
    function, count = functions.most_common(1)[0]
    return _place(heap, function) if count >= MOST_SHARE * chosen.size else None


def _function(heap: PythonHeap, address: int) -> int:
    """The address of the code that an object leads to, 0 where it is none of these."""
    at = address
    for _ in range(DEEPEST):
        node = int(heap.node_of(np.array([at], np.int64))[0])
        kind = heap.graph.kind_name(node) if node >= 0 else ""
        if kind == "function":
            return at if at != address else 0
        if kind in BEHIND_HEAD:
            at = heap.image.word(at + FUNCTION_BEHIND_HEAD)
        elif kind in HANDLES:
            at = next((value for name, value in attributes(heap, node) if name == "_callback"), 0)
        else:
            return 0
    return 0


def _place(heap: PythonHeap, function: int) -> CodePlace:
    code = read_code(heap.values, heap.image.word(function + heap.layout.func_code))
    name = heap.values.text(heap.image.word(function + heap.layout.func_qualname)) or code.name
    return CodePlace(code.file, code.line, name)
