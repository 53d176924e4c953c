"""Profiles as text: what Go answers to ``heap?debug=1``, ``goroutine?debug=1`` and ``goroutine?debug=2``.

Source: runtime/pprof/pprof.go (writeHeapInternal, printCountProfile), runtime/traceback.go (goroutineheader), and
github.com/google/pprof/profile/legacy_profile.go for how samples are scaled.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from oakum.heap.formats.pprof.profile import DEEPEST, LONGEST_NAME, MOST_BYTES, STACK_BYTES, Frame, Profile, Sample
from oakum.model.errors import DataError

HEAP_BEGINS, COUNTS_BEGIN, STACK_BEGINS = b"heap profile: ", b"goroutine profile: total ", b"goroutine "
MOST_DIGITS: Final = 19
_HEAD = re.compile(r"heap profile:\s*\d+:\s*\d+ \[\s*\d+:\s*\d+\] @ (heap(?:_v2)?)(?:/(\d{1,19}))?")
_HEAP = re.compile(r"\s*(\d{1,19}): (\d{1,19}) \[\s*(\d{1,19}): (\d{1,19})\] @((?: 0x[0-9a-f]{1,16})*)\s*$")
_COUNT = re.compile(r"(\d{1,19}) @((?: 0x[0-9a-f]{1,16})*)\s*$")
_GOROUTINE = re.compile(r"goroutine \d{1,19}(?: gp=[^\[]*)? \[([^\]]{1,80})\](?: \{[^}]*\})?:\s*$")
_WAITS = re.compile(r"(\d{1,9}) minutes?$")
_PLACE = re.compile(r"(.*):(\d{1,9})(?: \+0x[0-9a-f]+)?$")
_FILE = re.compile(r"\t(.*):(\d{1,9})(?: \+0x[0-9a-f]+)?\s*$")


def is_text(begin: bytes) -> bool:
    """Whether it begins as one of the three does."""
    if begin.startswith((HEAP_BEGINS, COUNTS_BEGIN)):
        return True
    return _GOROUTINE.match(begin[:200].partition(b"\n")[0].decode("utf-8", "replace")) is not None


def read_text(raw: bytes) -> Profile:
    """Raises DataError for what begins otherwise. Lines that are not understood are passed over."""
    lines = raw.decode("utf-8", "replace").splitlines()
    if raw.startswith(HEAP_BEGINS):
        return _heap(lines)
    if raw.startswith(COUNTS_BEGIN):
        samples = [
            Sample(stack, int(match[1]), min(int(match[1]) * STACK_BYTES, MOST_BYTES))
            for match, stack in _records(lines, _COUNT, 2)
        ]
        return _profile(samples, goroutines=True)
    if is_text(raw[:200]):
        return _profile(_stacks(lines), goroutines=True)
    raise DataError("this is no profile in text", why=f"it begins with {raw[:16]!r}")


def _profile(samples: list[Sample], *, goroutines: bool, period: int = 0) -> Profile:
    nameless = len({frame.function for each in samples for frame in each.stack if frame.function.startswith("0x")})
    return Profile(tuple(samples), period, 0.0, goroutines, nameless)


def _heap(lines: list[str]) -> Profile:
    """One allocation in ``period`` bytes is in it: each is told as so many as it stands for."""
    head = _HEAD.match(lines[0])
    if head is None:
        raise DataError("this heap profile is broken", why="its first line is not understood")
    rate = int(head[2] or 0) // (2 if head[1] == "heap" else 1)
    samples = []
    for match, stack in _records(lines, _HEAP, 5):
        objects, size = _scaled(int(match[1]), int(match[2]), rate)
        allocated, _ = _scaled(int(match[3]), int(match[4]), rate)
        if objects or size or allocated:
            samples.append(Sample(stack, objects, size, max(objects, allocated)))
    return _profile(samples, goroutines=False, period=min(rate, MOST_BYTES))


def _scaled(count: int, size: int, rate: int) -> tuple[int, int]:
    if not count or not size or rate <= 1:
        return min(count, MOST_BYTES), min(size, MOST_BYTES)
    seen = -math.expm1(-size / count / rate)
    scale = 1 / seen if seen > 0 else 1.0
    return int(min(count * scale, MOST_BYTES)), int(min(size * scale, MOST_BYTES))


def _records(
    lines: list[str], begins: re.Pattern[str], addresses: int
) -> Iterator[tuple[re.Match[str], tuple[Frame, ...]]]:
    """(its first line, its stack). Where no line names the functions, their addresses stand for them."""
    known: dict[str, Frame] = {}
    open_record: re.Match[str] | None = None
    stack: list[Frame] = []
    for line in lines:
        match = begins.match(line)
        if match is None:
            if open_record is not None and line.startswith("#\t") and len(stack) < DEEPEST:
                frame = known.setdefault(line, _frame(line))
                if frame.function:
                    stack.append(frame)
            continue
        if open_record is not None:
            yield open_record, tuple(stack) or _by_address(open_record[addresses])
        open_record, stack = match, []
    if open_record is not None:
        yield open_record, tuple(stack) or _by_address(open_record[addresses])


def _frame(line: str) -> Frame:
    """``#<tab>0x6772ea<tab>main.newBasket+0x4a<tabs>/srv/channels.go:19``; without a name, the address alone."""
    parts = [part for part in line.split("\t")[1:] if part]
    if len(parts) < 3:
        return Frame(parts[0][:LONGEST_NAME] if parts and parts[0].startswith("0x") else "", "", 0)
    place = _PLACE.match(parts[-1])
    name = parts[1].rpartition("+")[0] or parts[1]
    return Frame(name[:LONGEST_NAME], place[1][:LONGEST_NAME] if place else "", int(place[2]) if place else 0)


