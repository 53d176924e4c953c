"""What a call path of a Go program says of a cause by itself: whose memory lives, never who holds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName, Example

_BOUND: Final = Example(
    before="s.entries[id] = newSession(id)",
    after="""const most = 10_000

func (s *Store) Put(id string) {
    s.mu.Lock()
    defer s.mu.Unlock()
    if len(s.entries) >= most {
        delete(s.entries, s.oldest()) // or a cache with a bound: github.com/hashicorp/golang-lru
    }
    s.entries[id] = newSession(id)
}
""",
)
_EXPIRE: Final = Example(
    before="s.entries[id] = newSession(id)",
    after="""func (s *Store) sweep(now time.Time) { // from a time.Ticker, once a minute
    s.mu.Lock()
    defer s.mu.Unlock()
    for id, session := range s.entries {
        if now.Sub(session.seen) > ttl {
            delete(s.entries, id)
        }
    }
}
""",
)
_EXAMPLES: Final[Mapping[CauseName, Example]] = {CauseName.SESSION_STATE: _EXPIRE}
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
    return Finding(told, sure, f"{why}; {against}", clue.holder.advice, _EXAMPLES.get(told, _BOUND))
