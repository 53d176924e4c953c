"""Why, in words that can be read at 3 AM."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.judge.floor import Floor
from oakum.judge.pattern import Reading
from oakum.model.series import Metric, Series, Unit, WorkloadSeries
from oakum.model.units import format_duration, format_rate, format_size
from oakum.model.verdict import Pattern

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


def told(
    workload: WorkloadSeries,
    lifetime: Series,
    reading: Reading,
    floor: Floor,
    slope: tuple[float, float, float],
    climbs: int,
) -> Iterator[str]:
    """The strongest first."""
    unit = workload.unit
    span = format_duration(float(lifetime.at_s[-1] - lifetime.at_s[0]))
    yield (
        f"over {span} the floor went from {_level(floor.value[0], unit)} to {_level(floor.value[-1], unit)}:"
        f" {_SHAPES[reading.pattern]}"
    )
    if reading.pattern.leaks:
        low, middle, high = sorted(slope)
        between = f"{_rate(low, unit)} to {_rate(high, unit)}"
        yield f"it rose in {reading.quarters} of 4 quarters, by {_rate(middle, unit)} ({between})"
    if climbs:
        yield f"{climbs} earlier lifetimes climbed in the same way until they ended"
    if workload.oom_kills:
        yield f"it was OOM-killed {workload.oom_kills} times"
    if workload.metric in {Metric.USAGE, Metric.WORKING_SET}:
        yield f"the metric is {workload.metric.value}, which counts page cache too: anonymous memory would be surer"


def _level(value: float, unit: Unit) -> str:
    return format_size(float(value)) if unit == "bytes" else f"{value:.1f} %"


def _rate(per_s: float, unit: Unit) -> str:
    return format_rate(per_s) if unit == "bytes" else f"{per_s * 3600:+.2f} points/h"
