"""A profile as an answer: functions, call paths that keep much alive, where goroutines wait, the tree of calls."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from oakum.heap.formats.pprof.frames import is_library, place_of
from oakum.heap.formats.pprof.goroutines import Group, groups
from oakum.heap.formats.pprof.profile import STACK_BYTES, Frame, Profile, Sample
from oakum.heap.shapes import Guess, Shape, guess
from oakum.model.cause import CauseName, CodePlace
from oakum.model.growth import PathStep
from oakum.model.heap import Block, ClassRow, HeapReport, Suspect, Tally
from oakum.model.units import format_count, format_size

RUNTIME, GOROUTINES_OF = "{} heap profile", "pprof goroutine profile"
LEAST_SHARE = 0.003
MOST_SUSPECTS = 20
MOST_CONFIDENCE = 0.4
"""Where memory was allocated is known, who holds it is not."""

CALLERS = 3
"""Call paths that agree in so many of the application's innermost functions are one."""

TREE_DEPTH, TREE_SHARE, TREE_WIDTH = 24, 0.01, 12
_INNER = re.compile(r"(?:\.func\d+|\.\d+|-range\d+)+$")
"""How Go names what stands inside of a function."""

GOROUTINES = frozenset({"runtime.malg", "runtime.newproc1", "runtime.newproc"})


@dataclass(slots=True)
class _Sum:
    objects: int = 0
    flat_bytes: int = 0
    bytes: int = 0
    line: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Call:
    bytes: int = 0
    below: dict[str, _Call] = field(default_factory=dict)


def total_of(profile: Profile) -> Tally:
    return Tally(sum(sample.objects for sample in profile.samples), sum(sample.bytes for sample in profile.samples))


def warnings_of(profile: Profile) -> tuple[str, ...]:
    if profile.goroutines:
        told: tuple[str, ...] = (
            "a goroutine profile counts goroutines by stack: two of them, some time apart, tell which became more",
            f"its bytes are {format_size(STACK_BYTES)} a stack, the least that there is; what they hold is not in it",
        )
        return told + _nameless(profile)
    rate = f", from one sample in {format_size(profile.period_bytes)}" if profile.period_bytes > 1 else ""
    return (
        "a heap profile tells where living memory was allocated, not who holds it: no paths to roots",
        f"its numbers are estimates{rate}",
        *_nameless(profile),
    )


def _nameless(profile: Profile) -> tuple[str, ...]:
    if not profile.nameless:
        return ()
    where = f" of {', '.join(profile.builds)}" if profile.builds else ""
    told = f"{format_count(profile.nameless)} places have no names, only addresses{where}: symbols were stripped;"
    return (f"{told} go tool pprof with the unstripped program of that build names them",)


def runtime_of(profile: Profile) -> str:
    return GOROUTINES_OF if profile.goroutines else RUNTIME.format(profile.format)


def profile_report(profile: Profile, *, file: str) -> HeapReport:
    """``classes`` are functions: objects and bytes that each allocated itself, and bytes with all that it called."""
    total = total_of(profile)
    return HeapReport(
        file=file,
        format=profile.format,
        runtime=runtime_of(profile),
        total=total,
        references=0,
        reachable=total,
        unreachable=Tally(0, 0),
        loose=Tally(0, 0),
        classes=functions(profile),
        suspects=_ranked(profile, total.bytes),
        biggest=(),
        waste=(),
        tree=_tree(profile, total.bytes),
        partial=False,
        warnings=warnings_of(profile),
    )


def functions(profile: Profile) -> tuple[ClassRow, ...]:
    """By cumulative bytes; a function that calls itself is counted once per stack."""
    found: dict[tuple[str, str], _Sum] = {}
    for sample in profile.samples:
        for at, frame in enumerate(sample.stack):
            row = found.setdefault((frame.function, frame.file), _Sum())
            if at == 0:
                row.objects += sample.objects
                row.flat_bytes += sample.bytes
            if not any(each.function == frame.function for each in sample.stack[:at]):
                row.bytes += sample.bytes
            row.line[frame.line] = row.line.get(frame.line, 0) + sample.bytes
    rows = [
        ClassRow(
            place_of(Frame(function, file, _heaviest(row.line))),
            row.objects,
            row.flat_bytes,
            row.bytes,
        )
        for (function, file), row in found.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.retained_bytes, -row.shallow_bytes, row.name)))


def _heaviest(lines: dict[int, int]) -> int:
    return max(lines, key=lambda line: lines[line])


def holders(profile: Profile) -> dict[str, Suspect]:
    """Call paths by name, most bytes first; of goroutines, those that wait alike."""
    if profile.goroutines:
        return {name: _waiting(group, total_of(profile).objects) for name, group in groups(profile).items()}
    paths: dict[str, list[Sample]] = {}
    for sample in profile.samples:
        paths.setdefault(_name(sample.stack), []).append(sample)
    total = total_of(profile).bytes
    made = [_suspect(name, samples, total) for name, samples in paths.items()]
    return {suspect.holder: suspect for suspect in sorted(made, key=lambda suspect: -suspect.retained_bytes)}


@dataclass(frozen=True, slots=True)
class Calls:
    """A call path. ``freed``: objects that it allocated and that are gone, -1 where that is not told."""

    stack: tuple[Frame, ...]
    objects: int
    bytes: int
    freed: int
    cause: CauseName
    advice: str
    places: tuple[CodePlace, ...]


