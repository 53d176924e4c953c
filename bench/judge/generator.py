"""Cases from a name: healthy models, and leaks on them. The same name gives the same bytes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bench.judge import leaks, sampling
from bench.judge.case import Case, Truth
from bench.judge.components import DAY, HOUR, Life
from bench.judge.families import Family, Healthy, families
from bench.judge.leaks import Growth, Leak
from bench.judge.sampling import Scraper
from bench.judge.seeds import generator, log_uniform
from oakum.model.series import Ending, Floats, Series, WorkloadSeries

EPOCH_S = 1_700_006_400.0
BEYOND = 3.0
"""A leak is followed to this many windows, so that the moment of the limit is known."""

LEAK_FAMILIES = ("idle", "service", "starting", "cached", "collected", "batch", "pooled", "wandering", "machine")
TOP = 0.985


@dataclass(frozen=True, slots=True, eq=False)
class _Lived:
    """Lives on a grid of moments from 0 on; ``grown`` is the leak's part; ``ends`` are the kills at the limit."""

    at_s: Floats
    share: Floats
    grown: Floats
    load: Floats
    starts: tuple[int, ...]
    killed: tuple[bool, ...]
    stopped: bool


def names(part: str, *, healthy: int, leaking: int) -> list[str]:
    """``healthy`` series of each family and ``leaking`` of each kind of growth on each base."""
    well = [f"healthy/{family}/{number}" for family in sorted(families(part)) for number in range(healthy)]
    ill = [f"{growth}/{family}/{number}" for growth in Growth for family in LEAK_FAMILIES for number in range(leaking)]
    return well + ill


def case(part: str, name: str) -> Case:
    kind, family, _ = name.split("/")
    rng = generator(part, name)
    made = _some_weekday(families(part)[family], int(generator(part, f"{name}/day").integers(7)))
    if kind == "healthy":
        return _healthy(part, name, made, rng)
    return _leaking(part, name, made, rng)


def _some_weekday(family: Family, first_day: int) -> Family:
    """The family, with a week that begins anywhere."""

    def made(rng: np.random.Generator, window_s: float) -> Healthy:
        model = family(rng, window_s)
        return replace(model, traffic=replace(model.traffic, first_day=first_day))

    return made


def _healthy(part: str, name: str, family: Family, rng: np.random.Generator) -> Case:
    window_s = float(rng.choice([HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY, 14 * DAY], p=[0.05, 0.1, 0.2, 0.3, 0.25, 0.1]))
    model = family(rng, window_s * rng.uniform(0.8, 1.0))
    window_s = max(window_s, model.least_s)
    scraper = sampling.draw(rng, window_s, vm=model.vm)
    at = scraper.moments(window_s, rng)
    lived = _live(model, None, at, rng, oom=False)
    share = _below(lived.share)
    truth = Truth(family=name.split("/")[1], patterns=model.patterns, limit=scraper.limit)
    series = _observed(f"{part}/{name}", scraper, lived, share, at.size, rng)
    return Case(f"{part}/{name}", part, series, truth, float(series.lifetimes[0].at_s[0]))


def _leaking(part: str, name: str, family: Family, rng: np.random.Generator) -> Case:
    growth = Growth(name.split("/", maxsplit=1)[0])
    per_hour = log_uniform(rng, 0.001, 0.2)
    reach = log_uniform(rng, 0.15, 1.2) if rng.random() < 0.8 else log_uniform(rng, 0.03, 0.15)
    takes_s = float(np.clip(reach / per_hour * HOUR, HOUR, 10 * DAY))
    reach = min(reach, 0.2 * takes_s / HOUR)
    early = rng.random() < 0.3
    onset = 0.0 if early else takes_s * rng.uniform(0.25, 1.2)
    window_s = min(takes_s + onset, 14 * DAY)
    model = family(rng, window_s)
    if window_s < model.least_s and rng.random() < 0.8:
        # Where the day moves memory, what is normal must have been seen before.
        onset += model.least_s - window_s
        window_s = model.least_s
    leak = leaks.draw(rng, growth, reach=reach, takes_s=takes_s)
    scraper = sampling.draw(rng, window_s, vm=model.vm)
    at = scraper.moments(window_s * BEYOND, rng)
    oom = bool(rng.random() < 0.5)
    room = _room(model, at, window_s, generator(part, f"{name}/room"))
    lived = _live(model, (leak, onset), at, rng, oom=oom, scale=room)
    seen = int(np.searchsorted(at, window_s))
    if lived.stopped:
        seen = min(seen, lived.at_s.size)
    seen = max(seen, 12)
    return _told(part, name, scraper, lived, (model, leak, onset, seen), rng)


