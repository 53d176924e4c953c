"""Holders of a Go program, named by what its source says of them where no capture does: the field, not the caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from oakum.explain.causes import goroutine
from oakum.explain.go_due import due_s
from oakum.explain.go_follow import Follower
from oakum.explain.go_kept import CALLED, Kept
from oakum.explain.go_patience import TooLongError
from oakum.explain.go_program import Program
from oakum.explain.go_syntax import read
from oakum.heap.shapes import Shape, guess
from oakum.model.cause import CauseName, CodePlace
from oakum.model.growth import Bound, HeapGrowth, HolderGrowth, KeptBySource, PathStep
from oakum.model.units import format_duration
from oakum.model.wording import SOMEBODY, says

GO: Final = ".go"
PATH, FUNCTIONS, LOCALS = "call path", "functions", "locals"
VARIABLES: Final = frozenset({"variable", "map", "slice", "channel"})
CONTEXTS, TIMERS = "contexts", "timers"
_STATE: Final = 0.45
"""How well a key that names somebody speaks for state of a session."""

_PLAIN: Final = frozenset({CauseName.GLOBAL, CauseName.UNBOUNDED_CACHE})
"""What a container's shape alone gives."""


LONGEST_WAIT_S: Final = 120.0
SPREAD: Final = 1.1
"""Goroutines that wait for longer are as good as kept; more than start meanwhile by so much do not end as told."""

LONGEST_S: Final = 2.0
"""Reading source is given up after it: who waits for a report needs the rest of it more."""


def by_source(growth: HeapGrowth, sources: Mapping[str, str], clock_s: Callable[[], float] = lambda: 0.0) -> HeapGrowth:
    """``growth`` with its call paths and variables named by the fields that keep what they lead to.

    ``sources``: text by path. ``clock_s``: for intervals. What the source does not tell stays as it was; so does all
    of it where that takes too long, or the text is none that can be followed: what it adds never ends a run.
    """
    until_s = clock_s() + LONGEST_S
    try:
        return _by_source(growth, sources, lambda: clock_s() > until_s)
    except (TooLongError, IndexError, KeyError, RecursionError, ValueError):
        return growth


def _by_source(growth: HeapGrowth, sources: Mapping[str, str], late: Callable[[], bool]) -> HeapGrowth:
    texts = {path: text for path, text in sources.items() if path.endswith(GO)}
    if growth.language != "Go" or not texts:
        return growth
    program, lines = read(texts), {path: text.split("\n") for path, text in texts.items()}
    made: list[tuple[HolderGrowth, tuple[str, ...]]] = []
    for holder in (_due(each, texts, growth) for each in growth.holders):
        follower = Follower(program, lines, _package(holder), late)
        kept = _kept(holder, follower)
        made.append((holder, ()) if not kept else (_named(holder, kept, program), tuple(each.name for each in kept)))
    holders = _together(made)
    return replace(growth, holders=tuple(sorted(holders, key=lambda each: -each.bytes_grown / each.grown_in_s(growth))))


def _due(holder: HolderGrowth, texts: Mapping[str, str], growth: HeapGrowth) -> HolderGrowth:
    """Goroutines that each wait for the clock alone, and not for long, are bounded by how many start meanwhile."""
    place = holder.defined
    if holder.kind != goroutine.KIND or place is None or holder.bound is not None:
        return holder
    wait_s = due_s(texts.get(place.file, ""), place)
    if wait_s is None or wait_s > LONGEST_WAIT_S:
        return holder
    most = int(SPREAD * wait_s * max(holder.items_grown, 0) / holder.grown_in_s(growth)) + 1
    where = f"how many start while one waits {format_duration(wait_s)} ({_short(place)})"
    return replace(holder, bound=Bound(most, where))


def wanted(holder: HolderGrowth) -> list[str]:
    """The files that would tell."""
    return [place.file for place in holder.allocated if place.file.endswith(GO)]


def _places(holder: HolderGrowth) -> tuple[CodePlace, ...]:
    """Where it is allocated; of what variables of a function lead to, that function."""
    return (holder.defined,) if holder.kind == LOCALS and holder.defined is not None else holder.allocated


def _package(holder: HolderGrowth) -> str:
    """``example.org/shop/cart`` of ``example.org/shop/cart.(*Store).Put`` and of ``example.org/shop/cart.seen``."""
    places = _places(holder)
    name = places[0].function if places else holder.name
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.partition('.')[0]}"


def _kept(holder: HolderGrowth, follower: Follower) -> list[Kept]:
    if holder.kind == PATH:
        return follower.kept(holder.allocated)
    if holder.kind == FUNCTIONS:
        return follower.closure(holder.allocated[0])
    if holder.kind == LOCALS:
        return follower.locals(holder.defined) if holder.defined is not None else []
    if holder.kind in VARIABLES and holder.attribute and holder.name.endswith(f".{holder.attribute}"):
        return follower.variable(holder.attribute)
    return []


