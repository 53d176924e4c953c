"""What a Java heap says of a cause by itself, with a fix as a Java developer writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from oakum.explain.causes.finding import Clue, Finding
from oakum.explain.remedies import remedy_of
from oakum.model.cause import CauseName
from oakum.model.wording import says

_WHY: Final[Mapping[CauseName, str]] = {
    CauseName.UNBOUNDED_CACHE: "a mapping that gained keys",
    CauseName.LISTENER: "listeners were added and none fewer are held",
    CauseName.TIMER: "timers or tasks were started and none fewer are held",
    CauseName.THREAD_LOCAL: "it hangs on a thread-local: threads of a pool live on, and so does it",
    CauseName.CLASS_LOADER: "loaders of the same classes are held beside the one in use",
    CauseName.SESSION_STATE: "it holds sessions, more and more",
    CauseName.QUEUE_BACKLOG: "items come in faster than they are taken out",
    CauseName.STATIC_COLLECTION: "what a static field holds lives as long as its class",
}
_SURE: Final = frozenset({CauseName.THREAD_LOCAL, CauseName.CLASS_LOADER, CauseName.LISTENER})


def _weak(clue: Clue, told: CauseName) -> bool:
    """Whether the container alone speaks for it: a map, a field, a static field some steps above."""
    if told is CauseName.UNBOUNDED_CACHE:
        return not says(f"{clue.near} {clue.far} {clue.holder.name}", ("cache", "memo_", "memoi"))
    if told is CauseName.STATIC_COLLECTION:
        return bool(clue.holder.path) and not clue.holder.path[-1].via.startswith("static ")
    return told is CauseName.GLOBAL


def look(clue: Clue, told: CauseName) -> Finding:
    """``told``: by the shape in the dump."""
    why = _WHY.get(told, "a field that lives as long as the process holds it")
    sure = 0.9 if told in _SURE else 0.6 if _weak(clue, told) else 0.8
    found = remedy_of(told, "Java") or remedy_of(CauseName.GLOBAL, "Java")
    assert found is not None
    # What the dump advises is for what the dump named, not for another reading of it.
    own = clue.holder.advice if told is (clue.holder.cause or told) else ""
    return Finding(told, sure, why, own or found.advice, found.example)
