"""What a call path of a Go program says of a cause by itself: whose memory lives, never who holds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from oakum.explain.causes.finding import Clue, Finding
from oakum.explain.remedies import remedy_of
from oakum.model.cause import CauseName

_WHY: Final[Mapping[CauseName, str]] = {
    CauseName.SESSION_STATE: "what its words call sessions survives collections, more and more",
    CauseName.UNBOUNDED_CACHE: "what its words call a cache survives collections, more and more",
    CauseName.QUEUE_BACKLOG: "what its words call a queue survives collections, more and more",
    CauseName.NATIVE_ALLOCATION: "what it allocates is not freed",
}


def look(clue: Clue, told: CauseName) -> Finding:
    """``told``: by the words of the path."""
    why = _WHY.get(told, "what it allocates survives collections, more and more: something keeps it")
    against = "who keeps it is not in a profile: a map, a slice, a channel or a goroutine"
    sure = 0.7 if told is not CauseName.GLOBAL else 0.6
    found = remedy_of(told, "Go") or remedy_of(CauseName.GLOBAL, "Go")
    assert found is not None
    return Finding(told, sure, f"{why}; {against}", clue.holder.advice or found.advice, found.example)
