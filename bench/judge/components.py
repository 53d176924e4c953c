"""What healthy memory is made of. Each component gives a share of the limit at every moment of one life.

Times are seconds. All are functions of the age of the process, of the hour, or of the load, so that a restart
begins them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from oakum.model.series import Floats

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


@dataclass(frozen=True, slots=True, eq=False)
class Life:
    """One lifetime. ``load``: requests as a share of the usual peak. ``rng``: this life's own chance."""

    at_s: Floats
    age_s: Floats
    load: Floats
    rng: np.random.Generator

    @property
    def step_s(self) -> float:
        return float(np.median(np.diff(self.at_s))) if self.at_s.size > 1 else MINUTE


Component: TypeAlias = Callable[[Life], Floats]


def resident(share: float) -> Component:
    return lambda life: np.full(life.at_s.size, share)


def warm_up(share: float, tau_s: float) -> Component:
    return lambda life: -share * np.expm1(-life.age_s / tau_s)


def cache_fill(bound: float, full_after_s: float, corner: float) -> Component:
    """Fills with the load; the nearer the bound, the more often a key is there already. ``corner`` 1 is abrupt."""

    def fill(life: Life) -> Floats:
        seen = _integral(life, life.load / 0.6) / full_after_s
        return bound * ((1 - corner) * -np.expm1(-1.6 * seen) + corner * np.minimum(seen, 1.0))

    return fill


def keyspace(share: float, ttl_s: float) -> Component:
    """Keys that live for ``ttl_s``: the load of the last while, so it saturates and then follows the load."""

    def held(life: Life) -> Floats:
        total = _integral(life, life.load)
        before = np.interp(life.age_s - ttl_s, life.age_s, total, left=0.0)
        return share * (total - before) / ttl_s

    return held


def working_set(share: float, lag_s: float) -> Component:
    """Memory that follows the load with some inertia."""
    return lambda life: share * smoothed(life.load, lag_s / life.step_s)


def high_water(share: float, slack: float) -> Component:
    """An allocator that never returns memory: the highest demand so far."""

    def highest(life: Life) -> Floats:
        demand = life.load * (1 + slack * np.abs(life.rng.standard_normal(life.at_s.size)))
        return share * np.maximum.accumulate(demand)

    return highest


def collector(share: float, period_s: float, *, jitter: float = 0.15, kept: float = 0.0) -> Component:
    """Garbage rises with the load until a collection takes it back. ``kept``: how uneven collections are."""

    def teeth(life: Life) -> Floats:
        worked = _integral(life, 0.25 + life.load) / (0.85 * period_s)
        count = int(worked[-1]) + 2 if worked.size else 2
        lengths = np.maximum(0.2, 1 + jitter * life.rng.standard_normal(count * 2 + 4))
        ends = np.cumsum(lengths)
        tooth = np.searchsorted(ends, worked, side="right")
        begin = np.where(tooth > 0, ends[np.maximum(tooth - 1, 0)], 0.0)
        floor = kept * np.abs(life.rng.standard_normal(ends.size + 1))
        return share * (worked - begin + floor[tooth])

    return teeth


def generations(share: float, minor_s: float, major_s: float) -> Component:
    """Minor collections promote into an old generation that a major one empties."""
    young = collector(0.35 * share, minor_s, jitter=0.1)
    old = collector(share, major_s, jitter=0.12, kept=0.04)
    return lambda life: young(life) + old(life)


def jobs(share: float, every_s: float, lasts_s: float, *, phase_s: float, uneven: float = 0.2) -> Component:
    """A batch job by the clock."""

    def running(life: Life) -> Floats:
        number = np.floor((life.at_s - phase_s) / every_s)
        into = life.at_s - phase_s - number * every_s
        which = (number - number[0]).astype(np.int64)
        size = np.maximum(0.1, 1 + uneven * life.rng.standard_normal(int(which[-1]) + 1))
        lasts = lasts_s * np.maximum(0.3, 1 + uneven * life.rng.standard_normal(int(which[-1]) + 1))
        inside = into < lasts[which]
        ramp: Floats = np.where(inside, np.minimum(1.0, into / (0.2 * lasts_s)), 0.0)
        height: Floats = share * size[which]
        return height * ramp

    return running


def nightly(share: float, lasts_s: float, fades_s: float, *, phase_s: float) -> Component:
    """A backup reads much: the page cache stands high for a while, then is given back slowly."""

    def cached(life: Life) -> Floats:
        into = np.mod(life.at_s - phase_s, DAY)
        rise = np.minimum(1.0, into / (0.3 * lasts_s))
        return share * np.where(into < lasts_s, rise, np.exp(-(into - lasts_s) / fades_s))

    return cached


def recycling(share: float, workers: int, requests_s: float, *, jitter: float) -> Component:
    """Workers that grow and are replaced after so many requests."""

    def workers_sum(life: Life) -> Floats:
        total = np.zeros(life.at_s.size)
        for number in range(workers):
            own = Life(life.at_s, life.age_s, life.load, life.rng)
            late = collector(share / workers, requests_s * (1 + 0.07 * number), jitter=jitter)
            total += late(own)
        return total

    return workers_sum


def wander(share: float, tau_s: float) -> Component:
    """Ornstein-Uhlenbeck: a walk that is pulled back; ``share`` is its standard deviation."""

    def walk(life: Life) -> Floats:
        gap = np.diff(life.at_s, prepend=life.at_s[0] - life.step_s)
        keep = np.exp(-gap / tau_s)
        kick = share * np.sqrt(np.maximum(0.0, 1 - keep**2)) * life.rng.standard_normal(life.at_s.size)
        return _recursive(keep, kick, share * float(life.rng.standard_normal()))

    return walk


def steps(times_s: Floats, shares: Floats) -> Component:
    """Level changes at moments of the clock: a configuration, a tenant, a data set."""

    def level(life: Life) -> Floats:
        reached = np.searchsorted(times_s, life.at_s, side="right")
        return np.concatenate(([0.0], np.cumsum(shares)))[reached]

    return level


def fading(share: float, tau_s: float) -> Component:
    """Start-up memory that is given back."""
    return lambda life: share * np.exp(-life.age_s / tau_s)


def noise(share: float, *, heavy: float = 0.0) -> Component:
    """``heavy``: log-normal outbursts upwards."""

    def chance(life: Life) -> Floats:
        white = share * life.rng.standard_normal(life.at_s.size)
        bursts = life.rng.random(life.at_s.size) < 0.01
        return white + heavy * bursts * life.rng.lognormal(-0.5, 0.7, life.at_s.size)

    return chance


def smoothed(value: Floats, samples: float) -> Floats:
    """Exponential smoothing over so many samples."""
    if samples <= 1:
        return value
    keep = np.full(value.size, np.exp(-1 / samples))
    return _recursive(keep, (1 - keep) * value, float(value[0]) if value.size else 0.0)


def _recursive(keep: Floats, add: Floats, start: float) -> Floats:
    out = np.empty(keep.size)
    now = start
    for index, (factor, more) in enumerate(zip(keep.tolist(), add.tolist(), strict=True)):
        now = factor * now + more
        out[index] = now
    return out


def _integral(life: Life, speed: Floats) -> Floats:
    """Over the age: what happened before the first sample counts too."""
    gaps = np.diff(life.at_s, prepend=life.at_s[0])
    gaps[:1] = life.age_s[:1]
    return np.cumsum(gaps * speed)
