"""From figures to a verdict: its name, its probability, its forecast and its words."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from oakum.judge import figures, weights
from oakum.judge.calm import Doubt, blind, hidden, horizon_of
from oakum.judge.columns import LEAST_POINTS
from oakum.judge.facts import Facts
from oakum.judge.lives import by_lives
from oakum.judge.reasons import counted, times, told
from oakum.judge.settings import JudgeSettings
from oakum.model.series import Floats, Unit
from oakum.model.units import format_duration
from oakum.model.verdict import CAPTURES, Forecast, Pattern, Verdict, VerdictName

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
YOUNG_S = 3600.0
PASTS = 1.5
"""Times all of its past: within so long a climb that is all its past must meet the boundary to be kept in doubt."""

SHORT_SHARE, YOUNG_SHARE = 0.01, 0.15

FEW = 6
"""Samples: fewer of a lifetime show no climb."""

SOME, MINUTE_S = 15, 60.0
"""Nor do fewer than so many samples within a minute: all starts climb for seconds. They cannot tell."""

NEAR_ROOMS = 20.0
"""So many times the room is what a share is taken of where that is less than the level: near a limit little is much."""

UNBENT = 1.0
"""Of what a floor gained in its first half, so much in its second: a line gains as much and a half (``goes_on``)."""

ENDED = 0.1
"""A climb whose last third gained less than this share of it, after it slowed down, has ended; a line gains 1/3."""

LEAST_SEEN_BYTES = 2.0**20
"""In minutes, growth of less than this is an allocator's."""

HARDLY_BENT = 0.75
"""As ``UNBENT``, for two hours of a noisy line; a start that saturates comes to less than a half."""

_LEAST_SEEN: Final[dict[Unit, float]] = {"bytes": LEAST_SEEN_BYTES, "percent": LEAST_POINTS, "connections": 2.0}
"""By unit: in minutes, what is gained must be more."""

REACHES = (figures.REACH_5, figures.REACH_10, figures.REACH_50, figures.REACH_90, figures.REACH_95)


def verdict_of(facts: Facts, answer: Floats, settings: JudgeSettings) -> Verdict:
    """``answer``: float64[ANSWER] of the kernels."""
    alike = by_lives(facts, settings, _LEAST_SEEN[facts.unit])
    if alike is not None:
        return alike
    unseen = facts.just_killed and facts.lives[-1].samples < settings.least_samples and answer[figures.CLIMBS] < 1
    if facts.samples < settings.least_samples or unseen:
        return _too_little(facts, settings)
    name, probability, doubt = named(facts, answer, settings)
    pattern = _pattern(answer, name)
    may_leak = name in {VerdictName.LEAK, VerdictName.SUSPECT}
    return Verdict(
        name=name,
        pattern=pattern,
        probability=None if probability is None else round(probability, 3),
        level=float(answer[figures.FLOOR_NOW]),
        rate_per_s=float(answer[figures.RATE]),
        rate_interval=(float(answer[figures.RATE_LOW]), float(answer[figures.RATE_HIGH])),
        onset_s=float(answer[figures.ONSET]) if may_leak and math.isfinite(answer[figures.ONSET]) else None,
        limit=facts.limit,
        forecasts=_forecasts(facts, answer) if may_leak else (),
        reasons=(*([] if doubt is None else [doubt.why]), *told(facts, answer, pattern, name)),
        settles=_settles(name, answer, settings) if doubt is None else doubt.settles,
    )


