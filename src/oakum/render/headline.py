"""The one sentence that comes first, on every face."""

from __future__ import annotations

from math import isnan

from oakum.model.series import Unit
from oakum.model.verdict import Verdict, VerdictName
from oakum.render.figures import (
    clock_text,
    forecast_text,
    level_text,
    nearest_forecast,
    of_limit_text,
    probability_text,
    rate_text,
)
from oakum.render.names import shown

SIGNS = {
    VerdictName.LEAK: "▲",
    VerdictName.SUSPECT: "◆",
    VerdictName.CANNOT_TELL: "○",
    VerdictName.HEALTHY: "●",
}
"""A shape for each verdict, so that it can be told without colour."""


def headline(name: str, verdict: Verdict, unit: Unit, *, now_s: float) -> str:
    """``pid/4242 leaks: sure 97 %, +3.10 MiB/s since 12:03:10, limit in 1 min 20 s``."""
    subject = shown(name)
    if verdict.name is VerdictName.HEALTHY:
        return f"{subject} is healthy: {_shape(verdict, unit)}"
    if verdict.name is VerdictName.CANNOT_TELL:
        return f"{subject}: cannot tell yet" + (f": {shown(verdict.settles)}" if verdict.settles else "")
    says = "leaks" if verdict.name is VerdictName.LEAK else "may leak"
    parts = [*_sureness(verdict), *_speed(verdict, unit, now_s), *_end(verdict)]
    return f"{subject} {says}" + (f": {', '.join(parts)}" if parts else "")


def _shape(verdict: Verdict, unit: Unit) -> str:
    level = of_limit_text(verdict.level, verdict.limit, unit)
    if verdict.pattern is not None and verdict.pattern.leaks:
        return f"at {level}, and what it gained is too little to matter"
    return f"{verdict.pattern.value if verdict.pattern else 'steady'} at {level}"


def _sureness(verdict: Verdict) -> list[str]:
    return [] if verdict.probability is None else [f"sure {probability_text(verdict.probability)}"]


def _speed(verdict: Verdict, unit: Unit, now_s: float) -> list[str]:
    if verdict.rate_per_s is None:
        if isnan(verdict.level):
            return []
        return [level_text(verdict.level, unit)]
    since = "" if verdict.onset_s is None else f" since {clock_text(verdict.onset_s, now_s=now_s)}"
    return [f"{rate_text(verdict.rate_per_s, unit)}{since}"]


def _end(verdict: Verdict) -> list[str]:
    forecast = nearest_forecast(verdict)
    return [] if forecast is None else [forecast_text(forecast)]
