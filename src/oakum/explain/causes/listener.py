"""Listeners that are added and never removed."""

from __future__ import annotations

from oakum.explain.causes.finding import CODE, Clue, Finding
from oakum.model.cause import CauseName, Example
from oakum.model.wording import says, worded

HINTS = (
    "listener",
    "handler",
    "callback",
    "subscri",
    "observer",
    "hook",
    "watcher",
    "receivers_",
    "finalizer",
    "finalize_",
)
PROMISES = frozenset({"Future", "Task"})
"""Classes of asyncio whose one list, of tuples, is what they call when they are done (Modules/_asynciomodule.c)."""

QUEUES = ("queue", "pending", "backlog", "jobs_", "work_", "todo_")
"""Names of what is called once, in its turn."""

ADVICE = "Remove the listener when its owner ends, or hold it by a weak reference."

EXAMPLE = Example(
    before="bus.listeners.append(self.on_change)",
    after="""import weakref

class Bus:
    def __init__(self):
        self.listeners = []

    def subscribe(self, callback):
        self.listeners.append(weakref.WeakMethod(callback))

    def publish(self, event):
        alive = [(ref, ref()) for ref in self.listeners]
        self.listeners = [ref for ref, call in alive if call is not None]
        for _, call in alive:
            if call is not None:
                call(event)
""",
)


def look(clue: Clue) -> Finding | None:
    called = clue.item in CODE
    if clue.keeper in PROMISES and clue.container == "list" and clue.item == "tuple":
        return Finding(CauseName.LISTENER, 0.85, f"what one {clue.keeper} calls when it is done", ADVICE, EXAMPLE)
    # A RequestHandler keeps no handlers: a class that keeps several is named so.
    several = any(f"{hint}s" in worded(clue.far) for hint in HINTS) or (clue.library and says(clue.far, HINTS))
    hinted = says(clue.near, HINTS) or several
    if not called and not hinted:
        return None
    return Finding(
        CauseName.LISTENER,
        0.95
        if called and hinted
        else 0.82
        if hinted and clue.library
        else 0.6
        if called and says(clue.near, QUEUES)
        else 0.8
        if called
        else 0.75,
        f"its items are callbacks ({clue.holder.item_type})" if called else "its name speaks of listeners",
        ADVICE,
        EXAMPLE,
    )
