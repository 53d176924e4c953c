"""A Go program that serves no profiles, looked into by its memory while it runs: before and after the watch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from oakum.heap.formats.pprof.goroutines import groups, total
from oakum.heap.formats.pprof.growth import grown_goroutines
from oakum.loop.facts import Facts
from oakum.loop.go_told import tell_goroutines_grown
from oakum.loop.progress import Progress
from oakum.model.absent import Absent
from oakum.model.evidence import Cost
from oakum.model.growth import HeapGrowth
from oakum.model.runtime import Runtime
from oakum.model.units import format_count, format_duration, format_size
from oakum.probe.gathered import Pages
from oakum.probe.go_memory import Anatomy, Standings, anatomy, standings, states

if TYPE_CHECKING:
    from oakum.heap.formats.pprof.profile import Profile
    from oakum.host import Machine
    from oakum.model.ports import Memory

ORIGIN: Final = "process memory"
MOST_STATES: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class _First:
    """What was found before the watch. ``at_s``: monotonic."""

    memory: Memory
    body: Anatomy
    goroutines: Profile
    stack_bytes: int
    at_s: float


class GoMemory:
    """Only memory is read: the target is not stopped, gets no signal and no request."""

    def __init__(self, pid: int, machine: Machine, runtime: Runtime) -> None:
        self._pid, self._machine, self._runtime = pid, machine, runtime
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
        memory = self._machine.memories.open(self._pid)
        if isinstance(memory, Absent):
            facts.miss(memory)
            return
        progress.stage("its goroutines are read from its memory. The target is not stopped; only memory is read.")
        kept = False
        try:
            pages = Pages(memory)
            begun_s = self._machine.clock.monotonic_s()
            body = anatomy(pages, self._runtime)
            if isinstance(body, Absent):
                facts.miss(body)
                return
            look = self._look(pages, body, begun_s, facts)
            if look is None:
                return
            made = look.profile(body.lines)
            self._first = _First(memory, body, made, look.stack_bytes, self._machine.clock.monotonic_s())
            kept = True
        finally:
            if not kept:
                memory.close()

    def _look(self, pages: Pages, body: Anatomy, begun_s: float, facts: Facts) -> Standings | None:
        found = standings(pages, body, self._machine.clock.now_s())
        if isinstance(found, Absent):
            facts.miss(found)
            return None
        seconds = self._machine.clock.monotonic_s() - begun_s
        told = states(found)
        most = ", ".join(f"{format_count(count)} {state}" for state, count in list(told.items())[:MOST_STATES])
        ran = f"; {format_count(found.moved)} ran meanwhile: their stacks are not told" if found.moved else ""
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

    def end(self, facts: Facts, progress: Progress) -> HeapGrowth | None:
        """Raises TargetError when it has ended."""
        first = self._first
        if first is None:
            return None
        progress.stage("its memory is read again, and compared")
        begun_s = self._machine.clock.monotonic_s()
        look = self._look(Pages(first.memory), first.body, begun_s, facts)
        if look is None:
            return None
        after = look.profile(first.body.lines)
        seconds = max(begun_s - first.at_s, 1e-3)
        found = groups(after)
        totals = total(first.goroutines), total(after)
        tell_goroutines_grown(groups(first.goroutines), found, totals, seconds, facts)
        stacks = first.stack_bytes, look.stack_bytes
        return replace(grown_goroutines(first.goroutines, after, stacks, seconds), from_memory=True)
