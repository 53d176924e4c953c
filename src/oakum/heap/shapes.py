"""What a holder's shape and words say of the cause. One dump shows a shape, never a growth: confidence stays low."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from oakum.model.cause import CauseName
from oakum.model.wording import SOMEBODY, says


@dataclass(frozen=True, slots=True)
class Shape:
    """``name``: of the holder, as suspects have it. ``items``: what weighs most in it. ``kind``: its container's class.

    ``special``: what the format knows of the way: ``thread-local``, ``timer``, ``listener``, ``class-loader``,
    ``closure``, or "".
    ``single``: one block holds nearly all of it. ``singleton``: a static field leads to the object that has the field.
    ``inside``: classes on the way from the container to where it accumulates: its own insides, as an executor's queue.
    """

    name: str
    items: str
    kind: str
    special: str
    static: bool
    single: bool
    singleton: bool = False
    inside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guess:
    """``fit``: 0..1, how well the shape speaks for this cause."""

    cause: CauseName
    fit: float
    advice: str


_HINTS: tuple[tuple[CauseName, tuple[str, ...], float, str], ...] = (
    (
        CauseName.LISTENER,
        ("listener", "handler", "callback", "subscri", "observer", "hook", "watcher"),
        0.9,
        "Remove the listener when its owner ends, or hold it by a weak reference.",
    ),
    (
        CauseName.TIMER,
        ("timer", "timeout_", "deadline", "delayed_work", "delay_queue", "scheduled", "scheduler"),
        0.8,
        "Cancel the task when its owner ends; a scheduled task keeps all that it captured.",
    ),
    (
        CauseName.CONNECTION_POOL,
        (
            "connection",
            "data_source",
            "datasource",
            "socket_channel",
            "result_set",
            "prepared_statement",
            "jdbc_statement",
            "pg_statement",
            "borrowed",
            "checked_out",
            "leased",
        ),
        0.7,
        "Close what is borrowed in every case, failures too, and give the pool a bound.",
    ),
    (
        CauseName.SESSION_STATE,
        ("session_", "sessions_"),
        0.75,
        "Give sessions a time to live and remove them when they end; keep large state out of them.",
    ),
    (
        CauseName.QUEUE_BACKLOG,
        (
            "queue",
            "deque_",
            "backlog",
            "pending",
            "inbox",
            "outbox",
            "mailbox",
            "unsent_",
            "unfinalized",
            "thread_pool_executor",
        ),
        0.75,
        "Bound the queue and decide what happens when it is full; its consumer is slower than its producer.",
    ),
    (
        CauseName.UNBOUNDED_CACHE,
        (
            "cache",
            "cached_",
            "compiled_",
            "memo_",
            "memos_",
            "memoi",
            "seen_",
            "registry",
            "lookup",
            "by_id_",
            "byid_",
            "entries_",
        ),
        0.8,
        "Give it a bound: a fixed size with least-recently-used eviction, or a time to live.",
    ),
)

GENERIC = frozenset({"seen_", "compiled_", "registry", "lookup", "by_id_", "byid_", "entries_"})
"""Names of what is looked up by a key; a plain list of that name is a list."""

OF_FIELDS = frozenset({"deadline", "borrowed"})
"""Names that tell of a field what it is for; items that are named so are an error, or a book."""

CLOSED_LATER = ("disposable", "closeable", "closable", "destroyable", "destructible", "cleanup", "cleanable")
"""Names of what is kept until somebody closes it."""

KEYED = ("map_", "maps_", "dict_", "defaultdict_", "table_", "hashtable_", "hashmap_")

_KEEPERS = frozenset({CauseName.SESSION_STATE, CauseName.QUEUE_BACKLOG, CauseName.UNBOUNDED_CACHE})
"""What a class or a file that is named so keeps. A RequestHandler keeps no handlers, a ConnectionFactory no
connections; where it does, the field or its items say so, or the plural."""

_CALLED = re.compile(
    r"\$\$Lambda|^func(?:tion)?\b|^Proc$|^Method$|^CompletableFuture\$|\$Completion$|Future\$(?:Uni|Bi|Co)\w+$"
)
"""Items that are there to be called: lambdas, procs, functions, what a future calls when it is done."""

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


SURE = frozenset({"thread-local", "class-loader"})
"""What a format knows of a way so well that nothing else is to be thought of."""

OTHER, MOST_OTHERS = 0.8, 2
"""Another reading fits at most so well as this share of the first."""

OFF = "Remove each callback when its owner ends, or hold it by a weak reference."

OUT_OF_PAGE = (
    "They are out of the page, and script still holds them: let go of an element when it is removed, and of what was"
    " made for it; a WeakRef or WeakMap holds none."
)


def guess(shape: Shape) -> Guess:
    """The first that fits; a shape that says nothing is a large load, a static collection or a global."""
    return next(_guesses(shape))


def others(shape: Shape) -> tuple[tuple[CauseName, float], ...]:
    """What else it could be, each with its fit, 0..1, below the first's; at most two."""
    first, *rest = _guesses(shape)
    found: dict[CauseName, float] = {}
    for each in rest:
        if each.cause is not first.cause:
            found.setdefault(each.cause, round(min(OTHER * first.fit, each.fit), 2))
    return tuple(found.items())[:MOST_OTHERS]


