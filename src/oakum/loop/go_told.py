"""What a Go program's own figures and goroutines say, in words, with the numbers beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from oakum.heap.formats.pprof.goroutines import Group
from oakum.loop.facts import Facts
from oakum.model.absent import Absent
from oakum.model.units import format_count, format_duration, format_share, format_size
from oakum.probe.go_metrics import GoMetrics

if TYPE_CHECKING:
    from oakum.heap.formats.pprof.figures import Figures

MEMSTATS: Final = "runtime.MemStats of heap?debug=1"
OUTSIDE_SHARE: Final = 0.3
"""Go's own memory gained less than this share of what the process gained: it is something else that grows."""

LEAST_BYTES: Final = 4 << 20
MOST_TOLD: Final = 3
MOST_ROWS: Final = 20


def tell_figures(told: Figures, facts: Facts) -> None:
    collections = f"{format_count(told.collections)} collections" if told.collections else "no collection yet"
    facts.add(
        "figures",
        f"Go: {format_size(told.heap_alloc)} in objects, {format_size(told.stack_inuse)} of stacks,"
        f" {format_size(told.obtained)} of the system; {collections}, the next at {format_size(told.next_gc)}",
        MEMSTATS,
        facts={
            "heap_alloc_bytes": told.heap_alloc,
            "heap_inuse_bytes": told.heap_inuse,
            "heap_idle_bytes": told.heap_idle,
            "heap_released_bytes": told.heap_released,
            "stack_inuse_bytes": told.stack_inuse,
            "next_gc_bytes": told.next_gc,
            "obtained_bytes": told.obtained,
            "collections": told.collections,
        },
    )


def tell_limit(told: Figures, limit_bytes: int | None, environment: Mapping[str, str] | Absent, facts: Facts) -> None:
    """Said where the next collection would come too late: nothing else tells the runtime of the kernel's limit."""
    if limit_bytes is None:
        return
    known = {} if isinstance(environment, Absent) else environment
    given = known.get("GOMEMLIMIT", "")
    late = told.next_gc > limit_bytes
    if given or not late:
        return
    facts.add(
        "limit",
        f"the next collection begins at {format_size(told.next_gc)} of objects, above the limit of"
        f" {format_size(limit_bytes)}: the kernel ends it first. GOMEMLIMIT, some 10 % below the limit, makes it"
        " collect in time",
        "MemStats and the cgroup",
        facts={"next_gc_bytes": told.next_gc, "limit_bytes": limit_bytes, "kernel_first": True},
    )


def goroutines_title(total: int, found: Iterable[Group]) -> str:
    most = "; ".join(f"{format_count(group.count)} {group.name.removeprefix('goroutines ')}" for group in found)
    return f"{format_count(total)} goroutines{': ' if most else ''}{most}"


def tell_goroutines_grown(
    before: Mapping[str, Group], after: Mapping[str, Group], totals: tuple[int, int], seconds: float, facts: Facts
) -> None:
    """By where and on what they wait, those first that became the most."""
    rows = [(group, group.count - (before[name].count if name in before else 0)) for name, group in after.items()]
    grown = sorted((row for row in rows if row[1] > 0), key=lambda row: -row[1])
    more = totals[1] - totals[0]
    told = f"goroutines: {format_count(totals[0])} → {format_count(totals[1])} in {format_duration(seconds)}"
    if more > 0 and grown:
        group, count = grown[0]
        told += f" ({more / seconds:+.3g}/s); {format_count(count)} more {group.name.removeprefix('goroutines ')}"
        if group.made_by:
            told += f", started by {group.made_by}"
        if group.waits_min:
            told += f", the longest for {group.waits_min} min"
    facts.add(
        "blocked",
        told,
        "the two goroutine profiles",
        facts={
            "seconds": seconds,
            "goroutines": list(totals),
            "grown": [
                {
                    "operation": group.operation,
                    "at": str(group.place),
                    "runs": group.runs.function,
                    "created_by": group.made_by or None,
                    "longest_wait_min": group.waits_min or None,
                    "count": group.count,
                    "grown": count,
                    "per_s": count / seconds,
                }
                for group, count in grown[:MOST_ROWS]
            ],
        },
    )


def outside_told(before: Figures, after: Figures, seconds: float, rate_per_s: float | None) -> str:
    """What is to be said where the process gains what Go's runtime does not; "" else."""
    gained = (rate_per_s or 0.0) * seconds
    own = after.obtained - before.obtained
    if gained < LEAST_BYTES or own >= OUTSIDE_SHARE * gained:
        return ""
    return (
        f"it is not Go's memory that grows: the runtime's own gained {format_size(own, signed=True)} of the system"
        f" while the process gained {format_size(gained)}: cgo, or mappings of its own"
    )


def uncollected_told(before: Figures, after: Figures, live: tuple[int, int], seconds: float) -> str:
    """``live``: bytes that survived, before and after. "" where they explain what the runtime took of the system."""
    own, kept = after.obtained - before.obtained, live[1] - live[0]
    if own < LEAST_BYTES or kept >= OUTSIDE_SHARE * own:
        return ""
    share = format_share(max(kept, 0) / own)
    return (
        f"Go took {format_size(own)} more of the system in {format_duration(seconds)}, and what survives collections"
        f" accounts for {share} of it: the rest is room for garbage, up to {format_size(after.next_gc)} of objects"
    )


def room_per_s(before: Figures, after: Figures, live: tuple[int, int], seconds: float) -> float:
    """Bytes per second that Go took of the system for what does not survive collections."""
    return (after.obtained - before.obtained - max(live[1] - live[0], 0)) / max(seconds, 1e-9)


def tell_metrics(told: GoMetrics, facts: Facts, before: GoMetrics | None = None) -> None:
    parts = [
        f"{format_size(size)} of {name}"
        for name, size in (("heap", told.heap_bytes), ("stacks", told.stack_bytes))
        if size is not None
    ]
    was = f"{format_count(before.goroutines)} → " if before is not None else ""
    facts.add(
        "metrics",
        f"its metrics tell {was}{format_count(told.goroutines)} goroutines{', ' if parts else ''}{', '.join(parts)}",
        f"http://{told.listener}/metrics",
        facts={
            "goroutines": told.goroutines,
            "heap_inuse_bytes": told.heap_bytes,
            "stack_inuse_bytes": told.stack_bytes,
        },
    )
