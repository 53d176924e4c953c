"""What a look into a Go program asks for: each with its price before and its cost after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oakum.heap.formats.pprof import read_raw
from oakum.heap.formats.pprof.figures import read_figures
from oakum.heap.formats.pprof.goroutines import groups, total
from oakum.heap.formats.pprof.growth import Look
from oakum.heap.formats.pprof.text import read_text
from oakum.loop.facts import Facts
from oakum.loop.go_told import MOST_TOLD, goroutines_title, tell_figures
from oakum.loop.progress import Progress
from oakum.model.absent import Absent, AbsentKind
from oakum.model.budget import Budget
from oakum.model.errors import DataError
from oakum.model.evidence import Cost
from oakum.model.ports import Clock
from oakum.model.units import format_count, format_duration, format_size
from oakum.probe.go_cost import MOST_STACKS_S, goroutines_pause_s, stacks_pause_s
from oakum.probe.go_session import GoSession
from oakum.probe.room import pause_refusal

if TYPE_CHECKING:
    from oakum.heap.formats.pprof.profile import Profile

GOROUTINES: Final = "goroutines by stack and by what they wait for"
PATHS: Final = "call paths that grew"
STACKS: Final = "who started the goroutines, and for how long each waits"
ORIGIN: Final = "HTTP GET, net/http/pprof"
LEAST_STACK_BYTES: Final = 2048
STACKS_BY_HAND: Final = (
    "curl -o stacks.txt http://HOST:PORT/debug/pprof/goroutine?debug=2; then oakum heap analyze stacks.txt"
)


@dataclass(frozen=True, slots=True)
class GoAsked:
    """One endpoint, asked. ``command``: what asks again, without its bounds. All raise TargetError or DataError."""

    session: GoSession
    clock: Clock
    budget: Budget
    command: str
    facts: Facts
    progress: Progress

    def look(self, count: int | None, *, collect: bool = False) -> Look:
        """``count``: of goroutines, as far as it is known beforehand. ``collect``: of the heap alone, and as of now."""
        asked = self.session.heap(collect=collect)
        figures, now_s = read_figures(asked.raw), self.clock.now_s()
        if figures is None:
            raise DataError(
                "its heap profile does not end with the runtime's figures",
                why="they tell when it was collected last",
                next_step=f"{self.command}    # Go writes them; who serves it in its place may not",
            )
        heap = read_text(asked.raw)
        as_of_s = figures.ends_s[-1] if collect and figures.ends_s else figures.profile_as_of_s
        as_of_s = None if as_of_s is None else min(as_of_s, now_s)
        if not heap.period_bytes:
            why = "it samples no allocations: runtime.MemProfileRate is 0"
            self.facts.miss(Absent(PATHS, AbsentKind.NOT_APPLICABLE, why, "leave MemProfileRate as it is, at 512 KiB"))
        self._tell_heap(len(heap.samples), asked.seconds, asked.came_bytes, now_s, as_of_s, collect=collect)
        tell_figures(figures, self.facts)
        goroutines = None if collect else self._goroutines(figures.stack_inuse, count)
        return Look(heap, as_of_s or now_s, figures, goroutines, now_s)

    def _tell_heap(
        self, sites: int, seconds: float, came_bytes: int, now_s: float, as_of_s: float | None, *, collect: bool
    ) -> None:
        age = "as of now, garbage too"
        if as_of_s is not None:
            age = f"as of a collection {format_duration(max(now_s - as_of_s, 0.0))} before"
        asked = "one collection was asked for, which ran beside it; " if collect else ""
        self.facts.add(
            "profile",
            f"heap profile of {format_size(came_bytes)} in {format_duration(seconds)}, {age}; {asked}pause: none",
            ORIGIN,
            cost=Cost(0.0, seconds, came_bytes),
            facts={"collected": collect, "sites": sites},
        )

    def _goroutines(self, stack_bytes: int, count: int | None) -> Profile | None:
        """None where it does not fit: ``facts`` says why. No stack is smaller, so there are no more than that."""
        most = stack_bytes // LEAST_STACK_BYTES if count is None else count
        pause_s = goroutines_pause_s(most)
        refused = pause_refusal(GOROUTINES, pause_s, self.budget, self.command)
        if refused is not None:
            self.facts.miss(refused)
            return None
        told = f"a goroutine profile of up to {format_count(most)}: it may stand still for {format_duration(pause_s)}"
        self.progress.stage(told)
        asked = self.session.goroutines()
        found = read_raw(asked.raw)
        if not found.goroutines:
            raise DataError("what came counts no goroutines", why="a goroutine profile was asked for")
        first = list(groups(found).values())[:MOST_TOLD]
        self.facts.add(
            "goroutines",
            f"{goroutines_title(total(found), first)}; it stood still for at most {format_duration(asked.seconds)}",
            ORIGIN,
            cost=Cost(asked.seconds, asked.seconds, asked.came_bytes),
            facts={
                "goroutines": total(found),
                "predicted_pause_s": pause_s,
                "groups": [{"operation": each.operation, "at": str(each.place), "count": each.count} for each in first],
            },
        )
        return found

    def stacks(self, count: int) -> Profile | None:
        """None where it does not fit: ``facts`` says why."""
        pause_s = stacks_pause_s(count)
        if pause_s > min(MOST_STACKS_S, self.budget.pause_s):
            why = f"for {format_count(count)} goroutines it could stand still for {format_duration(pause_s)}"
            self.facts.miss(Absent(STACKS, AbsentKind.TOO_DEAR, why, STACKS_BY_HAND))
            return None
        self.progress.stage(f"all stacks in full: it may stand still for up to {format_duration(pause_s)}")
        asked = self.session.stacks()
        self.facts.add(
            "stacks",
            f"stacks of {format_count(count)} goroutines in full: it stood still for at most"
            f" {format_duration(asked.seconds)}",
            ORIGIN,
            cost=Cost(asked.seconds, asked.seconds, asked.came_bytes),
            facts={"predicted_pause_s": pause_s},
        )
        return read_text(asked.raw)
