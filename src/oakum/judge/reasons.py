"""Why, in words that can be read at 3 AM."""

from __future__ import annotations

import math
from collections.abc import Iterator

from oakum.judge import kernels
from oakum.judge.facts import Facts
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


def told(facts: Facts, answer: Floats, pattern: Pattern, name: VerdictName) -> Iterator[str]:
    """The strongest first. ``answer``: float64[ANSWER] of the kernels."""
    unit = facts.unit
    may_leak = name in {VerdictName.LEAK, VerdictName.SUSPECT}
    now, rise = float(answer[kernels.FLOOR_NOW]), float(answer[kernels.FLOOR_RISE])
    span = format_duration(float(answer[kernels.SPAN]))
    if math.isfinite(rise):
        before, since = max(now - rise, 0.0), format_duration(float(answer[kernels.FLOOR_S]))
        yield f"over {since} the floor went from {_level(before, unit)} to {_level(now, unit)}: {_SHAPES[pattern]}"
    else:
        yield f"over {span} it stood at {_level(now, unit)}"
    if may_leak:
        low, high = _rate(float(answer[kernels.RATE_LOW]), unit), _rate(float(answer[kernels.RATE_HIGH]), unit)
        rate = _rate(float(answer[kernels.RATE]), unit)
        yield f"it rose in {int(answer[kernels.RISEN])} of 4 quarters, by {rate} ({low} to {high})"
        yield from _above(answer, unit)
    climbs = int(answer[kernels.CLIMBS]) if math.isfinite(answer[kernels.CLIMBS]) else 0
    if climbs:
        yield f"{climbs} earlier lifetimes climbed in the same way until they ended"
        yield from _sooner(facts)
    if facts.kills:
        levels = ", ".join(_level(value, unit) for value in facts.kills[-3:])
        yield f"it was OOM-killed {len(facts.kills)} times, last seen at {levels}"
    if answer[kernels.LOADED] >= 0.3:  # below, it was not taken out
        yield f"the request rate explains {answer[kernels.LOADED]:.0%} of its ups and downs, which were taken out"
    if facts.metric in {Metric.USAGE, Metric.WORKING_SET}:
        yield f"the metric is {facts.metric.value}, which counts page cache too: anonymous memory would be surer"


def _above(answer: Floats, unit: Unit) -> Iterator[str]:
    """How it stands beside its own past."""
    window, above = answer[kernels.CLIMB_S], answer[kernels.ABOVE]
    if not math.isfinite(window) or answer[kernels.EVIDENCE] <= -4:
        return
    if answer[kernels.HISTORY_S] >= window:
        past = format_duration(float(answer[kernels.HISTORY_S]))
        yield f"it stands {_level(float(above), unit)} above anything that {past} of history kept up"
    else:
        yield f"{format_duration(float(answer[kernels.SPAN]))} is all that is known: no past to compare it with"


def _sooner(facts: Facts) -> Iterator[str]:
    """Time between restarts that shrinks."""
    lived = [life.lived_s for life in facts.lives[:-1]][-3:]
    if len(lived) == 3 and all(after < 0.9 * before for before, after in zip(lived, lived[1:], strict=False)):
        yield f"it lives shorter each time: {', '.join(format_duration(one) for one in lived)}"


def _level(value: float, unit: Unit) -> str:
    return format_size(float(value)) if unit == "bytes" else f"{value:.1f} %"


def _rate(per_s: float, unit: Unit) -> str:
    return format_rate(per_s) if unit == "bytes" else f"{per_s * 3600:+.2f} points/h"
