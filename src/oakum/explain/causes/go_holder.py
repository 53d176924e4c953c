"""What a variable of a Go program keeps, as its memory shows: a package's, or one of a goroutine that runs on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from oakum.explain.causes.finding import Clue, Finding
from oakum.explain.go_kept import CALLED
from oakum.explain.remedies import remedy_of
from oakum.model.cause import CauseName

KINDS: Final = frozenset({"map", "slice", "channel", "list", "variable", "locals", CALLED})
_GROWS: Final[Mapping[str, str]] = {
    "map": "its code puts keys into a map that hangs on it",
    "slice": "its code appends to a slice that hangs on it",
    "channel": "its code sends to a channel that hangs on it",
}


def look(clue: Clue) -> Finding | None:
    """None for what no variable holds."""
    holder = clue.holder
    if holder.kind not in KINDS:
        return None
    cause = holder.cause or CauseName.GLOBAL
    if holder.by_source is not None:
        why = holder.by_source.told
    elif holder.kind == "locals":
        why = "variables on the stack of a goroutine that runs on lead to it"
    else:
        why = "a variable of a package leads to it, and lives as long as the program"
    grows = _GROWS.get(holder.kind, "")
    beside = "" if holder.by_source is not None else "; ".join(filter(None, (grows, holder.advice)))
    found = remedy_of(cause, "Go") or remedy_of(CauseName.GLOBAL, "Go")
    assert found is not None
    sure = 0.6 if holder.kind == "locals" else 0.85 if holder.defined is not None else 0.75
    if holder.allocated:
        # A variable or a map of no struct that is known is told by its name alone.
        sure = 0.75 if holder.by_source is not None and holder.owner_type else 0.6
    return Finding(cause, sure, f"{why}; {beside}" if beside else why, found.advice, found.example)


def as_well(cause: CauseName, fit: float) -> Finding:
    """What the same holder could be called too, by its key."""
    found = remedy_of(cause, "Go") or remedy_of(CauseName.GLOBAL, "Go")
    assert found is not None
    return Finding(cause, fit, "its key names somebody who comes and goes", found.advice, found.example)
