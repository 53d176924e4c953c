"""A Go program that serves no profiles, looked into by its memory while it runs: before and after the watch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from oakum.heap.formats.golive import growth as heap_growth
from oakum.heap.formats.golive import kernels
from oakum.heap.formats.golive.growth import Goroutines, Known
from oakum.heap.formats.golive.held import Held, Walk, hold
from oakum.heap.formats.pprof.goroutines import groups, total
from oakum.heap.formats.pprof.growth import grown_goroutines, stack_bytes_of
from oakum.heap.formats.pprof.profile import Profile
from oakum.loop.facts import Facts
from oakum.loop.go_told import tell_goroutines_grown
from oakum.loop.interview import Interviewee
from oakum.loop.progress import Progress
from oakum.model.absent import Absent, AbsentKind
from oakum.model.evidence import Cost
from oakum.model.growth import HeapGrowth, HolderGrowth
from oakum.model.ports import Memory
from oakum.model.units import format_count, format_duration, format_size
from oakum.probe.gathered import Pages
from oakum.probe.go_heap import (
    HEAP,
    Owned,
    copied,
    frame_of,
    group_names,
    preflight,
    roots,
    spans_now,
    types_of,
    uses_of,
    variables,
    ways_in,
)
from oakum.probe.go_memory import GOROUTINES, SERVED, Anatomy, Standings, anatomy, standings, states
from oakum.probe.go_waits import pools
from oakum.probe.room import carried_refusal

ORIGIN: Final = "process memory"
MOST_STATES: Final = 4
UNREACHED_BYTES: Final = 1 << 20
"""Growth of the objects above this many bytes wants something that leads to it."""

LONGEST_S: Final = 60.0
"""For one look at all goroutines, in seconds of the clock."""

LEAST_LED, APART = 0.5, 0.3
"""A share of the objects that something leads to; and by how much two looks may differ in it."""

HELD: Final = "which variable leads to more than before"
KIND: Final = "goroutines"
FEW_WORKERS, LITTLE = 1000, 0.2
"""Goroutines that a pool may still start, and the share by which a larger one may grow between two looks."""

POOL: Final = "they all wait to receive from one channel, as workers of a pool do that have no work"


@dataclass(frozen=True, slots=True, eq=False)
class _Heap:
    """``taken_s``: monotonic. ``kinds``: of its roots, by name."""

    held: Held
    walk: Walk
    kinds: dict[str, str]
    taken_s: float


@dataclass(frozen=True, slots=True, eq=False)
class _First:
    """What was found before the watch. ``heap``: None where it could not be had. ``at_s``: monotonic."""

    memory: Memory
    body: Anatomy
    owned: Owned | None
    goroutines: Profile
    stack_bytes: int
    numbers: Mapping[str, frozenset[int]]
    at_s: float
    heap: Held | None
    heap_at_s: float


class GoMemory:
    """Only memory is read: the target is not stopped, gets no signal and no request."""

    def __init__(self, whom: Interviewee) -> None:
        self._whom, self._machine = whom, whom.machine
        self._first: _First | None = None

    @property
    def answers(self) -> bool:
        return self._first is not None

    def close(self) -> None:
        first, self._first = self._first, None
        if first is not None:
            first.memory.close()

    def begin(self, facts: Facts, progress: Progress) -> None:
        """Raises TargetError when it has ended."""
        runtime = self._whom.runtime
        memory = self._machine.memories.open(self._whom.pid)
        if runtime is None or isinstance(memory, Absent):
            if isinstance(memory, Absent):
                facts.miss(memory)
            return
        progress.stage("its goroutines and its heap are read from its memory. It is not stopped; only memory is read.")
        try:
            body = anatomy(Pages(memory), runtime)
            if isinstance(body, Absent):
                facts.miss(body)
            else:
                self._first = self._looked(memory, body, facts)
        finally:
            if self._first is None:
                memory.close()

    def _looked(self, memory: Memory, body: Anatomy, facts: Facts) -> _First | None:
        at_s = self._machine.clock.monotonic_s()
        look = self._goroutines(memory, body, facts)
        if look is None:
            return None
        told = variables(body)
        if isinstance(told, Absent):
            facts.miss(told)
        owned = None if isinstance(told, Absent) else told
        heap = None if owned is None else self._heap(memory, body, owned, look, facts)
        if heap is not None and owned is not None and _unled(heap.held):
            # Little of it hangs on anything: garbage, or a list that moved while it was copied. The better one counts.
            again = self._heap(memory, body, owned, look, facts)
            heap = again if again is not None and _led_share(again.held) > _led_share(heap.held) else heap
        # What is kept of the first copy is which objects were there, and not how they were reached.
        held, taken_s = (None, at_s) if heap is None else (heap.held, heap.taken_s)
        known = numbers(body, look)
        return _First(memory, body, owned, look.profile(body.lines), look.stack_bytes, known, at_s, held, taken_s)

    def _goroutines(self, memory: Memory, body: Anatomy, facts: Facts) -> Standings | None:
        pages, clock = Pages(memory), self._machine.clock
        begun_s = clock.monotonic_s()
        try:
            found = standings(pages, body, clock.now_s(), lambda: clock.monotonic_s() - begun_s > LONGEST_S)
        except MemoryError:
            found = Absent(GOROUTINES, AbsentKind.TOO_DEAR, "Oakum had no memory left to read their stacks", SERVED)
        if isinstance(found, Absent):
            facts.miss(found)
            return None
        seconds = clock.monotonic_s() - begun_s
        told = states(found)
        most = ", ".join(f"{format_count(count)} {state}" for state, count in list(told.items())[:MOST_STATES])
        ran = f"; {format_count(found.moved)} ran meanwhile: their stacks are not told" if found.moved else ""
        if found.unkept:
            ran += f"; what the stacks of {format_count(found.unkept)} lead to is not told: they are too large together"
        facts.add(
            "goroutines",
            f"{format_count(len(found.found))} goroutines with {format_size(found.stack_bytes)} of stacks: {most}{ran};"
            f" {format_size(pages.read_bytes)} read in {format_duration(seconds)}, pause: none",
            ORIGIN,
            cost=Cost(0.0, seconds, pages.read_bytes),
            facts={
                "goroutines": len(found.found),
                "ran": found.moved,
                "stack_bytes": found.stack_bytes,
                "states": told,
            },
        )
        return found

    def _heap(self, memory: Memory, body: Anatomy, owned: Owned, standing: Standings, facts: Facts) -> _Heap | None:
        """What variables and stacks lead to, by a copy of the pages that hold pointers."""
        try:
            return self._copied(memory, body, owned, standing, facts)
        except MemoryError:
            get = f"oakum investigate pid/{self._whom.pid} with more memory; or {SERVED}"
            facts.miss(Absent(HEAP, AbsentKind.TOO_DEAR, "Oakum had no memory left to copy it", get))
            return None

    def _copied(self, memory: Memory, body: Anatomy, owned: Owned, standing: Standings, facts: Facts) -> _Heap | None:
        kernels.warm_up()
        pages, clock = Pages(memory), self._machine.clock
        begun_s = clock.monotonic_s()
        ways = ways_in(pages, body, owned)
        spans = spans_now(pages, body)
        if isinstance(spans, Absent):
            facts.miss(spans)
            return None
        price = preflight(spans, memory.carried_bytes_per_s())
        command = f"oakum investigate pid/{self._whom.pid}"
        refused = carried_refusal(HEAP, price, self._whom.budget, command)
        if price.refusal:
            refused = Absent(HEAP, AbsentKind.TOO_DEAR, price.refusal, f"{command} --no-capture; or a larger machine")
        if refused is not None:
            facts.miss(refused)
            return None
        copy = copied(pages, spans, body)
        found = roots(pages, body, owned, standing, ways, copy)
        taken_s = clock.monotonic_s()
        held, walk = hold(copy, found)
        seconds = clock.monotonic_s() - begun_s
        facts.add(
            "capture",
            f"{format_count(held.used_objects)} objects in use, {format_size(held.used_bytes)};"
            f" {format_count(held.reached.size)} of them, {format_size(int(held.sizes.sum()))}, are led to by variables"
            f" and stacks; {format_size(pages.read_bytes)} read, {format_duration(seconds)} in all, pause: none",
            ORIGIN,
            cost=Cost(0.0, seconds, pages.read_bytes),
            facts={
                "objects": held.used_objects,
                "object_bytes": held.used_bytes,
                "reached": int(held.reached.size),
                "reached_bytes": int(held.sizes.sum()),
                "copied_s": taken_s - begun_s,
            },
        )
        return _Heap(held, walk, {each.name: each.kind for each in found}, taken_s)

    def end(self, facts: Facts, progress: Progress) -> HeapGrowth | None:
        """Raises TargetError when it has ended."""
        first = self._first
        if first is None:
            return None
        progress.stage("its memory is read again, and compared")
        at_s = self._machine.clock.monotonic_s()
        look = self._goroutines(first.memory, first.body, facts)
        if look is None:
            return None
        after = look.profile(first.body.lines)
        seconds = max(at_s - first.at_s, 1e-3)
        known, found = groups(first.goroutines), groups(after)
        totals = total(first.goroutines), total(after)
        tell_goroutines_grown(known, found, totals, seconds, facts)
        stacks = first.stack_bytes, look.stack_bytes
        heap = None
        if first.heap is not None and first.owned is not None:
            heap = self._heap(first.memory, first.body, first.owned, look, facts)
            if heap is not None and _torn(first.heap, heap.held):
                # A table that moved while it was copied leaves growth that nobody leads to: it is copied once more.
                heap = self._heap(first.memory, first.body, first.owned, look, facts) or heap
        if first.heap is not None and heap is not None and _disagree(first.heap, heap.held):
            gained = format_size(heap.held.used_bytes - first.heap.used_bytes, signed=True)
            why = (
                f"all its objects gained {gained}, and what is led to by far more: one of the two copies missed a part"
            )
            facts.miss(Absent(HELD, AbsentKind.UNREADABLE, why, "investigate again"))
            heap = None
        if first.heap is None or first.owned is None or heap is None:
            growth = grown_goroutines(first.goroutines, after, stacks, seconds)
        else:
            growth = self._grown(
                first, heap, look, Goroutines(known, found, stack_bytes_of(stacks, totals[1] - totals[0]))
            )
        working = pools(group_names(first.body, set(look.found)), look.found, look.waits)
        return with_ended(_with_pools(growth, working), first.numbers, frozenset(look.numbers))

    @staticmethod
    def _grown(first: _First, heap: _Heap, look: Standings, waiting: Goroutines) -> HeapGrowth:
        assert first.heap is not None
        assert first.owned is not None
        return heap_growth.grown(
            first.heap,
            heap.held,
            Known(
                heap.walk,
                types_of(Pages(first.memory), first.body),
                heap.kinds,
                partial(uses_of, first.body, first.owned),
                partial(frame_of, first.body, look),
            ),
            waiting,
            max(heap.taken_s - first.heap_at_s, 1e-3),
        )


def _led_share(held: Held) -> float:
    return int(held.sizes.sum()) / max(held.used_bytes, 1)


def _unled(held: Held) -> bool:
    """Whether little of much is led to by anything."""
    return held.used_bytes > UNREACHED_BYTES and _led_share(held) < LEAST_LED


def _disagree(before: Held, after: Held) -> bool:
    """Whether much more became led to than there is more of: it was there at the first look, which did not see it."""
    led = int(after.sizes.sum()) - int(before.sizes.sum())
    gained = max(after.used_bytes - before.used_bytes, 0)
    return led > 2 * gained + UNREACHED_BYTES and _led_share(after) - _led_share(before) > APART


def _with_pools(growth: HeapGrowth, working: frozenset[str]) -> HeapGrowth:
    """``working``: groups that wait for work on one channel: a pool grows to its size, and no further.

    Many that become many more are none: a leak can wait on one channel that all share, too.
    """

    def told(holder: HolderGrowth) -> HolderGrowth:
        gained = holder.items_after - holder.items_before
        fills = holder.items_after < FEW_WORKERS or gained < LITTLE * holder.items_before
        idle = holder.kind == KIND and holder.name in working and not holder.may_bound and fills
        return replace(holder, may_bound=POOL) if idle else holder

    return replace(growth, holders=tuple(told(each) for each in growth.holders))


def _torn(before: Held, after: Held) -> bool:
    """Whether objects gained much that nothing leads to, which may be garbage, or a copy of what moved meanwhile."""
    gained = after.used_bytes - before.used_bytes
    return gained > UNREACHED_BYTES and int(after.sizes.sum() - before.sizes.sum()) < gained // 2


def with_ended(growth: HeapGrowth, before: Mapping[str, frozenset[int]], now: frozenset[int]) -> HeapGrowth:
    """With how many goroutines of each group ended. ``before``: numbers by group; ``now``: of all that are there."""

    def told(holder: HolderGrowth) -> HolderGrowth:
        if holder.kind != KIND:
            return holder
        return replace(holder, evicted_items=len(before.get(holder.name, frozenset()) - now), eviction_known=True)

    return replace(growth, holders=tuple(told(each) for each in growth.holders))


def numbers(body: Anatomy, look: Standings) -> dict[str, frozenset[int]]:
    """By group: which goroutines stand there."""
    named = group_names(body, set(look.found))
    found: dict[str, set[int]] = {}
    for each, number in zip(look.found, look.numbers, strict=True):
        if each in named:
            found.setdefault(named[each], set()).add(number)
    return {name: frozenset(those) for name, those in found.items()}
