"""Which of the twelve patterns a floor shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oakum.judge.floor import Floor
from oakum.judge.season import load_explains, period_share
from oakum.judge.settings import JudgeSettings
from oakum.judge.shapes import Shape, fit_shapes
from oakum.model.series import Floats, Series
from oakum.model.verdict import Pattern

CLEAR = 4.0
"""A rise of this many times the floor's own noise is no chance."""


@dataclass(frozen=True, slots=True)
class Reading:
    """``significant``: the floor rose by more than noise and more than a trifle. ``quarters``: in how many it rose."""

    pattern: Pattern
    shape: Shape
    significant: bool
    quarters: int
    rise: float


def read_pattern(lifetime: Series, floor: Floor, settings: JudgeSettings) -> Reading:
    at, value = floor.at_s, floor.value
    u = (at - at[0]) / max(at[-1] - at[0], 1e-9)
    shapes = fit_shapes(u, value)
    line = shapes["linear"]
    rest = value - line.at(u)
    curved = min(
        (shapes[name] for name in ("saturating", "exponential", "accelerating", "linear", "step")),
        key=lambda s: s.score,
    )
    noise = 1.4826 * float(np.median(np.abs(value - curved.at(u)))) + floor.spread * 0.3
    rise = _rise(value)
    quarters = _rising_quarters(value, noise)
    trifle = settings.least_share * max(float(np.median(value)), 1.0)
    significant = abs(rise) > max(CLEAR * noise, trifle)
    pattern = _choose(lifetime, floor, shapes, rest, rise=rise, quarters=quarters, significant=significant)
    shape = {
        Pattern.WARM_UP: shapes["saturating"],
        Pattern.EXPONENTIAL: shapes["exponential"],
        Pattern.ACCELERATING: shapes["accelerating"],
        Pattern.STEP: shapes["step"],
        Pattern.FLAT: shapes["flat"],
    }.get(pattern, line)
    return Reading(pattern, shape, significant, quarters, rise)


def _rise(value: Floats) -> float:
    edge = max(1, value.size // 8)
    return float(np.median(value[-edge:]) - np.median(value[:edge]))


def _rising_quarters(value: Floats, noise: float) -> int:
    quarters = [part for part in np.array_split(value, 4) if part.size]
    ends = [float(value[0]), *(float(np.median(part[-max(1, part.size // 3) :])) for part in quarters)]
    return int(sum(after - before > 0.5 * noise for before, after in zip(ends, ends[1:], strict=False)))


def _choose(  # noqa: PLR0913  (one decision, seven facts)
    lifetime: Series,
    floor: Floor,
    shapes: dict[str, Shape],
    rest: Floats,
    *,
    rise: float,
    quarters: int,
    significant: bool,
) -> Pattern:
    if lifetime.load is not None and significant and load_explains(lifetime.value, lifetime.load):
        return Pattern.LOAD_DRIVEN
    periodic = period_share(lifetime.at_s, lifetime.value) if lifetime.value.size >= 24 and floor.teeth < 12 else 0.0
    swing = float(np.ptp(lifetime.value))
    trifle = swing < 0.02 * max(float(np.median(lifetime.value)), 1.0)
    if periodic and not trifle and abs(shapes["linear"].rise) < 0.5 * swing:
        return Pattern.SAWTOOTH if floor.teeth >= 2 and _abrupt(lifetime.value) else Pattern.PERIODIC
    if not significant:
        return _quiet(lifetime.value, floor, trifle=trifle)
    if rise < 0:
        return Pattern.SHRINKING
    return _rising(floor, shapes, quarters, rest)


def _abrupt(value: Floats) -> bool:
    """A collector takes memory back at once: falls are steeper than climbs."""
    steps = np.diff(value)
    fall, climb = -steps[steps < 0], steps[steps > 0]
    return bool(fall.size and climb.size and np.percentile(fall, 90) > 2.0 * np.percentile(climb, 90))


def _quiet(value: Floats, floor: Floor, *, trifle: bool) -> Pattern:
    if trifle:
        return Pattern.FLAT
    if floor.teeth >= 3:
        return Pattern.SAWTOOTH
    low, middle, top = np.percentile(value, (10, 50, 100))
    if top - middle > 4 * max(middle - low, 1e-9) and top > 1.15 * middle:
        return Pattern.SPIKE
    return Pattern.FLAT


def _rising(floor: Floor, shapes: dict[str, Shape], quarters: int, rest: Floats) -> Pattern:
    line, step = shapes["linear"], shapes["step"]
    bending = min((shapes["saturating"], shapes["exponential"], shapes["accelerating"]), key=lambda shape: shape.score)
    if step.score < min(line.score, bending.score) - 2 and quarters <= 2:
        return Pattern.STEP
    if bending.name == "saturating" and bending.score < line.score - 4 and bending.late_rise < 0.45 * bending.rise:
        return Pattern.WARM_UP
    if floor.teeth >= 3:
        return Pattern.RISING_SAWTOOTH
    if bending.name != "saturating" and bending.score < line.score - 6 and _bends(rest):
        sharper = shapes["exponential"].score < shapes["accelerating"].score - 2 and shapes["exponential"].tau < 0.4
        return Pattern.EXPONENTIAL if sharper else Pattern.ACCELERATING
    if quarters <= 1 and step.score < line.score:
        return Pattern.STEP
    return Pattern.LINEAR


def _bends(rest: Floats) -> bool:
    """The line lies below the floor at both ends and above it in the middle."""
    parts = np.array_split(rest, 5)
    return bool(parts[0].mean() > 0 and parts[-1].mean() > 0 and parts[2].mean() < 0)
