"""A Go program looked into by its own profiles over HTTP: call paths and goroutines, before and after the watch."""

from __future__ import annotations

from dataclasses import dataclass, replace

from oakum.heap.formats.pprof.goroutines import Group, groups, total, with_detail
from oakum.heap.formats.pprof.growth import LEAST_GOROUTINES, Look, grown
from oakum.loop.cgroup import limit_bytes_of
from oakum.loop.facts import Facts
from oakum.loop.go_asked import GOROUTINES, ORIGIN, PATHS, GoAsked
from oakum.loop.go_memory import GoMemory
from oakum.loop.go_told import (
    outside_told,
    room_per_s,
    tell_goroutines_grown,
    tell_limit,
    tell_metrics,
    uncollected_told,
)
from oakum.loop.interview import Interviewee
from oakum.loop.progress import Progress
from oakum.model.absent import Absent, AbsentKind
from oakum.model.allocation import AllocationProfile
from oakum.model.growth import HeapGrowth
from oakum.model.ports import Debuggee
from oakum.model.units import format_count, format_duration, format_size
from oakum.model.verdict import Verdict, VerdictName
from oakum.probe.go import SERVE_IT, Endpoint, GoProbe
from oakum.probe.go_cost import MOST_STACKS_S
from oakum.probe.go_metrics import GoMetrics, find_metrics
from oakum.probe.go_session import GoSession

HALF = 0.5
"""A profile that is as of less than this share of the watch later than the first one wants a collection."""

STALE = 0.1
"""A first profile that is as of a collection longer ago than this share of the watch counts what came before too."""

LEAST_AGAIN_S, MOST_AGAIN_S = 5.0, 30.0
"""How long it runs between two collections that are asked for."""


@dataclass(frozen=True, slots=True)
class _Known:
    """An endpoint that answers, and the first look into it. ``apart_s`` is counted from ``at_s``, monotonic."""

    endpoint: Endpoint
    session: GoSession
    first: Look
    at_s: float


