"""Two looks into one Go program, compared: which call paths keep more alive, which goroutines became more.

What one look has is not of one moment: a heap profile is as of an earlier collection, goroutines are as of now. So each
holder has a time of its own, over which it grew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from oakum.heap.formats.pprof.figures import Figures
from oakum.heap.formats.pprof.goroutines import WAITS_ON_OTHERS, Group, groups, total
from oakum.heap.formats.pprof.profile import STACK_BYTES, Profile
from oakum.heap.formats.pprof.sites import FEW_SAMPLES, Site, goes_with, in_step, path_of, sites_of
from oakum.heap.formats.pprof.timers import with_timers
from oakum.heap.formats.pprof.views import total_of
from oakum.model.cause import CauseName
from oakum.model.growth import HeapGrowth, HolderGrowth, PathStep, RootKind
from oakum.model.units import format_size

LANGUAGE: Final = "Go"
LEAST_APART_S: Final = 1.0
"""Heap profiles of moments that are closer are of the same one, in seconds."""

LEAST_GOROUTINES: Final = 10
LEAST_SHARE: Final = 0.03
MOST_HOLDERS: Final = 8
MOST_STACK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Look:
    """``heap_at_s``: of when what it counts was so; both UTC epoch. ``goroutines`` None where none could be had."""

    heap: Profile
    heap_at_s: float
    figures: Figures
    goroutines: Profile | None
    goroutines_at_s: float


def grown(before: Look, after: Look, found: dict[str, Group], seconds: float) -> HeapGrowth:
    """``found``: the groups of ``after``, with what is known of them beside. ``seconds``: between the looks."""
    heap_s = after.heap_at_s - before.heap_at_s
    sites = sites_of(before.heap, after.heap, heap_s) if heap_s >= LEAST_APART_S else []
    waiting = _waiting(before, after, found, sites)
    folded = {name for _, names in waiting for name in names}
    left = [site for site in sites if site.holder.name not in folded]
    faint = sites_of(before.heap, after.heap, heap_s, samples=FEW_SAMPLES) if left else []
    timed = with_timers(left, [site for site in faint if site.holder.name not in folded])
    holders = [*(holder for holder, _ in waiting), *timed]
    ranked = sorted(holders, key=lambda holder: -holder.bytes_grown / (holder.seconds or seconds))
    most = ranked[0].bytes_grown / (ranked[0].seconds or seconds) if ranked else 0.0
    kept = [each for each in ranked if each.bytes_grown / (each.seconds or seconds) >= LEAST_SHARE * most]
    first, last = total_of(before.heap), total_of(after.heap)
    return HeapGrowth(
        seconds=seconds,
        objects_before=first.objects,
        objects_after=last.objects,
        heap_bytes_before=first.bytes,
        heap_bytes_after=last.bytes,
        types=(),
        holders=tuple(kept[:MOST_HOLDERS]),
        warnings=(
            "a heap profile tells where living memory was allocated, not who holds it",
            f"its numbers are estimates, from one sample in {format_size(max(after.heap.period_bytes, 1))}",
        ),
        language=LANGUAGE,
    )


def stack_bytes_of(stacks: tuple[int, int], more: int) -> int:
    """Of one of ``more`` goroutines. ``stacks``: bytes of all stacks, then and now."""
    gained = max(stacks[1] - stacks[0], 0) // more if more >= LEAST_GOROUTINES else 0
    return min(max(gained, STACK_BYTES), MOST_STACK_BYTES)


def grown_goroutines(before: Profile, after: Profile, stacks: tuple[int, int], seconds: float) -> HeapGrowth:
    """Of a program of which only goroutines are known. ``stacks``: as of stack_bytes_of."""
    known = groups(before)
    each = stack_bytes_of(stacks, total(after) - total(before))
    holders = []
    for name, group in groups(after).items():
        count = known[name].count if name in known else 0
        if group.count - count >= LEAST_GOROUTINES:
            holders.append(goroutine_holder(group, count, seconds, each))
    ranked = sorted(holders, key=lambda holder: -holder.bytes_grown)
    return HeapGrowth(
        seconds=seconds,
        objects_before=total(before),
        objects_after=total(after),
        heap_bytes_before=stacks[0],
        heap_bytes_after=stacks[1],
        types=(),
        holders=tuple(ranked[:MOST_HOLDERS]),
        language=LANGUAGE,
        from_memory=True,
    )


def goroutine_holder(group: Group, before: int, seconds: float, stack_bytes: int) -> HolderGrowth:
    """``before``: how many of it there were; ``stack_bytes``: of one."""
    return _holder(group, before, seconds, stack_bytes, [])[0]


def _waiting(
    before: Look, after: Look, found: dict[str, Group], sites: list[Site]
) -> list[tuple[HolderGrowth, set[str]]]:
    """Goroutines that became more, each with the call paths that grow with them."""
    if before.goroutines is None or after.goroutines is None:
        return []
    known = groups(before.goroutines)
    seconds = max(after.goroutines_at_s - before.goroutines_at_s, 1e-3)
    stack_bytes = _stack_bytes(before, after)
    made = []
    for name, group in found.items():
        count = known[name].count if name in known else 0
        if group.count - count >= LEAST_GOROUTINES:
            made.append(_holder(group, count, seconds, stack_bytes, sites))
    return made


def _stack_bytes(before: Look, after: Look) -> int:
    """Of one goroutine more: as the runtime's figures say it, else the least that there is."""
    assert before.goroutines is not None
    assert after.goroutines is not None
    more = total(after.goroutines) - total(before.goroutines)
    gained = after.figures.stack_inuse - before.figures.stack_inuse
    if more < LEAST_GOROUTINES or gained <= 0:
        return STACK_BYTES
    return min(max(gained // more, STACK_BYTES), MOST_STACK_BYTES)


def _holder(
    group: Group, before: int, seconds: float, stack_bytes: int, sites: list[Site]
) -> tuple[HolderGrowth, set[str]]:
    per_s = (group.count - before) / seconds
    with_them = [site for site in sites if goes_with(site, _makers(group)) and in_step(site, per_s)]
    held = int(sum(site.bytes_per_s for site in with_them) / per_s)
    each = stack_bytes + held
    told = f"each has a stack of about {format_size(stack_bytes)}"
    if held:
        names = ", ".join(dict.fromkeys(site.innermost for site in with_them))
        told += f", and what {names} allocates grows by about {format_size(held)} with each"
    holder = HolderGrowth(
        name=group.name,
        kind="goroutines",
        root=RootKind.FRAME,
        path=_steps(group),
        items_before=before,
        items_after=group.count,
        bytes_before=before * each,
        bytes_after=group.count * each,
        evicted_items=0,
        item_type=group.operation,
        owner_type=group.made_by,
        attribute=group.runs.function,
        defined=group.place,
        cause=CauseName.GOROUTINE,
        advice=told,
        may_bound=_by_others(group),
        eviction_known=False,
        counted="goroutines",
        seconds=seconds,
    )
    return holder, {site.holder.name for site in with_them}


def _steps(group: Group) -> tuple[PathStep, ...]:
    made = (PathStep(f"created by {group.made_by}", ""),) if group.made_by else ()
    return (*made, *path_of(group.stack))


def _by_others(group: Group) -> str:
    if group.operation not in WAITS_ON_OTHERS:
        return ""
    return f"goroutines at {group.operation} are as many as there are peers or work for them"


def _makers(group: Group) -> set[str]:
    """The function that runs in such a goroutine, and the one that starts it."""
    return {group.made_by.partition(" (")[0], group.runs.function, group.runs.function.partition(".func")[0]} - {""}
