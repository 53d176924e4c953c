"""What a holder's shape and words say of the cause. One dump shows a shape, never a growth: confidence stays low."""

from __future__ import annotations

import re
from dataclasses import dataclass

from oakum.model.cause import CauseName


@dataclass(frozen=True, slots=True)
class Shape:
    """``name``: of the holder, as suspects have it. ``items``: what weighs most in it. ``kind``: its container's class.

    ``special``: what the format knows of the way: ``thread-local``, ``timer``, ``listener``, ``class-loader``,
    ``closure``, or "".
    ``single``: one block holds nearly all of it.
    """

    name: str
    items: str
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

GENERIC = frozenset({"seen", "registry", "lookup", "byid", "by_id", "entries"})
"""Names of what is looked up by a key; a plain list of that name is a list."""

_KEEPERS = frozenset({CauseName.SESSION_STATE, CauseName.QUEUE_BACKLOG, CauseName.UNBOUNDED_CACHE})
"""What a class or a file that is named so keeps. A RequestHandler keeps no handlers, a ConnectionFactory no
connections; where it does, the field or its items say so, or the plural."""

_LIST = re.compile(r"(?:^|[.$])(?:array|list|vector|\w*(?:array|linked)list)(?:\[\d*\])?$")
_IN_FILE = re.compile(r" in \S+$")
_MADE = re.compile(r"\$(?:\d|\$)")

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
    hinted = _hinted(shape)
    if hinted is not None:
        return hinted
    if "detached " in f"{shape.name} {shape.items} {shape.kind}".lower():
        return Guess(CauseName.GLOBAL, 0.8, OUT_OF_PAGE)
    if shape.single:
        return Guess(CauseName.LARGE_LOAD, 0.6, "One block is this large: read it in pieces, or keep it for less long.")
    kind = shape.kind.lower()
    if shape.static and kind.startswith("java."):
        return Guess(
            CauseName.STATIC_COLLECTION, 0.6, "What a static field holds lives as long as its class: remove, or bound."
        )
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


def _hinted(shape: Shape) -> Guess | None:
    """What the field, its items and its container are called says more than the class or the file that has it."""
    field, owner = _parts(shape.name)
    near = f"{field} {_simple(shape.items)} {_simple(shape.kind)}".lower()
    plain = _LIST.search(shape.kind.lower()) is not None
    for cause, hints, fit, advice in _HINTS:
        if any(hint in near and not (plain and hint in GENERIC) for hint in hints):
            return Guess(cause, fit, advice)
    far = owner.lower()
    for cause, hints, fit, advice in _HINTS:
        if any(hint in far if cause in _KEEPERS else f"{hint}s" in far for hint in hints if hint not in GENERIC):
            return Guess(cause, fit, advice)
    return None


def _parts(name: str) -> tuple[str, str]:
    """(field, what has it): ``entries`` and ``Store`` of ``shop.web.Store.entries``; ``bus`` and ``hub.js`` of
    ``bus in hub.js``. Neither a package nor an outer class says what a field holds.
    """
    file = _IN_FILE.search(name)
    if file is not None:
        return name[: file.start()], file[0].removeprefix(" in ")
    before, colon, rest = name.rpartition(": ")
    owner, _, field = rest.rpartition(".")
    return field, _simple(owner) if owner else before if colon else ""


def _simple(name: str) -> str:
    """``Store`` of ``shop.Shop$Store``; of a class that the compiler made (``Shop$1``, a lambda) all that it has."""
    last = _IN_FILE.sub("", name).rpartition(".")[2]
    return last if _MADE.search(last) else last.rpartition("$")[2]
