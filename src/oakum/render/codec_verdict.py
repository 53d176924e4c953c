"""A series with its verdict, in the fields that ``oakum.scan/1`` fixes; ``oakum.investigation/1`` uses the same."""

from __future__ import annotations

from oakum.model.lifetimes_trend import lasted, trend_of
from oakum.model.mute import Mute
from oakum.model.series import WorkloadSeries
from oakum.model.verdict import Forecast, Verdict
from oakum.render.codec_mute import mute_to_json
from oakum.render.codec_number import finite, texts
from oakum.render.figures import nearest_forecast
from oakum.render.names import encodable


def assessed_to_json(series: WorkloadSeries, verdict: Verdict, mute: Mute | None = None) -> dict[str, object]:
    """Rates and levels are in ``unit``; times are UTC epoch seconds."""
    nearest = nearest_forecast(verdict)
    trend = trend_of(lasted(series.lifetimes))
    return {
        "id": encodable(series.id),
        "labels": {encodable(name): encodable(value) for name, value in series.labels.items()},
        "metric": series.metric.value,
        "scope": series.scope.value,
        "unit": series.unit,
        "verdict": verdict.name.value,
        "pattern": None if verdict.pattern is None else verdict.pattern.value,
        "probability": finite(verdict.probability),
        "rate_per_s": finite(verdict.rate_per_s),
        "rate_interval": _interval(verdict.rate_interval),
        "onset_s": finite(verdict.onset_s),
        "level": finite(verdict.level),
        "limit": finite(verdict.limit),
        "forecast": None if nearest is None else _forecast(nearest),
        "forecasts": [_forecast(forecast) for forecast in verdict.forecasts],
        "lifetimes": len(series.lifetimes),
        "lifetimes_trend": None if trend is None else trend.facts(),
        "samples": series.samples,
        "oom_kills": series.oom_kills,
        "muted": None if mute is None else mute_to_json(mute),
        "reasons": texts(verdict.reasons),
        "settles": encodable(verdict.settles),
    }


def _interval(interval: tuple[float, float] | None) -> list[float | None] | None:
    """A bound that is not finite is null: the rate is not bounded on that side."""
    return None if interval is None else [finite(bound) for bound in interval]


def _forecast(forecast: Forecast) -> dict[str, object]:
    return {
        "boundary": encodable(forecast.boundary),
        "p10_s": finite(forecast.p10_s),
        "p50_s": finite(forecast.p50_s),
        "p90_s": finite(forecast.p90_s),
    }
