"""What a V8 heap says of a cause by itself, with a fix as a JavaScript developer writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName, Example

_BOUND: Final = Example(
    before="this.entries.set(key, value);",
    after="""const MOST = 10_000;

class BoundedCache {
  #entries = new Map();

  set(key, value) {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > MOST) this.#entries.delete(this.#entries.keys().next().value);
  }

  get(key) {
    return this.#entries.get(key);
  }
}
""",
)
_OFF: Final = Example(
    before="bus.on('change', onChange);",
    after="""function follow(bus, socket, onChange) {
  bus.on('change', onChange);
  socket.once('close', () => bus.off('change', onChange));
}
""",
)
_CLEAR: Final = Example(
    before="setInterval(() => remind(order), 60_000);",
    after="""function startReminder(order, remind) {
  const timer = setInterval(() => remind(order), 60_000);
  order.once('closed', () => clearInterval(timer));
}
""",
)
_EXPIRE: Final = Example(
    before="sessions.set(token, session);",
    after="""const TTL_MS = 30 * 60_000;
const sessions = new Map();

function put(token, session) {
  sessions.set(token, { session, ends: Date.now() + TTL_MS });
}

setInterval(() => {
  const now = Date.now();
  for (const [token, { ends }] of sessions) if (ends < now) sessions.delete(token);
}, 60_000).unref();
""",
)
_KEEP_LAST: Final = Example(
    before="history.push(entry);",
    after="""const MOST = 1000;

function remember(history, entry) {
  history.push(entry);
  if (history.length > MOST) history.splice(0, history.length - MOST);
}
""",
)

_EXAMPLES: Final[Mapping[CauseName, Example]] = {
    CauseName.UNBOUNDED_CACHE: _BOUND,
    CauseName.LISTENER: _OFF,
    CauseName.TIMER: _CLEAR,
    CauseName.SESSION_STATE: _EXPIRE,
}

_ADVICE: Final[Mapping[CauseName, str]] = {
    CauseName.UNBOUNDED_CACHE: "Give it a bound: a fixed size with eviction, or a time to live.",
    CauseName.LISTENER: "Remove the listener when its owner ends (off, AbortSignal), or register it once.",
    CauseName.TIMER: "Clear the timer when its owner ends; its callback keeps all that it captured.",
    CauseName.CLOSURE: "Bound the variable, or pass it in for each request instead of closing over it.",
    CauseName.SESSION_STATE: "Give sessions a time to live, and sweep those that have ended.",
}

_WHY: Final[Mapping[CauseName, str]] = {
    CauseName.UNBOUNDED_CACHE: "a mapping that gains keys and loses none",
    CauseName.LISTENER: "listeners are added and none is removed",
    CauseName.TIMER: "timers are started and none is cleared",
    CauseName.CLOSURE: "it lives in a variable that an inner function closes over",
    CauseName.SESSION_STATE: "it holds sessions and loses none",
    CauseName.QUEUE_BACKLOG: "items come in faster than they are taken out",
}
_PLAIN: Final = frozenset({CauseName.GLOBAL, CauseName.STATIC_COLLECTION, CauseName.LARGE_LOAD})


def example_of(name: CauseName) -> Example:
    return _EXAMPLES.get(name, _KEEP_LAST)


def advice_of(name: CauseName) -> str:
    return _ADVICE.get(name, "Bound what it keeps, or keep it per request and let it go with the request.")


def look(clue: Clue, told: CauseName) -> Finding:
    """``told``: by the shape in the dump. A variable made inside of a function is a closure's."""
    made = clue.sites.defined
    name = CauseName.CLOSURE if told in _PLAIN and made and made[0].function else told
    sure = 0.9 if clue.sites.inserts or name in {CauseName.LISTENER, CauseName.TIMER} else 0.75
    why = _WHY.get(name, "a variable that lives as long as the process holds it")
    advice = clue.holder.advice if name is told else advice_of(name)
    return Finding(name, sure, why, advice, example_of(name))
