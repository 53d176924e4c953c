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
from oakum.explain.causes.inside import Inside, inside
from oakum.model.cause import CauseName

FIRM = 0.9
"""What fits so well leaves little to doubt."""

LEAST, LEAST_BESIDE_FIRM = 0.4, 0.5
"""A reading beside the first that fits less is not told."""

MOST_READINGS = 2

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
    grown = inside(clue)
    if clue.holder.cause is not None:
        return _spoken(clue, clue.holder.cause, grown)
    found = [finding for rule in RULES if (finding := rule(clue)) is not None]
    return sorted(found if grown is None else grown.left(found), key=lambda finding: -finding.fit)


def _spoken(clue: Clue, told: CauseName, grown: Inside | None) -> list[Finding]:
    """``told``: by the dump itself."""
    speak = {"Java": java.look, "Ruby": ruby.look}.get(clue.language, javascript.look)
    first = speak(clue, told)
    if told is CauseName.UNBOUNDED_CACHE and grown is not None:
        return [grown.of(speak(clue, CauseName.STATIC_COLLECTION)), replace(first, fit=LEAST)]
    rest = [replace(speak(clue, name), fit=fit) for name, fit in clue.holder.others]
    return [first, *(each for each in rest if each.name is not first.name)]


def _path(clue: Clue) -> Finding:
    return call_path.look(clue, clue.holder.cause or CauseName.GLOBAL)


def readings(found: list[Finding]) -> list[Finding]:
    """What could be meant as well as the first, best first: the less sure that is, the more of them.

    ``found``: as ``findings`` gives it.
    """
    least = LEAST if found[0].fit < FIRM else LEAST_BESIDE_FIRM
    return [other for other in found[1:] if other.fit >= least][:MOST_READINGS]