def calls_of(profile: Profile) -> dict[str, Calls]:
    """By name."""
    groups: dict[str, list[Sample]] = {}
    for sample in profile.samples:
        groups.setdefault(_name(sample.stack), []).append(sample)
    made = {}
    for name, samples in groups.items():
        stack = max(samples, key=lambda sample: sample.bytes).stack
        objects = sum(sample.objects for sample in samples)
        known = all(sample.allocated >= 0 for sample in samples)
        freed = sum(sample.allocated - sample.objects for sample in samples) if known else -1
        cause, _, advice = _cause(name, stack, objects)
        size = sum(sample.bytes for sample in samples)
        made[name] = Calls(stack, objects, size, freed, cause, advice, _places(stack))
    return made


def _ranked(profile: Profile, total: int) -> tuple[Suspect, ...]:
    large = [each for each in holders(profile).values() if each.retained_bytes >= max(1, LEAST_SHARE * total)]
    ranked = sorted(large, key=lambda each: (each.foreign, -each.retained_bytes))[:MOST_SUSPECTS]
    return tuple(replace(suspect, rank=rank) for rank, suspect in enumerate(ranked, 1))


def _waiting(group: Group, total: int) -> Suspect:
    share = group.count / total if total else 0.0
    size = group.count * STACK_BYTES
    maker = f", started by {group.made_by}" if group.made_by else ""
    waits = f"; the longest waits for {group.waits_min} min" if group.waits_min else ""
    return Suspect(
        rank=1,
        cause=CauseName.GOROUTINE,
        title=f"{format_count(group.count)} {group.name}{maker}{waits}",
        holder=group.name,
        retained_bytes=size,
        share=share,
        count=group.count,
        item_type="goroutines",
        path=tuple(PathStep(place_of(at), "calls" if n else "") for n, at in enumerate(reversed(group.stack))),
        advice="Two profiles some minutes apart tell whether they become more: oakum heap diff OLD NEW.",
        confidence=round(MOST_CONFIDENCE * share, 3),
        foreign=group.foreign,
        places=_places(group.stack),
    )


def _own(stack: tuple[Frame, ...]) -> tuple[Frame, ...]:
    """The application's own frames, innermost first; all of them where none is its own."""
    return tuple(frame for frame in stack if not is_library(frame)) or stack


def _name(stack: tuple[Frame, ...]) -> str:
    if not stack:
        return "unknown code"
    if not any(not is_library(frame) for frame in stack) and any(frame.function in GOROUTINES for frame in stack):
        return "stacks of goroutines"
    own = _own(stack)[:CALLERS]
    return " ← ".join([place_of(own[0]), *(frame.function for frame in own[1:])])


def _suspect(name: str, samples: list[Sample], total: int) -> Suspect:
    size, count = sum(sample.bytes for sample in samples), sum(sample.objects for sample in samples)
    stack = max(samples, key=lambda sample: sample.bytes).stack
    foreign = not any(not is_library(frame) for frame in stack)
    share = size / total if total else 0.0
    cause, fit, advice = _cause(name, stack, count)
    return Suspect(
        rank=1,
        cause=cause,
        title=f"{name} allocated {format_size(size)} that lives: {format_count(count)} objects",
        holder=name,
        retained_bytes=size,
        share=share,
        count=count,
        item_type="",
        path=tuple(PathStep(place_of(frame), "calls" if at else "") for at, frame in enumerate(reversed(stack))),
        advice=advice,
        confidence=round(min(MOST_CONFIDENCE, fit * (0.2 + 0.3 * share)) * (0.5 if foreign else 1.0), 3),
        foreign=foreign and name != "stacks of goroutines",
        places=_places(stack),
    )


def _places(stack: tuple[Frame, ...]) -> tuple[CodePlace, ...]:
    own = [frame for frame in stack if not is_library(frame) and frame.file]
    return tuple(CodePlace(frame.file, frame.line, frame.function) for frame in own[:CALLERS])


def _cause(name: str, stack: tuple[Frame, ...], count: int) -> tuple[CauseName, float, str]:
    """What the words of a call path say. A path that starts goroutines keeps their stacks for as long as they live."""
    if any(frame.function in GOROUTINES for frame in stack):
        return (
            CauseName.GOROUTINE,
            0.7,
            "Goroutines that never end keep their stacks: look at /debug/pprof/goroutine, and give each a way to end.",
        )
    go = any(frame.file.endswith(".go") for frame in stack)
    found = _guessed(name, count)
    for frame in [frame for frame in stack if not is_library(frame)][:CALLERS]:
        if found.cause is CauseName.GLOBAL:
            found = _guessed(_INNER.sub("", frame.function), count)
    if found.cause is CauseName.GLOBAL and not go:
        return CauseName.NATIVE_ALLOCATION, 0.5, "Find what frees what this path allocates, and why it does not."
    if found.cause is CauseName.GLOBAL:
        return CauseName.GLOBAL, 0.4, "Find who keeps what this path allocates: a map, a slice, a channel, a goroutine."
    return found.cause, found.fit, found.advice


def _guessed(name: str, count: int) -> Guess:
    return guess(Shape(name=name, items="", kind="", special="", static=False, single=count == 1))


def _tree(profile: Profile, total: int) -> Block:
    root = _Call(total)
    for sample in profile.samples:
        at = root
        for frame in tuple(reversed(sample.stack))[:TREE_DEPTH]:
            at = at.below.setdefault(frame.function, _Call())
            at.bytes += sample.bytes

    def block(name: str, call: _Call) -> Block:
        large = sorted(call.below.items(), key=lambda item: -item[1].bytes)[:TREE_WIDTH]
        kept = tuple(block(each, below) for each, below in large if below.bytes >= max(1, TREE_SHARE * total))
        return Block(name, call.bytes, kept)

    return block("all that lives", root)
