"""What a series says by itself: leak or not, how sure, how fast, since when, and when it dies."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class VerdictName(StrEnum):
    """``cannot-tell`` is an answer, and always says what would settle it."""

    HEALTHY = "healthy"
    SUSPECT = "suspect"
    LEAK = "leak"
    CANNOT_TELL = "cannot-tell"


SEVERITY = (VerdictName.HEALTHY, VerdictName.CANNOT_TELL, VerdictName.SUSPECT, VerdictName.LEAK)
"""The firmer the accusation, the later."""


class Pattern(StrEnum):
    """The shape of a memory curve."""

    FLAT = "flat"
    WARM_UP = "warm-up"
    LINEAR = "linear"
    ACCELERATING = "accelerating"
    EXPONENTIAL = "exponential"
    SAWTOOTH = "sawtooth"
    RISING_SAWTOOTH = "rising-sawtooth"
    STEP = "step"
    SPIKE = "spike"
    PERIODIC = "periodic"
    LOAD_DRIVEN = "load-driven"
    SHRINKING = "shrinking"

    @property
    def leaks(self) -> bool:
        return self in LEAK_PATTERNS


CAPTURES = "two captures of the heap, or "
"""How ``Verdict.settles`` begins while captures would settle it; then follow how long to watch instead, ": ", why."""

LEAK_PATTERNS = frozenset({Pattern.LINEAR, Pattern.ACCELERATING, Pattern.EXPONENTIAL, Pattern.RISING_SAWTOOTH})


@dataclass(frozen=True, slots=True)
class Forecast:
    """Seconds from the last sample until ``boundary`` is reached, as quantiles: p10 is the early case.

    A quantile is ``inf`` where the boundary is never reached at that rate; p5 and p95 are NaN where not asked for.
    """

    boundary: str
    p10_s: float
    p50_s: float
    p90_s: float
    p5_s: float = float("nan")
    p95_s: float = float("nan")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer about one workload series. Rates and levels are in the unit of the series.

    ``rate_per_s`` and ``rate_interval`` (90 %) describe the floor: what garbage collection cannot give back.
    ``onset_s``: UTC epoch seconds when the growth began. ``level``: the floor at the last sample.
    ``settles``: what would turn this verdict into a firmer one; empty when nothing is open.
    """

    name: VerdictName
    pattern: Pattern | None
    probability: float | None
    level: float
    rate_per_s: float | None = None
    rate_interval: tuple[float, float] | None = None
    onset_s: float | None = None
    limit: float | None = None
    forecasts: tuple[Forecast, ...] = ()
    reasons: tuple[str, ...] = field(default=())
    settles: str = ""
