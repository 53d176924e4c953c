"""Two looks at one Go heap, compared: which variable, stack or timer leads to more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.golive import kernels
from oakum.heap.formats.golive.held import Held, Walk, gone
from oakum.heap.formats.golive.types import Types
from oakum.heap.formats.golive.uses import Use
from oakum.heap.formats.golive.way import Way, way
from oakum.heap.formats.pprof.frames import is_library, place_of
from oakum.heap.formats.pprof.goroutines import Group
from oakum.heap.formats.pprof.growth import LEAST_GOROUTINES, LEAST_SHARE, MOST_HOLDERS, goroutine_holder
from oakum.heap.formats.pprof.profile import Frame
from oakum.heap.shapes import Shape, guess
from oakum.model.cause import CauseName, CodePlace
from oakum.model.growth import HeapGrowth, HolderGrowth, PathStep, RootKind
from oakum.model.units import format_share, format_size

LOCALS, TIMERS, VARIABLE = "locals", "timers", "variable"
CLOSURE, FUNCTIONS = "func ", "functions"
LEAST_BYTES: Final = 64 << 10
LANGUAGE: Final = "Go"
WARNINGS: Final = (
    "its memory was copied while it ran: what moved meanwhile may be missing, or told twice",
    (
        "a word on a stack or in a large object that looks like a pointer counts as one, as Go takes its stacks;"
        " what two lead to belongs to the first: variables of main, those of other packages, timers, goroutines"
    ),
)
UNREACHED_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What the second look has beside what it holds. ``uses``: of a variable, where it is put into.

    ``kinds``: of the roots by name, "" for what is never a holder.
    ``frame``: of a group of goroutines, in which function's frame a pointer to ``[low, high)`` stands.
    """

    walk: Walk
    types: Types
    kinds: Mapping[str, str]
    uses: Callable[[str], Sequence[Use]]
    frame: Callable[[str, int, int], CodePlace | None]


@dataclass(frozen=True, slots=True)
class Goroutines:
    """Groups by name, then and now, and the bytes of one stack."""

    before: Mapping[str, Group]
    after: Mapping[str, Group]
    stack_bytes: int

    def more(self, name: str) -> int:
        earlier = self.before[name].count if name in self.before else 0
        return (self.after[name].count if name in self.after else 0) - earlier


def grown(before: Held, after: Held, known: Known, waiting: Goroutines, seconds: float) -> HeapGrowth:
    """``seconds``: from one copy to the other."""
    new = gone(after.reached, before.reached)
    weight = np.zeros(known.walk.copy.spans.objects, np.int64)
    weight[np.sort(known.walk.order)] = np.where(new, after.sizes, 0)
    kernels.sum_up(known.walk.order, known.walk.order.size, known.walk.parent, weight)
    found = [_goroutines(name, before, after, waiting, seconds) for name in waiting.after]
    found += [_holder(name, before, after, known, waiting, weight) for name in after.names]
    holders = sorted((each for each in found if each is not None), key=lambda each: -each.bytes_grown)
    most = holders[0].bytes_grown if holders else 0
    kept = tuple(each for each in holders if each.bytes_grown >= LEAST_SHARE * most)[:MOST_HOLDERS]
    first, last = int(before.sizes.sum()), int(after.sizes.sum())
    made = HeapGrowth(
        seconds=seconds,
        objects_before=int(before.reached.size),
        objects_after=int(after.reached.size),
        heap_bytes_before=first,
        heap_bytes_after=last,
        types=(),
        holders=kept,
        warnings=WARNINGS,
        language=LANGUAGE,
        from_memory=True,
    )
    unreached = after.used_bytes - last - (before.used_bytes - first)
    used = after.used_bytes - before.used_bytes
    if used >= LEAST_BYTES and unreached >= UNREACHED_SHARE * used:
        told = (
            f"of {format_size(used)} that its objects gained, nothing leads to {format_share(min(unreached / used, 1))}"
        )
        return replace(made, uncollected=f"{told}: garbage that was not collected yet", room_per_s=unreached / seconds)
    return made


def _goroutines(name: str, before: Held, after: Held, waiting: Goroutines, seconds: float) -> HolderGrowth | None:
    more = waiting.more(name)
    if more < LEAST_GOROUTINES:
        return None
    group = waiting.after[name]
    count = group.count - more
    made = goroutine_holder(group, count, seconds, waiting.stack_bytes)
    first, last = before.bytes.get(name, 0), after.bytes.get(name, 0)
    each = (last - first) // more
    told = f"{made.advice}, and about {format_size(each)} on the heap that only its stack leads to"
    return replace(
        made,
        bytes_before=count * waiting.stack_bytes + first,
        bytes_after=group.count * waiting.stack_bytes + last,
        advice=told if each > 0 else made.advice,
    )


