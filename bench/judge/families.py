"""Healthy families. Most are in both parts with other seeds; some are in one part only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from bench.judge import traffic
from bench.judge.components import (
    DAY,
    HOUR,
    MINUTE,
    Component,
    cache_fill,
    collector,
    fading,
    generations,
    high_water,
    jobs,
    keyspace,
    nightly,
    noise,
    recycling,
    resident,
    steps,
    wander,
    warm_up,
    working_set,
)
from bench.judge.seeds import log_uniform
from oakum.model.verdict import Pattern

Chance: TypeAlias = np.random.Generator


@dataclass(frozen=True, slots=True, eq=False)
class Healthy:
    """``restarts_s``: when it is restarted for a good reason. ``vm``: a whole machine, in percent, coarse and slow."""

    components: tuple[Component, ...]
    patterns: tuple[Pattern, ...]
    traffic: traffic.Traffic
    restarts_s: tuple[float, ...] = ()
    vm: bool = False
    collected: bool = False
    least_s: float = HOUR


Family: TypeAlias = Callable[[Chance, float], Healthy]
"""From chance and the length of the window, in seconds."""


def idle(rng: Chance, window_s: float) -> Healthy:
    """A service that does next to nothing."""
    del window_s
    parts = (resident(rng.uniform(0.1, 0.7)), noise(log_uniform(rng, 1e-4, 4e-3)), wander(rng.uniform(0, 0.004), HOUR))
    return Healthy(parts, (Pattern.FLAT,), traffic.steady(rng))


def service(rng: Chance, window_s: float) -> Healthy:
    """Requests by the day."""
    del window_s
    parts = (
        resident(rng.uniform(0.15, 0.4)),
        working_set(rng.uniform(0.08, 0.3), rng.uniform(1, 40) * MINUTE),
        noise(log_uniform(rng, 5e-4, 8e-3)),
    )
    return Healthy(parts, (Pattern.PERIODIC, Pattern.LOAD_DRIVEN), traffic.daily(rng), least_s=2.5 * DAY)


def starting(rng: Chance, window_s: float) -> Healthy:
    """A start-up that bends: from minutes to a day."""
    tau = min(log_uniform(rng, 4 * MINUTE, DAY), 0.3 * window_s)
    parts = (
        resident(rng.uniform(0.05, 0.3)),
        warm_up(rng.uniform(0.1, 0.45), tau),
        noise(log_uniform(rng, 4e-4, 6e-3)),
    )
    return Healthy(parts, (Pattern.WARM_UP, Pattern.FLAT), traffic.steady(rng))


def cached(rng: Chance, window_s: float) -> Healthy:
    """A cache that fills up to its bound within hours or two days."""
    full = min(log_uniform(rng, 0.5 * HOUR, 2 * DAY), 0.55 * window_s)
    busy = traffic.daily(rng) if rng.random() < 0.5 and window_s > 2 * DAY else traffic.steady(rng)
    parts = (
        resident(rng.uniform(0.05, 0.25)),
        cache_fill(rng.uniform(0.15, 0.55), full, rng.uniform(0, 0.9)),
        noise(log_uniform(rng, 4e-4, 5e-3)),
    )
    return Healthy(parts, (Pattern.WARM_UP, Pattern.FLAT), busy)


def collected(rng: Chance, window_s: float) -> Healthy:
    """A runtime with a collector: minutes between minor, up to hours between major collections."""
    major = min(log_uniform(rng, 5 * MINUTE, 6 * HOUR), window_s / 5)
    busy = traffic.daily(rng) if rng.random() < 0.4 else traffic.steady(rng)
    parts = (
        resident(rng.uniform(0.1, 0.35)),
        generations(rng.uniform(0.08, 0.35), major / rng.uniform(6, 30), major),
        warm_up(rng.uniform(0, 0.08), log_uniform(rng, 5 * MINUTE, HOUR)),
        noise(log_uniform(rng, 3e-4, 4e-3)),
    )
    return Healthy(parts, (Pattern.SAWTOOTH,), busy, collected=True)


def batch(rng: Chance, window_s: float) -> Healthy:
    """A job every hour or every day."""
    every = HOUR * float(rng.choice([1, 2, 6, 24]))
    every = min(every, window_s / 4)
    parts = (
        resident(rng.uniform(0.1, 0.35)),
        jobs(rng.uniform(0.1, 0.4), every, every * rng.uniform(0.04, 0.3), phase_s=rng.uniform(0, every)),
        noise(log_uniform(rng, 4e-4, 5e-3)),
    )
    return Healthy(parts, (Pattern.PERIODIC, Pattern.SPIKE), traffic.steady(rng))


def pooled(rng: Chance, window_s: float) -> Healthy:
    """An allocator that keeps what the busiest moment asked for."""
    del window_s
    parts = (
        resident(rng.uniform(0.1, 0.3)),
        high_water(rng.uniform(0.1, 0.3), rng.uniform(0.02, 0.15)),
        noise(log_uniform(rng, 3e-4, 3e-3)),
    )
    return Healthy(parts, (Pattern.STEP, Pattern.WARM_UP, Pattern.FLAT), traffic.daily(rng))


def deployed(rng: Chance, window_s: float) -> Healthy:
    """Deploys: each restarts the process and changes its level."""
    count = int(rng.integers(1, 5))
    moments = np.sort(rng.uniform(0.1, 0.9, count)) * window_s
    parts = (
        resident(rng.uniform(0.15, 0.35)),
        steps(moments, rng.uniform(-0.05, 0.08, count)),
        warm_up(rng.uniform(0.03, 0.2), log_uniform(rng, 3 * MINUTE, 2 * HOUR)),
        working_set(rng.uniform(0, 0.1), 10 * MINUTE),
        noise(log_uniform(rng, 5e-4, 5e-3)),
    )
    patterns = (Pattern.STEP, Pattern.FLAT, Pattern.WARM_UP, Pattern.PERIODIC, Pattern.LOAD_DRIVEN)
    return Healthy(parts, patterns, traffic.daily(rng), restarts_s=tuple(moments.tolist()))


def restarted(rng: Chance, window_s: float) -> Healthy:
    """Restarted by the clock, every day or half day, with a warm-up each time."""
    every = min(float(rng.choice([6, 12, 24])) * HOUR, window_s / 3)
    moments = np.arange(rng.uniform(0.2, 1.0) * every, window_s, every)
    parts = (
        resident(rng.uniform(0.1, 0.3)),
        warm_up(rng.uniform(0.05, 0.25), log_uniform(rng, 5 * MINUTE, max(0.25 * every, 6 * MINUTE))),
        working_set(rng.uniform(0, 0.12), 10 * MINUTE),
        noise(log_uniform(rng, 5e-4, 5e-3)),
    )
    patterns = (Pattern.WARM_UP, Pattern.FLAT, Pattern.PERIODIC, Pattern.LOAD_DRIVEN)
    return Healthy(parts, patterns, traffic.daily(rng), restarts_s=tuple(moments.tolist()))


def recycled(rng: Chance, window_s: float) -> Healthy:
    """Workers that are replaced after so many requests."""
    life = min(log_uniform(rng, 20 * MINUTE, 10 * HOUR), window_s / 4)
    workers = int(rng.integers(1, 9))
    parts = (
        resident(rng.uniform(0.15, 0.3)),
        recycling(rng.uniform(0.1, 0.35), workers, life, jitter=rng.uniform(0.03, 0.25)),
        noise(log_uniform(rng, 4e-4, 4e-3)),
    )
    busy = traffic.daily(rng) if rng.random() < 0.5 else traffic.steady(rng)
    return Healthy(parts, (Pattern.SAWTOOTH, Pattern.PERIODIC), busy, collected=workers < 3)


def backed_up(rng: Chance, window_s: float) -> Healthy:
    """A backup every night."""
    del window_s
    lasts = rng.uniform(0.5, 3) * HOUR
    parts = (
        resident(rng.uniform(0.15, 0.4)),
        nightly(rng.uniform(0.1, 0.35), lasts, rng.uniform(0.2, 5) * HOUR, phase_s=rng.uniform(0, DAY)),
        wander(rng.uniform(0, 0.01), 3 * HOUR),
        noise(log_uniform(rng, 5e-4, 6e-3)),
    )
    return Healthy(parts, (Pattern.PERIODIC, Pattern.SPIKE), traffic.steady(rng), least_s=2.5 * DAY)


def wandering(rng: Chance, window_s: float) -> Healthy:
    """Up and down without a reason, pulled back within hours."""
    del window_s
    parts = (
        resident(rng.uniform(0.25, 0.6)),
        wander(rng.uniform(0.01, 0.05), log_uniform(rng, 0.3 * HOUR, 8 * HOUR)),
        noise(log_uniform(rng, 5e-4, 6e-3), heavy=rng.uniform(0, 0.02)),
    )
    return Healthy(parts, (), traffic.steady(rng))


def drifting(rng: Chance, window_s: float) -> Healthy:
    """A mean that takes days to come back."""
    del window_s
    parts = (
        resident(rng.uniform(0.3, 0.6)),
        wander(rng.uniform(0.01, 0.045), rng.uniform(0.7, 2.5) * DAY),
        working_set(rng.uniform(0.02, 0.12), 20 * MINUTE),
        noise(log_uniform(rng, 5e-4, 6e-3)),
    )
    return Healthy(parts, (), traffic.daily(rng), least_s=2 * DAY)


def configured(rng: Chance, window_s: float) -> Healthy:
    """A level that changes when somebody changes something, without a restart."""
    count = int(rng.integers(1, 4))
    moments = np.sort(rng.uniform(0.1, 0.9, count)) * window_s
    parts = (
        resident(rng.uniform(0.2, 0.4)),
        steps(moments, rng.uniform(0.03, 0.12, count) * rng.choice([1, 1, -1], count)),
        noise(log_uniform(rng, 5e-4, 5e-3)),
        wander(rng.uniform(0, 0.005), HOUR),
    )
    return Healthy(parts, (Pattern.STEP, Pattern.FLAT), traffic.steady(rng))


def shrinking(rng: Chance, window_s: float) -> Healthy:
    """Start-up memory that is given back."""
    tau = min(log_uniform(rng, 20 * MINUTE, DAY), 0.4 * window_s)
    parts = (
        resident(rng.uniform(0.15, 0.4)),
        fading(rng.uniform(0.15, 0.35), tau),
        noise(log_uniform(rng, 4e-4, 5e-3)),
    )
    return Healthy(parts, (Pattern.SHRINKING, Pattern.FLAT), traffic.steady(rng))


def machine(rng: Chance, window_s: float) -> Healthy:
    """A virtual machine with everything on it: the day, jobs, a pool, changes, a slow wander."""
    moments = np.sort(rng.uniform(0.05, 0.95, 3)) * window_s
    every = float(rng.choice([4, 8, 12, 24])) * HOUR
    parts = (
        resident(rng.uniform(0.1, 0.45)),
        working_set(rng.uniform(0.02, 0.25), rng.uniform(5, 90) * MINUTE),
        jobs(rng.uniform(0, 0.2), every, every * rng.uniform(0.05, 0.4), phase_s=rng.uniform(0, every)),
        steps(moments, rng.uniform(-0.06, 0.06, 3) * (rng.random(3) < 0.5)),
        wander(rng.uniform(0.002, 0.03), log_uniform(rng, HOUR, DAY)),
        noise(log_uniform(rng, 1e-3, 1.5e-2)),
    )
    return Healthy(parts, (), traffic.daily(rng), vm=True, least_s=3 * DAY)


def database(rng: Chance, window_s: float) -> Healthy:
    """Block cache that fills, and write buffers that are flushed."""
    parts = (
        resident(rng.uniform(0.08, 0.2)),
        cache_fill(
            rng.uniform(0.2, 0.45), min(log_uniform(rng, HOUR, 1.5 * DAY), 0.5 * window_s), rng.uniform(0.2, 0.9)
        ),
        collector(rng.uniform(0.02, 0.12), log_uniform(rng, 10 * MINUTE, 3 * HOUR)),
        noise(log_uniform(rng, 4e-4, 4e-3)),
    )
    return Healthy(parts, (Pattern.WARM_UP, Pattern.SAWTOOTH), traffic.daily(rng))


def keys_with_ttl(rng: Chance, window_s: float) -> Healthy:
    """A key store whose keys expire."""
    ttl = min(log_uniform(rng, 0.5 * HOUR, 1.5 * DAY), 0.4 * window_s)
    parts = (
        resident(rng.uniform(0.05, 0.2)),
        keyspace(rng.uniform(0.2, 0.5), ttl),
        noise(log_uniform(rng, 3e-4, 3e-3)),
    )
    patterns = (Pattern.PERIODIC, Pattern.WARM_UP, Pattern.LOAD_DRIVEN)
    return Healthy(parts, patterns, traffic.daily(rng), least_s=2 * DAY)


def compiled(rng: Chance, window_s: float) -> Healthy:
    """A just-in-time compiler's code and a class space: two start-ups of different speed, under a collector."""
    slow = min(log_uniform(rng, 2 * HOUR, DAY), 0.3 * window_s)
    parts = (
        resident(rng.uniform(0.1, 0.2)),
        warm_up(rng.uniform(0.05, 0.2), slow / rng.uniform(8, 30)),
        warm_up(rng.uniform(0.05, 0.2), slow),
        collector(rng.uniform(0.05, 0.2), min(log_uniform(rng, 2 * MINUTE, HOUR), window_s / 8), kept=0.05),
        noise(log_uniform(rng, 3e-4, 3e-3)),
    )
    return Healthy(parts, (Pattern.WARM_UP, Pattern.SAWTOOTH), traffic.steady(rng), collected=True)


