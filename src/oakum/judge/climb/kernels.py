"""A climb: flat until its onset, then along a law. Flat arrays in and out.

A law is one number: u^law where it is positive, exponential with -law doublings' worth where it is negative.
"""

from __future__ import annotations

import math

import numpy as np

LAWS = 190


def bent(u, law):
    """How far a climb has come at share u of its time: u^law, or exponential with -law doublings' worth; 0 before."""
    if u <= 0:
        return 0.0
    return u**law if law > 0 else math.expm1(min(-law * u, 60.0)) / math.expm1(-law)


def unbent(x, law):
    """The share of time at which a climb has come to x: the inverse of `bent`."""
    return x ** (1.0 / law) if law > 0 else math.log1p(x * math.expm1(-law)) / -law


def climb(times, floor, n, now, powers, tried):
    """(onset, law, start, gain) by least squares: flat until the onset, then gain·u^power, u = 1 now.

    Onset and power are tried jointly: a later onset and a smaller power draw nearly the same line. O(n² · powers).
    `tried` float64[LAWS, 5]: all of them that climb, with the logarithm of their squares in front; a row that was
    not needed is +inf there.
    """
    best, chosen, count = np.inf, -1, 0
    tiny = n * (1e-5 * (abs(floor[0]) + abs(floor[n - 1]))) ** 2
    stride = max(1, n // 20)
    tried[:, 0] = np.inf
    for at in range(0, max(1, n - 4), stride):
        begun = times[at]
        span = now - begun
        if span <= 0:
            break
        for which in range(powers.size):
            phi_sum, y_sum, cross, square, total = 0.0, 0.0, 0.0, 0.0, 0.0
            for i in range(n):
                phi = bent((times[i] - begun) / span, powers[which])
                y = floor[i] - floor[0]
                phi_sum += phi
                y_sum += y
                cross += phi * y
                square += phi * phi
                total += y * y
            weight = square - phi_sum * phi_sum / n
            if weight <= 1e-12:
                continue
            slope = (cross - phi_sum * y_sum / n) / weight
            if slope <= 0:
                continue
            level = (y_sum - slope * phi_sum) / n
            error = max(total - y_sum * y_sum / n - slope * slope * weight, 0.0) + tiny
            # Schwarz 1978: a line from the start needs neither an onset nor a power. Half of the points count.
            extra = (0.3 if at else 0.0) + (1.0 if which else 0.0)
            worth = error * math.exp(2 * extra * math.log(n) / n)
            if count < LAWS and worth > 0:
                row = tried[count]
                row[0], row[1], row[2], row[3], row[4] = math.log(worth), begun, powers[which], level + floor[0], slope
                count += 1
            if worth < best:
                best, chosen = worth, count - 1
    if chosen < 0:
        return times[0], 1.0, floor[0], 0.0
    return tried[chosen, 1], tried[chosen, 2], tried[chosen, 3], tried[chosen, 4]
