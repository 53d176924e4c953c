"""What a holder's shape and words say of the cause. One dump shows a shape, never a growth: confidence stays low."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.model.cause import CauseName


@dataclass(frozen=True, slots=True)
class Shape:
    """``words``: names of the holder, of the way to it and of its items, lower case. ``kind``: its container's class.

    ``special``: what the format knows of the way: ``thread-local``, ``timer``, ``listener``, ``class-loader``,
    ``closure``, or "".
    ``single``: one block holds nearly all of it.
    """

    words: str
    kind: str
    special: str
    static: bool
    single: bool


@dataclass(frozen=True, slots=True)
class Guess:
    """``fit``: 0..1, how well the shape speaks for this cause."""

    cause: CauseName
    fit: float
    advice: str


_HINTS: tuple[tuple[CauseName, tuple[str, ...], float, str], ...] = (
    (
        CauseName.LISTENER,
        ("listener", "handler", "callback", "subscriber", "observer", "hook", "watcher"),
        0.9,
        "Remove the listener when its owner ends, or hold it by a weak reference.",
    ),
    (
        CauseName.TIMER,
        ("timer", "timeout", "interval", "delayedwork", "scheduled"),
        0.8,
        "Cancel the task when its owner ends; a scheduled task keeps all that it captured.",
    ),
    (
        CauseName.CONNECTION_POOL,
        ("connection", "datasource", "socketchannel"),
        0.7,
        "Close what is borrowed in every case, failures too, and give the pool a bound.",
    ),
    (
        CauseName.SESSION_STATE,
        ("session",),
        0.75,
        "Give sessions a time to live and remove them when they end; keep large state out of them.",
    ),
    (
        CauseName.QUEUE_BACKLOG,
        ("queue", "deque", "backlog", "pending", "inbox", "mailbox"),
        0.75,
        "Bound the queue and decide what happens when it is full; its consumer is slower than its producer.",
    ),
    (
        CauseName.UNBOUNDED_CACHE,
        ("cache", "memo", "seen", "registry", "lookup", "byid", "by_id", "entries"),
        0.8,
        "Give it a bound: a fixed size with least-recently-used eviction, or a time to live.",
    ),
)

_SPECIAL = {
    "thread-local": (
        CauseName.THREAD_LOCAL,
        0.9,
        "Remove the value when the work is done: threads of a pool live on, and their thread-locals with them.",
    ),
    "timer": (CauseName.TIMER, 0.9, "Clear the timer when its owner ends; its callback keeps all that it captured."),
    "listener": (
        CauseName.LISTENER,
        0.9,
        "Remove the listener when its owner ends (off, AbortSignal), or register it once.",
    ),
    "class-loader": (
        CauseName.CLASS_LOADER,
        0.8,
        "Find what still holds a class of the old loader: a driver, a thread, a listener or a thread-local.",
    ),
    "closure": (
        CauseName.CLOSURE,
        0.75,
        "Captured variables live as long as the function does: let it capture less, or let it go.",
    ),
}


OUT_OF_PAGE = (
    "They are out of the page, and script still holds them: let go of an element when it is removed, and of what was"
    " made for it; a WeakRef or WeakMap holds none."
)


def guess(shape: Shape) -> Guess:
    """The first that fits; a shape that says nothing is a large load, a static collection or a global."""
    if shape.special in _SPECIAL:
        cause, fit, advice = _SPECIAL[shape.special]
        return Guess(cause, fit, advice)
    for cause, hints, fit, advice in _HINTS:
        if any(hint in shape.words for hint in hints):
            return Guess(cause, fit, advice)
    if "detached " in shape.words:
        return Guess(CauseName.GLOBAL, 0.8, OUT_OF_PAGE)
    if shape.single:
        return Guess(CauseName.LARGE_LOAD, 0.6, "One block is this large: read it in pieces, or keep it for less long.")
    kind = shape.kind.lower()
    # A plain JavaScript object that holds so much is used as a mapping; Hash is Ruby's.
    if "map" in kind or "dict" in kind or "table" in kind or kind in {"object", "hash"}:
        return Guess(
            CauseName.UNBOUNDED_CACHE, 0.6, "A mapping without a bound keeps all that it was ever given: bound it."
        )
    if shape.static:
        return Guess(
            CauseName.STATIC_COLLECTION, 0.6, "What a static field holds lives as long as its class: remove, or bound."
        )
    return Guess(CauseName.GLOBAL, 0.4, "Find out whether all of it is still needed, and let go of the rest.")
