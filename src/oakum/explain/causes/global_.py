"""A module's global that only grows."""

from __future__ import annotations

from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName, Example

ADVICE = "Bound it, or keep the data per request and let it go with the request."

EXAMPLE = Example(
    before="_events = []\n\ndef record(event):\n    _events.append(event)",
    after="""from collections import deque

_events = deque(maxlen=10_000)

def record(event):
    _events.append(event)
""",
)


def look(clue: Clue) -> Finding:
    """Whatever else it is, what outlives every request hangs on something that lives as long as the process."""
    path = clue.holder.path
    direct = path[-1].via.startswith(("global ", "local "))
    return Finding(
        CauseName.GLOBAL,
        0.7 if direct else 0.35,
        "a variable that lives as long as the process holds it",
        ADVICE,
        EXAMPLE,
    )
