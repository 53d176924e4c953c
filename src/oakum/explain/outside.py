"""Causes that no holder among the objects explains: memory outside of them, and memory that nobody uses."""

from __future__ import annotations

from oakum.explain.causes import fragmentation, native_allocation
from oakum.model.cause import Cause
from oakum.model.growth import HeapGrowth, HolderGrowth

LEADS = 1.5
"""Memory outside the objects leads where it gains so many times what the first holder gains."""

FAINT = 0.1
"""Beside memory outside that leads, a holder with less than this share of its growth explains nothing."""


def leads(growth: HeapGrowth | None, holder: HolderGrowth | None) -> bool:
    """Whether memory outside the objects explains more of the growth than any holder."""
    if growth is None or growth.divided is None:
        return False
    part = native_allocation.share(growth.divided)
    own = holder.bytes_grown if holder is not None else 0
    return part >= native_allocation.PERHAPS and part * growth.divided.total_grown > LEADS * own


def with_outside(growth: HeapGrowth | None, causes: tuple[Cause, ...], *, grows: bool) -> tuple[Cause, ...]:
    """All causes, most growth first. ``grows``: whether the series does; else only what is high is told."""
    if growth is None or growth.divided is None:
        return causes
    native = native_allocation.look(growth.divided) if grows else None
    free = fragmentation.look(growth.divided)
    if native is not None and leads(growth, growth.holders[0] if growth.holders else None):
        causes = tuple(cause for cause in causes if cause.growth_bytes_per_s >= FAINT * native.growth_bytes_per_s)
    found = [*causes, *(cause for cause in (native, free) if cause is not None)]
    return tuple(sorted(found, key=lambda cause: -cause.growth_bytes_per_s))
