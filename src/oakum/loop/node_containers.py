"""Containers of a Node.js program that gained members, as holders: named as a developer would write them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from oakum.heap.shapes import Guess, Shape, guess
from oakum.model.growth import HeapGrowth, HolderGrowth, PathStep, RootKind
from oakum.model.script import script_path
from oakum.model.units import format_count, format_size
from oakum.probe.node_census_told import TIMERS, GrownContainer, Step, Walked

PLAIN: Final = frozenset({"", "Object", "Array", "Map", "Set"})
EVENTS: Final = "_events"
CAUGHT: Final = 0.5
"""Where variables that functions caught are this share of its members, they are what is kept."""

KEYED: Final = frozenset({"Map", "Object"})
SAID: Final = 0.7
"""A name fits a cause so well, at least, that says one."""

ALONE: Final = 0.1
"""Others that gained less than this share of what one gained did not grow beside it."""

SEEN: Final = 0.2
"""The members of the only one that grew are all that lives and is new, where a sample shows this share of that."""

HIDDEN: Final = 0.5
"""Where so many of its members catch what cannot be seen, a sample does not tell what they hold."""


def grown_by(seen: Walked, seconds: float, before_bytes: int, after_bytes: int, outside_bytes: int) -> HeapGrowth:
    """``before_bytes``, ``after_bytes``: what lived in the heap, each after a collection; ``outside_bytes``: what
    Buffers gained meanwhile. A holder gained no more than both together.
    """
    gained = max(0, after_bytes - before_bytes) + max(0, outside_bytes)
    rows = sorted(((_bytes(each), each) for each in seen.grown), key=lambda row: -row[0])
    holders = []
    for weight, each in rows:
        alone = all(other <= ALONE * weight for other, row in rows if row is not each)
        whole = (alone and weight >= SEEN * gained) or _leaves_only(each, rows, gained)
        make = _timers if each.kind == TIMERS else _holder
        holders.append(make(each, gained if whole else min(weight, gained), before_bytes))
    told = (
        "how much its containers hold is an estimate: members that were gained, by a sample of them, and no more than"
        " what lived more after a collection"
    )
    return HeapGrowth(
        seconds=seconds,
        objects_before=seen.objects,
        objects_after=seen.objects,
        heap_bytes_before=before_bytes,
        heap_bytes_after=after_bytes,
        types=(),
        holders=tuple(holder for holder in holders if holder.bytes_grown > 0),
        warnings=(told, *(("it has more than one walk may pass: some were not counted",) if seen.cut else ())),
        language="JavaScript",
        estimated="sizes of its containers, counted twice; no snapshot told what holds all the rest",
    )


def _leaves_only(each: GrownContainer, rows: Sequence[tuple[float, GrownContainer]], gained: float) -> bool:
    """Whether what lives more can be nobody's but what its members catch: what others gained is weighed, and little."""
    others = [(weight, other) for weight, other in rows if other is not each]
    hidden = sum(other.after - other.before for _, other in others if other.hidden_share >= HIDDEN)
    return (
        each.hidden_share >= HIDDEN
        and hidden <= ALONE * (each.after - each.before)
        and sum(weight for weight, _ in others) <= SEEN * gained
    )


def _bytes(each: GrownContainer) -> float:
    return each.item_bytes * (each.after - each.before)


def _holder(each: GrownContainer, gained: float, heap_bytes: int) -> HolderGrowth:
    held = min(heap_bytes, int(each.before * gained / max(1, each.after - each.before)))
    name, shape = name_of(each.path), shape_of(each)
    gone = round(each.before * each.gone / each.asked) if each.asked else 0
    emitter = _listens(each.path)
    last = each.path[emitter - 1] if emitter else each.path[-1]
    own = [step for step in (each.path[:emitter] if emitter else each.path) if step.kind in {"property", "variable"}]
    owner = last.of if last.of not in PLAIN else ""
    hidden = f"the source of {owner} was not read" if owner and not each.owner_file else ""
    return HolderGrowth(
        name=name,
        kind=each.of or each.kind,
        root=RootKind.MODULE,
        path=_steps(each),
        items_before=each.before,
        items_after=each.after,
        bytes_before=held,
        bytes_after=held + int(gained),
        evicted_items=gone,
        # A few of them were remembered: that none of those is gone says little of the others.
        eviction_known=False,
        item_type=each.item_type,
        owner_type=owner,
        attribute=own[-1].name if own else "",
        module=script_path((owner and each.owner_file) or each.path[0].file),
        may_bound=hidden if each.same else "another took its place between the two looks",
        cause=shape.cause,
        advice=shape.advice,
        calls=each.calls,
    )


