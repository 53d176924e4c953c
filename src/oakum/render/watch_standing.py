"""One line that tells how a watch stands: at 3 AM, whether it lives, and what is worst."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from oakum.model.units import format_count
from oakum.model.verdict import Verdict
from oakum.render.figures import forecast_text, level_text, nearest_forecast, rate_text


def standing_text(at_s: float, watched: int, found: Sequence[tuple[str, Verdict]], busy_with: str) -> str:
    """``found``: leaks and suspicions by target, the worst first. ``busy_with``: who is looked at, "" for nobody."""
    parts = [f"{datetime.fromtimestamp(at_s, UTC):%H:%M:%SZ} {format_count(watched)} watched"]
    if found:
        others = f" (and {format_count(len(found) - 1)} more)" if len(found) > 1 else ""
        parts.append(f"{_words(*found[0])}{others}")
    else:
        parts.append("nothing found")
    if busy_with:
        parts.append(f"looking closer at {busy_with}")
    return " · ".join(parts)


def _words(name: str, verdict: Verdict) -> str:
    words = [f"{name} {verdict.name.value}"]
    if verdict.rate_per_s:
        words.append(rate_text(verdict.rate_per_s, "bytes"))
    words.append(f"at {level_text(verdict.level, 'bytes')}")
    forecast = nearest_forecast(verdict)
    return " ".join(words) + (f", {forecast_text(forecast)}" if forecast is not None else "")
