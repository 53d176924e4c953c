"""A queue that fills faster than it is emptied."""

from __future__ import annotations

import re

from oakum.explain.causes import listener
from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName, Example
from oakum.model.wording import last_name, says

HINTS = ("queue", "backlog", "outbox", "inbox", "mailbox", "pending", "unsent_", "finished_spans_", "buffer", "spool",
         "jobs_", "work_items_", "todo_", "waiting_")  # fmt: skip
QUEUE = re.compile(r"(?:Queue|Deque)$")
QUEUE_STEPS = 3
"""A queue's own insides (its deque, its list) stand at most so many steps behind it."""

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
    queued = any(
        QUEUE.search(last_name(step.node)) and _instance(step.node) for step in clue.holder.path[-QUEUE_STEPS:]
    )
    of_queues = QUEUE.search(clue.item) is not None
    hinted = says(clue.near, HINTS) or says(clue.far, HINTS[:2])
    if not (queued or of_queues or clue.container == "deque" or hinted or clue.sites.taken):
        return None
    fit, why = _fit(clue, queued=queued, hinted=hinted)
    return Finding(CauseName.QUEUE_BACKLOG, fit, why, ADVICE, EXAMPLE)


def _instance(title: str) -> bool:
    return not title.startswith(("module ", "class ", "function "))


def _fit(clue: Clue, *, queued: bool, hinted: bool) -> tuple[float, str]:
    """Who takes out the next item is a consumer; a deque that nobody takes from is a list."""
    comes = "items come in faster than they are taken out"
    if queued:
        return 0.93, comes
    if clue.container in {"deque", "list"} and clue.sites.taken:
        taker = clue.sites.removals[0].function
        return (0.93 if hinted else 0.88), f"{taker or 'something'}() takes the next one out: {comes}"
    known = bool(clue.sites.inserts)
    if clue.container == "deque" and not hinted and says(clue.near, listener.HINTS):
        return 0.5, "a deque, whose name speaks of what is to be called"
    if clue.container == "deque":
        return (0.9 if hinted else 0.65 if known else 0.88), comes
    if clue.container == "list" and hinted:
        return (0.68 if known else 0.74), f"its name speaks of a queue: {comes}"
    return 0.5, "its names speak of what waits for something to be done"