def _told(
    part: str,
    name: str,
    scraper: Scraper,
    lived: _Lived,
    made: tuple[Healthy, Leak, float, int],
    rng: np.random.Generator,
) -> Case:
    model, leak, onset, seen = made
    series = _observed(f"{part}/{name}", scraper, lived, np.minimum(lived.share, 1.0), seen, rng)
    at = lived.at_s + EPOCH_S
    since = int(np.searchsorted(lived.at_s, onset))
    window = slice(since, max(seen, since + 1))
    tail = slice(max(seen - max(2, seen // 20), 0), seen)
    base = lived.share[max(0, since - 30) : since + 3] - lived.grown[max(0, since - 30) : since + 3]
    climbs = np.diff(lived.grown[tail]) / np.diff(lived.at_s[tail])
    ends = [start - 1 for start in lived.starts[1:]] + ([lived.at_s.size - 1] if lived.stopped else [])
    killed = [at[end] for end, dead in zip(ends, lived.killed, strict=False) if dead]
    truth = Truth(
        family=name.split("/")[1],
        kind=str(leak.growth),
        patterns=leak.patterns(collected=model.collected),
        onset_s=EPOCH_S + onset,
        crosses_s=tuple(float(moment) for moment in killed),
        grown_at_s=at[:seen],
        grown=lived.grown[:seen],
        base=float(np.median(base)),
        rate_per_s=float(np.median(np.maximum(climbs, 0.0))) * scraper.limit if climbs.size else 0.0,
        limit=scraper.limit,
        reach=float(np.max(lived.grown[window], initial=0.0)),
    )
    return Case(f"{part}/{name}", part, series, truth, float(series.lifetimes[0].at_s[0]))


def _room(model: Healthy, at: Floats, window_s: float, rng: np.random.Generator) -> float:
    """Leaks need headroom: the healthy part is scaled so that it stays below 45 to 75 % of the limit."""
    alone = _live(model, None, at[at < window_s], rng, oom=False)
    return float(min(1.0, rng.uniform(0.45, 0.75) / max(float(alone.share.max()), 1e-6)))


def _live(
    model: Healthy,
    leak: tuple[Leak, float] | None,
    at: Floats,
    rng: np.random.Generator,
    *,
    oom: bool,
    scale: float = 1.0,
) -> _Lived:
    """One life after another. With ``oom`` a life that reaches the limit is killed and begins anew; else it ends."""
    load = model.traffic.at(at + EPOCH_S, rng)
    older = float(rng.choice([0.0, DAY * 3])) if not model.restarts_s and leak is not None else 0.0
    share, grown = np.zeros(at.size), np.zeros(at.size)
    starts, killed = [0], []
    born, stopped = -older, False
    while True:
        first = starts[-1]
        planned = [moment for moment in model.restarts_s if moment > at[first]]
        last = int(np.searchsorted(at, planned[0])) if planned else at.size
        last = max(last, first + 1)
        life = Life(at[first:last], at[first:last] - born, load[first:last], rng)
        part = scale * np.asarray(sum(component(life) for component in model.components))
        lost = np.zeros(part.size)
        if leak is not None:
            lost = leak[0].grown(life, life.at_s - max(leak[1], born))
        share[first:last], grown[first:last] = part + lost, lost
        over = np.flatnonzero(part + lost >= 1.0) if leak is not None else np.empty(0, np.int64)
        if over.size:
            last = first + int(over[0]) + 1
        killed.append(bool(over.size))
        if (over.size and not oom) or last >= at.size:
            stopped = bool(over.size) and not oom
            return _Lived(at[:last], share[:last], grown[:last], load[:last], tuple(starts), tuple(killed), stopped)
        starts.append(last)
        born = float(at[last]) - 1.0


def _below(share: Floats) -> Floats:
    """A healthy workload fits into its limit."""
    return np.clip(share * min(1.0, TOP / max(float(share.max()), 1e-9)), 0.0, None)


def _observed(
    identity: str, scraper: Scraper, lived: _Lived, share: Floats, seen: int, rng: np.random.Generator
) -> WorkloadSeries:
    """The first ``seen`` samples as lifetimes, or in one row when restarts were not seen."""
    at = lived.at_s[:seen] + EPOCH_S
    limit = np.full(seen, scraper.limit)
    value = scraper.read(share[:seen], limit)
    if scraper.shows_limit == 2:
        # A limit that was raised: the old one was lower, and is history.
        limit[: seen // 3] = scraper.limit * max(0.8, float(share[: seen // 3].max(initial=0.0)) * 1.02)
    shown = None if scraper.shows_limit == 0 else limit
    load = lived.load[:seen] * 300 if scraper.shows_load else None
    starts = [start for start in lived.starts if start < seen]
    if rng.random() < 0.3:
        starts = [0]
    edges = [*starts, seen]
    lives = []
    for number, (first, last) in enumerate(zip(edges, edges[1:], strict=False)):
        running = last == seen and not (lived.stopped and seen == lived.at_s.size)
        dead = lived.killed[number] if len(starts) > 1 else not running and lived.stopped
        lives.append(
            Series(
                at[first:last],
                value[first:last],
                None if shown is None else shown[first:last],
                None if load is None else load[first:last],
                started_s=float(at[first]) if number else None,
                ended_s=None if running else float(at[last - 1]),
                ending=Ending.RUNNING if running else Ending.OOM_KILLED if dead else Ending.REPLACED,
            )
        )
    return WorkloadSeries(identity, tuple(lives), unit=scraper.unit, scope=scraper.scope, metric=scraper.metric)
