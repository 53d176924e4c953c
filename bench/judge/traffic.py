"""Requests over the day: the load that memory follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.judge.components import DAY, HOUR, Life, wander
from oakum.model.series import Floats


@dataclass(frozen=True, slots=True)
class Traffic:
    """``swing``: how much of the load follows the day. ``weekend``: what is left of it on two days of seven.

    ``first_day``: which day of the week the first day of the epoch is.
    """

    swing: float
    phase_s: float
    sharp: float
    weekend: float
    restless: float
    first_day: int = 0

    def at(self, at_s: Floats, rng: np.random.Generator) -> Floats:
        """Load as a share of the usual peak, never below 0.02."""
        angle = 2 * np.pi * (at_s - self.phase_s) / DAY
        day = 0.5 + 0.5 * np.cos(angle + 0.35 * np.sin(angle))
        week = np.where(np.mod(np.floor(at_s / DAY) + self.first_day, 7) >= 5, self.weekend, 1.0)
        shape = 1 - self.swing + self.swing * day**self.sharp
        rest = wander(self.restless, 0.7 * HOUR)(Life(at_s, at_s - at_s[0], at_s, rng))
        return np.maximum(0.02, shape * week * (1 + rest))


def steady(rng: np.random.Generator) -> Traffic:
    return Traffic(rng.uniform(0.0, 0.15), rng.uniform(0, DAY), 1.0, 1.0, rng.uniform(0.02, 0.08))


def daily(rng: np.random.Generator) -> Traffic:
    return Traffic(
        rng.uniform(0.35, 0.85),
        rng.uniform(0, DAY),
        rng.uniform(0.7, 2.0),
        rng.uniform(0.4, 1.0),
        rng.uniform(0.02, 0.12),
    )
