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

LESS_THAN_FIELD = 0.45
"""Where the field of a single object is known by name, that it lives as long as the process is the lesser news."""


def look(clue: Clue) -> Finding:
    """Whatever else it is, what outlives every request hangs on something that lives as long as the process."""
    if clue.library:
        why = f"{clue.holder.owner_type or clue.holder.module} keeps it for the whole process: a table of a library"
    elif clue.direct:
        why = "a variable that lives as long as the process holds it"
    else:
        why = "a field of an object that lives as long as the process holds it"
    if clue.of_single:
        return Finding(CauseName.GLOBAL, LESS_THAN_FIELD, why, ADVICE, EXAMPLE)
    fit = 0.65 if clue.library else 0.7 if clue.direct else 0.45
    return Finding(CauseName.GLOBAL, fit, why, ADVICE, EXAMPLE)
