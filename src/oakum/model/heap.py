"""What a heap dump says: what it is made of, what holds most of it, and what may be a leak."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.model.cause import CauseName, CodePlace
from oakum.model.growth import LineGrowth, PathStep


@dataclass(frozen=True, slots=True)
class ClassRow:
    """Objects of one class that roots hold. ``retained_bytes`` counts every byte once per class."""

    name: str
    count: int
    shallow_bytes: int
    retained_bytes: int


@dataclass(frozen=True, slots=True)
class Suspect:
    """One holder that has a large part of the heap.

    ``holder``: as a developer would write it (``shop.SessionCache.entries``). ``share``: 0..1, of what roots hold.
    ``count``: its items where it has a length, else the objects that it dominates directly. ``item_type``: what its
    items mostly are. ``path``: from a class, a thread or a module to the holder. ``places``: where in the code.
    ``confidence``: 0..1; one dump alone cannot tell a leak from a large cache: of what is held it never is above 0.6.
    """

    rank: int
    cause: CauseName
    title: str
    holder: str
    retained_bytes: int
    share: float
    count: int
    item_type: str
    path: tuple[PathStep, ...]
    advice: str
    confidence: float
    foreign: bool = False
    """Of a library or the runtime: ranked after the application's own."""

    runtime: bool = False
    """Of the runtime itself: ranked after libraries."""

    places: tuple[CodePlace, ...] = ()
    lost: bool = False
    """Nothing holds it, and nothing frees it by itself: ``share`` is of all there is."""

    others: tuple[tuple[CauseName, float], ...] = ()
    """What its shape speaks for as well, less than for ``cause``, and how well: 0..1; best first."""

    growth: tuple[int, ...] = ()
    """Retained bytes in each dump that was compared, oldest first; empty for a single dump."""


@dataclass(frozen=True, slots=True)
class Big:
    """One object that keeps much: ``held``: how its holder names it, "" where a root does. ``id``: as in the dump."""

    name: str
    held: str
    shallow_bytes: int
    retained_bytes: int
    id: str = ""


@dataclass(frozen=True, slots=True)
class Waste:
    """Memory that does nothing: ``what`` (duplicate strings, empty collections …) of ``name``, ``count`` of them."""

    what: str
    name: str
    count: int
    wasted_bytes: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """One node of the dominator tree as it is drawn; ``below`` is cut where it would be too small to see."""

    name: str
    retained_bytes: int
    below: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """Objects and their shallow bytes."""

    objects: int
    bytes: int


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """What the analysis was allowed, and what it took at most of memory that is no file's, as far as was seen.

    ``scratch_bytes``: what memory was too small for and went to files.
    """

    promised_bytes: int
    peak_bytes: int
    scratch_bytes: int


@dataclass(frozen=True, slots=True)
class HeapReport:
    """``reachable`` and ``unreachable`` add up to ``total``. ``loose`` is the part of ``unreachable`` that weak, soft,
    phantom or finalizer references lead to: it goes when memory is wanted.
    """

    file: str
    format: str
    runtime: str
    total: Tally
    references: int
    reachable: Tally
    unreachable: Tally
    loose: Tally
    classes: tuple[ClassRow, ...]
    suspects: tuple[Suspect, ...]
    biggest: tuple[Big, ...]
    waste: tuple[Waste, ...]
    tree: Block
    partial: bool
    warnings: tuple[str, ...]
    baseline: str = ""
    """The older dump that suspects were ranked against; then they are what grew since."""

    baseline_reachable: Tally | None = None
    memory: MemoryUse | None = None
    reach_known: bool = True
    """False: what roots hold is not known; everything counts as held, and ``unreachable`` says nothing."""


@dataclass(frozen=True, slots=True)
class ClassGrowth:
    """One class in each dump, oldest first."""

    name: str
    counts: tuple[int, ...]
    retained_bytes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HeapDiff:
    """Two or more dumps of one program, oldest first. ``suspects`` carry their growth, most grown first."""

    files: tuple[str, ...]
    format: str
    runtime: str
    reachable: tuple[Tally, ...]
    unreachable: tuple[Tally, ...]
    grown: tuple[ClassGrowth, ...]
    suspects: tuple[Suspect, ...]
    partial: bool
    warnings: tuple[str, ...]
    memory: MemoryUse | None = None
    lines: tuple[LineGrowth, ...] = ()
    """By the line of their allocation, most bytes gained first; empty where no dump tells it."""


@dataclass(frozen=True, slots=True)
class HolderClass:
    """``holders`` objects of class ``name`` immediately dominate ``dominated`` objects of the class asked for.

    "root" stands for what several holders share or a root holds itself.
    """

    name: str
    holders: int
    dominated: int
    shallow_bytes: int
    retained_bytes: int


@dataclass(frozen=True, slots=True)
class PathGroup:
    """``count`` of the objects looked at are held in one way; ``path`` is that of one of them, from an anchor on."""

    count: int
    path: tuple[PathStep, ...]


@dataclass(frozen=True, slots=True)
class HeapPaths:
    """Why objects of one class, or one object, are still there. ``looked_at``: of how many the ways were followed.

    ``largest``: different ways from a root to the one that retains most, shortest first; ``largest_id``: that one's id.
    ``object_id``: the one that was asked for, "" for a class. ``ways``: how many different ways lead to those looked
    at; ``groups`` are the most common of them.
    """

    file: str
    format: str
    runtime: str
    name: str
    objects: Tally
    retained_bytes: int
    looked_at: int
    held_by: tuple[HolderClass, ...]
    groups: tuple[PathGroup, ...]
    largest_bytes: int
    largest: tuple[tuple[PathStep, ...], ...]
    partial: bool
    warnings: tuple[str, ...]
    largest_id: str = ""
    object_id: str = ""
    ways: int = 0