def named(facts: Facts, answer: Floats, settings: JudgeSettings) -> tuple[VerdictName, float | None, Doubt | None]:
    """(name, probability, what keeps it from being called healthy) of a series with enough samples."""
    evidence = float(answer[figures.EVIDENCE])
    probability = 1 / (1 + math.exp(-float(np.interp(evidence, weights.SURE[0], weights.SURE[1]))))
    if answer[figures.SPAN] < settings.short_history_s and answer[figures.CLIMBS] < 1:
        if _climbs(facts, answer, SHORT_SHARE):
            return VerdictName.SUSPECT, 0.75 if answer[figures.RISEN] > CLEAR_QUARTERS else 0.5, None
        return _healthy(facts, answer, settings, min(probability, 0.2))
    if evidence >= weights.LEAK_AT:
        return VerdictName.LEAK, probability, None
    # The first hour has no past to compare it with: there a clear climb stays open.
    young = _unpast(facts, answer) and _climbs(facts, answer, YOUNG_SHARE)
    again = answer[figures.SPAN] < settings.short_history_s and answer[figures.CLIMBS] >= 1 and facts.just_killed
    if evidence >= weights.SUSPECT_AT:
        return VerdictName.SUSPECT, probability, None
    # Minutes after a climb that killed nothing has changed yet.
    if young or again or _near(facts, answer, settings) or _leaves_more(answer):
        return VerdictName.SUSPECT, max(probability, 0.5), None
    return _healthy(facts, answer, settings, probability)


def _healthy(
    facts: Facts, answer: Floats, settings: JudgeSettings, probability: float
) -> tuple[VerdictName, float | None, Doubt | None]:
    """Unless something may hide."""
    doubt = hidden(facts, answer, young_s=YOUNG_S, climbs=_climbs(facts, answer, YOUNG_SHARE))
    doubt = blind(facts, answer, settings) if doubt is None else doubt
    if doubt is None:
        return VerdictName.HEALTHY, probability, None
    return (
        (VerdictName.SUSPECT, max(probability, 0.5), doubt) if doubt.climbs else (VerdictName.CANNOT_TELL, None, doubt)
    )


def _unpast(facts: Facts, answer: Floats) -> bool:
    """Whether its past is too short to say that climbs of it end: an hour, or all of it is one that soon is full."""
    span, room = float(answer[figures.SPAN]), facts.boundary[1] - float(answer[figures.FLOOR_NOW])
    if span < YOUNG_S:
        return True
    unbent = math.isnan(answer[figures.GAP_S]) and answer[figures.GOES_ON] >= HARDLY_BENT
    return bool(unbent and answer[figures.RATE] * PASTS * span >= room)


def _near(facts: Facts, answer: Floats, settings: JudgeSettings) -> bool:
    """Whether it climbs, whatever its past, and meets its boundary within the horizon at that pace."""
    room = facts.boundary[1] - float(answer[figures.FLOOR_NOW])
    return _climbs(facts, answer, SHORT_SHARE) and bool(
        answer[figures.RATE] * horizon_of(facts, answer, settings) >= room
    )


def _leaves_more(answer: Floats) -> bool:
    """Whether what collections leave is surely more each time, and unbent: what is given back says nothing of that."""
    toothed = PATTERNS[int(answer[figures.SHAPE])] is Pattern.RISING_SAWTOOTH
    return toothed and bool(answer[figures.RATE_LOW] > 0 and answer[figures.GOES_ON] >= UNBENT)


def _pattern(answer: Floats, name: VerdictName) -> Pattern:
    """The shape; of what is not suspected none that speaks against it: a floor of teeth bends, a climb has ended."""
    pattern = PATTERNS[int(answer[figures.SHAPE])]
    if name in {VerdictName.LEAK, VerdictName.SUSPECT}:
        return pattern
    rises = bool(answer[figures.RATE_LOW] > 0)
    if name is VerdictName.HEALTHY and pattern is Pattern.RISING_SAWTOOTH:
        return Pattern.WARM_UP if rises else Pattern.SAWTOOTH
    young = answer[figures.SPAN] < YOUNG_S
    return Pattern.WARM_UP if young and pattern.leaks and rises and _ended(answer) else pattern


def _ended(answer: Floats) -> bool:
    """Whether it slowed down, and stands by now: what it gained before was a start, or a cache that is full."""
    return bool(answer[figures.LAST_THIRD] < ENDED)


