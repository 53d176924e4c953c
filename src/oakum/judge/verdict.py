"""From figures to a verdict: its name, its probability, its forecast and its words."""

from __future__ import annotations

import math

import numpy as np

from oakum.judge import kernels, weights
from oakum.judge.columns import limits, loads
from oakum.judge.ledger import empty_ledger
from oakum.judge.reasons import told
from oakum.judge.restarts import checked, last_limit
from oakum.judge.settings import JudgeSettings
from oakum.model.curve import Curve
from oakum.model.series import Ending, Floats, Series, WorkloadSeries
from oakum.model.units import format_duration
from oakum.model.verdict import Forecast, Pattern, Verdict, VerdictName

PATTERNS = (
    Pattern.FLAT,
    Pattern.WARM_UP,
    Pattern.LINEAR,
    Pattern.ACCELERATING,
    Pattern.EXPONENTIAL,
    Pattern.SAWTOOTH,
    Pattern.RISING_SAWTOOTH,
    Pattern.STEP,
    Pattern.SPIKE,
    Pattern.PERIODIC,
    Pattern.LOAD_DRIVEN,
    Pattern.SHRINKING,
)
"""By the kernels' number of a shape."""

CLEAR_QUARTERS = 3
REACHES = (kernels.REACH_5, kernels.REACH_10, kernels.REACH_50, kernels.REACH_90, kernels.REACH_95)


def judge(workload: WorkloadSeries, settings: JudgeSettings | None = None) -> Verdict:
    """Raises DataError for times that do not increase or values that are no numbers. No compiler is waited for."""
    lifetimes = checked(workload)
    answer = weighed(workload, lifetimes) if lifetimes else np.full(kernels.ANSWER, np.nan)
    return verdict_of(workload, answer, lifetimes[-1] if lifetimes else None, settings or JudgeSettings())


def weighed(workload: WorkloadSeries, lifetimes: list[Series]) -> Floats:
    """float64[ANSWER] of the kernels, interpreted."""
    ledger = empty_ledger(float(lifetimes[0].at_s[0]))
    for number, lifetime in enumerate(lifetimes):
        ledger = ledger.added(lifetime.at_s, lifetime.value, loads(lifetime), number)
    dead = np.array([lifetime.ending is Ending.OOM_KILLED for lifetime in lifetimes], np.bool_)
    limit, boundary, least = limits(workload, lifetimes)
    answer = np.empty(kernels.ANSWER)
    kernels.weigh(
        ledger.bins(),
        ledger.life,
        ledger.samples,
        limit,
        boundary,
        least,
        dead,
        weights.KNOWN,
        weights.FRESH,
        weights.FORESIGHT,
        answer,
    )
    return answer


def verdict_of(workload: WorkloadSeries, answer: Floats, last: Series | None, settings: JudgeSettings) -> Verdict:
    """``answer``: float64[ANSWER]. ``last``: the present lifetime."""
    samples = workload.samples
    if last is None or samples < settings.least_samples:
        return _too_little(workload, last, settings)
    name, probability = named(answer, settings)
    pattern = PATTERNS[int(answer[kernels.SHAPE])]
    may_leak = name in {VerdictName.LEAK, VerdictName.SUSPECT}
    return Verdict(
        name=name,
        pattern=pattern,
        probability=round(probability, 3),
        level=float(answer[kernels.FLOOR_NOW]),
        rate_per_s=float(answer[kernels.RATE]),
        rate_interval=(float(answer[kernels.RATE_LOW]), float(answer[kernels.RATE_HIGH])),
        onset_s=float(answer[kernels.ONSET]) if may_leak and math.isfinite(answer[kernels.ONSET]) else None,
        limit=last_limit(last),
        forecasts=_forecasts(answer, last) if may_leak else (),
        reasons=tuple(told(workload, answer, pattern, name)),
        settles=_settles(name, answer, settings),
    )


def named(answer: Floats, settings: JudgeSettings) -> tuple[VerdictName, float]:
    """(name, probability) of a series with enough samples."""
    evidence = float(answer[kernels.EVIDENCE])
    probability = 1 / (1 + math.exp(-(weights.SURE[0] * evidence + weights.SURE[1])))
    short = answer[kernels.SPAN] < settings.short_history_s and answer[kernels.CLIMBS] < 1
    if short:
        rising = answer[kernels.RATE_LOW] > 0 and answer[kernels.RISEN] >= CLEAR_QUARTERS
        grown = answer[kernels.RATE] * answer[kernels.SPAN] > 0.01 * abs(answer[kernels.FLOOR_NOW])
        if rising and grown:
            return VerdictName.SUSPECT, 0.75 if answer[kernels.RISEN] > CLEAR_QUARTERS else 0.5
        return VerdictName.HEALTHY, min(probability, 0.2)
    if evidence >= weights.LEAK_AT:
        return VerdictName.LEAK, probability
    if evidence >= weights.SUSPECT_AT:
        return VerdictName.SUSPECT, probability
    return VerdictName.HEALTHY, probability


