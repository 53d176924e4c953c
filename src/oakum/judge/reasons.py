"""Why, in words that can be read at 3 AM."""

from __future__ import annotations

import math
from collections.abc import Iterator

from oakum.judge import figures
from oakum.judge.facts import Facts
from oakum.model.lifetimes_trend import Tendency, trend_of
from oakum.model.series import Floats, Metric, Unit
from oakum.model.units import format_duration, format_rate, format_size
from oakum.model.verdict import Pattern, VerdictName

_SHAPES = {
    Pattern.FLAT: "it stays where it is",
    Pattern.WARM_UP: "it rises ever more slowly, as a start-up or a cache that fills",
    Pattern.LINEAR: "it climbs steadily and does not bend",
    Pattern.ACCELERATING: "it climbs faster and faster",
    Pattern.EXPONENTIAL: "it doubles again and again",
    Pattern.SAWTOOTH: "garbage collection takes it back to the same floor each time",
    Pattern.RISING_SAWTOOTH: "what garbage collection leaves is more each time",
    Pattern.STEP: "it rose once, at one moment, and stayed there",
    Pattern.SPIKE: "it rose for a moment and came back",
    Pattern.PERIODIC: "it follows a rhythm and comes back",
    Pattern.LOAD_DRIVEN: "it follows the request rate",
    Pattern.SHRINKING: "it shrinks",
}


_MOVING = frozenset({Pattern.SAWTOOTH, Pattern.SPIKE, Pattern.PERIODIC, Pattern.LOAD_DRIVEN})
"""Shapes whose first and last level say nothing: it depends on when one looks."""


def told(facts: Facts, answer: Floats, pattern: Pattern, name: VerdictName) -> Iterator[str]:
    """The strongest first. ``answer``: float64[ANSWER] of the kernels."""
    unit = facts.unit
    may_leak = name in {VerdictName.LEAK, VerdictName.SUSPECT}
    yield _course(unit, answer, pattern, may_leak=may_leak)
    yield from _above_limit(facts)
    if may_leak:
        yield from _speed(answer, unit)
        yield from _above(answer, unit)
        yield from _until(facts, answer)
    climbs = int(answer[figures.CLIMBS]) if math.isfinite(answer[figures.CLIMBS]) else 0
    if climbs:
        yield f"{counted(climbs, 'earlier lifetime')} climbed until the end"
    elif may_leak and answer[figures.STRAIGHTS] >= 1:
        lives = counted(int(answer[figures.STRAIGHTS]), "earlier lifetime")
        yield f"{lives} climbed straight until it was ended, and nobody was killed"
    if may_leak or climbs or facts.kills:
        yield from sooner(facts)
    if facts.kills:
        levels = ", ".join(level_of(value, unit) for value in facts.kills[-3:])
        yield f"it was OOM-killed {times(len(facts.kills))}, last seen at {levels}"
    if answer[figures.LOADED] >= 0.3:  # below, it was not taken out
        yield f"the request rate explains {answer[figures.LOADED]:.0%} of its ups and downs, which were taken out"
    if facts.metric in {Metric.USAGE, Metric.WORKING_SET}:
        yield f"the metric is {facts.metric.value}, which counts page cache too: anonymous memory would be surer"


def counted(count: int, noun: str) -> str:
    """``1 sample``, ``2 samples``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def times(count: int) -> str:
    """``once``, ``2 times``."""
    return "once" if count == 1 else f"{count} times"


def _course(unit: Unit, answer: Floats, pattern: Pattern, *, may_leak: bool) -> str:
    """From where to where, over which time, and in which shape."""
    span_s = float(answer[figures.SPAN])
    if span_s <= 0:
        return f"this lifetime has one sample yet, at {level_of(float(answer[figures.FLOOR_NOW]), unit)}"
    if pattern in _MOVING:
        low, high = (level_of(float(answer[column]), unit) for column in (figures.LOWEST, figures.HIGHEST))
        return f"over {format_duration(span_s)} it moved between {low} and {high}: {_SHAPES[pattern]}"
    now = figures.FLOOR_LATE if pattern is Pattern.RISING_SAWTOOTH else figures.FLOOR_NOW
    before, after = (level_of(float(answer[column]), unit) for column in (figures.FLOOR_FIRST, now))
    course = f"over {format_duration(float(answer[figures.FLOOR_S]))} the floor went from {before} to {after}"
    # Too few bins for a shape: what is told is in the figures.
    if not math.isfinite(answer[figures.FLOOR_RISE]):
        return course
    little = may_leak and pattern is Pattern.FLAT
    return f"{course}: {'it climbs by little, and all the time' if little else _SHAPES[pattern]}"


def _above_limit(facts: Facts) -> Iterator[str]:
    """No memory stands above a limit that holds it: one of the two is not what it is taken for."""
    now = facts.lives[-1].last_value
    if facts.limit is not None and now > facts.limit:
        now_told, limit = level_of(now, facts.unit), level_of(facts.limit, facts.unit)
        yield (
            f"it stands at {now_told}, above its limit of {limit}: that limit does not hold this figure,"
            " or one of them is in another unit"
        )


def _speed(answer: Floats, unit: Unit) -> Iterator[str]:
    rate, low, high = (float(answer[column]) for column in (figures.RATE, figures.RATE_LOW, figures.RATE_HIGH))
    risen = int(answer[figures.RISEN])
    if not risen and rate == 0:
        return
    verb = f"it rose in {risen} of 4 quarters, by" if risen and rate > 0 else "it changes by"
    least, most = rate_of(low, unit), rate_of(high, unit)
    yield f"{verb} {rate_of(rate, unit)}" + (f" ({least} to {most})" if least != most else "")


def _above(answer: Floats, unit: Unit) -> Iterator[str]:
    """How it stands beside its own past."""
    window, above = answer[figures.CLIMB_S], float(answer[figures.ABOVE])
    if not math.isfinite(window) or answer[figures.EVIDENCE] <= -4:
        return
    past = format_duration(float(answer[figures.HISTORY_S]))
    if answer[figures.HISTORY_S] >= window:
        more = f"{above:.1f} points" if unit == "percent" else level_of(above, unit)
        yield f"it stands {more} above anything that {past} of history kept up"
    elif answer[figures.HISTORY_S] > 0:
        yield f"only {past} of history came before the climb: little to compare it with"
    else:
        yield "no past is known that it could be compared with"


def _until(facts: Facts, answer: Floats) -> Iterator[str]:
    """Where there is a boundary and no forecast."""
    name, boundary = facts.boundary
    if math.isfinite(boundary) and answer[figures.GAIN] > 0 and math.isnan(answer[figures.REACH_50]):
        yield f"when it reaches the {name} cannot be told yet: its curve allows for all sorts of times"


def sooner(facts: Facts) -> Iterator[str]:
    """Time between restarts that shrinks."""
    trend = trend_of([life.lived_s for life in facts.lives[:-1]])
    if trend is not None and trend.tendency is Tendency.SHORTER:
        yield trend.words


def level_of(value: float, unit: Unit) -> str:
    """``64.0 MiB``, ``12.5 %``, ``12 connections``."""
    if unit == "percent":
        return f"{value:.1f} %"
    return format_size(float(value)) if unit == "bytes" else f"{value:.0f} {unit}"


def rate_of(per_s: float, unit: Unit) -> str:
    """``+1.0 MiB/s``, ``+0.50 points/h``, ``+2.00 connections/min``."""
    if unit == "percent":
        return f"{per_s * 3600:+.2f} points/h"
    return format_rate(per_s) if unit == "bytes" else f"{per_s * 60:+.2f} {unit}/min"
