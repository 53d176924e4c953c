"""A heap whose cap does not fit below the memory limit: it is collected late or never, and the kernel ends it first.

Or a collector that is switched off, and cycles that only it would free.

Source: the flags of the JVM (MaxHeapSize, MaxRAMPercentage), V8's heap_size_limit, GOMEMLIMIT, against memory.max.
"""

from __future__ import annotations

from math import nan

from oakum.explain.remedies import with_advice
from oakum.model.cause import Cause, CauseName
from oakum.model.growth import HeapGrowth
from oakum.model.surroundings import Surroundings
from oakum.model.units import format_count, format_duration, format_rate, format_share, format_size
from oakum.model.verdict import Verdict, VerdictName

NEAR = 0.6
"""From this share of the limit on, a cap that is too high is about to matter."""


TRIFLE_BYTES = 256 << 10
"""Cycles that gained fewer bytes between the captures are no cause."""

OFF = 0.9
"""How sure it is where the collector's own state says that it is off."""


def with_cycles(growth: HeapGrowth | None, causes: tuple[Cause, ...]) -> tuple[Cause, ...]:
    """First where they gained more than the first holder, else last."""
    cycles = growth.cycles if growth is not None else None
    if growth is None or cycles is None or not cycles.off or cycles.bytes_grown < TRIFLE_BYTES:
        return causes
    per_s = cycles.bytes_grown / max(growth.seconds, 1e-9)
    counts = f"{format_count(cycles.objects_before)} → {format_count(cycles.objects_after)}"
    before, after = format_size(cycles.bytes_before), format_size(cycles.bytes_after)
    seconds = format_duration(growth.seconds)
    found = with_advice(
        Cause(
            name=CauseName.GC_MISCONFIGURED,
            confidence=OFF,
            title=f"cycles that nothing refers to became more: {counts} objects in {seconds}",
            holder=f"cycles of {cycles.item_type}" if cycles.item_type else "cycles",
            retained_bytes=cycles.bytes_after,
            growth_bytes_per_s=per_s,
            why=(
                f"{cycles.off}: its collector does not run by itself, and nothing else frees a cycle",
                f"they held {before} and {seconds} later {after}: {format_rate(per_s)}",
            ),
            against=("it may call gc.collect() itself at times: then they go",),
            evidence=("growth",),
        ),
        growth.language,
    )
    ahead = not causes or per_s > causes[0].growth_bytes_per_s
    return (found, *causes) if ahead else (*causes, found)


def look(around: Surroundings, verdict: Verdict) -> Cause | None:
    """None where the cap fits, where either is not known, and where a healthy heap is far below both."""
    cap, charge, limit = around.cap, around.charge, around.limit
    if cap is None or charge is None or limit is None or cap.limit_bytes + cap.beside_bytes <= limit.limit_bytes:
        return None
    level = max(charge[1].anon_bytes / limit.limit_bytes, 0.0)
    killed = bool(charge[1].kills)
    if verdict.name is VerdictName.HEALTHY and level < NEAR and not killed:
        return None
    bound, most = format_size(limit.limit_bytes), format_size(cap.limit_bytes)
    alone = cap.limit_bytes >= limit.limit_bytes
    beside = "" if alone else f", and {format_size(cap.beside_bytes)} stand beside it"
    sure = 0.8 if killed or (alone and level >= NEAR) else 0.5
    found = Cause(
        name=CauseName.GC_MISCONFIGURED,
        confidence=sure if level >= NEAR or killed else 0.35,
        title=f"its heap may become {most} ({cap.said}), and the limit is {bound}",
        holder=cap.said,
        retained_bytes=None,
        growth_bytes_per_s=nan,
        why=(
            f"its cap is {most}{beside}, and all that it may use is {bound}: the kernel kills before it must collect",
            *((f"{charge[1].kills} OOM kills were counted for it",) if killed else ()),
        ),
        against=(
            ("memory that lives grows whatever the cap is: look at the holders first",)
            if verdict.name in {VerdictName.LEAK, VerdictName.SUSPECT}
            else (f"it uses {format_share(level)} of the limit by now",)
        ),
        evidence=around.ids("cap", "charge"),
    )
    return with_advice(found, around.language)
