"""The floor's slope, robust against outliers, with an interval that knows about autocorrelation."""

from __future__ import annotations

import numpy as np

from oakum.model.series import Floats


def robust_slope(at_s: Floats, value: Floats) -> tuple[float, float, float]:
    """(slope, low, high), in units per second; the interval holds 90 %. O(k²) for k floor points.

    Theil 1950, Sen 1968: the median of all pairwise slopes. The interval is Sen's, its variance inflated by the
    residuals' autocorrelation (Hamed and Rao 1998, first lag).
    """
    if at_s.size < 3:
        slope = float((value[-1] - value[0]) / (at_s[-1] - at_s[0])) if at_s.size == 2 else 0.0
        return slope, min(0.0, slope), max(0.0, slope)
    first, second = np.triu_indices(at_s.size, 1)
    slopes = np.sort((value[second] - value[first]) / (at_s[second] - at_s[first]))
    slope = float(np.median(slopes))
    rest = value - slope * at_s
    rest = rest - rest.mean()
    power = float(np.dot(rest, rest))
    rho = float(np.dot(rest[:-1], rest[1:]) / power) if power > 0 else 0.0
    inflation = (1 + max(0.0, min(rho, 0.9))) / (1 - max(0.0, min(rho, 0.9)))
    k = at_s.size
    deviation = 1.645 * np.sqrt(k * (k - 1) * (2 * k + 5) / 18 * inflation)
    low = int(max(0, np.floor((slopes.size - deviation) / 2)))
    high = int(min(slopes.size - 1, np.ceil((slopes.size + deviation) / 2)))
    return slope, float(slopes[low]), float(slopes[high])