def _climbs(facts: Facts, answer: Floats, share: float) -> bool:
    """Whether the floor rose steadily, by more than ``share`` of its level and by more than what comes and goes."""
    gain, level = float(answer[figures.RATE] * answer[figures.SPAN]), abs(float(answer[figures.FLOOR_NOW]))
    toothed = PATTERNS[int(answer[figures.SHAPE])] is Pattern.RISING_SAWTOOTH
    least = _LEAST_SEEN[facts.unit]
    # A few teeth say little of their floor: there it must have risen by much, and all the time.
    quarters = CLEAR_QUARTERS + toothed
    samples = facts.lives[-1].samples
    few = samples < FEW or (samples < SOME and answer[figures.SPAN] < MINUTE_S)
    if few or answer[figures.RATE_LOW] <= 0 or answer[figures.RISEN] < quarters:
        return False
    if _ended(answer):
        return False
    comes_and_goes = facts.lives[-1].highest - level
    whole = min(level, NEAR_ROOMS * max(0.0, facts.boundary[1] - level))
    return gain > max((0.1 if toothed else share) * whole, least, comes_and_goes)


def _forecasts(facts: Facts, answer: Floats) -> tuple[Forecast, ...]:
    p5, p10, p50, p90, p95 = (float(answer[column]) for column in REACHES)
    name, boundary = facts.boundary
    if math.isfinite(p50):
        return (Forecast(name, p10, p50, p90, p5_s=p5, p95_s=p95),)
    # Too few bins for a law: as its slope says.
    room, lawless = boundary - float(answer[figures.FLOOR_NOW]), math.isnan(answer[figures.GAIN])
    if lawless and math.isfinite(boundary) and room > 0 and answer[figures.RATE_LOW] > 0:
        p10, p50, p90 = (room / float(answer[column]) for column in (figures.RATE_HIGH, figures.RATE, figures.RATE_LOW))
        return (Forecast(name, p10, p50, p90),)
    return ()


def _settles(name: VerdictName, answer: Floats, settings: JudgeSettings) -> str:
    if name in {VerdictName.HEALTHY, VerdictName.LEAK}:
        return ""
    span = float(answer[figures.SPAN])
    if span < settings.short_history_s:
        more = format_duration(max(60.0, settings.short_history_s - span))
        return f"{CAPTURES}{more} more: a cache that fills would have bent by then"
    window = answer[figures.CLIMB_S]
    more = format_duration(float(window) if math.isfinite(window) else span)
    return f"{more} more at the same load: what is chance or warm-up will have ended by then"


def _too_little(facts: Facts, settings: JudgeSettings) -> Verdict:
    last = facts.lives[-1] if facts.lives else None
    samples = last.samples if last is not None else 0
    reasons = [f"{counted(samples, 'sample')} of this lifetime cannot tell a trend from noise"]
    if facts.kills:
        reasons.append(f"it was OOM-killed {times(len(facts.kills))}")
    return Verdict(
        VerdictName.CANNOT_TELL,
        None,
        None,
        last.last_value if last is not None else float("nan"),
        limit=facts.limit,
        reasons=tuple(reasons),
        settles=_more_samples(facts, settings),
    )


def _more_samples(facts: Facts, settings: JudgeSettings) -> str:
    least = settings.least_samples
    if facts.just_killed and facts.lives[-2].lived_s > 0 and facts.lives[-2].samples < least:
        lived_s = facts.lives[-2].lived_s
        return f"a sample every {format_duration(lived_s / least)}: it lived for {format_duration(lived_s)} last time"
    last = facts.lives[-1] if facts.lives else None
    step_s = (last.last_s - last.first_s) / (last.samples - 1) if last is not None and last.samples > 1 else 60.0
    return f"{least} samples or more: watch {format_duration(max(1.0, step_s * least))} longer"
