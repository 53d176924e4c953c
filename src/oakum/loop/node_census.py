"""A Node.js program whose heap has no room for a snapshot: its containers are counted twice, and what grew is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from oakum.loop.dumped import Occasion
from oakum.loop.facts import Facts
from oakum.loop.node_containers import grown_by, told
from oakum.loop.node_heaps import unknown
from oakum.loop.node_promises import with_promises
from oakum.loop.peak import Peak
from oakum.model.absent import Absent, AbsentKind
from oakum.model.evidence import Cost
from oakum.model.growth import HeapGrowth
from oakum.model.units import format_count, format_duration, format_size
from oakum.probe.node_census import WHAT, NodeCensus
from oakum.probe.node_census_cost import CensusNeeds, promise_needs, query_needs, walk_needs
from oakum.probe.node_census_told import PROMISES, Walked
from oakum.probe.node_profile import Frame
from oakum.probe.node_session import NodeSession
from oakum.probe.node_workers import Worker

ORIGIN = "sizes of maps, sets, arrays and objects, twice"
PROMISES_ORIGIN = "the promises of its heap, twice"
PROMISES_SHARE = 0.5
"""Of the time between two counts of containers: so far apart promises are counted."""

ANSWERS_S = 60.0
OWN_LIMIT = (
    "(process.getBuiltinModule ? process.getBuiltinModule('v8') : process.mainModule.require('v8'))"
    ".getHeapStatistics().heap_size_limit"
)
"""A question: V8's limit of the heap of the thread that is asked."""

LEAST_MEMBERS = 16
"""A container that gained fewer did not grow."""

LEAST_BYTES = 256 << 10
NAMED_SHARE = 0.2
"""A container that gained less than this share of what lives more is not what grows."""


@dataclass(frozen=True, slots=True)
class Lived:
    """After a collection. ``pause_s``: that it took, at most."""

    at_s: float
    used_bytes: int
    external_bytes: int
    pause_s: float


