"""A profile: stacks with what lives of what they allocated.

Source of the field numbers: profile.proto in github.com/google/pprof.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.pprof.wire import broken, fields, numbers, signed
from oakum.model.errors import DataError

MOST_BYTES = 1 << 60
LONGEST_NAME = 400
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
    """``stack``: from the place of allocation outwards. ``objects``, ``bytes``: that live."""

    stack: tuple[Frame, ...]
    objects: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Profile:
    """``period_bytes``: bytes from one sample to the next, 0 where that is not told. ``taken_at_s``: UTC epoch.

    ``format``: of the file: ``pprof``, ``jeprof``.
    """

    samples: tuple[Sample, ...]
    period_bytes: int
    taken_at_s: float
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
    at_bytes, at_objects = raw.columns()
    places = raw.places()
    samples = []
    for number, value in fields(whole):
        if number != 2 or isinstance(value, int):
            continue
        stack, values = _sample(value)
        size = _amount(values, at_bytes)
        count = _amount(values, at_objects)
        if size or count:
            frames = tuple(frame for location in stack for frame in places.get(location, ()))
            samples.append(Sample(frames, count, size))
    return Profile(tuple(samples), min(max(raw.period, 0), MOST_BYTES), raw.taken_at_s)


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
        self.period, self.taken_at_s = 0, 0.0
        for number, value in fields(whole):
            if isinstance(value, int):
                if number == 12:
                    self.period = signed(value)
                elif number == 9:
                    self.taken_at_s = signed(value) / 1e9
            elif number == 1:
                self._kinds.append(_numbered(value))
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
        for number, value in fields(message):
            if number == 1 and isinstance(value, int):
                own = value
            elif number == 4 and not isinstance(value, int):
                line = _numbered(value)
                lines.append((line.get(1, 0), line.get(2, 0)))
        self._locations[own] = lines

    def columns(self) -> tuple[int, int]:
        """Which of a sample's values are live bytes, and which live objects; -1 for objects that are not counted."""
        names = [self.text(kind.get(1, 0)) for kind in self._kinds]
        found = [next((at for at, name in enumerate(names) if name == wanted), -1) for wanted in LIVE]
        size = found[0] if found[0] >= 0 else found[1]
        if size < 0:
            raise DataError(
                "this is a profile, but not of a heap",
                why=f"it counts {', '.join(name[:40] for name in names[:6]) or 'nothing'}; live bytes are wanted",
                next_step="curl -o heap.pb.gz http://HOST:PORT/debug/pprof/heap",
            )
        return size, found[2] if found[2] >= 0 else found[3]

    def text(self, index: int) -> str:
        if not 0 <= index < len(self._texts):
            raise broken("it leads out of its texts")
        return self._texts[index][:LONGEST_NAME].tobytes().decode("utf-8", "replace")

    def places(self) -> dict[int, tuple[Frame, ...]]:
        return {own: tuple(self._frames(lines)) for own, lines in self._locations.items()}

    def _frames(self, lines: list[tuple[int, int]]) -> Iterator[Frame]:
        for function, line in lines:
            known = self._functions.get(function, {})
            name, file = self.text(known.get(2, 0)), self.text(known.get(4, 0))
            yield Frame(name or "?", file, line if 0 < line < 1 << 31 else 0)


def _numbered(message: memoryview) -> dict[int, int]:
    return {number: value for number, value in fields(message) if isinstance(value, int)}
