"""A heap profile as an answer: functions, call paths that keep much alive, and the tree of calls."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from oakum.heap.formats.pprof.profile import Frame, Profile, Sample
from oakum.heap.shapes import Shape, guess
from oakum.model.cause import CauseName, CodePlace
from oakum.model.growth import PathStep
from oakum.model.heap import Block, ClassRow, HeapReport, Suspect, Tally
from oakum.model.units import format_count, format_size

RUNTIME = "{} heap profile"
LEAST_SHARE = 0.003
MOST_SUSPECTS = 20
MOST_CONFIDENCE = 0.4
"""Where memory was allocated is known, who holds it is not."""

CALLERS = 3
"""Call paths that agree in so many of the application's innermost functions are one."""

TREE_DEPTH, TREE_SHARE, TREE_WIDTH = 24, 0.01, 12
SYSTEM = re.compile(r"/(usr/)?lib(64)?/.*\.so[.0-9]*$")
"""Libraries that a system brings."""

GOROUTINES = frozenset({"runtime.malg", "runtime.newproc1", "runtime.newproc"})
STANDARD = frozenset(
    """
    archive bufio builtin bytes cmp compress container context crypto database debug embed encoding errors expvar flag
    fmt go hash html image index internal io iter log maps math mime net os path plugin reflect regexp runtime slices
    sort strconv strings structs sync syscall testing text time type unicode unique unsafe vendor weak
    """.split()  # noqa: SIM905  (a hundred lines of one word each)
)
"""Folders of Go's own packages."""


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


def is_library(frame: Frame) -> bool:
    """Of Go itself or of a module that was fetched: nobody of the application wrote it."""
    file = frame.file.replace("\\", "/")
    package = frame.function.rpartition("/")[0] or frame.function.partition(".")[0]
    top = package.partition("/")[0]
    fetched = "/pkg/mod/" in file or "/vendor/" in file or "@v" in file or bool(SYSTEM.match(file))
    return fetched or (top in STANDARD and not file.endswith("_test.go")) or frame.function == "?"


def place_of(frame: Frame) -> str:
    """``main.newSession (sessions.go:24)``."""
    base = frame.file.replace("\\", "/").rpartition("/")[2]
    where = f"{base}:{frame.line}" if frame.line and base else base
    return f"{frame.function} ({where})" if where else frame.function


def total_of(profile: Profile) -> Tally:
    return Tally(sum(sample.objects for sample in profile.samples), sum(sample.bytes for sample in profile.samples))


def warnings_of(profile: Profile) -> tuple[str, ...]:
    rate = f", from one sample in {format_size(profile.period_bytes)}" if profile.period_bytes > 1 else ""
    return (
        "a heap profile tells where living memory was allocated, not who holds it: no paths to roots",
        f"its numbers are estimates{rate}",
    )


def profile_report(profile: Profile, *, file: str) -> HeapReport:
    """``classes`` are functions: objects and bytes that each allocated itself, and bytes with all that it called."""
    total = total_of(profile)
    return HeapReport(
        file=file,
        format=profile.format,
        runtime=RUNTIME.format(profile.format),
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
    """Call paths by name, most bytes first."""
    groups: dict[str, list[Sample]] = {}
    for sample in profile.samples:
        groups.setdefault(_name(sample.stack), []).append(sample)
    total = total_of(profile).bytes
    made = [_suspect(name, samples, total) for name, samples in groups.items()]
    return {suspect.holder: suspect for suspect in sorted(made, key=lambda suspect: -suspect.retained_bytes)}


def _ranked(profile: Profile, total: int) -> tuple[Suspect, ...]:
    large = [each for each in holders(profile).values() if each.retained_bytes >= max(1, LEAST_SHARE * total)]
    ranked = sorted(large, key=lambda each: (each.foreign, -each.retained_bytes))[:MOST_SUSPECTS]
    return tuple(replace(suspect, rank=rank) for rank, suspect in enumerate(ranked, 1))


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
    found = guess(Shape(words=name.lower(), kind="", special="", static=False, single=count == 1))
    if found.cause is CauseName.GLOBAL and not go:
        return CauseName.NATIVE_ALLOCATION, 0.5, "Find what frees what this path allocates, and why it does not."
    if found.cause is CauseName.GLOBAL:
        return CauseName.GLOBAL, 0.4, "Find who keeps what this path allocates: a map, a slice, a channel, a goroutine."
    return found.cause, found.fit, found.advice


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
