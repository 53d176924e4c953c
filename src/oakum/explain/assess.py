"""The assessment: what the series and the two captures say together.

A short history alone is at most ``suspect``. It becomes ``leak`` when one holder grows without eviction at about the
measured rate and nothing bounds it; a holder with a bound that it has not reached stays ``suspect``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from oakum.explain.causes import fragmentation, native_allocation
from oakum.explain.causes.finding import Clue
from oakum.explain.outside import leads
from oakum.model.division import Divided
from oakum.model.growth import HeapGrowth, HolderGrowth, RootKind
from oakum.model.units import format_count, format_duration, format_rate, format_share, format_size
from oakum.model.verdict import CAPTURES, Pattern, Verdict, VerdictName

TRIFLE_BYTES = 256 << 10
"""Growth of a holder below this many bytes between the captures is start-up noise."""

EVICTED_SHARE = 0.3
"""A holder that lost this share of as many items as it gained turns over: that is no mere accumulation."""

WHOLLY = (0.9, 0.25)
"""A holder that lost this share of what it held, and has no more than this share more now, does not accumulate."""

RETURNING = frozenset({Pattern.SAWTOOTH, Pattern.PERIODIC, Pattern.SPIKE, Pattern.LOAD_DRIVEN, Pattern.SHRINKING})
"""Patterns that come back: two captures may have met one of their heights."""

LEAST_WATCH_S = 20.0
"""Nothing shorter is advised, in seconds."""

MOVED_SHARE = 0.3
"""Where all objects together gained less than this share of what the holder gained, others gave up the rest."""

COVERED = 0.5
"""Room for garbage is why a process grew where it is this share of what the process gained."""

RENEWED_MORE = 0.1
"""A holder whose items were replaced is as large as before where its bytes grew by no more than this share."""

ONE_TOOTH = "what it gained is objects that no root was seen to lead to: so is one tooth of garbage not collected yet"
TOOTH_S = 60.0
"""Seconds between two captures: what was not collected within a longer watch is suspect."""

PAGES_BYTES = 4 * 2.0**20
"""What a runtime takes from the system for garbage in a short look comes to less."""

A_TOOTH_MORE = "watch until a collection comes: the same command with --for 2m"
EXACT = "an exact copy: the same command with --stop (the target stands still while it is copied)"

EXPLAINED = (0.3, 3.0)
"""The holder's growth must lie within these factors of the process's measured growth."""

COLLECTS = (
    "gc.collect() within it: what goes then was garbage; or watch longer, for a collection that it asks for itself"
)

ALLOCATES = "who allocates it: memray with native frames, as the plan has it; or watch longer: --for 10m"


def assess(series: Verdict, growth: HeapGrowth | None, found: list[Clue]) -> Verdict:
    """Never firmer than the evidence; never turns a long healthy history into a leak."""
    verdict = _assessed(_captured(series) if growth is not None else series, growth, found)
    if growth is not None and series.name is not VerdictName.HEALTHY:
        verdict = replace(verdict, reasons=(*verdict.reasons, *_unreachable(growth)))
    if growth is not None and growth.beside:
        verdict = replace(verdict, reasons=(*verdict.reasons, growth.beside), settles=_longer(verdict))
    if growth is None or not growth.outside or verdict.name is VerdictName.HEALTHY:
        return verdict
    return replace(verdict, reasons=(growth.outside, *verdict.reasons))


def _captured(series: Verdict) -> Verdict:
    """Two captures were made: what is left of what would settle it is to watch longer."""
    before, found, wait = series.settles.partition(CAPTURES)
    if not found or before:
        return series
    more, _, why = wait.partition(": ")
    because = f" ({why})" if why else ""
    return replace(series, settles=f"watch for {more}{because}: the same command with --for 10m")


def _unreached(growth: HeapGrowth) -> int:
    """Bytes that objects gained which no root leads to."""
    return sum(holder.bytes_grown for holder in growth.holders if holder.root is RootKind.UNREACHABLE)


def _unheld(growth: HeapGrowth) -> int:
    """Bytes that the heap gained and no holder did: garbage, or what a torn copy leads to no more."""
    held = sum(max(holder.bytes_grown, 0) for holder in growth.holders if holder.root is not RootKind.UNREACHABLE)
    return max(growth.heap_bytes_after - growth.heap_bytes_before, _unreached(growth)) - held


def _unreachable(growth: HeapGrowth) -> Iterator[str]:
    """What nothing refers to any more is no cause of its own: it is told all the same."""
    gained = _unreached(growth)
    cycles = growth.cycles
    if cycles is not None and cycles.bytes_grown >= TRIFLE_BYTES:
        told = f"cycles that nothing refers to gained {format_size(cycles.bytes_grown)} in"
        why = f": {cycles.off} keeps the collector from them" if cycles.off else ": they are not collected yet"
        yield f"{told} {format_duration(growth.seconds)}{why}"
    elif gained >= TRIFLE_BYTES:
        told = f"objects that no root leads to gained {format_size(gained)} in {format_duration(growth.seconds)}"
        collects = (
            ": cycles that were not collected, or what only a C extension holds" if growth.language == "Python" else ""
        )
        yield f"{told}{collects}"


def _assessed(series: Verdict, growth: HeapGrowth | None, found: list[Clue]) -> Verdict:
    if growth is not None and growth.divided is not None and series.name is not VerdictName.HEALTHY:
        if leads(growth, found[0].holder if found else None):
            told = (native_allocation.reason(growth.divided), *series.reasons)
            return replace(series, reasons=told, settles="" if series.name is VerdictName.LEAK else ALLOCATES)
        if fragmentation.grows(growth.divided):
            return _free(series, growth.divided)
    if growth is None or not found:
        return _nothing_grows(series, growth)
    clue = found[0]
    holder = clue.holder
    if holder.bytes_grown < TRIFLE_BYTES or holder.root is RootKind.UNREACHABLE:
        return _nothing_grows(series, growth)
    grown_s = holder.grown_in_s(growth)
    per_s = holder.bytes_grown / grown_s
    gained = f"{holder.name} gained {format_size(holder.bytes_grown)} in {format_duration(grown_s)}"
    reasons: tuple[str, ...] = (f"{gained} ({format_rate(per_s)}), {_more(holder)}",)
    turned_over = holder.evicted_items > EVICTED_SHARE * max(holder.items_grown + holder.evicted_items, 1)
    if turned_over and not holder.grows_inside:
        reasons += (f"{format_count(holder.evicted_items)} of its {holder.counted} went meanwhile: it turns over",)
        if _renewed(holder, per_s, series.rate_per_s) and series.name is VerdictName.SUSPECT:
            renewed = f"nearly all that {holder.name} held went in {format_duration(grown_s)}, and about as much came"
            return _open(series, renewed, *reasons)
        return replace(
            series, name=_at_most_suspect(series), reasons=(*reasons, *series.reasons), settles=_longer(series)
        )
    bounded = _bounded(clue, per_s)
    if bounded:
        return replace(
            series,
            name=VerdictName.SUSPECT,
            probability=0.35,
            reasons=(*reasons, bounded[0], *series.reasons),
            settles=bounded[1],
        )
    return _leaks(series, growth, clue, reasons)


def _more(holder: HolderGrowth) -> str:
    if holder.grows_inside:
        return f"inside of its {format_count(holder.items_after)} {holder.counted}"
    return f"{format_count(max(holder.items_grown, 0))} {holder.counted} more"


def _renewed(holder: HolderGrowth, per_s: float, rate: float | None) -> bool:
    """Whether other items took the place of those that it held: its size goes up and down, and it keeps none.

    Immutable values that are made anew go too: what grows at the process's rate (``rate``) meanwhile is no renewal.
    """
    went, more = WHOLLY
    if holder.bytes_grown > RENEWED_MORE * holder.bytes_before or (rate is not None and per_s >= EXPLAINED[0] * rate):
        return False
    return holder.evicted_items >= went * holder.items_before and holder.items_grown <= more * holder.items_before


def _free(series: Verdict, divided: Divided) -> Verdict:
    """What grows is used by nobody: that ends where the largest piece of work does."""
    told = f"what it gained is free memory that allocators keep: {fragmentation.reason(divided)}"
    return replace(
        series,
        name=_at_most_suspect(series),
        probability=min(series.probability or 0.3, 0.3),
        reasons=(told, *series.reasons),
        settles=_longer(series),
    )


def _leaks(series: Verdict, growth: HeapGrowth, clue: Clue, reasons: tuple[str, ...]) -> Verdict:
    per_s, known = clue.holder.bytes_grown / clue.holder.grown_in_s(growth), clue.holder.eviction_known
    rate = series.rate_per_s or 0.0
    share = per_s / rate if rate > 0 else 0.0
    # A curve that bends, or that rose once, may still be a start-up: it is never firmer than suspect.
    rising = series.pattern is not None and series.pattern.leaks
    agrees = EXPLAINED[0] <= share <= EXPLAINED[1]
    if rising and agrees and series.name is not VerdictName.HEALTHY:
        gone = clue.holder.evicted_items
        left = "nothing that is seen"
        if known:
            left = f"{format_count(gone)} left it, nothing" if gone else "nothing left it, nothing"
        told = f"{left} bounds it, and it is {format_share(min(share, 1.0))} of what the process gains"
        return replace(
            series,
            name=VerdictName.LEAK,
            probability=max(series.probability or 0.0, 0.97 if share > 0.6 and not growth.estimated else 0.9),
            reasons=(*reasons, told, *series.reasons),
            settles="",
        )
    if series.name is VerdictName.HEALTHY and series.pattern in RETURNING:
        return replace(series, reasons=(*reasons, "but memory comes back by itself", *series.reasons))
    whole = growth.heap_bytes_after - growth.heap_bytes_before
    if series.name is VerdictName.HEALTHY and whole < MOVED_SHARE * clue.holder.bytes_grown:
        told = f"but all objects together gained {format_size(whole, signed=True)}: what it gained, others gave up"
        return replace(series, reasons=(*reasons, told, *series.reasons))
    firmer = VerdictName.SUSPECT if series.name in {VerdictName.CANNOT_TELL, VerdictName.HEALTHY} else series.name
    return replace(series, name=firmer, reasons=(*reasons, *series.reasons), settles=series.settles or _longer(series))


def _bounded(clue: Clue, per_s: float) -> tuple[str, str] | None:
    """(reason, what would settle it) where something seems to limit the holder."""
    holder = clue.holder
    bound = holder.bound
    if bound is not None and holder.items_after <= bound.limit_items:
        left, most = bound.limit_items - holder.items_after, format_count(bound.limit_items)
        items_per_s = per_s * max(holder.items_grown, 1) / max(holder.bytes_grown, 1)
        told = f"it is bounded: {bound.where} is {most}, it holds {format_count(holder.items_after)}"
        if items_per_s <= 0:
            return told, "watch until it is full: the same command with a longer --for"
        wait = format_duration(max(LEAST_WATCH_S, left / items_per_s))
        return told, f"watch until it is full, about {wait}: the same command with --for {wait.replace(' ', '')}"
    if bound is None and holder.may_bound:
        return (
            f"it may bound itself, and that cannot be seen from outside: {holder.may_bound}",
            "look at its limit; or watch until it is full: what goes on growing then is a leak",
        )
    if bound is None and clue.sites.bounds:
        place = clue.sites.bounds[0]
        return (
            f"its source seems to bound it: {place}: {place.source}",
            "watch until the bound is reached or passed; if it goes on growing, it is a leak",
        )
    return None


def _nothing_grows(series: Verdict, growth: HeapGrowth | None) -> Verdict:
    if growth is None or series.name is VerdictName.LEAK:
        return series
    rate = series.rate_per_s or 0.0
    gained = rate * growth.seconds
    if series.name is VerdictName.SUSPECT and _off_bytes(growth) >= max(TRIFLE_BYTES, EXPLAINED[0] * gained):
        return replace(series, probability=max(series.probability or 0.0, 0.8), settles=COLLECTS)
    return _unexplained(series, growth, rate)


def _off_bytes(growth: HeapGrowth) -> int:
    """What cycles gained that no collector takes, since it is off."""
    return growth.cycles.bytes_grown if growth.cycles is not None and growth.cycles.off else 0


def _unexplained(series: Verdict, growth: HeapGrowth, rate: float) -> Verdict:
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
        return _open(series, growth.uncollected)
    if series.name is VerdictName.SUSPECT and gained > 8 * TRIFLE_BYTES:
        return _unaccounted(series, growth, gained)
    if growth.beside:
        return series
    reason = f"no object holds noticeably more than {format_duration(growth.seconds)} before"
    if not fits_leak:
        return replace(series, name=VerdictName.HEALTHY, reasons=(reason, *series.reasons))
    if series.name is VerdictName.SUSPECT:
        # So little may be a runtime that warms up: a suspicion wants more than a short curve.
        return _open(series, reason)
    return replace(series, reasons=(reason, *series.reasons))


def _unaccounted(series: Verdict, growth: HeapGrowth, gained: float) -> Verdict:
    """The process gained so many bytes, and no holder did."""
    python = growth.language == "Python"
    if python and growth.seconds < TOOTH_S and _unheld(growth) >= COVERED * gained:
        # So short a climb may be one tooth: what a collection gives back is known once it came.
        return replace(_open(series, ONE_TOOTH), settles=f"{A_TOOTH_MORE}; {EXACT}")
    if growth.from_memory and growth.language == "Go" and growth.seconds < TOOTH_S and gained <= _room(growth):
        return replace(_open(series, _may_be_room(growth)), settles=A_TOOTH_MORE)
    other = "a torn copy" if python else "garbage that was not collected yet"
    told = f"no holder in the {growth.language} heap accounts for the growth: it may be native memory, or {other}"
    if not python and growth.seconds < TOOTH_S and gained < PAGES_BYTES:
        # So little in so short a look may be the runtime's own pages.
        return _open(series, told)
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
        " about as much garbage come together before it collects, and what the process gained is no more than that"
    )


def _open(series: Verdict, *reasons: str) -> Verdict:
    """A suspicion that the captures do not bear out: it is not known, and hardly probable."""
    return replace(
        series,
        name=VerdictName.CANNOT_TELL,
        probability=min(series.probability or 0.2, 0.2),
        reasons=(*reasons, *series.reasons),
        settles=_longer(series),
    )


def _at_most_suspect(series: Verdict) -> VerdictName:
    return VerdictName.SUSPECT if series.name is VerdictName.LEAK else series.name


def _longer(series: Verdict) -> str:
    return series.settles or "watch longer: the same command with --for 10m"
