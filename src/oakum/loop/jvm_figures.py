"""A JVM's own figures, as facts: which pool is how large, which one grows, what is wrong about its flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Self

from oakum.loop.facts import Facts
from oakum.model.absent import Absent
from oakum.model.growth import HeapGrowth
from oakum.model.units import format_count, format_duration, format_size
from oakum.probe.jvm_flags import judge_flags, number
from oakum.probe.jvm_memory import Pools
from oakum.probe.jvm_performance import GcTotals, gc_totals
from oakum.probe.jvm_session import JvmSession
from oakum.probe.jvm_threads import LoaderCounts, ThreadCounts

GROWN_BYTES = 1 << 20
"""A pool that grew by less is not told."""

TOLD = 10
GROWN_COUNT = 3
"""The same of threads and class loaders."""


@dataclass(frozen=True, slots=True)
class JvmFigures:
    """All at about one time. ``native``: Absent where it is not tracked."""

    pools: Pools
    threads: ThreadCounts
    loaders: LoaderCounts
    native: Mapping[str, int] | Absent
    collections: GcTotals | None

    @classmethod
    def of(cls, session: JvmSession, performance: Mapping[str, int | str]) -> Self:
        """Raises TargetError or DataError."""
        return cls(session.pools(), session.threads(), session.loaders(), session.native(), gc_totals(performance))


def tell_standing(figures: JvmFigures, session: JvmSession, facts: Facts, *, limit_bytes: int | None) -> None:
    """Before the watch."""
    pools, threads, loaders = figures.pools, figures.threads, figures.loaders
    flags = session.flags()
    states = ", ".join(f"{count} {state}" for state, count in threads.states)
    facts.add(
        "figures",
        f"heap {format_size(pools.heap_used_bytes)} in use of {format_size(pools.heap_committed_bytes)}, metaspace"
        f" {format_size(pools.metaspace_committed_bytes)}, {format_count(threads.total)} threads ({states}),"
        f" {format_count(loaders.loaders)} class loaders with {format_count(loaders.classes)} classes",
        "GC.heap_info, Thread.print, VM.classloader_stats",
        facts={
            **asdict(pools),
            "max_heap_bytes": number(flags, "MaxHeapSize"),
            "threads": dict(threads.names[:TOLD]),
            "loaders": [list(row) for row in loaders.kinds[:TOLD]],
        },
    )
    if isinstance(figures.native, Absent):
        facts.miss(figures.native)
    else:
        largest = sorted(figures.native.items(), key=lambda row: -row[1])[:6]
        told = ", ".join(f"{name} {format_size(size)}" for name, size in largest)
        facts.add("native", f"native memory by use: {told}", "VM.native_memory", facts=dict(figures.native))
    found = judge_flags(
        flags,
        limit_bytes=limit_bytes,
        metaspace_bytes=pools.metaspace_committed_bytes,
        threads=threads.total,
    )
    for row in found:
        facts.add("flag", f"{row.flag}: {row.wrong}; better: {row.better}", "VM.flags -all", facts=asdict(row))


def tell_growth(before: JvmFigures, after: JvmFigures, facts: Facts) -> None:
    """After the watch: which pool grew."""
    grown = [
        f"{name} {format_size(change, signed=True)}"
        for name, change in _changes(before, after).items()
        if change >= GROWN_BYTES
    ]
    more = [
        f"{format_count(now - then)} {name} more ({what})"
        for name, then, now, what in (
            ("threads", before.threads.total, after.threads.total, _multiplied(before, after)),
            ("class loaders", before.loaders.loaders, after.loaders.loaders, _loaded(before, after)),
        )
        if now - then >= GROWN_COUNT
    ]
    told = ", ".join([*grown, *more]) or "none noticeably"
    facts.add(
        "pools",
        f"which pool grew: {told}{_collected(before, after)}",
        "the same questions again",
        facts={
            "bytes": _changes(before, after),
            "threads": after.threads.total,
            "loaders": after.loaders.loaders,
            "loaders_more": _more_loaders(before, after),
        },
    )


def with_metaspace(growth: HeapGrowth | None, loaders: LoaderCounts, facts: Facts) -> HeapGrowth | None:
    """``growth`` with the metaspace that goes with class loaders: no dump has it, and it goes as they go."""
    if growth is None:
        return None
    found, most_taken = [], 0
    for holder in growth.holders:
        more = {name: count for name, count in (holder.loaders_more or {}).items() if count >= GROWN_COUNT}
        taken = round(sum(count * loaders.each_bytes(name) for name, count in more.items()))
        most_taken = max(most_taken, taken)
        found.append(replace(holder, bytes_after=holder.bytes_after + taken))
        if taken >= GROWN_BYTES:
            most = max(more, key=lambda name: more[name])
            each = round(loaders.each_bytes(most))
            facts.add(
                "metaspace",
                f"with {holder.name} go {format_count(more[most])} more loaders of class {most} than before, and"
                f" {format_size(taken)} of metaspace: {format_size(each)} each",
                "VM.classloader_stats",
                facts={"holder": holder.name, "loaders_more": more, "metaspace_bytes": taken},
            )
    # Their order stays: the application's own come first. Of nested holders the metaspace is the same.
    return replace(growth, holders=tuple(found), heap_bytes_after=growth.heap_bytes_after + most_taken)


def _changes(before: JvmFigures, after: JvmFigures) -> dict[str, int]:
    then, now = before.pools, after.pools
    changes = {
        "heap in use": now.heap_used_bytes - then.heap_used_bytes,
        "heap committed": now.heap_committed_bytes - then.heap_committed_bytes,
        "metaspace": now.metaspace_committed_bytes - then.metaspace_committed_bytes,
    }
    if not isinstance(before.native, Absent) and not isinstance(after.native, Absent):
        changes |= {
            f"native: {name}": size - before.native.get(name, 0)
            for name, size in after.native.items()
            if name not in {"Total", "Java Heap", "Metaspace", "Class"}
        }
    return changes


def _multiplied(before: JvmFigures, after: JvmFigures) -> str:
    """The thread names of which there are more."""
    then = dict(before.threads.names)
    more = {name: count - then.get(name, 0) for name, count in after.threads.names}
    return ", ".join(f"{name} +{count}" for name, count in more.items() if count > 0) or "of names seldom used"


def _more_loaders(before: JvmFigures, after: JvmFigures) -> dict[str, int]:
    """By class; those that became more."""
    then = {name: count for name, count, _ in before.loaders.kinds}
    more = {name: count - then.get(name, 0) for name, count, _ in after.loaders.kinds}
    return {name: count for name, count in more.items() if count > 0}


def _loaded(before: JvmFigures, after: JvmFigures) -> str:
    more = _more_loaders(before, after)
    return ", ".join(f"{name} +{count}" for name, count in more.items() if count > 0) or "of kinds seldom used"


def _collected(before: JvmFigures, after: JvmFigures) -> str:
    if before.collections is None or after.collections is None:
        return ""
    young = after.collections.young - before.collections.young
    full = after.collections.full - before.collections.full
    seconds = (
        after.collections.young_s + after.collections.full_s - before.collections.young_s - before.collections.full_s
    )
    return f"; {young} young and {full} full collections took {format_duration(max(seconds, 0.0))} of that time"
