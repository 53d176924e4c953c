"""A case: one workload series with what is true about it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from oakum.model.series import Ending, Floats, Series, WorkloadSeries
from oakum.model.verdict import Pattern

REACHES = 0.15
"""A leak that grows by this share of the limit within the window is one that must be found."""


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What the generator did, or what the label of a real series says.

    ``family``: the healthy model below; ``kind``: the leak on top, "" for a healthy series.
    ``patterns``: every name that is right, the best one first; () where the shape is not scored.
    ``crosses_s``: when usage reaches the limit, once per lifetime, beyond the window too; empty where unknown.
    ``grown_at_s``, ``grown``: the leak alone, as a share of the limit, at the samples; empty where unknown.
    ``rate_per_s``: its rate at the end of the window, in the unit of the series. ``limit``: true, even where not told.
    """

    family: str
    kind: str = ""
    patterns: tuple[Pattern, ...] = ()
    onset_s: float | None = None
    crosses_s: tuple[float, ...] = ()
    grown_at_s: Floats | None = None
    grown: Floats | None = None
    base: float = 0.0
    rate_per_s: float = 0.0
    limit: float | None = None
    reach: float = 1.0

    @property
    def leaks(self) -> bool:
        return bool(self.kind)

    @property
    def fast(self) -> bool:
        """Whether it reaches 15 % of the limit within the window."""
        return self.reach >= REACHES


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """``eval_from_s``: what lies before is history and is not scored."""

    name: str
    part: str
    series: WorkloadSeries
    truth: Truth
    eval_from_s: float

    @property
    def end_s(self) -> float:
        return max(float(lifetime.at_s[-1]) for lifetime in self.series.lifetimes if len(lifetime))

    @property
    def start_s(self) -> float:
        return min(float(lifetime.at_s[0]) for lifetime in self.series.lifetimes if len(lifetime))

    def flat(self) -> tuple[Floats, Floats, Floats]:
        """Times, values and limits of all lifetimes in one row; a limit that is not told is +inf."""
        lifetimes = self.series.lifetimes
        limits = [np.full(len(one), np.inf) if one.limit is None else one.limit for one in lifetimes]
        return (
            np.concatenate([one.at_s for one in lifetimes]),
            np.concatenate([one.value for one in lifetimes]),
            np.concatenate(limits),
        )

    def times(self, every_s: float) -> Floats:
        """When the verdict is asked for. A short window is still asked a dozen times."""
        every = min(every_s, max((self.end_s - self.eval_from_s) / 12, 1.0))
        return np.arange(self.eval_from_s, self.end_s + 0.5 * every, every)


def prefix(series: WorkloadSeries, until_s: float) -> WorkloadSeries:
    """What was known at ``until_s``: earlier samples only, and no ending that had not happened yet."""
    known = []
    for lifetime in series.lifetimes:
        count = int(np.searchsorted(lifetime.at_s, until_s, side="right"))
        if not count:
            break
        if count == len(lifetime) and (lifetime.ended_s is None or lifetime.ended_s <= until_s):
            known.append(lifetime)
            continue
        known.append(
            Series(
                lifetime.at_s[:count],
                lifetime.value[:count],
                None if lifetime.limit is None else lifetime.limit[:count],
                None if lifetime.load is None else lifetime.load[:count],
                started_s=lifetime.started_s,
                ending=Ending.RUNNING,
            )
        )
    return replace(series, lifetimes=tuple(known))
