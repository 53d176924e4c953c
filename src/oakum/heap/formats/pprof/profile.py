"""A profile: stacks with what lives of what they allocated, or with how many goroutines stand in them.

Source of the field numbers: profile.proto in github.com/google/pprof.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.pprof.wire import broken, fields, numbers, signed
from oakum.model.errors import DataError

MOST_BYTES = 1 << 60
STACK_BYTES = 2048
"""A goroutine's stack is no smaller (runtime/stack.go, stackMin)."""

DEEPEST = 1024
"""Frames of a stack beyond are left out."""

LONGEST_NAME = 400
MOST_BUILDS = 8
HEAD_BYTES = 256
"""A profile is known by so many bytes."""

_TIMES = frozenset({9, 10, 12})
"""When it was taken, over how long, and its period."""

LIVE = ("inuse_space", "space", "inuse_objects", "objects")
"""What is live, by the names that Go and gperftools give it: bytes, then how many."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A function at a line; ``line`` 0 where it is not known."""

    function: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Sample:
    """``stack``: from the place of allocation outwards. ``objects``, ``bytes``: that live.

    Of goroutines: how many, and the least that their stacks take. ``allocated``: objects since the start, -1 where that
    is not told. ``state``: what they wait for as the runtime says it, "" where only their stack tells.
    ``waits_min``: the longest that one of them waits, in minutes. ``made_by``: who started them,
    ``main.fetch (channels.go:7)``, or "".
    """

    stack: tuple[Frame, ...]
    objects: int
    bytes: int
    allocated: int = -1
    state: str = ""
    waits_min: int = 0
    made_by: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """``period_bytes``: bytes from one sample to the next, 0 where that is not told. ``taken_at_s``: UTC epoch.

    ``goroutines``: it counts those. ``nameless``: places of which only the address is known; ``builds``: of the files
    they lie in, what their linker named each.
    ``format``: of the file: ``pprof``, ``jeprof``.
    """

    samples: tuple[Sample, ...]
    period_bytes: int
    taken_at_s: float
    goroutines: bool = False
    nameless: int = 0
    builds: tuple[str, ...] = ()
    format: str = "pprof"


def is_pprof(begin: bytes) -> bool:
    """Whether it begins as a profile does: perhaps with times and its period, then with a kind of sample."""
    try:
        for number, value in fields(memoryview(begin[:HEAD_BYTES])):
            if isinstance(value, int):
                if number not in _TIMES:
                    return False
            elif number not in {1, 11} or not _is_kind(value):
                return False
            elif number == 1:
                return True
    except DataError:
        return False
    return False


def _is_kind(message: memoryview) -> bool:
    """Two numbers of a table of texts, and nothing else."""
    found = list(fields(message))
    return bool(found) and all(number in {1, 2} and isinstance(value, int) for number, value in found)


def read_profile(data: NDArray[np.uint8]) -> Profile:
    """``data``: uint8[b], unpacked. Raises DataError for what is broken, and for a profile that is of no heap."""
    whole = memoryview(data.tobytes())
    raw = _Raw(whole)
    counts = raw.counts_goroutines()
    at_bytes, at_objects, at_allocated = (-1, 0, -1) if counts else raw.columns()
    places = raw.places()
    samples = []
    for number, value in fields(whole):
        if number != 2 or isinstance(value, int):
            continue
        stack, values = _sample(value)
        count = _amount(values, at_objects)
        size = min(count * STACK_BYTES, MOST_BYTES) if counts else _amount(values, at_bytes)
        if size or count:
            frames = tuple(islice((frame for at in stack for frame in places.get(at, ())), DEEPEST))
            allocated = _amount(values, at_allocated) if at_allocated >= 0 else -1
            samples.append(Sample(frames, count, size, allocated))
    period = 0 if counts else min(max(raw.period, 0), MOST_BYTES)
    return Profile(tuple(samples), period, raw.taken_at_s, counts, raw.nameless, raw.builds())


def _amount(values: list[int], column: int) -> int:
    """A difference of two profiles holds numbers below zero: those are not live."""
    return min(max(signed(values[column]), 0), MOST_BYTES) if 0 <= column < len(values) else 0


def _sample(message: memoryview) -> tuple[list[int], list[int]]:
    stack: list[int] = []
    values: list[int] = []
    for number, value in fields(message):
        if number == 1:
            stack += numbers(value)
        elif number == 2:
            values += numbers(value)
    return stack, values


