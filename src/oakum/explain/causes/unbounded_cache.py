"""A cache that keeps all that it was ever given."""

from __future__ import annotations

from oakum.explain.causes.finding import CODE, Clue, Finding
from oakum.model.cause import CauseName, Example
from oakum.model.units import format_count
from oakum.model.wording import says

NAMED = ("cache", "cached_", "memo_", "memos_", "memoi")
GENERIC = ("lookup", "seen_", "index_", "entries_", "by_id_", "done_", "processed_", "known_")
"""Names of what is looked up by a key, for whatever reason."""

MEMO_STEPS = 2
"""The wrapper of functools stands at most so many steps before the end of the way."""

ADVICE = "Give it a bound: an LRU of a fixed size, or a time to live. functools.lru_cache takes maxsize=10_000."

BOUND_ADVICE = "Where it takes too much before it is full, give it a smaller maxsize."

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
    bound = clue.holder.bound
    if memo and bound is not None:
        why = f"functools keeps results until {bound.where} is reached: {format_count(bound.limit_items)}"
        return Finding(CauseName.UNBOUNDED_CACHE, 0.96, why, BOUND_ADVICE, EXAMPLE)
    if memo:
        return Finding(
            CauseName.UNBOUNDED_CACHE, 0.96, "functools keeps every result: maxsize is None", ADVICE, EXAMPLE
        )
    named = says(clue.near, NAMED) or says(clue.far, NAMED)
    mapping = clue.container == "dict"
    if not mapping and not named and not (clue.container == "set" and says(clue.near, GENERIC)):
        return None
    fit, why = _fit(clue, named=named, mapping=mapping)
    return Finding(CauseName.UNBOUNDED_CACHE, fit, why, ADVICE, EXAMPLE)


def _fit(clue: Clue, *, named: bool, mapping: bool) -> tuple[float, str]:
    """A name that says so, and a function that looks a key up before it makes what it inserts, are both a cache's."""
    why = "a mapping that gains keys and loses none" if mapping else "its name speaks of a cache, and it loses nothing"
    if not mapping:
        return (0.85 if named else 0.6), why
    if clue.item in CODE or (clue.library and not named):
        return 0.5, why
    if clue.sites.recalls:
        place = clue.sites.recalls[0]
        return (
            0.94 if named else 0.86
        ), f"{place.function or place.file}() looks a key up and keeps what it made: {why}"
    if named:
        return 0.93, f"its name speaks of a cache: {why}"
    # Where the source is known and no function looks up what it inserts, a name alone says little.
    return (0.72 if clue.sites.inserts else 0.8) if says(clue.near, GENERIC) else 0.6, why
