"""What it takes to be called healthy: samples that would have shown a climb that matters, and no gap that hides one.

Whoever was looked at for so short, or moves so much, that a climb to the limit within the horizon would not have shown,
was not found healthy: nothing was found. So the steepest climb that the samples do not rule out (the upper bound of the
slope's 90 % interval) is set beside the room below the limit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from oakum.judge import figures, kernels
from oakum.judge.facts import Facts
from oakum.judge.gap.kernels import AFTER, BEFORE, LEAST_SIDE
from oakum.judge.reasons import counted, level_of, rate_of
from oakum.judge.settings import JudgeSettings
from oakum.judge.windows.kernels import LEAST_BINS
from oakum.model.series import Floats
from oakum.model.units import format_duration

STANDS = 0.95
"""A share of the boundary: a floor that was as high all the time and does not rise does not come to it, it is there."""

MORE = "10 min"

LENGTHENS = 2 / 3
"""The bound of a slope falls with the time to the power of 3/2, where samples come as before: of independent noise."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why it is not called healthy, and what would tell. ``climbs``: it is rather suspect."""

    why: str
    settles: str
    climbs: bool = False


FEW = kernels.FEW_BINS
"""Of fewer samples evidence says little: there the horizon is as long again as they lasted, if that is longer."""


def horizon_of(facts: Facts, answer: Floats, settings: JudgeSettings) -> float:
    """In seconds: a climb that meets the boundary within it matters now."""
    few = facts.lives[-1].samples < FEW
    return max(settings.horizon_s, float(answer[figures.SPAN])) if few else settings.horizon_s


def blind(facts: Facts, answer: Floats, settings: JudgeSettings) -> Doubt | None:
    """None where a climb to the boundary within the horizon would have shown, or there is no boundary."""
    samples = facts.lives[-1].samples
    if answer[figures.CLIMBS] >= 1 and samples < LEAST_BINS:
        few = f"{counted(samples, 'sample')} of this lifetime cannot tell whether it climbs as one before it did"
        return Doubt(few, f"{MORE} more without a restart")
    name, boundary = facts.boundary
    steepest, span_s = float(answer[figures.STEEPEST]), float(answer[figures.SPAN])
    room = boundary - float(answer[figures.FLOOR_NOW])
    stands = answer[figures.FLOOR_FIRST] >= STANDS * boundary and not answer[figures.RATE_LOW] > 0
    # What stands above its limit is not held by it.
    beyond = facts.limit is not None and facts.lives[-1].last_value > facts.limit
    if not math.isfinite(boundary) or math.isnan(steepest) or stands or beyond:
        return None
    horizon_s = horizon_of(facts, answer, settings)
    late = _late(facts, answer, horizon_s)
    if late is not None or steepest <= 0 or steepest * horizon_s < room or _known(facts, settings):
        return late
    gap = _gap(facts, answer)
    if not math.isfinite(steepest) or span_s <= 0:
        noise = f"{counted(samples, 'sample')} of this lifetime cannot tell a trend from noise"
        return Doubt(f"{gap}: what is left rules out no climb" if gap else noise, f"{MORE} more without a gap")
    unit, reaches_s = facts.unit, max(room, 0.0) / steepest
    why = (
        f"a climb of {rate_of(steepest, unit)} would not have shown in {format_duration(span_s)} of samples, and would"
        f" fill the {level_of(max(room, 0.0), unit)} below the {name} in {format_duration(reaches_s)}"
    )
    longer = span_s * (steepest * horizon_s / max(room, 0.01 * boundary)) ** LENGTHENS
    more, soon = format_duration(max(60.0, _even(longer - span_s))), format_duration(horizon_s)
    settles = f"{more} more at the same step: a climb that fills the {name} within {soon} would show by then"
    return Doubt(f"{gap}; {why}" if gap else why, settles)


def _late(facts: Facts, answer: Floats, horizon_s: float) -> Doubt | None:
    """None unless it rose above all it ever held just now, so fast that it meets the boundary within the horizon."""
    (name, boundary), unit = facts.boundary, facts.unit
    pace, room = float(answer[figures.NEW_GROUND]), max(boundary - facts.lives[-1].last_value, 0.0)
    if math.isnan(pace) or pace <= 0 or pace * horizon_s < room:
        return None
    why = (
        f"it rises by {rate_of(pace, unit)} above all that this lifetime held before, and would fill the"
        f" {level_of(room, unit)} below the {name} in {format_duration(room / pace)}"
    )
    return Doubt(why, f"{MORE} more: what is a moment has come back by then")


def _known(facts: Facts, settings: JudgeSettings) -> bool:
    """Whether it was restarted just now, and the life before was told of and not killed."""
    if len(facts.lives) < 2 or facts.lives[-1].samples >= settings.least_samples:
        return False
    before = facts.lives[-2]
    return not before.killed and before.samples >= settings.least_samples


def _gap(facts: Facts, answer: Floats) -> str:
    """Empty for none."""
    if math.isnan(answer[figures.GAP_S]):
        return ""
    after = format_duration(facts.lives[-1].last_s - float(answer[figures.GAP_END]))
    return f"it has no samples for {format_duration(float(answer[figures.GAP_S]))}, until {after} before the last one"


def _even(seconds: float) -> float:
    """Up to whole minutes."""
    return math.ceil(seconds / 60.0) * 60.0


def hidden(facts: Facts, answer: Floats, *, young_s: float, climbs: bool) -> Doubt | None:
    """What a gap may hide. ``climbs``: all of it does, over the gap too. None where none is, or nothing is in it."""
    gap = _gap(facts, answer)
    if not gap:
        return None
    after_s = facts.lives[-1].last_s - float(answer[figures.GAP_END])
    sides, before, after = (int(answer[it]) for it in (figures.GAP_SIDES, figures.GAP_BEFORE, figures.GAP_AFTER))
    settles = f"{format_duration(max(600.0, _even(after_s)))} more without a gap"
    if climbs or sides == BEFORE + AFTER:
        how = "over that gap" if climbs else "before that gap and after it"
        return Doubt(f"{gap}: it climbs {how}", settles, climbs=True)
    if sides == AFTER and after_s < young_s:
        return Doubt(f"{gap}: it climbs since", settles, climbs=True)
    if sides == BEFORE and after < LEAST_BINS:
        return Doubt(f"{gap}: it climbed before, and {after} samples since tell nothing of now", settles)
    if before < LEAST_SIDE and after < LEAST_SIDE:
        return Doubt(f"{gap}: too few before it and after it to tell a trend from noise", settles)
    return None
