"""Memory that follows the day, a job, or the load."""

from __future__ import annotations

import numpy as np

from oakum.model.series import Floats

GRID = 256


def period_share(at_s: Floats, value: Floats) -> float:
    """The strongest period as a share of the whole time, 0 where there is none. At least one and a half must fit."""
    grid = np.linspace(at_s[0], at_s[-1], GRID)
    level = np.interp(grid, at_s, value)
    u = np.linspace(-1.0, 1.0, GRID)
    rest = level - np.polyval(np.polyfit(u, level, 1), u)
    power = float(np.dot(rest, rest))
    if power <= 0:
        return 0.0
    best, best_lag = 0.0, 0
    negative = False
    for lag in range(4, GRID * 2 // 3):
        r = float(np.dot(rest[:-lag], rest[lag:])) / power * GRID / (GRID - lag)
        negative = negative or r < -0.2
        # A peak counts only after the curve has been negative: slow noise is alike with itself at once.
        if negative and r > best:
            best, best_lag = r, lag
    return best_lag / GRID if best > 0.55 else 0.0


def load_explains(value: Floats, load: Floats) -> bool:
    """Whether memory is a function of the load and not of time: the load's share of the variance, and what is left."""
    good = np.isfinite(load)
    if good.sum() < 12 or np.ptp(load[good]) <= 0:
        return False
    y, x = value[good], load[good]
    slope, start = np.polyfit(x, y, 1)
    rest = y - start - slope * x
    explained = 1 - float(np.var(rest)) / max(float(np.var(y)), 1e-12)
    trend = np.polyfit(np.linspace(0.0, 1.0, rest.size), rest, 1)[0]
    return bool(slope > 0 and explained > 0.6 and abs(trend) < 0.25 * np.ptp(y))
