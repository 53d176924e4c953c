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

LIBRARY_ADVICE = (
    "Tell the library of a fixed set of names: it lets go of none. What differs from one request to the next is passed"
    " along with each call."
)

LIBRARY_EXAMPLE = Example(
    before='logger = logging.getLogger(f"shop.{session_id}")\nlogger.info("paid")',
    after="""logger = logging.getLogger("shop")  # once, for all of them

logger.info("paid", extra={"session": session_id})
""",
)


def look(clue: Clue) -> Finding | None:
    if clue.of_single:
        reached = f"; reached from {clue.root_variable}" if clue.root_variable else ""
        why = f"the library has one {clue.far} for the whole process, and that keeps all it was told{reached}"
        return Finding(CauseName.STATIC_COLLECTION, 0.75, why, LIBRARY_ADVICE, LIBRARY_EXAMPLE)
    if clue.container == "type" and clue.holder.path[-1].node.startswith("class "):
        # What its attributes hold is the class's; the classes that it gains are kept by one of them.
        why = "the class itself leads to all of it: what is made from it, as subclasses at run time, is kept with it"
        return Finding(CauseName.STATIC_COLLECTION, 0.75, why, ADVICE, EXAMPLE)
    ways = [step.via for step in clue.holder.path]
    of_class = [at for at, via in enumerate(ways) if via.startswith("class attribute")]
    if not of_class:
        return None
    if any("lru_cache" in step.node for step in clue.holder.path[-2:]):
        # A memo hangs on its function, wherever that is defined.
        return None
    if clue.library:
        return Finding(
            CauseName.STATIC_COLLECTION, 0.52, "an attribute of a class of the standard library", ADVICE, EXAMPLE
        )
    # What an instance has is its own, also where a class's attribute leads to the instance.
    own = not any(via.startswith(".") for via in ways[of_class[-1] + 1 :])
    return Finding(
        CauseName.STATIC_COLLECTION,
        0.92 if own else 0.5,
        "it is an attribute of the class: one for all instances, alive as long as the module"
        if own
        else "an attribute of a class leads to it: that lives as long as the module",
        ADVICE,
        EXAMPLE,
    )