def _guesses(shape: Shape) -> Iterator[Guess]:
    """Best first, at least one; a cause may come again."""
    if shape.special in _SPECIAL:
        yield Guess(*_SPECIAL[shape.special])
        if shape.special in SURE:
            return
    yield from _hinted(shape)
    called = _CALLED.search(shape.items) is not None
    if called and not _keyed(shape.kind):
        yield Guess(CauseName.LISTENER, 0.7, OFF)
    if "detached " in f"{shape.name} {shape.items} {shape.kind}".lower():
        yield Guess(CauseName.GLOBAL, 0.8, OUT_OF_PAGE)
    if shape.single:
        yield Guess(CauseName.LARGE_LOAD, 0.6, "One block is this large: read it in pieces, or keep it for less long.")
    yield from _structural(shape, called=called)
    yield Guess(CauseName.GLOBAL, 0.4, "Find out whether all of it is still needed, and let go of the rest.")


def _structural(shape: Shape, *, called: bool) -> Iterator[Guess]:
    """By where it hangs and how it is looked up. What is there to be called, or closed, is no cache's value: it was
    registered.
    """
    keyed = _keyed(shape.kind)
    registered = keyed and (called or says(f"{_parts(shape.name)[0]} {_simple(shape.items)}", CLOSED_LATER))
    static = Guess(
        CauseName.STATIC_COLLECTION, 0.6, "What a static field holds lives as long as its class: remove, or bound."
    )
    if (shape.static and shape.kind.startswith("java.")) or (registered and shape.singleton):
        yield static
    if keyed and called:
        yield Guess(CauseName.LISTENER, 0.55, OFF)
    if keyed:
        yield Guess(
            CauseName.UNBOUNDED_CACHE, 0.6, "A mapping without a bound keeps all that it was ever given: bound it."
        )
    if keyed and says(f"{_parts(shape.name)[0]} {_simple(shape.items)}", SOMEBODY):
        yield Guess(
            CauseName.SESSION_STATE, 0.45, "Give what is kept for somebody a time to live; remove it as they go."
        )
    if shape.static or shape.singleton:
        yield static


def _keyed(container: str) -> bool:
    """A plain JavaScript object that holds so much is used as a mapping; Hash is Ruby's."""
    kind = _simple(container)
    return kind in {"Object", "Hash"} or (says(kind, KEYED) and not kind.startswith("Set"))


def _hinted(shape: Shape) -> Iterator[Guess]:
    """What the field, its items and its container are called says more than the class or the file that has it."""
    field, owner = _parts(shape.name)
    inside = " ".join(label.rpartition(".")[2] for label in shape.inside)
    near = f"{field} {_simple(shape.items)} {_simple(shape.kind)} {inside}"
    plain = _LIST.search(shape.kind.lower()) is not None
    for cause, hints, fit, advice in _HINTS:
        told = [hint for hint in hints if not (plain and hint in GENERIC)]
        if says(near, [hint for hint in told if hint not in OF_FIELDS]) or says(field, OF_FIELDS.intersection(told)):
            yield Guess(cause, fit, advice)
    for cause, hints, fit, advice in _HINTS:
        told = [hint for hint in hints if hint not in GENERIC]
        if says(owner, told if cause in _KEEPERS else [f"{hint.rstrip('_')}s" for hint in told]):
            yield Guess(cause, fit, advice)


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
