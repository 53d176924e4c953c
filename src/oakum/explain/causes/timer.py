"""Timers and scheduled tasks that pile up."""

from __future__ import annotations

from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName, Example
from oakum.model.wording import says

TASK = "Task"
ITEMS = ("Timer", "TimerHandle", "Handle", TASK)
SCHEDULED = ("Event", "Job")
"""Items of a scheduler, as of the modules sched and apscheduler; elsewhere they are the application's own."""

HINTS = ("timer", "schedul")
DUE = ("deadline",)
"""What keeps things until they fall due is named for that."""

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
    item = clue.item
    scheduled = any(says(words, HINTS) for words in (clue.near, clue.far, clue.keeper))
    if item not in ITEMS and not (item in SCHEDULED and scheduled):
        due = any(says(words, DUE) for words in (clue.field, clue.far, clue.keeper))
        return Finding(CauseName.TIMER, 0.7, "it is named for deadlines", ADVICE, EXAMPLE) if due else None
    return Finding(
        CauseName.TIMER,
        # A task is work: kept when it is done, it is a result like others, and what keeps it is the cause.
        0.93 if item in SCHEDULED else 0.6 if item == TASK else 0.9,
        f"its items are {item} objects",
        ADVICE,
        EXAMPLE,
    )
