"""How much of the growth that was measured each cause accounts for, and how much of it nothing explains."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import Final

from oakum.model.cause import Cause, CauseName, of_holders
from oakum.model.story import Accounted
from oakum.model.units import format_share

ASIDE: Final = frozenset({
    CauseName.PAGE_CACHE,
    CauseName.UNDERSIZED_LIMIT,
    CauseName.MANY_PROCESSES,
})  # fmt: skip
"""What they hold is no anonymous memory of the process that is judged. A cap that does not fit is given no growth."""

WHOLE: Final = (CauseName.WORKERS_OR_ARENAS, CauseName.LOAD_GROWTH)
"""What they hold is told by its occasion, and held by what others tell: each is set against the whole alone."""

MAPPINGS: Final = frozenset({"mappings", "chunks"})
"""Evidence that sees all memory of the process; what captures of its heap see is a part of that."""


def shared(causes: tuple[Cause, ...], rate_per_s: float | None) -> tuple[tuple[Cause, ...], Accounted | None]:
    """The causes with their shares, and all together. ``rate_per_s``: of the judge, bytes; None: nothing grows.

    Causes by captures of the heap are parts beside each other, so they add up; those by mappings see the same memory
    once more, from outside, and those of WHOLE by what made it grow. The largest of these counts, and never more than
    was measured. Another reading of a holder is no part of its own.
    """
    if rate_per_s is None or not isfinite(rate_per_s) or rate_per_s <= 0:
        return causes, None
    told = tuple(replace(cause, share=_share(cause, rate_per_s)) for cause in causes)
    parts = [cause for cause in of_holders(told) if cause.name not in WHOLE]
    inside = sum(_rate(cause) for cause in parts if not _by_mappings(cause))
    outside = sum(_rate(cause) for cause in parts if _by_mappings(cause))
    occasions = [sum(_rate(cause) for cause in told if cause.name is name) for name in WHOLE]
    return told, Accounted(rate_per_s, min(rate_per_s, max(inside, outside, *occasions)))


def part(per_s: float, rate_per_s: float) -> float:
    """How much of the measured rate that is, 0..1: never more than was measured."""
    return min(1.0, max(0.0, per_s) / rate_per_s)


def part_told(per_s: float, rate_per_s: float) -> str:
    found = part(per_s, rate_per_s)
    return "all" if found >= 1.0 else format_share(found)


def _by_mappings(cause: Cause) -> bool:
    return any(each in MAPPINGS for each in cause.evidence)


def _share(cause: Cause, rate_per_s: float) -> float | None:
    if cause.name in ASIDE or cause.instead_of is not None or not isfinite(cause.growth_bytes_per_s):
        return None
    return part(cause.growth_bytes_per_s, rate_per_s)


def _rate(cause: Cause) -> float:
    return max(0.0, cause.growth_bytes_per_s) if cause.share is not None else 0.0
