"""The assessment: what the series and the two captures say together.

A short history alone is at most ``suspect``. It becomes ``leak`` when one holder grows without eviction at about the
measured rate and nothing bounds it; a holder with a bound that it has not reached stays ``suspect``.
"""

from __future__ import annotations

from dataclasses import replace

from oakum.explain.causes import fragmentation, native_allocation
from oakum.explain.causes.finding import Clue
from oakum.explain.outside import leads
from oakum.explain.suspicion import EXPLAINED, TRIFLE_BYTES, at_most_suspect, left_open, longer
from oakum.explain.unexplained import unexplained
from oakum.explain.unheld import unreachable
from oakum.model.division import FREE, HELD, Divided
from oakum.model.growth import HeapGrowth, HolderGrowth, RootKind
from oakum.model.units import format_count, format_duration, format_rate, format_share, format_size
from oakum.model.verdict import CAPTURES, Pattern, Verdict, VerdictName

EVICTED_SHARE = 0.3
"""A holder that lost this share of as many items as it gained turns over: that is no mere accumulation."""

MOST_WENT = (0.5, 0.1)
"""A holder that lost this share of what it held, and as many as this share of all that came or went, turns over too:
what it has is not kept for good, though it may still fill.
"""

FILLS = 8
"""Beyond so many times what it held, what went of that says little of the rest."""

WHOLLY = (0.9, 0.25)
"""A holder that lost this share of what it held, and has no more than this share more now, does not accumulate."""

RETURNING = frozenset({Pattern.SAWTOOTH, Pattern.PERIODIC, Pattern.SPIKE, Pattern.LOAD_DRIVEN, Pattern.SHRINKING})
"""Patterns that come back: two captures may have met one of their heights."""

LEAST_WATCH_S = 20.0
"""Nothing shorter is advised, in seconds."""

MOVED_SHARE = 0.3
"""Where all objects together gained less than this share of what the holder gained, others gave up the rest."""

RENEWED_MORE = 0.1
"""A holder whose items were replaced is as large as before where its bytes grew by no more than this share."""

ALLOCATES = "who allocates it: memray with native frames, as the plan has it; or watch longer: --for 10m"


def assess(series: Verdict, growth: HeapGrowth | None, found: list[Clue]) -> Verdict:
    """Never firmer than the evidence; never turns a long healthy history into a leak."""
    verdict = _assessed(_captured(series) if growth is not None else series, growth, found)
    if growth is not None and series.name is not VerdictName.HEALTHY:
        verdict = replace(verdict, reasons=(*verdict.reasons, *unreachable(growth)))
    if growth is not None and growth.beside:
        verdict = replace(verdict, reasons=(*verdict.reasons, growth.beside), settles=longer(verdict))
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


def _assessed(series: Verdict, growth: HeapGrowth | None, found: list[Clue]) -> Verdict:
    if growth is not None and growth.divided is not None and series.name is not VerdictName.HEALTHY:
        if leads(growth, found[0].holder if found else None):
            told = (native_allocation.reason(growth.divided), *series.reasons)
            return replace(series, reasons=told, settles="" if series.name is VerdictName.LEAK else ALLOCATES)
        if fragmentation.grows(growth.divided):
            return _free(series, growth.divided, found[0].holder.bytes_grown if found else 0)
    if growth is None or not found:
        return unexplained(series, growth)
    clue = found[0]
    holder = clue.holder
    if holder.bytes_grown < TRIFLE_BYTES or holder.root is RootKind.UNREACHABLE:
        return unexplained(series, growth)
    grown_s = holder.grown_in_s(growth)
    per_s = holder.bytes_grown / grown_s
    gained = f"{holder.name} gained {format_size(holder.bytes_grown)} in {format_duration(grown_s)}"
    reasons: tuple[str, ...] = (f"{gained} ({format_rate(per_s)}), {_more(holder)}",)
    turned_over = _turned_over(holder)
    if turned_over and not holder.grows_inside:
        reasons += (f"{format_count(holder.evicted_items)} of its {holder.counted} went meanwhile: it turns over",)
        if _renewed(holder, per_s, series.rate_per_s) and series.name is VerdictName.SUSPECT:
            renewed = f"nearly all that {holder.name} held went in {format_duration(grown_s)}, and about as much came"
            return left_open(series, renewed, *reasons)
        return replace(
            series, name=at_most_suspect(series), reasons=(*reasons, *series.reasons), settles=longer(series)
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


def _turned_over(holder: HolderGrowth) -> bool:
    went, moved = holder.evicted_items, max(holder.items_grown + holder.evicted_items, 1)
    held, share = MOST_WENT
    fills = holder.items_after <= FILLS * holder.items_before
    return went > EVICTED_SHARE * moved or (fills and went > held * holder.items_before and went > share * moved)


def _renewed(holder: HolderGrowth, per_s: float, rate: float | None) -> bool:
    """Whether other items took the place of those that it held: its size goes up and down, and it keeps none.

    Immutable values that are made anew go too: what grows at the process's rate (``rate``) meanwhile is no renewal.
    """
    went, more = WHOLLY
    if holder.bytes_grown > RENEWED_MORE * holder.bytes_before or (rate is not None and per_s >= EXPLAINED[0] * rate):
        return False
    return holder.evicted_items >= went * holder.items_before and holder.items_grown <= more * holder.items_before


def _free(series: Verdict, divided: Divided, held: int) -> Verdict:
    """What grows is used by nobody: that ends where the largest piece of work does.

    ``held``: bytes that a holder gained meanwhile.
    """
    told = f"what it gained is free memory that allocators keep: {fragmentation.reason(divided)}"
    given = -divided.grown(*HELD)
    freed = MOVED_SHARE * divided.grown(*FREE)
    if series.name is VerdictName.SUSPECT and held < freed <= given:
        # What was in use before is free now: one look met more garbage than the other.
        return left_open(series, f"{told}; its objects gave up {format_size(given)} meanwhile")
    return replace(
        series,
        name=at_most_suspect(series),
        probability=min(series.probability or 0.3, 0.3),
        reasons=(told, *series.reasons),
        settles=longer(series),
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
    return replace(series, name=firmer, reasons=(*reasons, *series.reasons), settles=series.settles or longer(series))


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
