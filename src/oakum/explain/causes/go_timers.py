"""Contexts and timers of Go that nobody cancels: they keep what was put into them until they fire."""

from __future__ import annotations

from typing import Final

from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName, Example

KIND: Final = "timers"

_CONTEXT: Final = Example(
    before="ctx, cancel := context.WithTimeout(parent, day)\nif err := step(ctx); err != nil {\n    cancel()\n}",
    after="ctx, cancel := context.WithTimeout(parent, day)\ndefer cancel() // on every way out\n",
)
_TIMER: Final = Example(
    before="timer := time.AfterFunc(day, forget)",
    after="timer := time.AfterFunc(day, forget)\ndefer timer.Stop() // or when what it is for is done\n",
)


def look(clue: Clue) -> Finding | None:
    """None for what is no group of contexts or timers."""
    holder = clue.holder
    if holder.kind != KIND:
        return None
    context = holder.item_type.startswith("context.")
    why = (
        "they are not cancelled: the context that they are derived from, or a timer, keeps each with its values"
        if context
        else "they are not stopped: each keeps its function, and what that refers to, until it fires"
    )
    advice = (
        "Call the cancel function with defer, on every way out: go vet -lostcancel finds what forgets it."
        if context
        else "Stop each timer when what it is for is done, and make one for all instead of one for each request."
    )
    beside = f"; {holder.advice}" if holder.advice else ""
    return Finding(CauseName.TIMER, 0.8, f"{why}{beside}", advice, _CONTEXT if context else _TIMER)