def surging(rng: Chance, window_s: float) -> Healthy:
    """Load that comes in surges of hours; buffers that drain slowly."""
    every = rng.uniform(5, 40) * HOUR
    every = min(every, window_s / 3)
    parts = (
        resident(rng.uniform(0.2, 0.4)),
        jobs(rng.uniform(0.05, 0.25), every, every * rng.uniform(0.2, 0.5), phase_s=rng.uniform(0, every), uneven=0.5),
        wander(rng.uniform(0.005, 0.02), 2 * HOUR),
        noise(log_uniform(rng, 5e-4, 8e-3), heavy=rng.uniform(0, 0.03)),
    )
    return Healthy(parts, (), traffic.daily(rng))


BOTH: dict[str, Family] = {
    "backed-up": backed_up,
    "batch": batch,
    "cached": cached,
    "collected": collected,
    "configured": configured,
    "deployed": deployed,
    "idle": idle,
    "machine": machine,
    "pooled": pooled,
    "recycled": recycled,
    "restarted": restarted,
    "service": service,
    "starting": starting,
    "wandering": wandering,
}
TUNE_ONLY: dict[str, Family] = {"drifting": drifting, "shrinking": shrinking}
HELD_ONLY: dict[str, Family] = {
    "compiled": compiled,
    "database": database,
    "keys-with-ttl": keys_with_ttl,
    "surging": surging,
}


def families(part: str) -> dict[str, Family]:
    return BOTH | (TUNE_ONLY if part == "tune" else HELD_ONLY)
