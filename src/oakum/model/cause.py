"""Causes: what the catalogue can name, and one finding of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class CauseName(StrEnum):
    """The catalogue of design; the names are a promise."""

    UNBOUNDED_CACHE = "unbounded-cache"
    LISTENER = "listener"
    TIMER = "timer"
    CLOSURE = "closure"
    GLOBAL = "global"
    THREAD_LOCAL = "thread-local"
    STATIC_COLLECTION = "static-collection"
    CLASS_LOADER = "class-loader"
    CONNECTION_POOL = "connection-pool"
    GOROUTINE = "goroutine"
    NATIVE_ALLOCATION = "native-allocation"
    LARGE_LOAD = "large-load"
    SESSION_STATE = "session-state"
    QUEUE_BACKLOG = "queue-backlog"
    KEYS_WITHOUT_TTL = "keys-without-ttl"
    FRAGMENTATION = "fragmentation"
    UNDERSIZED_LIMIT = "undersized-limit"
    PAGE_CACHE = "page-cache"
    LOAD_GROWTH = "load-growth"
    GC_MISCONFIGURED = "gc-misconfigured"
    WORKERS_OR_ARENAS = "workers-or-arenas"
    MANY_PROCESSES = "many-processes"


@dataclass(frozen=True, slots=True)
class CodePlace:
    """Where in the code. ``line`` is 0 when only the file or the function is known."""

    file: str
    line: int
    function: str
    source: str = ""

    def __str__(self) -> str:
        at = f"{self.file}:{self.line}" if self.line else self.file
        return f"{at} in {self.function}" if self.function else at


@dataclass(frozen=True, slots=True)
class Example:
    """A fix by example."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Cause:
    """One finding. ``confidence`` 0..1. ``growth_bytes_per_s``: how much of the measured growth it accounts for.

    ``retained_bytes`` None, ``growth_bytes_per_s`` NaN: what it holds is not measured in bytes, as connections; or only
    a log speaks of it. ``share``: of the rate that the judge measured, 0..1; None where it is no part of that rate,
    and for another reading of a holder, whose share stands with the first.
    """

    name: CauseName
    confidence: float
    title: str
    holder: str
    retained_bytes: int | None
    growth_bytes_per_s: float
    where: tuple[CodePlace, ...] = ()
    why: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    advice: str = ""
    example: Example | None = None
    evidence: tuple[str, ...] = field(default=())
    share: float | None = None
    instead_of: CauseName | None = None
    """The cause of the same holder that fits better, where this is another reading of it: its growth is the same."""


def of_holders(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """One of each holder, in order: without other readings of it."""
    return tuple(cause for cause in causes if cause.instead_of is None)


def readings_of(cause: Cause, causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """The other readings of what holds ``cause``, in order."""
    return tuple(each for each in causes if each.instead_of is cause.name and each.holder == cause.holder)
