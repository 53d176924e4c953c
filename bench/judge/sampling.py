"""What a scraper sees: steps, missing samples, coarse digits, units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oakum.model.series import Floats, Metric, Scope, Unit

STEPS_S = (5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1500.0)
MOST_SAMPLES = (4000, 16000)
"""Most services are scraped as often as their window allows to be drawn fast; one in four is scraped finer."""

LEAST_SAMPLES = (90, 40)
"""One in four is scraped coarser."""


@dataclass(frozen=True, slots=True)
class Scraper:
    """``grain``: values are multiples of it, in the unit. ``shows_limit``: 0 never, 1 always, 2 it changes.

    ``stale``: so many samples in a row repeat one value, where what is scraped is refreshed less often.
    """

    step_s: float
    jitter: float
    missing: float
    outages: int
    unit: Unit
    limit: float
    grain: float
    shows_limit: int
    shows_load: bool
    metric: Metric
    scope: Scope
    stale: int = 1

    def moments(self, window_s: float, rng: np.random.Generator) -> Floats:
        """When samples were taken, from 0 on, strictly increasing."""
        at = np.arange(0.0, window_s, self.step_s)
        at = at + self.step_s * self.jitter * rng.uniform(0, 0.9, at.size)
        keep = rng.random(at.size) >= self.missing
        for _ in range(self.outages):
            start = rng.uniform(0.1, 0.85) * window_s
            keep &= (at < start) | (at > start + rng.uniform(0.01, 0.05) * window_s)
        keep[0] = True
        return np.round(at[keep], 3)

    def read(self, share: Floats, limit: float | Floats) -> Floats:
        share = share[np.arange(share.size) // self.stale * self.stale]
        return np.maximum(0.0, np.round(share * limit / self.grain) * self.grain)


def draw(rng: np.random.Generator, window_s: float, *, vm: bool) -> Scraper:
    least = window_s / float(rng.choice(MOST_SAMPLES, p=[0.75, 0.25]))
    most = window_s / float(rng.choice(LEAST_SAMPLES, p=[0.75, 0.25]))
    fitting = [step for step in STEPS_S if least <= step <= most] or [min(STEPS_S, key=lambda step: abs(step - most))]
    percent = vm or rng.random() < 0.15
    limit = 100.0 if percent else 2.0 ** int(rng.integers(26, 37)) * float(rng.choice([1.0, 1.5]))
    mebi = 2.0**20
    grain = float(
        rng.choice([0.1, 0.5, 1.0]) if percent else rng.choice([4096.0, 4096.0, mebi if limit > 2e9 else 65536.0])
    )
    return Scraper(
        step_s=float(rng.choice(fitting)),
        jitter=float(rng.choice([0.0, 0.05, 1.0], p=[0.5, 0.3, 0.2])),
        missing=float(rng.choice([0.0, 0.02, 0.1, 0.5], p=[0.5, 0.25, 0.15, 0.1])),
        outages=int(rng.choice([0, 1, 2], p=[0.75, 0.2, 0.05])),
        unit="percent" if percent else "bytes",
        limit=limit,
        grain=grain,
        shows_limit=1 if percent else int(rng.choice([0, 1, 2], p=[0.2, 0.7, 0.1])),
        shows_load=bool(not vm and rng.random() < 0.25),
        metric=Metric.UNKNOWN if vm else Metric(rng.choice(["anon", "rss", "working_set", "unknown"])),
        scope=Scope.NODE if vm else Scope.CONTAINER,
        stale=int(rng.choice([1, 4], p=[0.9, 0.1])),
    )