class GoInterview:
    """Nothing but GET requests is sent, and those only after a yes. Where no profile comes, its memory is read."""

    compared: str = "two looks into its profiles, compared"
    profile: AllocationProfile | None = None

    def __init__(self, whom: Interviewee) -> None:
        self._whom, self._pid, self._machine = whom, whom.pid, whom.machine
        self._debuggee: Debuggee | None = None
        self._known: _Known | None = None
        self._metrics: GoMetrics | None = None
        self._memory: GoMemory | None = None

    @property
    def reached(self) -> bool:
        return self._debuggee is not None

    @property
    def answers(self) -> bool:
        return self._known is not None or (self._memory is not None and self._memory.answers)

    def close(self) -> None:
        memory, self._memory = self._memory, None
        if memory is not None:
            memory.close()
        debuggee, self._debuggee, self._known, self._metrics = self._debuggee, None, None, None
        if debuggee is not None:
            debuggee.close()

    @property
    def _command(self) -> str:
        terms = self._whom.terms
        served = "" if terms.served_is_usual else f" --pprof {terms.served}"
        return f"oakum investigate pid/{self._pid}{served} --inspect"

    def begin(self, facts: Facts, progress: Progress) -> None:
        try:
            self._ask(facts, progress)
        finally:
            if self._known is None and self._whom.runtime is not None:
                self._memory = GoMemory(self._whom)
                self._memory.begin(facts, progress)

    def _ask(self, facts: Facts, progress: Progress) -> None:
        self._debuggee = self._machine.debuggees.open(self._pid)
        probe = GoProbe(self._pid, self._debuggee, self._whom.terms.served)
        ports = probe.candidates()
        if isinstance(ports, Absent):
            facts.miss(ports)
            return
        refused = self._whom.refusal(f"{probe.how(ports)} {self._question()}", self._command, progress)
        if refused is not None:
            facts.miss(refused)
            return
        endpoint = probe.find(ports)
        if isinstance(endpoint, Absent):
            self._metrics = find_metrics(self._debuggee, ports)
            if self._metrics is not None:
                tell_metrics(self._metrics, facts)
            facts.miss(endpoint)
            return
        count = endpoint.goroutines
        told = "" if count is None else f": {format_count(count)} goroutines"
        facts.add("pprof", f"net/http/pprof answers on {endpoint}{told}", ORIGIN, facts={"goroutines": count})
        session = probe.session(endpoint)
        first = self._asked(session, facts, progress).look(count)
        self._known = _Known(endpoint, session, first, self._machine.clock.monotonic_s())
        machine = self._machine
        environment = machine.processes.environment(self._pid)
        tell_limit(first.figures, limit_bytes_of(self._pid, machine), environment, facts)

    def _question(self) -> str:
        """What would be done where profiles are served, before anything is asked."""
        return (
            "Where profiles are served: before and after the watch a heap profile, which does not stop it, and"
            " a goroutine profile, which takes about 2 ms for each 1,000 goroutines; up to Go 1.18 it stands still"
            f" meanwhile; none that could take longer than {format_duration(self._whom.budget.pause_s)}. Only if memory"
            " grows: up to two collections, which run beside it, and all stacks in full, where that stops it for less"
            f" than {format_duration(MOST_STACKS_S)}. No CPU profile, no trace, no signal."
        )

    def _asked(self, session: GoSession, facts: Facts, progress: Progress) -> GoAsked:
        return GoAsked(session, self._machine.clock, self._whom.budget, self._command, facts, progress)

    def end(self, verdict: Verdict, facts: Facts, progress: Progress) -> HeapGrowth | None:
        if self._known is None:
            self._end_outside(facts)
            return None if self._memory is None else self._memory.end(facts, progress)
        return self._compared(self._known, verdict, facts, progress)

    def _end_outside(self, facts: Facts) -> None:
        before, debuggee = self._metrics, self._debuggee
        if before is None or debuggee is None:
            return
        after = find_metrics(debuggee, [before.listener])
        if after is None:
            facts.miss(Absent("its metrics after the watch", AbsentKind.UNREADABLE, "they were not served again"))
            return
        tell_metrics(after, facts, before)
        told = self._memory is not None and self._memory.answers
        if not told and after.goroutines - before.goroutines >= LEAST_GOROUTINES:
            why = "metrics count them, and profiles, which tell them apart, are not served"
            facts.miss(Absent(GOROUTINES, AbsentKind.NOT_APPLICABLE, why, SERVE_IT))

    def _compared(self, known: _Known, verdict: Verdict, facts: Facts, progress: Progress) -> HeapGrowth | None:
        before = known.first
        asked = self._asked(known.session, facts, progress)
        after = asked.look(None if before.goroutines is None else 2 * total(before.goroutines))
        seconds = max(self._machine.clock.monotonic_s() - known.at_s, 1e-3)
        grows = verdict.name in {VerdictName.SUSPECT, VerdictName.LEAK}
        found = _waiting(asked, before, after, seconds, in_full=grows)
        collected = grows and after.heap_at_s - before.heap_at_s < HALF * seconds
        if collected:
            progress.stage("it has not collected since: one collection is asked for, which runs beside the program")
            again = asked.look(None, collect=True)
            after = replace(again, goroutines=after.goroutines, goroutines_at_s=after.goroutines_at_s)
        growth = grown(before, after, found, seconds)
        apart_s = after.heap_at_s - before.heap_at_s
        stale = before.goroutines_at_s - before.heap_at_s > STALE * seconds
        if grows and stale and growth.heap_bytes_after > growth.heap_bytes_before:
            base, later = self._again(asked, before, after, seconds, progress, collected=collected)
            growth, apart_s = grown(base, later, found, seconds), later.heap_at_s - base.heap_at_s
        beside = "" if grows else _beside(growth)
        if not grows and after.heap_at_s <= before.heap_at_s:
            why = "its memory does not grow, so no collection is asked for, and it made none itself"
            facts.miss(Absent(PATHS, AbsentKind.NOT_APPLICABLE, why, "the same command with --for 10m"))
            return replace(growth, beside=beside) if beside else None
        if after.heap.period_bytes:
            _tell_growth(growth, apart_s, facts)
        # What lives is told of the time between collections; what Go took, of the watch.
        more = (growth.heap_bytes_after - growth.heap_bytes_before) * seconds / max(apart_s, 1e-3)
        live = growth.heap_bytes_before, growth.heap_bytes_before + round(more)
        garbage = uncollected_told(before.figures, after.figures, live, seconds)
        return replace(
            growth,
            outside=outside_told(before.figures, after.figures, seconds, verdict.rate_per_s),
            uncollected=garbage,
            room_per_s=room_per_s(before.figures, after.figures, live, seconds) if garbage else 0.0,
            beside=beside,
        )

    def _again(
        self, asked: GoAsked, first: Look, after: Look, seconds: float, progress: Progress, *, collected: bool
    ) -> tuple[Look, Look]:
        """The heap at two collections that were asked for: what was made before the watch is in both.

        ``collected``: ``after`` is of the one of them already.
        """
        clock = self._machine.clock
        apart_s = min(max(HALF * seconds, LEAST_AGAIN_S), MOST_AGAIN_S)
        wanted = "a second collection is" if collected else "two collections are"
        progress.stage(
            f"its first profile is of before the watch: {wanted} asked for, which run beside it,"
            f" {format_duration(apart_s)} apart"
        )
        begun_s = clock.monotonic_s()
        base = after if collected else asked.look(None, collect=True)
        clock.sleep_until(begun_s + apart_s)
        later = asked.look(None, collect=True)
        return (
            replace(base, goroutines=first.goroutines, goroutines_at_s=first.goroutines_at_s),
            replace(later, goroutines=after.goroutines, goroutines_at_s=after.goroutines_at_s),
        )


