"""Leaks: how the lost memory grows, as a share of the limit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from bench.judge.components import Life
from oakum.model.series import Floats
from oakum.model.verdict import Pattern


class Growth(StrEnum):
    """The law of growth."""

    LINEAR = "linear"
    ACCELERATING = "accelerating"
    EXPONENTIAL = "exponential"
    STEPWISE = "stepwise"
    LOAD_COUPLED = "load-coupled"


_PATTERNS = {
    Growth.LINEAR: (Pattern.LINEAR,),
    Growth.ACCELERATING: (Pattern.ACCELERATING,),
    Growth.EXPONENTIAL: (Pattern.EXPONENTIAL,),
    Growth.STEPWISE: (Pattern.LINEAR, Pattern.STEP),
    Growth.LOAD_COUPLED: (Pattern.LINEAR,),
}


@dataclass(frozen=True, slots=True)
class Leak:
    """Grows by ``reach`` of the limit in ``takes_s``. ``bend``: power or doublings. ``steps``: in so many parts."""

    growth: Growth
    reach: float
    takes_s: float
    bend: float = 1.0
    steps: int = 1

    def grown(self, life: Life, since_s: Floats) -> Floats:
        """``since_s``: seconds since the onset, negative before it."""
        u = np.maximum(since_s, 0.0) / self.takes_s
        if self.growth is Growth.ACCELERATING:
            return self.reach * u**self.bend
        if self.growth is Growth.EXPONENTIAL:
            # Far beyond the window it would overflow; it is long past the limit by then.
            rate = math.log(2.0) * self.bend
            return self.reach / math.expm1(rate) * np.expm1(np.minimum(rate * u, 30.0))
        if self.growth is Growth.STEPWISE:
            return self.reach * np.floor(u * self.steps) / self.steps
        if self.growth is Growth.LOAD_COUPLED:
            gaps = np.diff(since_s, prepend=since_s[:1]) * (since_s > 0)
            return self.reach * np.cumsum(gaps * life.load) / (float(np.mean(life.load)) * self.takes_s)
        return self.reach * u

    def patterns(self, *, collected: bool) -> tuple[Pattern, ...]:
        if not collected:
            return _PATTERNS[self.growth]
        return (Pattern.RISING_SAWTOOTH,)


def draw(rng: np.random.Generator, growth: Growth, *, reach: float, takes_s: float) -> Leak:
    bend = rng.uniform(1.8, 2.6) if growth is Growth.ACCELERATING else rng.uniform(4, 7)
    return Leak(growth, reach, takes_s, float(bend), int(rng.integers(8, 30)))