class _Raw:
    """Tables of a profile by their numbers, whatever the order in which they stand."""

    def __init__(self, whole: memoryview) -> None:
        self._texts: list[memoryview] = []
        self._kinds: list[dict[int, int]] = []
        self._functions: dict[int, dict[int, int]] = {}
        self._locations: dict[int, list[tuple[int, int]]] = {}
        self._addresses: dict[int, tuple[int, int]] = {}
        self._mappings: dict[int, dict[int, int]] = {}
        self.nameless = 0
        self.period, self.taken_at_s = 0, 0.0
        for number, value in fields(whole):
            if isinstance(value, int):
                if number == 12:
                    self.period = signed(value)
                elif number == 9:
                    self.taken_at_s = signed(value) / 1e9
            elif number == 1:
                self._kinds.append(_numbered(value))
            elif number == 3:
                mapping = _numbered(value)
                self._mappings[mapping.get(1, 0)] = mapping
            elif number == 4:
                self._locate(value)
            elif number == 5:
                function = _numbered(value)
                self._functions[function.get(1, 0)] = function
            elif number == 6:
                self._texts.append(value)

    def _locate(self, message: memoryview) -> None:
        """Inlined functions are several lines of one place, the innermost first."""
        own, lines = 0, []
        told = {1: 0, 2: 0, 3: 0}
        for number, value in fields(message):
            if number in told and isinstance(value, int):
                told[number] = value
                own = told[1]
            elif number == 4 and not isinstance(value, int):
                line = _numbered(value)
                lines.append((line.get(1, 0), line.get(2, 0)))
        self._locations[own] = lines
        self._addresses[own] = told[3], told[2]

    def _names(self) -> list[str]:
        return [self.text(kind.get(1, 0)) for kind in self._kinds]

    def counts_goroutines(self) -> bool:
        return [name for name in self._names() if name] in (["goroutine"], ["goroutineleak"])

    def columns(self) -> tuple[int, int, int]:
        """Which of a sample's values are live bytes, live objects, and objects since the start; -1: not counted."""
        names = self._names()
        found = [next((at for at, name in enumerate(names) if name == wanted), -1) for wanted in LIVE]
        size = found[0] if found[0] >= 0 else found[1]
        if size < 0:
            raise DataError(
                "this is a profile, but not of a heap",
                why=f"it counts {', '.join(name[:40] for name in names[:6]) or 'nothing'}; live bytes, or goroutines,"
                " are wanted",
                next_step="curl -o heap.pb.gz http://HOST:PORT/debug/pprof/heap",
            )
        allocated = next((at for at, name in enumerate(names) if name == "alloc_objects"), -1)
        return size, found[2] if found[2] >= 0 else found[3], allocated

    def text(self, index: int) -> str:
        if not 0 <= index < len(self._texts):
            raise broken("it leads out of its texts")
        return self._texts[index][:LONGEST_NAME].tobytes().decode("utf-8", "replace")

    def places(self) -> dict[int, tuple[Frame, ...]]:
        return {own: tuple(self._frames(lines)) or self._nameless(own) for own, lines in self._locations.items()}

    def _nameless(self, own: int) -> tuple[Frame, ...]:
        """A place without a function: its address, and the file that it lies in."""
        address, mapping = self._addresses[own]
        if not address:
            return ()
        self.nameless += 1
        return (Frame(f"{address:#x}", self.text(self._mappings.get(mapping, {}).get(5, 0)), 0),)

    def builds(self) -> tuple[str, ...]:
        """``shop (build id 5f2c…)`` of each file that places lie in."""
        if not self.nameless:
            return ()
        told = []
        for mapping in islice(self._mappings.values(), MOST_BUILDS):
            name, build = self.text(mapping.get(5, 0)), self.text(mapping.get(6, 0))
            if build:
                told.append(f"{name.rpartition('/')[2]} (build id {build[:40]})")
        return tuple(told)

    def _frames(self, lines: list[tuple[int, int]]) -> Iterator[Frame]:
        for function, line in lines:
            known = self._functions.get(function, {})
            name, file = self.text(known.get(2, 0)), self.text(known.get(4, 0))
            if name or len(lines) > 1:
                yield Frame(name or "?", file, line if 0 < line < 1 << 31 else 0)


def _numbered(message: memoryview) -> dict[int, int]:
    return {number: value for number, value in fields(message) if isinstance(value, int)}