class CensusTaking:
    """Of one thread. Nothing is kept in the program once ``taken`` returns, or raises."""

    def __init__(self, session: NodeSession, worker: Worker | None, occasion: Occasion, apart_s: float) -> None:
        self._session, self._worker, self._occasion, self._apart_s = session, worker, occasion, apart_s
        self._longest_s, self._extra_bytes = 0.0, 0

    def taken(self, frames: tuple[Frame, ...], facts: Facts) -> HeapGrowth | None:
        """None where nothing could be told: ``facts`` says why. Raises TargetError, DataError."""
        refused = self._refusal(walk_needs(self._used_bytes()))
        if refused is not None:
            facts.miss(refused)
            return None
        census = NodeCensus(self._ask, frames)
        try:
            found = census.begin()
            if isinstance(found, Absent):
                facts.miss(found)
                return None
            return self._named(census, facts)
        finally:
            census.close()

    def _named(self, census: NodeCensus, facts: Facts) -> HeapGrowth | None:
        """First by what its open handles lead to, which costs a collection; then by all functions of its heap."""
        with self._occasion.gauge() as gauge, Peak(gauge) as peak:
            functions = census.reach()
        self._extra_bytes = peak.extra_bytes
        growth = self._counted(census, functions, facts)
        if growth is not None and _explains(growth):
            return growth
        if growth is None or census.missed:
            growth = self._queried(census, facts) or growth
        if growth is None or _explains(growth):
            return growth
        growth = self._with_promises(census, growth, facts)
        if _explains(growth):
            return growth
        facts.miss(
            Absent(
                "the container that grows",
                AbsentKind.UNREADABLE,
                "no map, set, array, list or object that variables of its functions lead to gained members as memory"
                " grew, and promises became no more: timers after unref(), WeakMaps, what addons keep are not seen",
                "a snapshot names it: give it room, a higher limit for the time, then the same command",
            )
        )
        return None

    def _queried(self, census: NodeCensus, facts: Facts) -> HeapGrowth | None:
        needs = query_needs(self._used_bytes())
        refused = self._refusal(needs)
        if refused is not None:
            facts.miss(refused)
            return None
        self._occasion.progress.stage(
            f"looking for the application's functions: it may stand still for about {format_duration(needs.pause_s)}"
        )
        self._session.hold(4 * needs.pause_s + ANSWERS_S)
        with self._occasion.gauge() as gauge, Peak(gauge) as peak:
            functions = census.query()
        self._extra_bytes = max(self._extra_bytes, peak.extra_bytes)
        growth = self._counted(census, functions, facts)
        if growth is None:
            why = "none of the functions that the profile met is in its heap"
            facts.miss(Absent(WHAT, AbsentKind.UNREADABLE, why, "the same command with a longer --for"))
        return growth

    def _counted(self, census: NodeCensus, functions: int, facts: Facts) -> HeapGrowth | None:
        """None where none of its functions could be reached."""
        if not functions:
            return None
        progress = self._occasion.progress
        with self._occasion.gauge() as gauge, Peak(gauge) as peak:
            before = self._lived()
            first = census.first()
        progress.stage(
            f"counted {format_count(first.containers)} containers; letting it run for"
            f" {format_duration(self._apart_s)} before they are counted again"
        )
        self._session.hold(self._apart_s + ANSWERS_S)
        self._session.clock.sleep_until(before.at_s + self._apart_s)
        with self._occasion.gauge() as gauge, Peak(gauge) as again:
            after = self._lived()
            second = census.second(LEAST_MEMBERS)
        seconds = after.at_s - before.at_s
        outside = after.external_bytes - before.external_bytes
        growth = grown_by(second, seconds, before.used_bytes, after.used_bytes, outside)
        if not _explains(growth) and second.timers - first.timers >= LEAST_MEMBERS:
            growth = self._with_timers(census, growth, second, second.timers - first.timers, facts)
        pause_s = max(before.pause_s, after.pause_s, self._longest_s)
        extra = max(self._extra_bytes, peak.extra_bytes, again.extra_bytes)
        self._tell(growth, first, second, pause_s, extra, facts)
        return growth

    def _with_timers(
        self, census: NodeCensus, growth: HeapGrowth, seen: Walked, gained: int, facts: Facts
    ) -> HeapGrowth:
        """With the timers that became more, where what they call can be asked."""
        needs = query_needs(growth.heap_bytes_after)
        refused = self._refusal(needs)
        if refused is not None:
            facts.miss(replace(refused, what="what the timers call that became more"))
            return growth
        self._session.hold(4 * needs.pause_s + ANSWERS_S)
        timers = census.timers(gained)
        if timers is None:
            return growth
        all_grown = replace(seen, grown=(timers, *seen.grown))
        return grown_by(all_grown, growth.seconds, growth.heap_bytes_before, growth.heap_bytes_after, 0)

    def _with_promises(self, census: NodeCensus, growth: HeapGrowth, facts: Facts) -> HeapGrowth:
        """With the promises that live on, where these became more."""
        used = self._used_bytes()
        refused = self._refusal(promise_needs(used))
        if refused is not None:
            facts.miss(replace(refused, what="how many promises live on"))
            return growth
        clock, apart_s = self._session.clock, PROMISES_SHARE * self._apart_s
        self._occasion.progress.stage(
            "no container explains it: its promises are counted twice,"
            f" {format_duration(apart_s)} apart; each time it may stand still for about"
            f" {format_duration(promise_needs(used).pause_s)}"
        )
        self._session.hold(8 * promise_needs(used).pause_s + apart_s + ANSWERS_S)

        def apart() -> float:
            begun_s = clock.monotonic_s()
            clock.sleep_until(begun_s + apart_s)
            return clock.monotonic_s() - begun_s

        promises = census.promises()
        living, seconds = promises.counted(apart)
        if living is None or living.after - living.before < LEAST_MEMBERS:
            return growth
        ways = promises.pending()
        found = with_promises(growth, living, seconds, ways)
        first = next(each for each in found.holders if each.counted == PROMISES)
        facts.add(
            "promises",
            f"{format_count(living.before)} → {format_count(living.after)} promises in {format_duration(seconds)} that"
            f" no variable leads to, about {format_size(int(living.item_bytes))} each; of those that one leads to"
            f" {format_count(len(ways))} stayed pending: {first.name}",
            PROMISES_ORIGIN,
            cost=Cost(self._longest_s, self._longest_s),
            facts={"promises": [living.before, living.after], "seconds": seconds, "pending": len(ways)},
        )
        return found

    def _tell(
        self, growth: HeapGrowth, first: Walked, second: Walked, pause_s: float, extra: int, facts: Facts
    ) -> None:
        lived = growth.heap_bytes_after - growth.heap_bytes_before
        most = f": {told(growth.holders[0])}" if growth.holders else ""
        facts.add(
            "growth",
            f"{format_count(second.containers)} containers counted twice, {format_duration(growth.seconds)} apart; what"
            f" lives changed by {format_size(lived, signed=True)}{most}",
            ORIGIN,
            cost=Cost(pause_s, pause_s),
            facts={
                "containers": [first.containers, second.containers],
                "heap_bytes": [growth.heap_bytes_before, growth.heap_bytes_after],
                "extra_bytes": extra,
                "whole": not second.cut,
            },
        )

    def _lived(self) -> Lived:
        needs = walk_needs(self._used_bytes())
        pause_s = self._session.collect(within_s=4 * needs.pause_s + 30, worker=self._worker)
        at_s, figures = self._session.clock.monotonic_s(), self._session.heaps().of(self._worker)
        if figures is None:
            raise unknown(self._worker)
        return Lived(at_s, figures.heap_used_bytes, figures.external_bytes, pause_s)

    def _used_bytes(self) -> int:
        used = self._session.heaps().used_bytes(self._worker)
        if used is None:
            raise unknown(self._worker)
        return used

    def _refusal(self, needs: CensusNeeds) -> Absent | None:
        return needs.refusal(self._occasion.room(), self._own_bytes(), self._occasion.budget, self._occasion.command)

    def _own_bytes(self) -> int | None:
        """What is left below V8's own limit of this thread's heap; None where it does not tell."""
        told = self._ask("Runtime.evaluate", {"expression": OWN_LIMIT, "returnByValue": True}).get("result")
        limit = told.get("value") if isinstance(told, dict) else None
        return max(0, int(limit) - self._used_bytes()) if isinstance(limit, int | float) and limit > 0 else None

    def _ask(self, method: str, parameters: Mapping[str, object]) -> Mapping[str, object]:
        clock = self._session.clock
        begun_s = clock.monotonic_s()
        try:
            return self._session.ask(method, parameters, within_s=ANSWERS_S, worker=self._worker)
        finally:
            self._longest_s = max(self._longest_s, clock.monotonic_s() - begun_s)


def _explains(growth: HeapGrowth) -> bool:
    """Whether something is named, or nothing is to be named."""
    gained = growth.heap_bytes_after - growth.heap_bytes_before
    named = max((holder.bytes_grown for holder in growth.holders), default=0)
    return gained <= LEAST_BYTES or named >= NAMED_SHARE * gained
