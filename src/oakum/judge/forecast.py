"""When a boundary is reached, if the floor goes on as it does."""

from __future__ import annotations

import math

import numpy as np

from oakum.judge.shapes import Shape
from oakum.model.verdict import Forecast


def forecast(
    boundary: str, gap: float, slope: tuple[float, float, float], *, shape: Shape | None = None, span_s: float = 0.0
) -> Forecast:
    """``gap``: from the level now to the boundary. ``slope``: (middle, low, high) per second.

    A curve that bends is followed along its own shape; p10 and p90 come from the slope's interval.
    """
    middle, low, high = slope
    p50 = _after(gap, middle)
    if shape is not None and shape.name in {"exponential", "accelerating"} and span_s > 0:
        p50 = min(p50, _along(shape, gap, span_s))
    p10, p90 = _after(gap, high), _after(gap, low)
    if math.isfinite(p50):
        # The level now is itself uncertain: never promise a moment.
        p10, p90 = min(p10, 0.9 * p50), max(p90, 1.1 * p50)
    return Forecast(boundary, max(0.0, p10), max(0.0, p50), max(0.0, p90))


def _after(gap: float, slope: float) -> float:
    if gap <= 0:
        return 0.0
    return gap / slope if slope > 0 else math.inf


def _along(shape: Shape, gap: float, span_s: float) -> float:
    u = np.linspace(1.0, 6.0, 500)
    gain = shape.at(u) - shape.at(np.array([1.0]))
    reached = np.flatnonzero(gain >= gap)
    return float((u[reached[0]] - 1.0) * span_s) if reached.size else math.inf
