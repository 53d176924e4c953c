"""Whether runs get shorter and shorter: a trend over lifetimes, by ranks, so that one odd run decides nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from math import erfc, sqrt
from typing import Final

from oakum.model.series import Ending, Series
from oakum.model.units import format_count, format_duration

LEAST_LIVES: Final = 5
"""Of four, chance alone orders one in twelve all up or all down."""

MOST_LIVES: Final = 200
"""The latest: what was long ago is no trend of now, and pairs grow with the square."""

SURE: Final = 0.05
"""One-sided: so seldom is chance as clear."""

SHOWN: Final = 6


class Tendency(StrEnum):
    """Of how long runs last, oldest first."""

    SHORTER = "shorter"
    LONGER = "longer"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class LifetimesTrend:
    """``lasted_s``: what was judged, oldest first. ``tau``: Kendall's, -1 where each is shorter than all before.

    ``chance``: how likely lives without any trend look as clear, one-sided.
    """

    tendency: Tendency
    lasted_s: tuple[float, ...]
    tau: float
    chance: float

    @property
    def words(self) -> str:
        """Empty where there is no trend."""
        if self.tendency is Tendency.NEITHER:
            return ""
        shown = ", ".join(format_duration(one) for one in self.lasted_s[-SHOWN:])
        before = "…, " if len(self.lasted_s) > SHOWN else ""
        many, way = format_count(len(self.lasted_s)), self.tendency.value
        return f"its runs last {way} and {way}: {before}{shown} ({many} runs, Kendall's tau {self.tau:+.2f})"

    def facts(self) -> dict[str, object]:
        """Plain values."""
        return {
            "tendency": self.tendency.value,
            "lives": len(self.lasted_s),
            "tau": round(self.tau, 3),
            "chance": round(self.chance, 4),
        }


def trend_of(lasted_s: Sequence[float]) -> LifetimesTrend | None:
    """Mann 1945, Kendall 1975, with ties; None for fewer than five runs. ``lasted_s``: seconds each, oldest first."""
    told = tuple(lasted_s[-MOST_LIVES:])
    n = len(told)
    if n < LEAST_LIVES:
        return None
    rises = sum((later > earlier) - (later < earlier) for earlier, later in combinations(told, 2))
    ties = sum(t * (t - 1) * (2 * t + 5) for t in Counter(told).values())
    variance = (n * (n - 1) * (2 * n + 5) - ties) / 18.0
    # A step of one between two counts: its half belongs to chance.
    z = max(abs(rises) - 1, 0) / sqrt(variance) if variance > 0 else 0.0
    chance = 0.5 * erfc(z / sqrt(2.0))
    tendency = Tendency.NEITHER
    if chance < SURE:
        tendency = Tendency.LONGER if rises > 0 else Tendency.SHORTER
    return LifetimesTrend(tendency, told, rises / (n * (n - 1) / 2), chance)


def lasted(lifetimes: Sequence[Series]) -> list[float]:
    """How long each that is over was seen to last, in seconds, oldest first; the one that runs is left out."""
    return [
        (float(life.at_s[-1]) if life.ended_s is None else life.ended_s)
        - (float(life.at_s[0]) if life.started_s is None else min(life.started_s, float(life.at_s[0])))
        for number, life in enumerate(lifetimes)
        if len(life) and not (number == len(lifetimes) - 1 and life.ending is Ending.RUNNING)
    ]
