"""What is seen while a watch goes on: the curve, the verdict as it firms up, the forecast counting down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oakum.model.series import WorkloadSeries
from oakum.model.units import format_duration
from oakum.model.verdict import Verdict
from oakum.render.figures import forecast_text, nearest_forecast, of_limit_text, probability_text, rate_text
from oakum.render.headline import SIGNS
from oakum.render.names import shown
from oakum.render.sparkline import curve_rows

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDTH, HEIGHT = 60, 7
COLOURS = {"leak": "bold red", "suspect": "yellow", "cannot-tell": "dim", "healthy": "green"}


def watch_line(series: WorkloadSeries, verdict: Verdict, remaining_s: float) -> str:
    """One plain line."""
    parts = [of_limit_text(_now(series), verdict.limit, series.unit), verdict.name.value]
    if verdict.rate_per_s is not None:
        parts.append(rate_text(verdict.rate_per_s, series.unit))
    nearest = nearest_forecast(verdict)
    if nearest is not None:
        parts.append(forecast_text(nearest))
    return f"{', '.join(parts)} ({format_duration(max(remaining_s, 0.0))} left)"


def live_panel(
    series: WorkloadSeries, verdict: Verdict, stage_text: str, *, remaining_s: float | None = None
) -> RenderableType:
    from rich.panel import Panel  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    value = series.lifetimes[-1].value
    top = max(float(value.max(initial=0.0)) * 1.1, 1.0)
    if verdict.limit is not None and np.isfinite(verdict.limit):
        top = max(float(verdict.limit), 1.0)
    text = Text(f"{shown(stage_text)}\n", style="dim")
    for row in curve_rows(value, top, width=WIDTH, height=HEIGHT):
        text.append(row.ljust(WIDTH) + "\n", style="cyan")
    text.append("─" * WIDTH + "\n", style="dim")
    style = COLOURS[verdict.name.value]
    text.append(f"{SIGNS[verdict.name]} {verdict.name.value}", style=style)
    if verdict.probability is not None:
        text.append(f" {probability_text(verdict.probability)}", style=style)
    text.append(f"   {of_limit_text(_now(series), verdict.limit, series.unit)}")
    if verdict.rate_per_s is not None:
        text.append(f"   {rate_text(verdict.rate_per_s, series.unit)}")
    nearest = nearest_forecast(verdict)
    if nearest is not None:
        text.append(f"   {forecast_text(nearest)}", style="bold")
    left = "" if remaining_s is None else f"{format_duration(max(remaining_s, 0.0))} left"
    return Panel(text, title=Text(shown(series.id)), subtitle=left, subtitle_align="right", width=WIDTH + 4)


def _now(series: WorkloadSeries) -> float:
    value = series.lifetimes[-1].value
    return float(value[-1]) if value.size else float("nan")
