"""A queue that fills faster than it is emptied."""

from __future__ import annotations

from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName, Example

HINTS = ("queue", "backlog", "outbox", "inbox", "pending", "finished_spans", "buffer")

ADVICE = "Bound the queue so that producers wait or fail early, and speed up or add consumers."

EXAMPLE = Example(
    before="outbox = queue.Queue()",
    after="""import queue

outbox = queue.Queue(maxsize=1000)

def send(mail):
    try:
        outbox.put(mail, timeout=1.0)
    except queue.Full:
        raise RuntimeError("the mailer cannot keep up") from None
""",
)


def look(clue: Clue) -> Finding | None:
    queued = any("queue" in step.node.lower() for step in clue.holder.path)
    hinted = any(hint in clue.words for hint in HINTS)
    if not queued and clue.container != "deque" and not (hinted and clue.container == "list"):
        return None
    return Finding(
        CauseName.QUEUE_BACKLOG,
        0.92 if queued else 0.88 if clue.container == "deque" else 0.72,
        "items come in faster than they are taken out",
        ADVICE,
        EXAMPLE,
    )
