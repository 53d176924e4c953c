"""The catalogue: one cause per file, each answering yes, perhaps or no of one holder."""

from __future__ import annotations

from collections.abc import Callable

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
        told = goroutine.look(clue) or go_timers.look(clue) or go_holder.look(clue)
        return [told or call_path.look(clue, clue.holder.cause or CauseName.GLOBAL)]
    if clue.holder.cause is not None:
        speak = {"Java": java.look, "Ruby": ruby.look}.get(clue.language, javascript.look)
        return [speak(clue, clue.holder.cause)]
    found = [finding for rule in RULES if (finding := rule(clue)) is not None]
    return sorted(found, key=lambda finding: -finding.fit)
