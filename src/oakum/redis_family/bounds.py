"""How far an estimate from a part may be from the whole. All intervals hold with ``model.redis.CONFIDENCE`` (95 %)."""

from __future__ import annotations

from math import sqrt
from typing import Final

from oakum.model.redis import Estimate

Z: Final = 1.959964
"""The normal distribution's, for 95 %."""


def share(hits: float, asked: float, *, of: float | None = None) -> Estimate | None:
    """Wilson's interval (1927) for a proportion; None of nobody. ``of``: how many there are; all asked is exact.

    Drawn without putting back from ``of``, the error shrinks by the part that is left.
    """
    if asked <= 0:
        return None
    value = hits / asked
    left = 1.0 if of is None else max(0.0, 1.0 - asked / max(of, asked))
    if not left:
        return Estimate.counted(value)
    z2 = Z * Z * left
    middle = (value + z2 / (2 * asked)) / (1 + z2 / asked)
    reach = sqrt(z2 * (value * (1 - value) / asked + z2 / (4 * asked * asked))) / (1 + z2 / asked)
    return Estimate(value, max(0.0, min(value, middle - reach)), min(1.0, max(value, middle + reach)))


def part(seen: float, of_seen: float, total: float, *, whole: bool) -> Estimate:
    """How many of ``total`` keys are of a pattern that ``seen`` of ``of_seen`` were; all of them seen: counted."""
    if whole or of_seen <= 0:
        return Estimate.counted(seen)
    told = share(seen, of_seen, of=total)
    assert told is not None
    return Estimate(told.value * total, max(seen, told.low * total), told.high * total)


def thinned(seen: float, fraction: float) -> Estimate:
    """How many there were, when each was seen by a chance of ``fraction``: 0..1. Score interval of a Poisson count."""
    if fraction >= 1.0:
        return Estimate.counted(seen)
    left = 1.0 - fraction
    z2 = Z * Z * left
    reach = sqrt(z2 * (seen + z2 / 4))
    low, high = seen + z2 / 2 - reach, seen + z2 / 2 + reach
    return Estimate(seen / fraction, max(seen, low / fraction), high / fraction)


def mean(value: float, error: float) -> Estimate:
    return Estimate(value, max(0.0, value - Z * error), value + Z * error)
