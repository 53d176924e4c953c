"""A Go program's own structures, read from its memory while it runs: what is read, and how the reply is understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.golive import layouts
from oakum.heap.formats.golive.binary import AMD64, Binary, read_binary
from oakum.heap.formats.golive.goroutines import RUNNING, Standing, Table, profile, state_of, table, walked
from oakum.heap.formats.golive.layouts import Layout, layout_of
from oakum.heap.formats.golive.lines import Lines
from oakum.heap.formats.golive.module import Listed, Module, find_module, find_reasons, slices
from oakum.heap.formats.golive.spans import looks_like_spans
from oakum.heap.formats.pprof.profile import Profile
from oakum.model.absent import Absent, AbsentKind
from oakum.model.ports import Memory
from oakum.model.process import Region
from oakum.model.runtime import Runtime
from oakum.probe.gathered import Pages
from oakum.probe.go_waits import RECEIVES, channels

GOROUTINES: Final = "goroutines from its memory"
SERVED: Final = 'serve its profiles: import _ "net/http/pprof" on loopback, then --inspect'
MOST_DATA_BYTES: Final = 256 << 20
MOST_GOROUTINES: Final = 400_000
PEEKED: Final = 64
"""Of a list that may be that of the goroutines, so many at each end are looked at."""

AT_ONCE: Final = 4096
"""Goroutines whose stacks are read together: the moment between a stack and its goroutine is short."""

MOST_STACK_READ: Final = 32 << 10
"""Of a stack at most this much is read, from its innermost frame on."""

MOST_STACKS_KEPT: Final = 256 << 20
"""Of all stacks together; of goroutines beyond it only where they stand is kept."""

FILES: Final = 8
TRIES: Final = 3
"""Goroutines that were met while they changed are read again so often."""


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """Where one process keeps what is read. ``shift``: from an address of the file to one of the process."""

    binary: Binary
    lines: Lines
    module: Module
    layout: Layout
    reasons: tuple[str, ...]
    all_goroutines: Listed
    all_spans: Listed | None
    shift: int
    minor: int

    def words(self, pages: Pages) -> tuple[int, NDArray[np.int64]]:
        """(where its variables begin, all of their words)."""
        base = self.module.data & ~7
        return base, pages.words(base, self.module.end)


@dataclass(frozen=True, slots=True, eq=False)
class Standings:
    """One look. ``stacks``: what stands on each, as far as it was read. ``numbers``: that the runtime gave them, each
    only once. ``moved``: goroutines that ran while it was taken: their stacks are not told. ``unkept``: those of which
    only where they stand is kept. ``waits``: the channels on which each waits to receive something.
    """

    found: tuple[Standing, ...]
    stacks: tuple[bytes, ...]
    numbers: tuple[int, ...]
    moved: int
    stack_bytes: int
    at_s: float
    unkept: int = 0
    waits: tuple[tuple[int, ...], ...] = ()

    def profile(self, lines: Lines) -> Profile:
        return profile(self.found, lines, self.at_s, self.stack_bytes)


def anatomy(pages: Pages, runtime: Runtime) -> Anatomy | Absent:
    """Raises TargetError when the target has ended."""
    layout = layout_of(runtime.version)
    if layout is None:
        known = f"1.{min(layouts.LAYOUTS)} to 1.{layouts.NEWEST}"
        return _absent(f"Go {runtime.version} is not known; {known} are", SERVED)
    found = _executable(pages.memory)
    if found is None and _is_short(pages.memory):
        return _absent("it is a 32-bit program: only x86-64 is read", SERVED)
    if found is None:
        return _absent("its executable has no table of lines (.gopclntab): a packer may have removed it", SERVED)
    binary, shift = found
    if binary.machine != AMD64:
        return _absent("stacks are walked on x86-64 only", SERVED)
    told = binary.lines_table()
    assert told is not None
    address, raw = told
    made = _module(pages, binary, shift, address + shift)
    if made is None:
        return _absent("the runtime's own description of the program was not found in its data", SERVED)
    module, base, words = made
    try:
        lines = Lines(raw, module.text, module.facts, pages.read)
    except ValueError as exc:
        return _absent(f"its table of lines is not understood: {exc}", SERVED)
    listed = next((each for each in slices(words, base, 3) if _are_goroutines(pages, each, layout)), None)
    if listed is None:
        why = f"no list of goroutines as Go {runtime.version} keeps it was found"
        return _absent(why, SERVED)
    held = next((each for each in slices(words, base, 8) if _are_spans(pages, each, layout)), None)
    reasons = find_reasons(words, module, pages.read)
    minor = int(runtime.version.removeprefix("go").split(".")[1].partition("rc")[0].partition("beta")[0])
    return Anatomy(binary, lines, module, layout, reasons, listed, held, shift, minor)


def standings(pages: Pages, body: Anatomy, at_s: float, late: Callable[[], bool] = bool) -> Standings | Absent:
    """All goroutines, as they stand while they are read. Raises TargetError when the target has ended.

    ``late``: whether it has taken too long. A part of them is not told: two parts cannot be compared.
    """
    head = np.frombuffer(pages.read(body.all_goroutines.head, 16).ljust(16, b"\0"), np.int64)
    address, count = head.tolist()
    if count > MOST_GOROUTINES:
        why = f"there are {count:,}; at most {MOST_GOROUTINES:,} are read"
        return Absent(GOROUTINES, AbsentKind.TOO_DEAR, why, SERVED)
    pointers = np.frombuffer(pages.read(address, 8 * max(0, count)), np.int64)
    found: list[Standing] = []
    stacks: list[bytes] = []
    numbers: list[int] = []
    waits: list[tuple[int, ...]] = []
    steps: dict[int, int] = {}
    moved = stack_bytes = kept = unkept = 0
    checked = pointers.size == count > 0
    for begin in range(0, pointers.size, AT_ONCE):
        if begin and late():
            why = f"the time for them was over after {begin:,} of {pointers.size:,}: the others were not looked at"
            return Absent(GOROUTINES, AbsentKind.TOO_DEAR, why, SERVED)
        one = _batch(pages, body, pointers[begin : begin + AT_ONCE], steps)
        checked = checked and one is not None
        if one is not None:
            found += one.found
            for stack in one.stacks:
                fits = kept + len(stack) <= MOST_STACKS_KEPT
                stacks.append(stack if fits else b"")
                kept, unkept = (kept + len(stack), unkept) if fits else (kept, unkept + 1)
            numbers += one.numbers
            waits += one.waits
            moved, stack_bytes = moved + one.moved, stack_bytes + one.stack_bytes
    if not checked:
        return _absent("what was read does not look like goroutines: the list moved meanwhile", "investigate again")
    return Standings(tuple(found), tuple(stacks), tuple(numbers), moved, stack_bytes, at_s, unkept, tuple(waits))


def _batch(pages: Pages, body: Anatomy, pointers: NDArray[np.int64], steps: dict[int, int]) -> Standings | None:
    """Some of them; None where they are none. ``steps``: as of ``walked``."""
    known = _table(pages, body, pointers)
    for _ in range(TRIES):
        if known.plausible():
            break
        known = _table(pages, body, pointers)
    if not known.plausible():
        # Ended ones alone say nothing, and that is no fault.
        return Standings((), (), (), 0, 0, 0.0) if known.ended() else None
    at = np.flatnonzero(known.alive)
    alive = known.of(known.alive)
    size = np.where(alive.walkable, np.minimum(alive.high - alive.sp, MOST_STACK_READ), 0)
    stacks = pages.parts(alive.sp, size)
    after = _table(pages, body, pointers[at])
    still = (alive.number == after.number) & (alive.status == after.status) & (alive.sp == after.sp)
    still &= (alive.pc == after.pc) & (alive.low == after.low)
    words = stacks.buffer.view(np.uint8)
    states = [
        state_of(status, reason, body.reasons)
        for status, reason in zip(alive.status.tolist(), alive.reason.tolist(), strict=True)
    ]
    still_waits = still & (alive.waiting == after.waiting) & np.isin(np.array(states), list(RECEIVES))
    waits = channels(pages, body.layout.waits, pointers[at], np.where(still_waits, alive.waiting, 0))
    found: list[Standing] = []
    held: list[bytes] = []
    moved = 0
    for row in range(alive.size):
        sp, starts, limit = int(alive.sp[row]), int(stacks.at[row]), int(stacks.size[row])
        status = int(alive.status[row])
        made_at = int(alive.made_at[row])
        if status == RUNNING or not still[row] or not limit:
            moved += status == RUNNING or not still[row]
            found.append(Standing("running", (int(alive.starts_at[row]),), made_at))
            held.append(b"")
            continue
        raw = words[starts : starts + limit].tobytes()

        def word(address: int, raw: bytes = raw, sp: int = sp) -> int:
            return int.from_bytes(raw[address - sp : address - sp + 8], "little") if address >= sp else 0

        stack = tuple(pc for pc, _ in walked(body.lines, int(alive.pc[row]), sp, word, steps))
        found.append(Standing(states[row], stack, made_at))
        held.append(raw)
    numbers = tuple(alive.number.tolist())
    return Standings(tuple(found), tuple(held), numbers, moved, alive.stack_bytes, 0.0, waits=tuple(waits))


def _table(pages: Pages, body: Anatomy, pointers: NDArray[np.int64]) -> Table:
    return table(pages.pieces(pointers, layouts.GOROUTINE_BYTES), body.layout.goroutine)


def _are_goroutines(pages: Pages, listed: Listed, layout: Layout) -> bool:
    """The first one runs main, so its number is 1; and the last ones are goroutines too."""
    raw = pages.read(listed.address, 8)
    first = np.frombuffer(raw, np.int64) if len(raw) == 8 else np.zeros(1, np.int64)
    if not 4096 < int(first[0]) < 1 << 47 or first[0] & 7:
        return False
    number = pages.read(int(first[0]) + layout.goroutine.number, 8)
    if number != b"\1\0\0\0\0\0\0\0":
        return False
    few = min(listed.count, PEEKED)
    # A number that happens to follow a pointer to the list is not its length: as far as it says goroutines must stand.
    for begin in (0, listed.count - few):
        pointers = np.frombuffer(pages.read(listed.address + 8 * begin, 8 * few), np.int64)
        there = table(pages.pieces(pointers, layouts.GOROUTINE_BYTES), layout.goroutine)
        sound = (pointers > 4096) & (pointers < 1 << 47) & (pointers & 7 == 0)
        if pointers.size != few or not sound.all() or not (there.plausible() or (begin and there.ended())):
            return False
    return True


def _are_spans(pages: Pages, listed: Listed, layout: Layout) -> bool:
    pointers = np.frombuffer(pages.read(listed.address, 8 * min(listed.count, 32)), np.int64)
    sound = pointers.size >= 8 and bool(((pointers > 4096) & (pointers < 1 << 47) & (pointers & 7 == 0)).all())
    return sound and looks_like_spans(pages.pieces(pointers, layouts.SPAN_BYTES), layout.span)


def _executable(memory: Memory) -> tuple[Binary, int] | None:
    """Of the mapped files, the one that has Go's table of lines; and how far it is from where it wants to be."""
    for region in _files(memory):
        binary = read_binary(lambda offset, size, region=region: memory.mapped(region, offset, size))  # type: ignore[misc]
        if binary is None or binary.section("gopclntab") is None:
            continue
        for offset, address, _ in binary.loads:
            if offset & ~4095 == region.offset:
                return binary, region.start - (address & ~4095)
    return None


