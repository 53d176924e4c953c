"""The catalogue: one cause per file, each answering yes, perhaps or no of one holder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from oakum.explain.causes import (
    call_path,
    closure,
    connection_pool,
    global_,
    go_holder,
    go_timers,
    goroutine,
    java,
    javascript,
    large_load,
    listener,
    queue_backlog,
    ruby,
    session_state,
    static_collection,
    thread_local,
    timer,
    unbounded_cache,
)
from oakum.explain.causes.finding import Clue, Finding
from oakum.model.cause import CauseName
from oakum.model.units import format_count, format_size

FIRM = 0.9
"""What fits so well leaves little to doubt."""

LEAST, LEAST_BESIDE_FIRM = 0.4, 0.5
"""A reading beside the first that fits less is not told."""

MOST_READINGS = 2

INSIDE_ADVICE = "Bound what each of its items keeps: it has no more of them, they are larger."

GAINS_ITEMS = frozenset({CauseName.UNBOUNDED_CACHE, CauseName.SESSION_STATE})
"""What gains keys or items, or is none of these."""

LASTING = frozenset({CauseName.GLOBAL, CauseName.STATIC_COLLECTION})

INSIDE = "it has no more items than before: what grows is inside of them"

RULES: tuple[Callable[[Clue], Finding | None], ...] = (
    closure.look,
    connection_pool.look,
    global_.look,
    large_load.look,
    listener.look,
    queue_backlog.look,
    session_state.look,
    static_collection.look,
    thread_local.look,
    timer.look,
    unbounded_cache.look,
)


def findings(clue: Clue) -> list[Finding]:
    """What fits, best first."""
    if clue.language == "Go":
        first = goroutine.look(clue) or go_timers.look(clue) or go_holder.look(clue) or _path(clue)
        return [first, *(go_holder.as_well(name, fit) for name, fit in clue.holder.others)]
    if clue.holder.cause is not None:
        speak = {"Java": java.look, "Ruby": ruby.look}.get(clue.language, javascript.look)
        first = speak(clue, clue.holder.cause)
        rest = [replace(speak(clue, name), fit=fit) for name, fit in clue.holder.others]
        if first.name is CauseName.UNBOUNDED_CACHE and clue.holder.grows_inside:
            # A cache gains keys.
            rest, first = [replace(first, fit=LEAST)], replace(speak(clue, CauseName.STATIC_COLLECTION), why=INSIDE)
        return [first, *(each for each in rest if each.name is not first.name)]
    found = [finding for rule in RULES if (finding := rule(clue)) is not None]
    return sorted(_inside(clue, found), key=lambda finding: -finding.fit)


def _inside(clue: Clue, found: list[Finding]) -> list[Finding]:
    """Without what gains items, where none are more or the holder is a table of variables or fields."""
    holder = clue.holder
    stays = holder.items_after > 0 and holder.items_grown <= 0
    together = clue.variables
    if together:
        why, advice = f"several {together} hold them together", "Look at what each of them keeps, and bound that."
    elif stays and holder.evicted_items * 2 <= holder.items_after:
        each = format_size(max(holder.bytes_grown, 0) // holder.items_after)
        why = f"each of its {format_count(holder.items_after)} {holder.counted} gained about {each}"
        advice = INSIDE_ADVICE
    elif stays:
        why, advice = INSIDE, INSIDE_ADVICE
    else:
        return found
    kept = [each for each in found if each.name not in GAINS_ITEMS]
    return [replace(each, why=why, advice=advice) if each.name in LASTING else each for each in kept]


def _path(clue: Clue) -> Finding:
    return call_path.look(clue, clue.holder.cause or CauseName.GLOBAL)


def readings(found: list[Finding]) -> list[Finding]:
    """What could be meant as well as the first, best first: the less sure that is, the more of them.

    ``found``: as ``findings`` gives it.
    """
    least = LEAST if found[0].fit < FIRM else LEAST_BESIDE_FIRM
    return [other for other in found[1:] if other.fit >= least][:MOST_READINGS]
