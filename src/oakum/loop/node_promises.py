"""Promises of a Node.js program that live on: what a promise that never settles keeps by its reactions. Pure.

A reaction stands in a promise where no property leads to (ECMA-262, 27.2.6, [[PromiseFulfillReactions]]); V8 shows
whether a promise is pending, and not what waits for it. So who keeps them is inferred: promises that no variable leads
to became more, and of those that one leads to few stayed pending.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from oakum.loop.node_containers import SEEN, name_of
from oakum.model.cause import CauseName
from oakum.model.growth import HeapGrowth, HolderGrowth, PathStep, RootKind
from oakum.model.script import script_path
from oakum.probe.node_census_told import PROMISES, GrownContainer, Step

MOST_NAMED: Final = 2
"""Where more stayed pending, which of them it is cannot be said."""

ENOUGH: Final = 0.4
"""A sample that shows less than this share of what lives more does not say that it is theirs."""

UNKNOWN: Final = "which promise keeps them was not found"
LITTLE: Final = "those that were looked at hold the smaller part of what lives more"
INFERRED: Final = "that its reactions keep them is inferred: V8 shows no reactions"
ADVICE: Final = (
    "What races against a promise that stays pending, or calls its then, is kept by it with all that it resolves to:"
    " race against one that is made for the call and settles with it, or listen to an AbortSignal and remove that."
)


def with_promises(
    growth: HeapGrowth, living: GrownContainer, seconds: float, ways: Sequence[tuple[Step, ...]]
) -> HeapGrowth:
    """``living``: how many there were, and ``seconds`` later. ``ways``: to those that were pending all the time."""
    gained = max(0, growth.heap_bytes_after - growth.heap_bytes_before)
    more = round((living.after - living.before) * growth.seconds / max(seconds, 1e-9))
    weight = living.item_bytes * more
    # Nothing else is seen to grow: what lives is theirs, where a sample shows a good part of it.
    whole = gained if weight >= SEEN * gained else int(weight)
    unsure = UNKNOWN if weight >= ENOUGH * gained else LITTLE
    before = max(0, living.after - more)
    held = min(growth.heap_bytes_before, int(before * whole / max(more, 1)))
    named = [name_of(way) for way in ways] if len(ways) <= MOST_NAMED else []
    last = ways[0][-1] if named else None
    holder = HolderGrowth(
        name=f"reactions of {' or '.join(named)}, pending all the time" if named else "promises that live on",
        kind="Promise",
        root=RootKind.MODULE if named else RootKind.NATIVE,
        path=(PathStep("the program", ""), *(PathStep("Promise", f".{name}") for name in named[:1])),
        items_before=before,
        items_after=before + more,
        bytes_before=held,
        bytes_after=held + whole,
        evicted_items=0,
        eviction_known=False,
        item_type=living.item_type,
        owner_type=last.of if last is not None else "",
        attribute=last.name if last is not None else "",
        module=script_path(ways[0][0].file) if named else "",
        may_bound="" if named and weight >= ENOUGH * gained else unsure,
        cause=CauseName.CLOSURE,
        advice=ADVICE,
        counted=PROMISES,
    )
    holders = sorted((holder, *growth.holders), key=lambda each: -each.bytes_grown)
    estimated = f"{growth.estimated}; {INFERRED}" if growth.estimated else INFERRED
    return replace(growth, holders=tuple(holders), estimated=estimated)
