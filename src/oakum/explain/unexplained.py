"""What is said where no holder explains the growth: garbage, room for it, native memory, or nothing yet."""

from __future__ import annotations

from dataclasses import replace

from oakum.explain.suspicion import EXPLAINED, TRIFLE_BYTES, left_open
from oakum.explain.unheld import unheld
from oakum.model.growth import HeapGrowth
from oakum.model.units import format_duration, format_size
from oakum.model.verdict import Verdict, VerdictName

COVERED = 0.5
"""Room for garbage is why a process grew where it is this share of what the process gained."""

ONE_TOOTH = "what it gained is objects that no root was seen to lead to: so is one tooth of garbage not collected yet"
TOOTH_S = 60.0
"""Seconds between two captures: what was not collected within a longer watch is suspect."""

ROOM_S = 15.0
"""A longer look sees a Go program collect: what it gains all the same is more than room."""

PAGES_BYTES = 4 * 2.0**20
"""What a runtime takes from the system for garbage in a short look comes to less."""

A_TOOTH_MORE = "watch until a collection comes: the same command with --for 2m"
EXACT = "an exact copy: the same command with --stop (the target stands still while it is copied)"

COLLECTS = (
    "gc.collect() within it: what goes then was garbage; or watch longer, for a collection that it asks for itself"
)


def unexplained(series: Verdict, growth: HeapGrowth | None) -> Verdict:
    """The verdict where no holder is to be blamed. ``growth``: None where nothing was captured."""
    if growth is None or series.name is VerdictName.LEAK:
        return series
    rate = series.rate_per_s or 0.0
    gained = rate * growth.seconds
    if series.name is VerdictName.SUSPECT and _off_bytes(growth) >= max(TRIFLE_BYTES, EXPLAINED[0] * gained):
        return replace(series, probability=max(series.probability or 0.0, 0.8), settles=COLLECTS)
    return _not_by_cycles(series, growth, rate)


def _off_bytes(growth: HeapGrowth) -> int:
    """What cycles gained that no collector takes, since it is off."""
    return growth.cycles.bytes_grown if growth.cycles is not None and growth.cycles.off else 0


def _not_by_cycles(series: Verdict, growth: HeapGrowth, rate: float) -> Verdict:
    """Neither a holder nor cycles say why. ``rate``: of the process, bytes a second."""
    gained = rate * growth.seconds
    fits_leak = series.pattern is None or series.pattern.leaks
    if growth.uncollected and series.name is VerdictName.SUSPECT:
        if not fits_leak and not growth.outside and growth.room_per_s >= COVERED * rate:
            return replace(
                series,
                name=VerdictName.HEALTHY,
                probability=min(series.probability or 0.2, 0.2),
                reasons=(growth.uncollected, *series.reasons),
                settles="",
            )
        return left_open(series, growth.uncollected)
    if series.name is VerdictName.SUSPECT and gained > 8 * TRIFLE_BYTES:
        return _unaccounted(series, growth, gained)
    if growth.beside:
        return series
    reason = f"no object holds noticeably more than {format_duration(growth.seconds)} before"
    if not fits_leak:
        return replace(series, name=VerdictName.HEALTHY, reasons=(reason, *series.reasons))
    if series.name is VerdictName.SUSPECT:
        # So little may be a runtime that warms up: a suspicion wants more than a short curve.
        return left_open(series, reason)
    return replace(series, reasons=(reason, *series.reasons))


def _unaccounted(series: Verdict, growth: HeapGrowth, gained: float) -> Verdict:
    """The process gained so many bytes, and no holder did."""
    python = growth.language == "Python"
    if python and growth.seconds < TOOTH_S and unheld(growth) >= COVERED * gained:
        # So short a climb may be one tooth: what a collection gives back is known once it came.
        return replace(left_open(series, ONE_TOOTH), settles=f"{A_TOOTH_MORE}; {EXACT}")
    if growth.from_memory and growth.language == "Go" and growth.seconds < ROOM_S and gained <= _room(growth):
        return replace(left_open(series, _may_be_room(growth)), settles=A_TOOTH_MORE)
    other = "a torn copy" if python else "garbage that was not collected yet"
    told = f"no holder in the {growth.language} heap accounts for the growth: it may be native memory, or {other}"
    if not python and growth.seconds < TOOTH_S and gained < PAGES_BYTES:
        # So little in so short a look may be the runtime's own pages.
        return left_open(series, told)
    return replace(
        series,
        probability=min(series.probability or 0.4, 0.4),
        reasons=(told, *series.reasons),
        settles=EXACT if python else "watch longer: the same command with --for 10m",
    )


def _room(growth: HeapGrowth) -> int:
    """Bytes of garbage that Go lets come together before it collects: as much as lives (GOGC is 100 where it is not
    set, https://go.dev/doc/gc-guide); 0 where what lives became more.
    """
    lives = growth.heap_bytes_after
    return lives if lives - growth.heap_bytes_before < TRIFLE_BYTES else 0


def _may_be_room(growth: HeapGrowth) -> str:
    before, after = format_size(growth.heap_bytes_before), format_size(growth.heap_bytes_after)
    return (
        f"what lives in its heap does not grow: {before}, and {format_duration(growth.seconds)} later {after}; Go lets"
        " about as much garbage come together before it collects, and what the process gained is no more than that;"
        " native memory is not seen"
    )
