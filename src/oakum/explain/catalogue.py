"""The catalogue of causes as a table: what each is, what speaks for and against it, where in the code it points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from oakum.explain.causes import (
    closure,
    fragmentation,
    global_,
    listener,
    native_allocation,
    queue_backlog,
    session_state,
    static_collection,
    thread_local,
    timer,
    unbounded_cache,
)
from oakum.explain.remedies import LANGUAGES, NOT_APPLICABLE, Remedy, remedy_of
from oakum.explain.remedies.anywhere import ADVICE
from oakum.model.cause import CauseName


@dataclass(frozen=True, slots=True)
class Entry:
    """One cause. ``where``: what of the code, or of what is set, it names."""

    what: str
    speaks: str
    against: str
    where: str


ENTRIES: Final[Mapping[CauseName, Entry]] = {
    CauseName.UNBOUNDED_CACHE: Entry(
        "a mapping, or a memo of functools, that keeps all that it was ever given",
        "a function looks a key up and keeps what it made under it; its name speaks of a cache; lru_cache with"
        " maxsize=None; a mapping gained keys and lost none",
        "a bound that can be read (maxsize, a test of its length beside the insert); keys that went; values that are"
        " there to be called; a library's own table",
        "module, class and attribute; the line that inserts",
    ),
    CauseName.LISTENER: Entry(
        "callbacks that are added and never removed",
        "its items are functions, methods or lambdas; its name, or that of its items, speaks of listeners",
        "a fixed number of them, added once as the program starts; a queue of what is to be called once",
        "the emitter's attribute; the line that adds",
    ),
    CauseName.TIMER: Entry(
        "timers, intervals and tasks that pile up",
        "its items are timers or tasks",
        "timers that end by themselves and are as many as before",
        "what holds them; the line that starts one",
    ),
    CauseName.CLOSURE: Entry(
        "a variable that an inner function keeps alive",
        "the way to it leads through a closure's variable",
        "a variable that each request makes anew",
        "the function, the variable, the line",
    ),
    CauseName.GLOBAL: Entry(
        "anything else that hangs on what lives as long as the process",
        "a module's variable or a field holds it, and nothing else of the catalogue fits better",
        "whatever fits better",
        "module and variable, or class and field",
    ),
    CauseName.THREAD_LOCAL: Entry(
        "state of a thread that outlives the request",
        "the way to it leads through a thread-local or a context variable, of a thread that lives on",
        "threads that end, and their state with them",
        "the thread-local and its attribute; of a JVM the thread",
    ),
    CauseName.STATIC_COLLECTION: Entry(
        "a collection in a class, shared by all instances",
        "the way to it leads through a class's attribute or a static field; of a JVM, what is registered there to be"
        " called by name; in Python, a field of an object that the standard library keeps for the whole process",
        "a memo of functools there, or a name that speaks of a cache: that is a cache",
        "class and field",
    ),
    CauseName.CLASS_LOADER: Entry(
        "an application's old class loaders, with all classes of it",
        "loaders of the same classes are held beside the one in use; as many more loaders are held as a holder has"
        " items more; metaspace grows",
        "loaders that are made for good, as of plugins",
        "class, loader, and what still holds a class of it",
    ),
    CauseName.CONNECTION_POOL: Entry(
        "connections that are opened or taken and not given back",
        "its items are connections; sockets to one remote only become more, or stay in CLOSE_WAIT; of PostgreSQL,"
        " sessions that are idle, in a transaction too, and become more",
        "a pool that fills up to its size; connections that went at any look",
        "the holder; the remote address; of PostgreSQL the application's name",
    ),
    CauseName.GOROUTINE: Entry(
        "goroutines that wait for what never comes",
        "groups of one stack that become more, and the operation on which they wait",
        "as many as there are requests in flight",
        "function and line where they wait, and who started them",
    ),
    CauseName.NATIVE_ALLOCATION: Entry(
        "memory from a C library or a native program that is not freed",
        "memory outside of a runtime's objects gains most; blocks of one size or class become more",
        "free blocks that gain as much (fragmentation); threads that became more; a library's pool that fills",
        "mapping, size class, class of object; the symbol where there is one",
    ),
    CauseName.LARGE_LOAD: Entry(
        "one large piece of work held whole: a file, a result, an array",
        "one step of the curve; few items, each of MiB; one large block",
        "a second step of the same kind: then it accumulates",
        "the type that gained; the holder where it stays",
    ),
    CauseName.SESSION_STATE: Entry(
        "state per session or user, kept after they have gone",
        "names of the field, its items or its class speak of sessions, and none went; of users and tokens: perhaps",
        "sessions that went between the captures",
        "holder and the line that inserts",
    ),
    CauseName.QUEUE_BACKLOG: Entry(
        "a queue that fills faster than it is emptied",
        "a queue, an executor or a deque that gains; a function takes the next one out, and does not keep up",
        "a bound (maxsize, maxlen) that is not reached; a deque from which nobody takes",
        "the queue and the line that puts",
    ),
    CauseName.KEYS_WITHOUT_TTL: Entry(
        "keys of Redis that are never given a time to live",
        "keys without one become more, by pattern, and their bytes are what grows",
        "maxmemory with an eviction policy that takes them",
        "the key's pattern and the client's name",
    ),
    CauseName.FRAGMENTATION: Entry(
        "memory that allocators keep although nobody uses it: high, and no leak",
        "free blocks are a good part of all memory; what grew is free",
        "blocks in use that gain as much",
        "the allocator: arenas of CPython, blocks of malloc",
    ),
    CauseName.UNDERSIZED_LIMIT: Entry(
        "a limit that is too low for what is normal",
        "memory is near its limit and does not grow; kills at its own limit were counted",
        "any growth: a leak eats any limit; no kill at all",
        "whose limit it is, and how much",
    ),
    CauseName.PAGE_CACHE: Entry(
        "pages of files, or shared memory, that are counted as use",
        "the charge grows by pages of files, anonymous memory does not; files in tmpfs by name",
        "anonymous memory that grows as well",
        "the cgroup or the container; of shared memory its name",
    ),
    CauseName.LOAD_GROWTH: Entry(
        "memory that follows the load",
        "it follows the request rate, or the number of connections that came in",
        "it does not come back when the load falls: what is kept for each is a leak",
        "how much one connection takes",
    ),
    CauseName.GC_MISCONFIGURED: Entry(
        "a heap whose cap does not fit below the memory limit, or a collector that is off",
        "-Xmx, --max-old-space-size or GOMEMLIMIT against the cgroup's limit; kills were counted; cycles that nothing"
        " refers to become more in a CPython whose collector is off",
        "a heap that is far below both; objects that live and grow whatever the cap is",
        "the flag as it is written",
    ),
    CauseName.WORKERS_OR_ARENAS: Entry(
        "more threads, and an arena of malloc's for each",
        "threads or arenas became more, and hold most of what was gained",
        "blocks that those threads hold and never free",
        "threads and arenas, then and now",
    ),
    CauseName.MANY_PROCESSES: Entry(
        "more and more processes, each of them small",
        "more came than went, and they hold most of what was gained; many alike fill the limit together",
        "a pool of workers that starts up; workers that are replaced",
        "the name of the processes, how many, who came",
    ),
}


_OF_PYTHON: Final[Mapping[CauseName, Remedy]] = {
    CauseName.UNBOUNDED_CACHE: Remedy(unbounded_cache.ADVICE, unbounded_cache.EXAMPLE),
    CauseName.LISTENER: Remedy(listener.ADVICE, listener.EXAMPLE),
    CauseName.TIMER: Remedy(timer.ADVICE, timer.EXAMPLE),
    CauseName.CLOSURE: Remedy(closure.ADVICE, closure.EXAMPLE),
    CauseName.GLOBAL: Remedy(global_.ADVICE, global_.EXAMPLE),
    CauseName.THREAD_LOCAL: Remedy(thread_local.ADVICE, thread_local.EXAMPLE),
    CauseName.STATIC_COLLECTION: Remedy(static_collection.ADVICE, static_collection.EXAMPLE),
    CauseName.SESSION_STATE: Remedy(session_state.ADVICE, session_state.EXAMPLE),
    CauseName.QUEUE_BACKLOG: Remedy(queue_backlog.ADVICE, queue_backlog.EXAMPLE),
    CauseName.NATIVE_ALLOCATION: Remedy(native_allocation.ADVICE, native_allocation.EXAMPLE),
    CauseName.FRAGMENTATION: Remedy(fragmentation.ADVICE, fragmentation.EXAMPLE),
}
"""What the rules of Python's holders, and of its memory, carry themselves."""


def remedy_in(name: CauseName, language: str) -> Remedy | None:
    """Of all that Oakum has; None where the cause does not exist there, or has advice alone."""
    return (_OF_PYTHON.get(name) if language == "Python" else None) or remedy_of(name, language)


def catalogue_rows() -> Iterator[tuple[str, Entry, list[tuple[str, str]]]]:
    """(name, what is said of it, advice by runtime) of each cause, in the catalogue's order. A runtime in which it does
    not exist is named with the reason, in brackets.
    """
    for name in CauseName:
        told = []
        for language in LANGUAGES:
            reason = NOT_APPLICABLE.get((name, language))
            found = remedy_in(name, language)
            advice = ADVICE.get(name, "") if found is None else found.advice
            told.append((language, " ".join(filter(None, (advice, f"({reason})" if reason else "")))))
        yield name.value, ENTRIES[name], told
