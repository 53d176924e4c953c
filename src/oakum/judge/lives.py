"""Lives too short for their samples, laid over each other by age: what no one of them shows, they may show together.

Who is killed every minute and is sampled as often leaves one or two samples of each life. Each says how much there was
at some age; the slope over the ages of all is that of a life.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from oakum.judge.facts import Facts, Life
from oakum.judge.reasons import counted, level_of, rate_of, sooner, times
from oakum.judge.settings import JudgeSettings
from oakum.model.series import Floats
from oakum.model.units import format_duration
from oakum.model.verdict import Forecast, Pattern, Verdict, VerdictName

LATEST = 32
"""So many of the last lives: what a machine did a day ago says little of it."""

LEAST_LIVES = 4
"""Who was restarted once or twice is judged by what runs now."""

LEAST_SAMPLES = 6
"""Of all lives together."""

GAINS = 0.1
"""A share of what it ends with: lives that gain less do not climb."""

FULL = 0.8
"""A share of the limit: who ended below it did not end for it, unless it is told."""

SURE_KILLS = 3


@dataclass(frozen=True, slots=True)
class Overlaid:
    """``rate``, ``low``, ``high``: per second of age, with a 90 % interval. ``starts``, ``ends``: levels at the least
    and the highest age that was seen, ``lasts_s`` apart.
    """

    lives: tuple[Life, ...]
    rate: float
    low: float
    high: float
    starts: float
    ends: float
    lasts_s: float


def short(facts: Facts, settings: JudgeSettings) -> tuple[Life, ...]:
    """The last lives, where none of them has samples enough to be judged by itself; else none of them."""
    lives = facts.lives[-LATEST - 1 :]
    few = len(lives) > LEAST_LIVES and all(life.samples < settings.least_samples for life in lives[-LEAST_LIVES - 1 :])
    return lives if few else ()


def overlaid(lives: tuple[Life, ...]) -> Overlaid | None:
    """None where the ages of too few samples differ."""
    seen = [(life.last_s - life.born_s, life.last_value) for life in lives]
    seen += [(life.first_s - life.born_s, life.first_value) for life in lives if life.samples > 1]
    age, value = np.array([each for each in seen if np.isfinite(each[1])], np.float64).reshape(-1, 2).T
    if age.size < LEAST_SAMPLES or age.max() - age.min() < 1.0:
        return None
    rate, low, high = _line(age, value)
    base = float(np.median(value - rate * age))
    begun, ended = float(age.min()), float(age.max())
    return Overlaid(lives, rate, low, high, base + rate * begun, base + rate * ended, ended - begun)


def _line(age: Floats, value: Floats) -> tuple[float, float, float]:
    """Theil 1950 and Sen 1968 with a 90 % interval; samples of one age make no pair."""
    i, j = np.triu_indices(age.size, 1)
    apart = age[j] - age[i]
    some = np.abs(apart) > 1e-9
    slopes = np.sort((value[j] - value[i])[some] / apart[some])
    k = float(age.size)
    half = 1.645 * np.sqrt(k * (k - 1.0) * (2.0 * k + 5.0) / 18.0) / 2.0
    middle = (slopes.size - 1) / 2.0
    lower, upper = int(max(0.0, np.floor(middle - half))), int(min(slopes.size - 1.0, np.ceil(middle + half)))
    return float(np.median(slopes)), float(slopes[lower]), float(slopes[upper])


def by_lives(facts: Facts, settings: JudgeSettings, least: float) -> Verdict | None:
    """The verdict by its lives; None where one can be judged, or says as much. ``least``: growth that counts."""
    lives = short(facts, settings)
    if not lives:
        return None
    killed = sum(life.killed for life in lives)
    found = overlaid(lives)
    limit = facts.limit
    if found is not None:
        gained = found.ends - found.starts
        full = limit is not None and found.ends >= FULL * limit
        if found.low > 0 and gained > max(GAINS * abs(found.ends), least) and (killed or full):
            return _climbing(facts, found, killed, settings)
        room = float("inf") if limit is None else limit - found.ends
        if not killed and not full and max(found.high, 0.0) * found.lasts_s < room:
            return None
    return None if facts.just_killed else _untold(facts, lives, settings)


def _climbing(facts: Facts, found: Overlaid, killed: int, settings: JudgeSettings) -> Verdict:
    unit, last = facts.unit, facts.lives[-1]
    course = (
        f"{_many(found.lives)} of {_few(found.lives)} each, laid over each other by age: they climb from"
        f" {level_of(found.starts, unit)} to {level_of(found.ends, unit)} in {format_duration(found.lasts_s)},"
        f" {rate_of(found.rate, unit)} ({rate_of(found.low, unit)} to {rate_of(found.high, unit)})"
    )
    name, boundary = facts.boundary
    room = boundary - last.last_value
    forecasts: tuple[Forecast, ...] = ()
    if np.isfinite(boundary) and room > 0:
        forecasts = (Forecast(name, room / found.high, room / found.rate, room / found.low),)
    return Verdict(
        VerdictName.SUSPECT,
        Pattern.LINEAR,
        0.75 if killed >= SURE_KILLS else 0.5,
        last.last_value,
        rate_per_s=found.rate,
        rate_interval=(found.low, found.high),
        limit=facts.limit,
        forecasts=forecasts,
        reasons=(course, *_kills(facts)),
        settles=f"one life from its start to its end: {_finer(found.lives, settings)}",
    )


def _untold(facts: Facts, lives: tuple[Life, ...], settings: JudgeSettings) -> Verdict:
    last = facts.lives[-1]
    why = f"{_many(lives)} of {_few(lives)} each cannot tell a trend from noise, one after the other or together"
    return Verdict(
        VerdictName.CANNOT_TELL,
        None,
        None,
        last.last_value,
        limit=facts.limit,
        reasons=(why, *_kills(facts)),
        settles=_finer(lives, settings),
    )


def _many(lives: tuple[Life, ...]) -> str:
    return f"its last {counted(len(lives), 'live')}"


def _few(lives: tuple[Life, ...]) -> str:
    most = max(life.samples for life in lives[-LEAST_LIVES - 1 :])
    return "1 sample" if most == 1 else f"1 to {most} samples"


def _kills(facts: Facts) -> list[str]:
    killed = [f"it was OOM-killed {times(len(facts.kills))}"] if facts.kills else []
    return [*sooner(facts), *killed]


def _finer(lives: tuple[Life, ...], settings: JudgeSettings) -> str:
    """A step that would show a life: a new one begins every so often."""
    apart_s = median(after.born_s - before.born_s for before, after in pairwise(lives))
    step = format_duration(max(1.0, apart_s / (2 * settings.least_samples)))
    return f"a sample every {step}: a new life begins about every {format_duration(apart_s)}"
