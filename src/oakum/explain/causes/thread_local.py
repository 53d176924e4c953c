"""State in a threading.local of threads that never end."""

from __future__ import annotations

from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName, Example

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
    if not any("_thread._local" in step.node or "_localdummy" in step.node for step in clue.holder.path):
        return None
    return Finding(
        CauseName.THREAD_LOCAL,
        0.95,
        "it hangs on a threading.local: worker threads live for ever, and so does it",
        ADVICE,
        EXAMPLE,
    )