def _holder(
    name: str, before: Held, after: Held, known: Known, waiting: Goroutines, weight: NDArray[np.int64]
) -> HolderGrowth | None:
    first, last = before.bytes.get(name, 0), after.bytes[name]
    kind = known.kinds[name]
    if not kind or last - first < LEAST_BYTES or (kind == LOCALS and waiting.more(name) >= LEAST_GOROUTINES):
        return None
    items = before.objects.get(name, 0)
    if kind == LOCALS and name not in before.bytes:
        # Its goroutines stood elsewhere before: what was there then, whoever led to it, is no growth.
        of = after.of(name)
        there = of & ~gone(after.reached, before.reached)
        first, items = int(after.sizes[there].sum()), int(there.sum())
        if last - first < LEAST_BYTES:
            return None
    taken = way(known.walk, known.types, after.names.index(name) + 1, weight)
    went = 0
    if name in before.bytes:
        went = int(gone(before.reached[before.of(name)], after.reached).sum())
    made = HolderGrowth(
        name=name,
        kind=kind,
        root=RootKind.MODULE,
        path=(),
        items_before=items,
        items_after=after.objects[name],
        bytes_before=first,
        bytes_after=last,
        evicted_items=went,
        item_type=taken.items,
        counted="objects",
    )
    if kind == LOCALS:
        frame = known.frame(name, *taken.first) if taken.first is not None else None
        return _of_stack(made, waiting.after.get(name), taken, frame)
    if kind == TIMERS:
        return _of_timers(made, taken)
    return _of_variable(made, known.uses(name), taken)


def _of_variable(made: HolderGrowth, uses: Sequence[Use], taken: Way) -> HolderGrowth:
    use = uses[0] if uses else None
    kind = next((each.kind for each in uses if each.kind), made.kind)
    package, _, variable = made.name.rpartition(".")
    steps = (PathStep(f"package {package}", ""), PathStep(kind, f"variable {variable}"), *_steps(taken))
    shape = Shape(name=made.name, items=made.item_type, kind=kind, special="", static=False, single=False)
    # What is called first may be a lookup; who makes it larger is what is wanted.
    advice = ""
    if use is not None and len(uses) > 1:
        places = dict.fromkeys(each.place.function for each in uses if each.place.function != use.place.function)
        advice = f"also used by {', '.join(list(places)[:3])}" if places else ""
    told = replace(
        made,
        kind=kind,
        path=steps,
        attribute=variable,
        defined=use.place if use is not None else None,
        cause=guess(shape).cause,
        advice=advice,
    )
    return _of_function(told, taken) if is_library(Frame(made.name, "", 0)) else told


def _of_stack(made: HolderGrowth, group: Group | None, taken: Way, frame: CodePlace | None) -> HolderGrowth:
    if taken.calls is not None and taken.items == f"{CLOSURE}{taken.calls.function}":
        return _of_closures(made, taken, taken.calls)
    name = made.name.partition(" in ")[2] or made.name
    place = group.place if group is not None else None
    if frame is not None:
        name, place = place_of(Frame(frame.function, frame.file, frame.line)), frame
    shape = Shape(name=name, items=made.item_type, kind="", special="", static=False, single=False)
    told = replace(
        made,
        name=f"what {name} keeps",
        path=(PathStep(made.name.replace("goroutines", "goroutine", 1), ""), *_steps(taken)),
        defined=place,
        cause=guess(shape).cause,
    )
    return _of_function(told, taken)


def _of_closures(made: HolderGrowth, taken: Way, place: CodePlace) -> HolderGrowth:
    """What grows is functions of the program's own: where they are made tells more than who leads to them."""
    base = place.file.rpartition("/")[2]
    shape = Shape(name="", items=taken.items, kind="", special="", static=False, single=False)
    return replace(
        made,
        name=f"functions {place.function} ({base}:{place.line})",
        kind=FUNCTIONS,
        path=(PathStep(made.name.replace("goroutines", "goroutine", 1), ""), *_steps(taken)),
        defined=place,
        allocated=(place,),
        cause=guess(shape).cause,
    )


def _of_function(made: HolderGrowth, taken: Way) -> HolderGrowth:
    """Named by the application's own function whose variables are on the way, where one is: that says more."""
    if taken.captured is None:
        return made
    place = taken.captured
    base = place.file.rpartition("/")[2]
    return replace(made, name=f"what variables of {place.function} ({base}:{place.line}) keep", defined=place)


def _of_timers(made: HolderGrowth, taken: Way) -> HolderGrowth:
    place = taken.calls
    name = f"timers that call {place.function}" if place is not None else "timers that have not fired"
    return replace(
        made,
        name=name,
        path=(PathStep("timers of the runtime", ""), *_steps(taken)),
        item_type=taken.items,
        defined=CodePlace(place.file, place.line, place.function) if place is not None else None,
        cause=CauseName.TIMER,
    )


def _steps(taken: Way) -> tuple[PathStep, ...]:
    """Those that something tells, and the last one."""
    told = [PathStep(name or f"{format_size(size)} of memory", "leads to") for name, size in taken.steps if name]
    last = [PathStep(f"an object of {format_size(size)}", "leads to") for name, size in taken.steps[-1:] if not name]
    return (*told, *last)
