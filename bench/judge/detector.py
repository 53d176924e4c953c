"""A detector: one series and all moments in, one answer per moment out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bench.judge.case import Case
from oakum.model.series import Floats

HEALTHY, SUSPECT, LEAK, CANNOT_TELL = 0, 1, 2, 3
QUANTILES = (0.05, 0.10, 0.50, 0.90, 0.95)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Columns, one row per moment.

    ``name``: int8[k], one of HEALTHY, SUSPECT, LEAK, CANNOT_TELL. ``probability``: float64[k], NaN where not given.
    ``pattern``: the names of the shapes, "" where none is given.
    ``forecast``: float64[k, 5], seconds until the limit at QUANTILES, NaN where not given.
    ``spent_s``: what all answers together took. ``rate``: float64[k], per second, NaN where not given.
    """

    at_s: Floats
    name: NDArray[np.int8]
    probability: Floats
    pattern: tuple[str, ...]
    forecast: Floats
    rate: Floats
    spent_s: float
    asked: int


class Detector(Protocol):
    """``least_step_s``: it is slow, and is asked no more often than this; 0 is as often as you like."""

    @property
    def name(self) -> str: ...

    @property
    def least_step_s(self) -> float: ...

    def answers(self, case: Case, at_s: Floats) -> Answers: ...


def only_alarms(
    at_s: Floats, alarm: NDArray[np.bool_], score: Floats, spent_s: float, *, reaches_s: Floats | None = None
) -> Answers:
    """The answers of a rule that knows two words. ``score``: anything that grows with the suspicion, or NaN.

    ``reaches_s``: seconds until the limit, where the rule knows a time.
    """
    size = at_s.size
    forecast = np.full((size, len(QUANTILES)), np.nan)
    if reaches_s is not None:
        forecast[:, QUANTILES.index(0.50)] = reaches_s
    return Answers(
        at_s,
        np.where(alarm, LEAK, HEALTHY).astype(np.int8),
        score,
        ("",) * size,
        forecast,
        np.full(size, np.nan),
        spent_s,
        size,
    )
