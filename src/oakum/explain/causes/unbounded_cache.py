"""A cache that keeps all that it was ever given."""

from __future__ import annotations

from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName, Example

HINTS = ("cache", "memo", "lookup", "seen", "index", "registry", "entries", "by_id", "_done", "processed")

MEMO_STEPS = 2
"""The wrapper of functools stands at most so many steps before the end of the way."""

ADVICE = "Give it a bound: an LRU of a fixed size, or a time to live. functools.lru_cache takes maxsize=10_000."

EXAMPLE = Example(
    before="self.entries[key] = value",
    after="""from collections import OrderedDict

class BoundedCache:
    def __init__(self, most=10_000):
        self.entries = OrderedDict()
        self.most = most

    def put(self, key, value):
        self.entries[key] = value
        self.entries.move_to_end(key)
        while len(self.entries) > self.most:
            self.entries.popitem(last=False)
""",
)


def look(clue: Clue) -> Finding | None:
    # The wrapper itself, or its table: a cached function that merely leads to the holder memorises nothing of it.
    memo = any("lru_cache" in step.node for step in clue.holder.path[-MEMO_STEPS:])
    if clue.container != "dict" and not memo and not any(hint in clue.words for hint in HINTS[:2]):
        return None
    hinted = memo or any(hint in clue.words for hint in HINTS)
    return Finding(
        CauseName.UNBOUNDED_CACHE,
        0.96 if memo else 0.85 if hinted else 0.6,
        "functools keeps every result: maxsize is None" if memo else "a mapping that gains keys and loses none",
        ADVICE,
        EXAMPLE,
    )
