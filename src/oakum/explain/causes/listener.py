"""Listeners that are added and never removed."""

from __future__ import annotations

from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName, Example

HINTS = ("listener", "handler", "callback", "subscriber", "observer", "hook", "watcher")

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
    callable_items = clue.holder.item_type.rpartition(".")[2] in {
        "function",
        "method",
        "partial",
        "builtin_function_or_method",
    }
    hinted = any(hint in clue.words for hint in HINTS)
    if not callable_items and not hinted:
        return None
    return Finding(
        CauseName.LISTENER,
        0.95 if callable_items and hinted else 0.75,
        f"its items are callbacks ({clue.holder.item_type})" if callable_items else "its name speaks of listeners",
        ADVICE,
        EXAMPLE,
    )