def _by_address(text: str) -> tuple[Frame, ...]:
    return tuple(Frame(address, "", 0) for address in text.split()[:DEEPEST])


@dataclass(slots=True)
class _Alike:
    """Goroutines that stand at one place for one reason."""

    count: int = 0
    waits_min: int = 0
    makers: dict[str, int] = field(default_factory=dict)


def _stacks(lines: list[str]) -> list[Sample]:
    found: dict[tuple[str, tuple[Frame, ...]], _Alike] = {}
    for one in _each(lines):
        alike = found.setdefault((one.state, tuple(one.stack)), _Alike())
        alike.count += 1
        alike.waits_min = max(alike.waits_min, one.waits_min)
        if one.maker:
            alike.makers[one.maker] = alike.makers.get(one.maker, 0) + 1
    return [
        Sample(
            stack,
            alike.count,
            min(alike.count * STACK_BYTES, MOST_BYTES),
            state=state,
            waits_min=alike.waits_min,
            made_by=max(alike.makers, key=lambda name: alike.makers[name], default=""),
        )
        for (state, stack), alike in found.items()
    ]


@dataclass(slots=True)
class _One:
    """A goroutine. ``name``: of the function whose place comes next, "" for none."""

    state: str
    waits_min: int
    stack: list[Frame] = field(default_factory=list)
    maker: str = ""
    name: str = ""

    def take(self, line: str) -> None:
        place = _FILE.match(line)
        if line.startswith("created by "):
            self.maker = line[len("created by ") :].partition(" in goroutine ")[0][:LONGEST_NAME]
        elif self.maker:
            if place is not None and " (" not in self.maker:
                self.maker += f" ({place[1].rpartition('/')[2][:LONGEST_NAME]}:{place[2]})"
        elif place is None:
            self.name = line.rpartition("(")[0][:LONGEST_NAME] or line[:LONGEST_NAME]
        elif self.name and len(self.stack) < DEEPEST:
            self.stack.append(Frame(self.name, place[1][:LONGEST_NAME], int(place[2])))
            self.name = ""


def _each(lines: list[str]) -> Iterator[_One]:
    one = None
    for line in lines:
        match = _GOROUTINE.match(line)
        if match is not None:
            if one is not None:
                yield one
            state, *words = match[1].split(", ")
            told = next((minutes for word in words if (minutes := _WAITS.match(word))), None)
            one = _One(state, int(told[1]) if told else 0)
        elif one is not None and line:
            one.take(line)
    if one is not None:
        yield one
