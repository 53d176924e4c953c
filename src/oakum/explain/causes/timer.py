"""Timers and scheduled tasks that pile up."""

from __future__ import annotations

from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName, Example

ITEMS = ("Timer", "TimerHandle", "Handle", "Event", "Task")
HINTS = ("timer", "schedul", "tasks")

ADVICE = "Cancel timers with their owner, and drop tasks when they are done (add_done_callback)."

EXAMPLE = Example(
    before="self.tasks.append(asyncio.create_task(work()))",
    after="""import asyncio

tasks = set()

def start(coroutine):
    task = asyncio.get_running_loop().create_task(coroutine)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task
""",
)


def look(clue: Clue) -> Finding | None:
    item = clue.holder.item_type.rpartition(".")[2]
    if item not in ITEMS[:3] and not (item in ITEMS and any(hint in clue.words for hint in HINTS)):
        return None
    return Finding(
        CauseName.TIMER,
        0.9,
        f"its items are {item} objects",
        ADVICE,
        EXAMPLE,
    )
