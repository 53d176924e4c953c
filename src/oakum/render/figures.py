"""Figures as people read them: levels and rates in the unit of the series, clocks, forecasts."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final

from oakum.model.series import Unit
from oakum.model.units import format_duration, format_rate, format_share, format_size
from oakum.model.verdict import Forecast, Verdict, VerdictName

_PER_S: Final = {"s": 1, "min": 60, "h": 3600, "day": 86400}
_SIZES: Final = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4}


def level_text(level: float, unit: Unit) -> str:
    """``182 MiB``, ``71.2 %`` or ``42 connections``."""
    if not math.isfinite(level):
        return "unknown"
    if unit == "percent":
        return f"{level:.1f} %"
    return format_size(level) if unit == "bytes" else f"{level:.0f} {unit}"


def of_limit_text(level: float, limit: float | None, unit: Unit) -> str:
    """``182 MiB of 256 MiB, 71 %``; without a limit only the level."""
    text = level_text(level, unit)
    if limit is None or not math.isfinite(limit) or limit <= 0 or not math.isfinite(level):
        return text
    most = level_text(limit, unit) if unit in {"bytes", "percent"} else f"{limit:.0f}"
    return f"{text} of {most}, {format_share(level / limit)}"


def rate_text(rate_per_s: float, unit: Unit) -> str:
    """``+3.10 MiB/s``, ``+0.42 points/h`` or ``+12.00 connections/min``."""
    if unit == "bytes":
        return format_rate(rate_per_s)
    number, name = _points(rate_per_s)
    return f"{number:+.2f} {'points' if unit == 'percent' else unit}/{name}"


def interval_text(interval: tuple[float, float], rate_per_s: float, unit: Unit) -> str:
    """``2.90 to 3.30``: the interval in the words that ``rate_text`` chose for the rate."""
    if unit == "bytes":
        size, _, name = format_rate(rate_per_s).partition(" ")[2].partition("/")
        factor = _PER_S[name] / _SIZES[size]
    else:
        factor = _PER_S[_points(rate_per_s)[1]]
    low, high = (bound * factor for bound in interval)
    return f"{_short(low)} to {_short(high)}"


def clock_text(at_s: float, *, now_s: float) -> str:
    """``12:03:10``, with the day when it is not the day of ``now_s``. UTC."""
    at, now = datetime.fromtimestamp(at_s, UTC), datetime.fromtimestamp(now_s, UTC)
    if at.date() == now.date():
        return f"{at:%H:%M:%S}"
    return f"{at.day} {at:%b %H:%M}" if at.year == now.year else f"{at.day} {at:%b %Y %H:%M}"


def moment_text(at_s: float) -> str:
    """``20 Nov 2026 12:03:10 UTC``."""
    at = datetime.fromtimestamp(at_s, UTC)
    return f"{at.day} {at:%b %Y %H:%M:%S} UTC"


def iso_text(at_s: float) -> str:
    """``2026-11-20T12:03:10.250Z``."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def nearest_forecast(verdict: Verdict) -> Forecast | None:
    """The boundary that is reached first; None where none is reached at the measured rate."""
    reached = [forecast for forecast in verdict.forecasts if math.isfinite(forecast.p10_s)]
    return min(reached, key=lambda forecast: (forecast.p50_s, forecast.p10_s), default=None)


def pattern_text(verdict: Verdict) -> str:
    """The shape of its curve; "" where that cannot be told yet: few samples that climb are called flat."""
    return "" if verdict.pattern is None or verdict.name is VerdictName.CANNOT_TELL else verdict.pattern.value


def forecast_text(forecast: Forecast) -> str:
    """``limit in 1 min 20 s``."""
    if forecast.p50_s <= 0:
        return f"{forecast.boundary} reached"
    if not math.isfinite(forecast.p50_s):
        return f"{forecast.boundary} in {format_duration(forecast.p10_s)} at the earliest"
    return f"{forecast.boundary} in {format_duration(forecast.p50_s)}"


def forecast_range_text(forecast: Forecast) -> str:
    """``1 min 5 s to 1 min 40 s``: p10 to p90."""
    late = format_duration(forecast.p90_s) if math.isfinite(forecast.p90_s) else "never"
    return f"{format_duration(max(forecast.p10_s, 0.0))} to {late}"


def probability_text(probability: float) -> str:
    """Never 0 or 100 %: no judge is that sure."""
    return format_share(min(max(probability, 0.01), 0.99)) if probability < 0.995 else "over 99 %"


def _points(rate_per_s: float) -> tuple[float, str]:
    for name, seconds in _PER_S.items():
        if abs(rate_per_s) * seconds >= 0.1 or name == "day":
            return rate_per_s * seconds, name
    raise AssertionError(rate_per_s)


def _short(number: float) -> str:
    return f"{number:.0f}" if abs(number) >= 100 else f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"