def _is_short(memory: Memory) -> bool:
    """Whether the first mapped file is an ELF of 32 bits."""
    first = next(_files(memory), None)
    return first is not None and memory.mapped(first, 0, 5) == b"\x7fELF\1"


def _files(memory: Memory) -> Iterator[Region]:
    seen: set[int] = set()
    for region in memory.regions():
        if region.inode and region.inode not in seen and len(seen) < FILES:
            seen.add(region.inode)
            yield region


def _module(pages: Pages, binary: Binary, shift: int, table_at: int) -> tuple[Module, int, NDArray[np.int64]] | None:
    """(the module, where its variables begin, all of their words)."""
    inside = [(address + shift, size) for offset, address, size in binary.loads]
    for region in pages.memory.regions():
        of_it = any(begin < region.end and region.start < begin + size for begin, size in inside)
        if not region.readable or not of_it or region.size_bytes > MOST_DATA_BYTES or region.executable:
            continue
        words = pages.words(region.start, region.end)
        module = find_module(words, region.start, table_at, pages.read)
        if module is not None and module.end - module.data <= MOST_DATA_BYTES:
            base = module.data & ~7
            return module, base, pages.words(base, module.end)
    return None


def _absent(why: str, get: str) -> Absent:
    return Absent(GOROUTINES, AbsentKind.NOT_APPLICABLE, why, get)


def states(found: Standings) -> dict[str, int]:
    """How many wait for what, most first."""
    return dict(Counter(each.state or "waiting" for each in found.found).most_common())