def _forecasts(answer: Floats, last: Series) -> tuple[Forecast, ...]:
    reaches = [float(answer[column]) for column in REACHES]
    if not math.isfinite(reaches[2]):
        return ()
    boundary = "limit" if last_limit(last) is not None else "node"
    p5, p10, p50, p90, p95 = reaches
    return (Forecast(boundary, p10, p50, p90, p5_s=p5, p95_s=p95),)


def curve(workload: WorkloadSeries, settings: JudgeSettings | None = None) -> Curve | None:
    """The lines that the verdict was read from; None where there is too little to draw."""
    chosen = settings or JudgeSettings()
    lifetimes = checked(workload)
    if not lifetimes or len(lifetimes[-1]) < chosen.least_samples:
        return None
    last = lifetimes[-1]
    answer = weighed(workload, lifetimes)
    times, floor = np.empty(kernels.FINE), np.empty(kernels.FINE)
    n = kernels.fine_floor(last.at_s, last.at_s, last.value, 0, times, floor)
    now, onset = float(last.at_s[-1]), float(answer[kernels.ONSET])
    if not math.isfinite(onset):
        onset = float(times[0])
    ahead = float(answer[kernels.REACH_50])
    ahead = min(ahead, 2 * (now - onset)) if math.isfinite(ahead) else 0.0
    at = np.linspace(onset, max(now + ahead, onset + 1e-3), 80)
    straight = not math.isfinite(answer[kernels.GAIN]) or answer[kernels.GAIN] <= 0
    if straight:
        fit = floor[n - 1] + answer[kernels.RATE] * (at - times[n - 1])
    else:
        u = np.maximum(at - onset, 0.0) / max(now - onset, 1e-9)
        fit = answer[kernels.BASE] + answer[kernels.GAIN] * _along(u, float(answer[kernels.BEND]))
    away = at - float(np.mean(times[:n]))
    low = (answer[kernels.RATE_LOW] - answer[kernels.RATE]) * away
    high = (answer[kernels.RATE_HIGH] - answer[kernels.RATE]) * away
    steps = np.abs(np.diff(last.value))
    band = float(np.median(steps)) if steps.size else 0.0
    return Curve(
        times[:n].copy(),
        floor[:n].copy(),
        at,
        fit,
        fit + np.minimum(low, high) - band,
        fit + np.maximum(low, high) + band,
    )


def _along(u: Floats, law: float) -> Floats:
    """``kernels.bent`` of many."""
    bent: Floats = u**law if law > 0 else np.expm1(-law * u) / np.expm1(-law)
    return bent


def _settles(name: VerdictName, answer: Floats, settings: JudgeSettings) -> str:
    if name in {VerdictName.HEALTHY, VerdictName.LEAK}:
        return ""
    span = float(answer[kernels.SPAN])
    if span < settings.short_history_s:
        more = format_duration(max(60.0, settings.short_history_s - span))
        return f"two captures of the heap, or {more} more: a cache that fills would have bent by then"
    window = answer[kernels.CLIMB_S]
    more = format_duration(float(window) if math.isfinite(window) else span)
    return f"{more} more at the same load: what is chance or warm-up will have ended by then"


def _too_little(workload: WorkloadSeries, last: Series | None, settings: JudgeSettings) -> Verdict:
    step_s = float(np.median(np.diff(last.at_s))) if last is not None and len(last) > 1 else 60.0
    wait = format_duration(max(1.0, step_s * settings.least_samples))
    reasons = [f"{workload.samples} samples are too few to tell a trend from noise"]
    if workload.oom_kills:
        reasons.append(f"it was OOM-killed {workload.oom_kills} times")
    return Verdict(
        VerdictName.CANNOT_TELL,
        None,
        None,
        float(last.value[-1]) if last is not None else float("nan"),
        limit=last_limit(last) if last is not None else None,
        reasons=tuple(reasons),
        settles=f"{settings.least_samples} samples or more: watch {wait} longer",
    )
