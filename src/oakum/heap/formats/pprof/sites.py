"""Call paths of two heap profiles that keep more alive, and with what else each of them grows."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from oakum.heap.formats.pprof.frames import is_library, place_of
from oakum.heap.formats.pprof.profile import Frame, Profile
from oakum.heap.formats.pprof.views import Calls, calls_of
from oakum.model.cause import CauseName, CodePlace
from oakum.model.growth import HolderGrowth, PathStep, RootKind

LEAST_SAMPLES: Final = 4
"""A call path that grew by fewer samples than this may not have grown at all."""

FEW_SAMPLES: Final = 2
"""Contexts and timers are small: they are told by fewer, where something larger grows with them."""

PER_EACH: Final = (0.3, 50.0)
"""So many objects of a call path for each goroutine or context, and they are told together."""

NEAR: Final = 2
"""What a function allocates itself, or one that it calls, counts as made by it."""

BOUNDED_BY: Final = ("golang-lru", "groupcache/lru", "ristretto", "bigcache", "freecache", "ttlcache", "otter")
"""Packages of caches that bound themselves."""


@dataclass(frozen=True, slots=True)
class Site:
    """A call path that keeps more alive. ``stack``: innermost first. ``functions``: the application's own, the same."""

    holder: HolderGrowth
    stack: tuple[Frame, ...]
    functions: tuple[str, ...]
    objects_per_s: float
    bytes_per_s: float

    @property
    def innermost(self) -> str:
        return self.functions[0] if self.functions else ""


def sites_of(before: Profile, after: Profile, seconds: float, *, samples: int = LEAST_SAMPLES) -> list[Site]:
    """``samples``: by how many of them a call path must have grown."""
    known = calls_of(before)
    least = samples * max(after.period_bytes, 1)
    return [
        _site(name, known.get(name), calls, seconds)
        for name, calls in calls_of(after).items()
        if calls.bytes - (known[name].bytes if name in known else 0) >= least
    ]


def goes_with(site: Site, makers: AbstractSet[str]) -> bool:
    """Allocated by one of ``makers``, or by a function that one of them calls."""
    return not makers.isdisjoint(site.functions[:NEAR])


def in_step(site: Site, per_s: float) -> bool:
    return PER_EACH[0] <= site.objects_per_s / max(per_s, 1e-9) <= PER_EACH[1]


def path_of(stack: tuple[Frame, ...]) -> tuple[PathStep, ...]:
    return tuple(PathStep(place_of(frame), "calls" if at else "") for at, frame in enumerate(reversed(stack)))


def _site(name: str, before: Calls | None, after: Calls, seconds: float) -> Site:
    first_bytes, first_objects = (before.bytes, before.objects) if before else (0, 0)
    gone = (after.freed - (before.freed if before else 0)) if after.freed >= 0 else 0
    cached = next((word for word in BOUNDED_BY for frame in after.stack if word in frame.function), "")
    holder = HolderGrowth(
        name=f"what {name} allocates",
        kind="call path",
        root=RootKind.MODULE,
        path=path_of(after.stack),
        items_before=first_objects,
        items_after=after.objects,
        bytes_before=first_bytes,
        bytes_after=after.bytes,
        evicted_items=max(0, gone),
        item_type="",
        defined=after.places[0] if after.places else None,
        cause=CauseName.GLOBAL if after.cause is CauseName.GOROUTINE else after.cause,
        advice=after.advice,
        may_bound=f"it is allocated for {cached}" if cached else "",
        eviction_known=False,
        counted="objects",
        seconds=seconds,
        allocated=tuple(
            CodePlace(frame.file, frame.line, frame.function)
            for frame in after.stack
            if frame.file and not is_library(frame)
        ),
    )
    return Site(
        holder,
        after.stack,
        tuple(frame.function for frame in after.stack if not is_library(frame)),
        (after.objects - first_objects) / seconds,
        (after.bytes - first_bytes) / seconds,
    )