def _named(holder: HolderGrowth, kept: Sequence[Kept], program: Program) -> HolderGrowth:
    first = kept[0]
    if first.kind == CONTEXTS:
        return _of_contexts(holder, first)
    variable = holder.kind in VARIABLES
    together = len({each.owner for each in kept}) == 1
    fields = (" and " if together else " or ").join(each.name for each in kept)
    name = fields
    if variable:
        name = f"{holder.name} → {fields}" if first.owner else holder.name
    cause, others = _causes(holder, first, static=variable or bool(first.root))
    steps = [PathStep(each.kind, f".{each.field}" if each.owner else f"variable {each.field}") for each in kept[:1]]
    root = [PathStep(first.owner, "")] if first.owner else []
    idle = [place for each in kept for place in each.removals if program.called_by_none(place.function)]
    base = holder.path[:2] if variable and first.owner else holder.path[:1] if holder.kind == LOCALS else ()
    return replace(
        holder,
        name=name,
        kind=first.kind,
        path=(*base, *steps) if base else (*root, *steps),
        item_type=first.of or holder.item_type,
        owner_type=first.owner,
        attribute=first.field,
        cause=cause,
        others=others,
        defined=holder.allocated[0] if holder.allocated else holder.defined,
        by_source=KeptBySource(
            _told(holder, kept, idle),
            tuple(dict.fromkeys(each.place for each in kept)),
            tuple(dict.fromkeys(place for each in kept for place in each.bounds)),
            tuple(dict.fromkeys(place for each in kept for place in each.removals if place not in idle)),
        ),
    )


def _of_contexts(holder: HolderGrowth, kept: Kept) -> HolderGrowth:
    told = f"what {_short(holder.allocated[0])} allocates is put into them, as its source says"
    return replace(
        holder,
        name=kept.name,
        kind=TIMERS,
        item_type=kept.field,
        cause=CauseName.TIMER,
        advice=told,
        by_source=KeptBySource(told, (kept.place,)),
    )


def _told(holder: HolderGrowth, kept: Sequence[Kept], idle: Sequence[CodePlace]) -> str:
    which = "" if len({each.owner for each in kept}) == 1 else "; the source alone does not tell which of them it is"
    seen = "memory shows the variable, and its source the field"
    if holder.kind == FUNCTIONS:
        seen = f"memory shows functions that {_short(holder.allocated[0])} is, and the source who keeps them"
    if holder.kind == LOCALS and holder.defined is not None:
        seen = (
            f"memory shows that variables of {holder.defined.function} lead to it, and the source what of theirs grows"
        )
    if holder.kind == PATH:
        seen = f"{_short(holder.allocated[0])} allocates it, by the profile; who keeps it is read from the source"
    unused = f"; {idle[0].function} would take items out, and nothing that was read calls it" if idle else ""
    return f"{seen}{which}{unused}"


def _short(place: CodePlace) -> str:
    return f"{place.function} ({place.file.rpartition('/')[2]}:{place.line})"


def _causes(holder: HolderGrowth, kept: Kept, *, static: bool) -> tuple[CauseName, tuple[tuple[CauseName, float], ...]]:
    """By the names of the field and its items first, then by how it is used."""
    shape = Shape(
        name=f"{holder.name}.{kept.owner}.{kept.field}", items=kept.of, kind=kept.kind, special="", static=False,
        single=False,
    )  # fmt: skip
    told = CauseName.LISTENER if kept.kind == CALLED else guess(shape).cause
    if told in _PLAIN and holder.kind == PATH and holder.cause is not None and holder.cause not in _PLAIN:
        told = holder.cause
    if told in _PLAIN:
        told = _plain(kept, told, static=static)
    others = []
    if told is CauseName.UNBOUNDED_CACHE and says(kept.key, SOMEBODY):
        others.append((CauseName.SESSION_STATE, _STATE))
    return told, tuple(others)


def _plain(kept: Kept, told: CauseName, *, static: bool) -> CauseName:
    """What is looked up and put under the key that was missing is a cache; what is only put is a collection."""
    if kept.kind == "channel":
        return CauseName.QUEUE_BACKLOG
    if kept.kind == "map" and (kept.recalled or not static):
        return CauseName.UNBOUNDED_CACHE
    return CauseName.STATIC_COLLECTION if static and kept.owner else told


def _together(made: Sequence[tuple[HolderGrowth, tuple[str, ...]]]) -> list[HolderGrowth]:
    """Call paths that end in the same fields are one holder; the largest gives its name."""
    found: dict[tuple[object, ...], HolderGrowth] = {}
    for at, (holder, names) in enumerate(made):
        alike = names if names and holder.allocated else (holder.name,) if holder.kind == TIMERS else ()
        key: tuple[object, ...] = (*sorted(alike), holder.seconds) if alike else (at, None)
        first = found.get(key)
        found[key] = holder if first is None else _added(first, holder)
    return list(found.values())


def _added(first: HolderGrowth, other: HolderGrowth) -> HolderGrowth:
    return replace(
        first,
        items_before=first.items_before + other.items_before,
        items_after=first.items_after + other.items_after,
        bytes_before=first.bytes_before + other.bytes_before,
        bytes_after=first.bytes_after + other.bytes_after,
        evicted_items=first.evicted_items + other.evicted_items,
        may_bound=first.may_bound or other.may_bound,
    )