def _waiting(asked: GoAsked, before: Look, after: Look, seconds: float, *, in_full: bool) -> dict[str, Group]:
    """Groups of goroutines after the watch. ``in_full``: with more of those that became more, where that is cheap."""
    if before.goroutines is None or after.goroutines is None:
        return {}
    known, found = groups(before.goroutines), groups(after.goroutines)
    totals = total(before.goroutines), total(after.goroutines)
    more = any(
        each.count - (known[name].count if name in known else 0) >= LEAST_GOROUTINES for name, each in found.items()
    )
    if in_full and more:
        told = asked.stacks(totals[1])
        found = with_detail(found, told) if told is not None else found
    tell_goroutines_grown(known, found, totals, seconds, asked.facts)
    return found


def _beside(growth: HeapGrowth) -> str:
    """Of a program whose memory does not grow: the goroutines that became the most more, "" for none."""
    more = [each for each in growth.holders if each.kind == "goroutines" and not each.may_bound]
    if not more:
        return ""
    most = max(more, key=lambda each: each.items_grown)
    seconds = most.grown_in_s(growth)
    counts = f"{format_count(most.items_before)} → {format_count(most.items_after)} in {format_duration(seconds)}"
    per_s = most.items_grown / seconds
    return f"but {most.name} became more, {counts} ({per_s:.2g} a second): memory does not show it yet"


def _tell_growth(growth: HeapGrowth, apart_s: float, facts: Facts) -> None:
    facts.add(
        "growth",
        f"{format_size(growth.heap_bytes_before)} → {format_size(growth.heap_bytes_after)} lived after collections"
        f" {format_duration(apart_s)} apart, by the profiles' samples",
        "the two heap profiles",
        facts={
            "objects": [growth.objects_before, growth.objects_after],
            "heap_bytes": [growth.heap_bytes_before, growth.heap_bytes_after],
            "seconds": apart_s,
        },
    )
