"""The verdict on one workload series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oakum.judge import reasons
from oakum.judge.floor import Floor, floor_of
from oakum.judge.forecast import forecast
from oakum.judge.pattern import Reading, read_pattern
from oakum.judge.restarts import checked, last_limit, repeated_climbs, split
from oakum.judge.settings import JudgeSettings
from oakum.judge.slope import robust_slope
from oakum.model.curve import Curve
from oakum.model.series import Ending, Metric, Series, WorkloadSeries
from oakum.model.units import format_duration
from oakum.model.verdict import Forecast, Pattern, Verdict, VerdictName

_CACHE_INCLUDED = frozenset({Metric.USAGE, Metric.WORKING_SET})


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """All that the decision looks at. ``climbs``: earlier lifetimes that climbed until they died."""

    workload: WorkloadSeries
    lifetime: Series
    lifetimes: int
    floor: Floor
    reading: Reading
    slope: tuple[float, float, float]
    span_s: float
    climbs: int
    limit: float | None

    @property
    def level(self) -> float:
        return float(self.floor.value[-1])


def judge(workload: WorkloadSeries, settings: JudgeSettings | None = None) -> Verdict:
    """Raises DataError for times that do not increase or values that are no numbers."""
    chosen = settings or JudgeSettings()
    lifetimes = [part for lifetime in checked(workload) for part in split(lifetime)]
    if not lifetimes or max(len(lifetime) for lifetime in lifetimes) < chosen.least_samples:
        return _too_little(workload, lifetimes, chosen)
    case = _case(workload, lifetimes, chosen)
    return _decide(case, chosen)


def curve(workload: WorkloadSeries, settings: JudgeSettings | None = None) -> Curve | None:
    """The lines that the verdict was read from; None where there is too little to draw."""
    chosen = settings or JudgeSettings()
    lifetimes = [part for lifetime in checked(workload) for part in split(lifetime)]
    if not lifetimes or max(len(lifetime) for lifetime in lifetimes) < chosen.least_samples:
        return None
    case = _case(workload, lifetimes, chosen)
    start_s = float(case.floor.at_s[0])
    verdict = _decide(case, chosen)
    ahead = min((row.p50_s for row in verdict.forecasts if np.isfinite(row.p50_s)), default=0.0)
    at = np.linspace(start_s, float(case.lifetime.at_s[-1]) + min(ahead, 2 * case.span_s), 80)
    fit = case.reading.shape.at((at - start_s) / case.span_s)
    away = at - float(np.mean(case.floor.at_s))
    _, low, high = case.slope
    middle = case.slope[0]
    band = case.floor.spread
    return Curve(
        case.floor.at_s,
        case.floor.value,
        at,
        fit,
        fit + np.minimum((low - middle) * away, (high - middle) * away) - band,
        fit + np.maximum((low - middle) * away, (high - middle) * away) + band,
    )


def _case(workload: WorkloadSeries, lifetimes: list[Series], settings: JudgeSettings) -> _Case:
    """The last lifetime that is long enough speaks; the earlier ones are heard as climbs that ended."""
    lifetime = next(part for part in reversed(lifetimes) if len(part) >= settings.least_samples)
    floor = floor_of(lifetime.at_s, lifetime.value, points=settings.floor_points)
    slope = robust_slope(floor.at_s, floor.value)
    span_s = max(float(floor.at_s[-1] - floor.at_s[0]), 1e-9)
    return _Case(
        workload,
        lifetime,
        len(lifetimes),
        floor,
        read_pattern(lifetime, floor, settings),
        slope,
        span_s,
        repeated_climbs(lifetimes),
        last_limit(lifetime),
    )


def _decide(case: _Case, settings: JudgeSettings) -> Verdict:
    pattern = case.reading.pattern
    forecasts = _forecasts(case)
    soonest = min((row.p50_s for row in forecasts), default=float("inf"))
    short = case.span_s < settings.short_history_s and case.climbs < 2
    name, probability = _name(case, settings, soonest=soonest, short=short)
    if case.workload.metric in _CACHE_INCLUDED and name is VerdictName.LEAK:
        probability *= 0.9
    rising = pattern.leaks or pattern is Pattern.WARM_UP
    return Verdict(
        name=name,
        pattern=pattern,
        probability=round(probability, 3),
        level=case.level,
        rate_per_s=case.slope[0],
        rate_interval=(case.slope[1], case.slope[2]),
        onset_s=_onset(case) if rising else None,
        limit=case.limit,
        forecasts=forecasts if pattern.leaks else (),
        reasons=tuple(reasons.told(case.workload, case.lifetime, case.reading, case.floor, case.slope, case.climbs)),
        settles=_settles(name, case, settings, short=short),
    )


def _name(case: _Case, settings: JudgeSettings, *, soonest: float, short: bool) -> tuple[VerdictName, float]:
    pattern, quarters = case.reading.pattern, case.reading.quarters
    if case.climbs >= 2 and pattern.leaks:
        return VerdictName.LEAK, 0.95
    if not pattern.leaks:
        early = case.span_s < settings.short_history_s
        if pattern is Pattern.WARM_UP:
            return VerdictName.SUSPECT if early else VerdictName.HEALTHY, 0.3 if early else 0.1
        return VerdictName.HEALTHY, 0.05 if pattern is Pattern.FLAT else 0.1
    grown = case.reading.rise / max(case.level, 1.0)
    steady = case.slope[1] > 0
    if short:
        return VerdictName.SUSPECT, 0.75 if steady and quarters >= 3 else 0.5
    if not steady or quarters < 3 or grown < 0.04 or (soonest > settings.far_s and grown < 0.2):
        return VerdictName.SUSPECT, 0.45
    return VerdictName.LEAK, min(0.98, 0.75 + 0.08 * (quarters - 3) + 0.3 * min(grown, 0.5))


def _forecasts(case: _Case) -> tuple[Forecast, ...]:
    found = []
    for boundary, limit in (("limit", case.limit), ("node", case.workload.node_limit)):
        if limit is not None and np.isfinite(limit) and not (boundary == "node" and case.limit is not None):
            now = float(case.lifetime.value[-1])
            found.append(forecast(boundary, limit - now, case.slope, shape=case.reading.shape, span_s=case.span_s))
    return tuple(found)


def _onset(case: _Case) -> float:
    """When the floor left its first level for good."""
    value = case.floor.value
    start = float(np.median(value[: max(1, value.size // 8)]))
    line = start + 0.1 * (float(value[-1]) - start)
    below = np.flatnonzero(value <= line)
    return float(case.floor.at_s[below[-1]] if below.size else case.floor.at_s[0])


def _settles(name: VerdictName, case: _Case, settings: JudgeSettings, *, short: bool) -> str:
    if name in {VerdictName.HEALTHY, VerdictName.LEAK}:
        return ""
    if short:
        more = format_duration(max(60.0, settings.short_history_s - case.span_s))
        return f"two captures of the heap, or {more} more: a cache that fills would have bent by then"
    return f"{format_duration(case.span_s)} more at the same load: chance and warm-up would have ended by then"


def _too_little(workload: WorkloadSeries, lifetimes: list[Series], settings: JudgeSettings) -> Verdict:
    samples = sum(len(lifetime) for lifetime in lifetimes)
    last = lifetimes[-1] if lifetimes else None
    step_s = float(np.median(np.diff(last.at_s))) if last is not None and len(last) > 1 else 60.0
    wait = format_duration(max(1.0, step_s * settings.least_samples))
    killed = sum(lifetime.ending is Ending.OOM_KILLED for lifetime in workload.lifetimes)
    told = [f"{samples} samples are too few to tell a trend from noise"]
    if killed:
        told.append(f"it was OOM-killed {killed} times")
    return Verdict(
        VerdictName.CANNOT_TELL,
        None,
        None,
        float(last.value[-1]) if last is not None else float("nan"),
        limit=last_limit(last) if last is not None else None,
        reasons=tuple(told),
        settles=f"{settings.least_samples} samples or more: watch {wait} longer",
    )
