"""A variable that a closure keeps alive."""

from __future__ import annotations

from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName, Example

ADVICE = "Bound the variable, or pass it in for each request instead of closing over it."

EXAMPLE = Example(
    before="def make():\n    seen = []\n    def handle(item):\n        seen.append(item)\n    return handle",
    after="""from collections import deque

def make(most=1000):
    seen = deque(maxlen=most)

    def handle(item):
        seen.append(item)

    return handle
""",
)


def look(clue: Clue) -> Finding | None:
    ways = [step.via for step in clue.holder.path]
    if ways[-1] == "default argument":
        return Finding(
            CauseName.CLOSURE, 0.6, "it is a default argument: made once, with the function", ADVICE, EXAMPLE
        )
    if not any(via.startswith("closure variable") for via in ways):
        return None
    own = clue.holder.name.startswith("closure of")
    return Finding(
        CauseName.CLOSURE,
        0.9 if own else 0.55,
        "it lives in a variable that an inner function closes over",
        ADVICE,
        EXAMPLE,
    )
