"""More threads, and an arena of malloc's for each: memory that grows with workers, not with requests."""

from __future__ import annotations

from oakum.explain.causes.native_blocks import total_grown
from oakum.model.cause import Cause, CauseName, Example
from oakum.model.layout import LayoutGrowth, MappingKind
from oakum.model.units import format_count, format_share, format_size

LEAST_BYTES = 1 << 20
HIGH_BYTES = 64 << 20
PERHAPS, YES = 0.3, 0.6
MANY_ARENAS = 8
ENDED, LEAST_THREADS = 0.05, 50
"""So few of the threads before have ended, and so many more are there: they only come."""

CONSIDERABLE, EACH_HALF = 0.1, 0.25
"""So many of those before came, and this share of them in either half of the watch: a pool that starts has its size."""

HOLDER = "arenas of malloc and stacks of threads"

EXAMPLE = Example(before="CMD server", after="MALLOC_ARENA_MAX=2 CMD server")


def more(growth: LayoutGrowth) -> bool:
    """Whether threads or arenas became more."""
    return growth.after.threads > growth.before.threads or growth.after.arenas > growth.before.arenas


def stay(growth: LayoutGrowth) -> str:
    """Why threads are not those of a service that starts and ends them. "" where that is not known, or not so."""
    gone, more_threads = growth.threads_ended(), growth.after.threads - growth.before.threads
    if gone is None or gone > ENDED or more_threads < LEAST_THREADS:
        return ""
    if more_threads < CONSIDERABLE * growth.before.threads or growth.threads_between is None:
        return ""
    early = growth.threads_between - growth.before.threads
    if not EACH_HALF * more_threads <= early <= (1 - EACH_HALF) * more_threads:
        return ""
    before = format_count(len(growth.before.stacks))
    return (
        f"hardly one of the {before} threads that were there before has ended, and {format_count(more_threads)} came,"
        f" {format_count(early)} of them in the first half"
    )


def look(growth: LayoutGrowth) -> Cause | None:
    kinds = MappingKind.ARENAS, MappingKind.STACKS
    gained, total = growth.grown(*kinds), total_grown(growth)
    part = min(gained / total, 1.0) if total > 0 else 0.0
    if more(growth) and gained >= LEAST_BYTES and part >= PERHAPS:
        confidence = 0.8 if part >= YES else 0.5
        title = (
            f"threads and malloc's arenas became more: {_counts(growth)}; they hold"
            f" {format_size(growth.after.of(*kinds))}"
        )
        why: tuple[str, ...] = (
            f"arenas and stacks are {format_share(part)} of all growth, and their number grew with it",
            "each busy thread gets an arena of its own, up to eight per processor; an arena is never given back",
        )
    else:
        held, every = growth.after.of(*kinds), sum(growth.after.of(kind) for kind in growth.after.kinds)
        part = held / every if every else 0.0
        if growth.after.arenas < MANY_ARENAS or held < HIGH_BYTES or part < YES or part * total >= LEAST_BYTES:
            return None
        confidence, gained = 0.4, 0
        title = (
            f"{format_count(growth.after.arenas)} arenas of malloc hold {format_size(held)}: high, and they do not grow"
        )
        why = (f"they are {format_share(part)} of its memory: each thread frees into its own arena alone",)
    return Cause(
        name=CauseName.WORKERS_OR_ARENAS,
        confidence=confidence,
        title=title,
        holder=HOLDER,
        retained_bytes=growth.after.of(*kinds),
        growth_bytes_per_s=max(gained, 0) / max(growth.seconds, 1e-9),
        why=why,
        against=("blocks that threads hold and never free fill arenas too: look at which blocks grow",),
        advice=(
            "Bound the threads (a pool with a limit, a queue before it), and arenas by MALLOC_ARENA_MAX=2 in the"
            " environment; threads that are never joined are a leak of their own."
        ),
        example=EXAMPLE,
        evidence=("mappings",),
    )


def _counts(growth: LayoutGrowth) -> str:
    before, after = growth.before, growth.after
    return f"{before.threads} → {after.threads} threads, {before.arenas} → {after.arenas} arenas beside the first"
