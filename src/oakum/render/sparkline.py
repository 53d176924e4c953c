"""A curve in block characters."""

from __future__ import annotations

import numpy as np

from oakum.model.series import Floats

_BLOCKS = " ▁▂▃▄▅▆▇█"


def resampled(value: Floats, width: int) -> Floats:
    """The highest value of each of ``width`` stretches, so that no peak is lost."""
    if value.size <= width:
        return value
    edges = np.linspace(0, value.size, width + 1).astype(int)
    return np.array([value[a:b].max() for a, b in zip(edges, edges[1:], strict=False)])


def sparkline(value: Floats, width: int = 16) -> str:
    """From 0 to the highest: a tall flat line is a large flat process."""
    if not value.size:
        return ""
    points = resampled(value, width)
    top = float(points.max())
    if top <= 0:
        return "▁" * points.size
    low = float(points.min())
    base = low - (top - low) * 0.15 if top - low > 0.02 * top else 0.0
    share = (points - base) / (top - base)
    return "".join(_BLOCKS[1 + int(min(max(one, 0.0), 0.999) * 8)] for one in share)


def curve_rows(value: Floats, top: float, *, width: int, height: int) -> list[str]:
    """``height`` rows of text, the highest first; ``top`` is the value at the upper edge."""
    points = resampled(value, width)
    eighths = np.minimum(points, top) / top * height * 8 if top > 0 else np.zeros(points.size)
    rows = []
    for row in range(height - 1, -1, -1):
        filled = np.clip(eighths - row * 8, 0, 8).astype(int)
        rows.append("".join(_BLOCKS[level] for level in filled))
    return rows
