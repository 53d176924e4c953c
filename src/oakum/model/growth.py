"""What grew in a heap between two captures, by type and by holder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from oakum.model.cause import CauseName, CodePlace
from oakum.model.division import Divided

FEW_ITEMS = 64
INSIDE_SHARE = 0.2
"""A holder of so many items or fewer, none more than before, that gained this share of its bytes grows within them."""


@dataclass(frozen=True, slots=True)
class TypeGrowth:
    """One type's objects in two captures. ``name`` is qualified: ``shop.cart.Session``. Bytes are shallow."""

    name: str
    count_before: int
    count_after: int
    bytes_before: int
    bytes_after: int

    @property
    def count_grown(self) -> int:
        return self.count_after - self.count_before

    @property
    def bytes_grown(self) -> int:
        return self.bytes_after - self.bytes_before


class RootKind(StrEnum):
    """What keeps a path alive in the end."""

    MODULE = "module"
    FRAME = "frame"
    NATIVE = "native"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class PathStep:
    """One object on the way from a root to the holder.

    ``node``: what it is, in words (``module shop.cart``, ``dict``, ``shop.cart.SessionCache``).
    ``via``: the edge that leads to it from the step before (``global _seen``, ``.entries``, ``closure cell on_tick``);
    empty at the root.
    """

    node: str
    via: str
    address: int = 0


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit to the holder's growth that can be read from outside: ``lru_cache(maxsize=…)``, ``deque(maxlen=…)``."""

    limit_items: int
    where: str


@dataclass(frozen=True, slots=True)
class KeptBySource:
    """What source says of a holder that no capture shows. ``told``: how that is known. ``places``: what puts items in.

    ``bounds``: where its length is compared beside that; ``removals``: where items are taken out.
    """

    told: str
    places: tuple[CodePlace, ...]
    bounds: tuple[CodePlace, ...] = ()
    removals: tuple[CodePlace, ...] = ()


@dataclass(frozen=True, slots=True)
class HolderGrowth:
    """One object that holds more and more: the accumulation point.

    ``name``: as a developer would write it (``shop.cart._seen``, ``SessionCache.entries``,
    ``closure of register() in hub.py: handlers``). ``owner_type``: the class that owns the field, or "".
    ``items_*``: its own length where it has one, else the number of objects it owns.
    ``bytes_*``: everything that would go with it (retained). ``evicted_items``: children that it held in
    the first capture and no longer in the second. ``item_type``: what its items mostly are.
    ``attribute``: the last name on the way, without decoration (``_seen``, ``entries``): what to look for in source.
    ``module``: the module that the root or the owner's class belongs to.
    ``defined``: the function (closure, frame) or class that holds it, as far as the heap tells.
    """

    name: str
    kind: str
    root: RootKind
    path: tuple[PathStep, ...]
    items_before: int
    items_after: int
    bytes_before: int
    bytes_after: int
    evicted_items: int
    item_type: str
    owner_type: str = ""
    attribute: str = ""
    module: str = ""
    bound: Bound | None = None
    defined: CodePlace | None = None
    cause: CauseName | None = None
    """What the dump itself says of the cause, where it does: listeners of an emitter, timers."""

    advice: str = ""
    others: tuple[tuple[CauseName, float], ...] = ()
    """What its shape speaks for as well, less than for ``cause``, and how well: 0..1; best first."""

    may_bound: str = ""
    """A class on the way that may bound itself by means that are not seen, "" for none."""

    eviction_known: bool = True
    """False where objects move between captures, so that one which went cannot be told from one which moved."""

    counted: str = "items"
    """What ``items_*`` count, in words."""

    calls: CodePlace | None = None
    """The function that most of its items will call, where they are callbacks or timers."""

    loaders_more: Mapping[str, int] | None = None
    """How many more class loaders would go with it than before, by their class; None where that is not known."""

    seconds: float = 0.0
    """Over how long it grew, where that is another time than the one between the captures; 0 where it is that."""

    allocated: tuple[CodePlace, ...] = ()
    """Of a call path: the application's own functions on it, innermost first."""

    by_source: KeptBySource | None = None
    """Where source, and no capture, tells who holds it."""

    @property
    def bytes_grown(self) -> int:
        return self.bytes_after - self.bytes_before

    @property
    def items_grown(self) -> int:
        return self.items_after - self.items_before

    @property
    def grows_inside(self) -> bool:
        """Whether its few items are no more than before and hold more all the same, as lists by key do."""
        stayed = self.evicted_items < self.items_before <= FEW_ITEMS
        return stayed and self.items_grown <= 0 and self.bytes_grown > INSIDE_SHARE * self.bytes_before

    def grown_in_s(self, growth: HeapGrowth) -> float:
        return max(self.seconds or growth.seconds, 1e-9)


@dataclass(frozen=True, slots=True)
class LineGrowth:
    """Objects of class ``name`` that were allocated at one line, where that was recorded; in each dump, in order."""

    name: str
    place: CodePlace
    counts: tuple[int, ...]
    shallow_bytes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cycles:
    """What only cycles hold, to which nothing refers, in two captures: a collector frees it, and nothing else does.

    ``item_type``: what they mostly are. ``off``: by what the collector does not run, in the words of the runtime; ""
    where it runs, or where that could not be read.
    """

    objects_before: int
    objects_after: int
    bytes_before: int
    bytes_after: int
    item_type: str
    off: str = ""

    @property
    def bytes_grown(self) -> int:
        return self.bytes_after - self.bytes_before


@dataclass(frozen=True, slots=True)
class HeapGrowth:
    """Two captures of one heap, compared. ``heap_bytes_*``: all that the capture could see.

    ``module_files``: ``__file__`` by module name, for the modules that a holder or a grown type belongs to.
    """

    seconds: float
    objects_before: int
    objects_after: int
    heap_bytes_before: int
    heap_bytes_after: int
    types: tuple[TypeGrowth, ...]
    holders: tuple[HolderGrowth, ...]
    module_files: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    language: str = "Python"
    divided: Divided | None = None
    """Where the process's memory went, as far as that was told."""

    outside: str = ""
    """What is to be said where it is not the heap itself that grows, but memory that its objects own outside of it."""

    uncollected: str = ""
    """What is to be said where the process gained garbage that its runtime has not collected yet."""

    room_per_s: float = 0.0
    """Bytes per second that its runtime took as room for that garbage, where ``uncollected`` says so."""

    cycles: Cycles | None = None
    """Of a heap of Python's, where they gained a noticeable part of what was gained."""

    lines: tuple[LineGrowth, ...] = ()
    """By the line of their allocation, most bytes gained first; empty where that was not recorded."""

    estimated: str = ""
    """What its sizes rest upon, where no capture measured them; "" where one did."""

    from_memory: bool = False
    """Whether a program that usually is asked for its profiles was read from outside instead."""

    beside: str = ""
    """What is to be said whatever memory does: goroutines that became more, too few for their bytes to show."""