def _timers(each: GrownContainer, gained: float, heap_bytes: int) -> HolderGrowth:
    held = min(heap_bytes, int(each.before * gained / max(1, each.after - each.before)))
    place = each.calls
    where = f" in {_base(place.file)}:{place.line}" if place is not None else ""
    name = f"timers that call {place.function}{where}" if place is not None else TIMERS
    shape = guess(Shape(name, each.item_type, TIMERS, "timer", static=False, single=False))
    return HolderGrowth(
        name=name,
        kind="Timeout",
        root=RootKind.NATIVE,
        path=(),
        items_before=each.before,
        items_after=each.after,
        bytes_before=held,
        bytes_after=held + int(gained),
        evicted_items=0,
        eviction_known=False,
        item_type="",
        module=place.file if place is not None else "",
        defined=place,
        cause=shape.cause,
        advice=shape.advice,
        counted=TIMERS,
    )


def shape_of(each: GrownContainer) -> Guess:
    special = "listener" if _listens(each.path) else "closure" if each.caught_share >= CAUGHT else ""
    shape = Shape(name_of(each.path), each.item_type, each.of or each.kind, special, static=False, single=False)
    if special == "closure" and each.kind in KEYED:
        # What is looked up by a key is more than its functions, where its name says what it is for.
        by_name = guess(replace(shape, special="", name=shape.name.partition(" in ")[0]))
        return by_name if by_name.fit >= SAID else guess(shape)
    return guess(shape)


def _listens(path: Sequence[Step]) -> int:
    """Where an emitter's table stands in a path that ends with it, or with the listeners of an event; 0 for nowhere."""
    return next((at for at in range(len(path) - 1, max(0, len(path) - 3), -1) if path[at].name == EVENTS), 0)


def name_of(path: Sequence[Step]) -> str:
    """``SessionStore.entries``, ``hub in hub.js``, ``prices in app.js: listeners of 'change'``."""
    at = _listens(path)
    if not at:
        return _named(path)
    event = f" of {path[at + 1].name!r}" if at + 1 < len(path) else ""
    named, made = _named(path[:at]), path[at].of
    kind = "" if made in {*PLAIN, "EventEmitter"} or made in named else f" ({made})"
    return f"{named}{kind}: listeners{event}"


def _named(path: Sequence[Step]) -> str:
    tail = ""
    for step in reversed(path):
        if step.kind == "variable":
            return f"{step.name}{tail} in {_base(step.file) or 'unknown code'}"
        if step.kind == "global":
            return f"globalThis.{step.name}{tail}"
        if step.kind == "module":
            return f"{_base(step.name) or 'a module'}: exports{tail}"
        if step.kind == "property" and (step.of_class or step.of not in PLAIN):
            return f"{step.of or '(anonymous)'}.{step.name}{tail}"
        tail = f".{step.name}{tail}" if step.kind == "property" else tail
    return tail.lstrip(".") or "unknown"


def _base(file: str) -> str:
    """The file's name; where that says nothing (index.js), with its folder."""
    parts = script_path(file).rstrip("/").split("/")
    return "/".join(parts[-2 if len(parts) > 1 and parts[-1].startswith("index.") else -1 :])


def _steps(each: GrownContainer) -> tuple[PathStep, ...]:
    """What each edge leads to: the next edge tells it, of the last the container itself."""
    first, *others = each.path
    root = f"scope in {_base(first.file)}" if first.kind == "variable" else "the program"
    inside = [f"class {step.of}" if step.of_class else step.of or "Object" for step in others]
    found = zip((*inside, each.of or each.kind), each.path, strict=True)
    return (PathStep(root, ""), *(PathStep(node, _via(step)) for node, step in found))


def _via(step: Step) -> str:
    words = {"variable": "variable ", "global": "global ", "module": "exports of ", "property": "."}
    return f"{words[step.kind]}{step.name}" if step.kind in words else "item"


def told(holder: HolderGrowth) -> str:
    return (
        f"{holder.name}: {format_count(holder.items_before)} → {format_count(holder.items_after)} members, about"
        f" {format_size(holder.bytes_grown)} more"
    )
