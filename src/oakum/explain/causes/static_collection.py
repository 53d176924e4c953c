"""A collection in a class, shared by all instances and never emptied."""

from __future__ import annotations

from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName, Example

ADVICE = "Hold instances weakly (weakref.WeakValueDictionary), or remove them when they are done."

EXAMPLE = Example(
    before="class Order:\n    registry = {}\n    def __init__(self, key):\n        Order.registry[key] = self",
    after="""import weakref

class Order:
    registry = weakref.WeakValueDictionary()

    def __init__(self, key):
        Order.registry[key] = self
""",
)


def look(clue: Clue) -> Finding | None:
    if not any(step.via.startswith("class attribute") for step in clue.holder.path):
        return None
    return Finding(
        CauseName.STATIC_COLLECTION,
        0.92,
        "it is an attribute of the class: one for all instances, alive as long as the module",
        ADVICE,
        EXAMPLE,
    )
