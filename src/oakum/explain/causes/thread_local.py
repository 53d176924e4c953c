"""State in a threading.local of threads that never end."""

from __future__ import annotations

from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName, Example

CONTEXTS = frozenset({"Context", "_contextvars.Context", "contextvars.Context", "hamt", "hamt_bitmap_node",
                      "hamt_array_node", "hamt_collision_node"})  # fmt: skip
"""What contextvars keeps values in (Python/context.c, Python/hamt.c)."""

ADVICE = "Set it at the begin of each request and delete it at the end."

EXAMPLE = Example(
    before="_context.breadcrumbs.append(crumb)",
    after="""import threading

_context = threading.local()

def handle(request, work):
    _context.breadcrumbs = []
    try:
        return work(request)
    finally:
        del _context.breadcrumbs
""",
)


def look(clue: Clue) -> Finding | None:
    nodes = [step.node for step in clue.holder.path]
    if any("_thread._local" in node or "_localdummy" in node for node in nodes):
        why = "it hangs on a threading.local: worker threads live for ever, and so does it"
    elif any(node in CONTEXTS for node in nodes):
        why = "it is the value of a context variable: the context of a thread or task that lives on keeps it"
    elif clue.keeper == "ContextVar":
        why = "a context variable keeps it as its value here, or as its default: no request gets one of its own"
        return Finding(CauseName.THREAD_LOCAL, 0.75, why, ADVICE, EXAMPLE)
    else:
        return None
    return Finding(CauseName.THREAD_LOCAL, 0.95, why, ADVICE, EXAMPLE)
