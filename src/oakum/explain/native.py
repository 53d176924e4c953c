"""What the mappings of a process and malloc's blocks say: causes, and what they make of the verdict."""

from __future__ import annotations

from dataclasses import replace

from oakum.explain.causes import free_blocks, native_blocks, shared_memory, workers_or_arenas
from oakum.explain.causes.native_blocks import total_grown
from oakum.model.cause import Cause, CauseName, of_holders
from oakum.model.layout import LayoutGrowth
from oakum.model.verdict import Verdict, VerdictName

ALLOCATES = "who allocates or holds it, as the next steps of the plan would tell; or watch longer: --for 10m"
BOUNDED = "whether threads stop becoming more: the same command with --for 10m"
SURE = 0.8
KEPT = 0.85
"""No surer than this: two looks do not tell what is full one day from what never is."""

FILLS = (
    "a cache or pool that is still filling looks the same: watch until it is full, or its owner's bound is passed:"
    " the same command with --for 10m"
)
FAR = 3.0
"""Arenas and stacks stand before a named holder where they gain more than so many times what it gains."""

AGREES = (0.3, 3.0)
"""What is found to grow must lie within these factors of the process's measured growth."""

HEAP = "growth"
"""Evidence of captures of a heap."""

MOSTLY = 0.8
"""Holders that explain this share of the growth leave nothing to tell of arenas whose threads did not become more."""

LEAST_S = 15.0
"""Looks that are closer do not tell what is freed again."""


def with_native(
    layout: LayoutGrowth | None, causes: tuple[Cause, ...], *, grows: bool, rate_per_s: float | None = None
) -> tuple[Cause, ...]:
    """All causes, most growth first. ``grows``: whether the series does; else only what is high is told.

    ``rate_per_s``: what the judge measured; None: what the mappings gained.
    """
    if layout is None:
        return causes
    arenas = _beside_holders(workers_or_arenas.look(layout), layout, causes, rate_per_s)
    found = [arenas, free_blocks.look(layout), shared_memory.look(layout)]
    if not layout.explained:
        # Its runtime has a heap of its own, which others look into.
        found = [cause for cause in (arenas, shared_memory.look(layout)) if cause and cause.growth_bytes_per_s > 0]
    elif grows and not free_blocks.grows(layout):
        found.insert(0, native_blocks.look(layout))
    if not layout.explained and causes and arenas and arenas.growth_bytes_per_s <= FAR * causes[0].growth_bytes_per_s:
        # What holds objects in a runtime's own heap is known: its threads' memory stands behind that.
        return (*causes, *(cause for cause in found if cause is not None))
    rows = [*causes, *(cause for cause in found if cause is not None)]
    if workers(layout):
        # Threads that became more are why their blocks did.
        rows = [_weaker(cause) if cause.name is CauseName.NATIVE_ALLOCATION else cause for cause in rows]
    return _sorted(rows)


def _sorted(rows: list[Cause]) -> tuple[Cause, ...]:
    """Holders by their growth, what mappings say by how sure that is too; behind each holder its other readings."""
    groups: list[list[Cause]] = []
    for cause in rows:
        if cause.instead_of is not None and groups:
            groups[-1].append(cause)
        else:
            groups.append([cause])
    groups.sort(key=lambda group: (-round(_weight(group[0])), group[0].name))
    return tuple(cause for group in groups for cause in group)


def _weight(cause: Cause) -> float:
    return cause.growth_bytes_per_s * (1.0 if HEAP in cause.evidence else cause.confidence)


def _beside_holders(
    arenas: Cause | None, layout: LayoutGrowth, causes: tuple[Cause, ...], rate_per_s: float | None
) -> Cause | None:
    """What arenas gained, where holders in a runtime's own heap explain most: the same memory once more."""
    if arenas is None or arenas.growth_bytes_per_s <= 0:
        return arenas
    held = sum(cause.growth_bytes_per_s for cause in of_holders(causes) if HEAP in cause.evidence)
    rate = rate_per_s or total_grown(layout) / max(layout.seconds, 1e-9)
    threads = layout.after.threads - layout.before.threads
    if rate <= 0 or held < MOSTLY * rate or threads >= workers_or_arenas.LEAST_THREADS:
        return arenas
    if threads <= 0:
        return None
    told = f"few threads came, and what their arenas hold is what {causes[0].holder} holds"
    return replace(_weaker(arenas), against=(told, *arenas.against))


def workers(layout: LayoutGrowth) -> bool:
    """Whether most of the growth is that of arenas and stacks, with threads that became more."""
    found = workers_or_arenas.look(layout)
    return found is not None and found.growth_bytes_per_s > 0 and found.confidence >= SURE


def _leak(series: Verdict, *reasons: str) -> Verdict:
    # What a longer history made sure stays as sure.
    told = series.probability if series.name is VerdictName.LEAK else KEPT
    return replace(series, name=VerdictName.LEAK, probability=told, reasons=(*reasons, *series.reasons), settles=FILLS)


def _agrees(series: Verdict, per_s: float, layout: LayoutGrowth) -> bool:
    """Whether the series is one to suspect that climbs without a bend, about as fast as what was found."""
    rate = series.rate_per_s or 0.0
    accused = series.name in {VerdictName.SUSPECT, VerdictName.LEAK}
    rising = accused and series.pattern is not None and series.pattern.leaks
    return rising and layout.seconds >= LEAST_S and rate > 0 and AGREES[0] <= per_s / rate <= AGREES[1]


def _weaker(cause: Cause) -> Cause:
    return replace(cause, confidence=round(cause.confidence / 2, 2))


def native_verdict(series: Verdict, layout: LayoutGrowth | None) -> Verdict:
    """A leak where the series climbs and one kind of blocks grows of which none is freed again; else never firmer."""
    if layout is None or not layout.explained or series.name is VerdictName.HEALTHY:
        return series
    if free_blocks.grows(layout):
        weaker = VerdictName.SUSPECT if series.name is VerdictName.LEAK else series.name
        told = f"what it gained is free memory that malloc keeps: {free_blocks.reason(layout)}"
        return replace(
            series,
            name=weaker,
            probability=min(series.probability or 0.3, 0.3),
            reasons=(told, *series.reasons),
        )
    arenas = workers_or_arenas.look(layout)
    if arenas is not None and workers(layout):
        kept = workers_or_arenas.stay(layout)
        if kept and _agrees(series, arenas.growth_bytes_per_s, layout):
            return _leak(series, arenas.title, kept)
        return replace(series, reasons=(arenas.title, *series.reasons), settles=series.settles and BOUNDED)
    if native_blocks.look(layout) is None:
        return series
    kept = native_blocks.stays(layout)
    if kept and _agrees(series, native_blocks.gained(layout) / max(layout.seconds, 1e-9), layout):
        return _leak(series, native_blocks.reason(layout), kept)
    return replace(
        series,
        reasons=(native_blocks.reason(layout), *series.reasons),
        settles="" if series.name is VerdictName.LEAK else ALLOCATES,
    )
