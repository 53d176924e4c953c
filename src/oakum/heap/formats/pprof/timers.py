"""Contexts with a deadline and timers that live on: what keeps whatever was put into them until they fire.

Source: Go's context and time packages. A context that is derived from another is known to that one, and to its timer,
until it is cancelled; `go vet` (lostcancel) finds the ones whose cancel function is thrown away.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from oakum.heap.formats.pprof.frames import is_library, place_of
from oakum.heap.formats.pprof.profile import Frame
from oakum.heap.formats.pprof.sites import Site, goes_with, in_step
from oakum.model.cause import CauseName
from oakum.model.growth import HolderGrowth
from oakum.model.units import format_size

CONTEXTS: Final = ("context.WithTimeout", "context.WithDeadline", "context.WithCancel", "context.AfterFunc")
TIMERS: Final = ("time.AfterFunc", "time.NewTimer", "time.NewTicker", "time.Tick", "time.After")
KIND: Final = "timers"


def with_timers(sites: list[Site], faint: list[Site]) -> list[HolderGrowth]:
    """A holder for each site, but one for all that grows with contexts or timers which one function makes.

    ``faint``: all of ``sites``, and those that grew by less than what is told alone.
    """
    made: dict[str, list[Site]] = {}
    for site in faint:
        if site.functions and _opens(site.stack):
            made.setdefault(site.innermost, []).append(site)
    found: list[HolderGrowth] = []
    folded: set[str] = set()
    for maker, opened in made.items():
        per_s = min(site.objects_per_s for site in opened)
        beside = [
            site
            for site in sites
            if site not in opened and goes_with(site, {maker}) and in_step(site, per_s) and not _opens(site.stack)
        ]
        if not beside and not any(site in sites for site in opened):
            continue
        found.append(_holder(opened, beside))
        folded |= {site.holder.name for site in (*opened, *beside)}
    return [*found, *(site.holder for site in sites if site.holder.name not in folded)]


def _opens(stack: tuple[Frame, ...]) -> str:
    """What the application calls to make a context or a timer, "" where that is not what allocates."""
    called = ""
    for frame in stack:
        if not is_library(frame):
            break
        called = frame.function
    return called if called.startswith((*CONTEXTS, *TIMERS)) else ""


def _holder(opened: list[Site], beside: list[Site]) -> HolderGrowth:
    first = min(opened, key=lambda site: site.objects_per_s)
    place = place_of(next(frame for frame in first.stack if not is_library(frame)))
    calls = sorted({_opens(site.stack).removesuffix("Cause") for site in opened})
    what = "contexts" if any(call.startswith("context.") for call in calls) else "timers"
    every = (*opened, *beside)
    before, after = (sum(getattr(site.holder, name) for site in every) for name in ("bytes_before", "bytes_after"))
    names = ", ".join(dict.fromkeys(site.innermost for site in beside))
    held = sum(site.bytes_per_s for site in beside) * first.holder.seconds
    kept = f"; what {names} allocates grows with them, by {format_size(int(held))} so far" if names else ""
    return replace(
        first.holder,
        name=f"{what} that {place} makes",
        kind=KIND,
        bytes_before=before,
        bytes_after=after,
        item_type=calls[0],
        cause=CauseName.TIMER,
        advice=f"made by {' and '.join(calls)}{kept}",
        counted=f"objects of {what}",
    )
