"""What a V8 heap says of a cause by itself, with a fix as a JavaScript developer writes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from oakum.explain.causes.finding import Clue, Finding
from oakum.explain.remedies import Remedy, remedy_of
from oakum.model.cause import CauseName, Example

_WHY: Final[Mapping[CauseName, str]] = {
    CauseName.UNBOUNDED_CACHE: "a mapping that gains keys and loses none",
    CauseName.LISTENER: "listeners are added and none is removed",
    CauseName.TIMER: "timers are started and none is cleared",
    CauseName.CLOSURE: "it lives in a variable that an inner function closes over",
    CauseName.SESSION_STATE: "it holds sessions and loses none",
    CauseName.QUEUE_BACKLOG: "items come in faster than they are taken out",
}
PROMISES: Final = "promises"
_FIELD: Final = re.compile(r"^this\.")
"""Made in a constructor, it lives as long as its object."""

_PLAIN: Final = frozenset({CauseName.GLOBAL, CauseName.STATIC_COLLECTION, CauseName.LARGE_LOAD})


def _remedy(name: CauseName) -> Remedy:
    found = remedy_of(name, "JavaScript") or remedy_of(CauseName.GLOBAL, "JavaScript")
    assert found is not None
    return found


def example_of(name: CauseName) -> Example:
    return _remedy(name).example


def advice_of(name: CauseName) -> str:
    return _remedy(name).advice


def look(clue: Clue, told: CauseName) -> Finding:
    """``told``: by the shape in the dump. A variable made inside of a function is a closure's."""
    made = clue.sites.defined
    is_field = bool(made) and _FIELD.search(made[0].source) is not None
    name = CauseName.CLOSURE if told in _PLAIN and made and made[0].function and not is_field else told
    sure = 0.9 if clue.sites.inserts or name in {CauseName.LISTENER, CauseName.TIMER} else 0.75
    why = _WHY.get(name, "a variable that lives as long as the process holds it")
    if clue.holder.counted == PROMISES:
        why = "promises live on that no variable leads to, and what waits for one that never settles is kept by it"
    # What the snapshot advises is for what the snapshot named, not for another reading of it.
    own = clue.holder.advice if name is told is (clue.holder.cause or told) else ""
    advice = own or advice_of(name)
    return Finding(name, sure, why, advice, example_of(name))
