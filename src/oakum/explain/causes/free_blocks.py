"""Free blocks that malloc keeps between those in use: high, and no leak."""

from __future__ import annotations

from oakum.explain.causes.native_blocks import total_grown
from oakum.model.cause import Cause, CauseName
from oakum.model.layout import MALLOC, LayoutGrowth
from oakum.model.units import format_share, format_size

LEAST_BYTES = 32 << 20
PERHAPS, YES = 0.3, 0.5
"""Shares of all memory from malloc at the second look."""

GROWN = 0.6
HOLDER = "free blocks that malloc keeps"


def grows(growth: LayoutGrowth) -> bool:
    """Whether what the process gained is memory that nobody uses."""
    before, after = growth.chunks_before, growth.chunks_after
    if before is None or after is None:
        return False
    gained = after.free_bytes - before.free_bytes
    return gained >= 1 << 20 and gained >= GROWN * total_grown(growth)


def look(growth: LayoutGrowth) -> Cause | None:
    after, before = growth.chunks_after, growth.chunks_before
    if after is None or not growth.explained:
        return None
    # The kernel may have taken free pages back (MADV_DONTNEED): what is not in memory is not kept.
    total = growth.after.of(*MALLOC)
    free = min(after.free_bytes, max(0, total - after.used_bytes))
    part = free / total if total else 0.0
    if free < LEAST_BYTES or part < PERHAPS:
        return None
    gained = max(0, after.free_bytes - (before.free_bytes if before else after.free_bytes))
    return Cause(
        name=CauseName.FRAGMENTATION,
        confidence=0.85 if part >= YES else 0.5,
        title=f"{format_size(free)} of {format_size(total)} from malloc are free blocks between those in use: no leak",
        holder=HOLDER,
        retained_bytes=free,
        growth_bytes_per_s=gained / max(growth.seconds, 1e-9),
        why=(
            reason(growth),
            "it was used once: what is used now fits in again, and more is asked for only beyond it",
        ),
        against=("free blocks of a thread's cache count as in use: less is used than this says",),
        advice=_advice(growth),
        evidence=("mappings", "chunks"),
    )


def reason(growth: LayoutGrowth) -> str:
    after = growth.chunks_after
    assert after is not None
    total = growth.after.of(*MALLOC)
    return (
        f"malloc gave out {format_size(after.used_bytes)} and keeps {format_size(after.free_bytes)} free between"
        f" ({format_share(min(1.0, after.free_bytes / max(total, 1)))} of what it has)"
    )


def _advice(growth: LayoutGrowth) -> str:
    told = (
        "No leak: its height is that of the largest piece of work. Work in smaller pieces, keep what lives long apart"
        " from what is freed soon, or call malloc_trim(0) after the large work; jemalloc gives back by itself."
    )
    if growth.after.arenas >= 4:
        told += f" malloc has {growth.after.arenas + 1} arenas, one per busy thread: MALLOC_ARENA_MAX=2 bounds them."
    return told
