"""When a climb reaches the limit, and how sure that is. Seconds from now."""

from __future__ import annotations

import math

import numpy as np

from oakum.judge.climb.kernels import LAWS, bent, unbent
from oakum.judge.figures import CLIMB_S, REACH_5
from oakum.judge.floor.kernels import clipped

LATER = math.log(1.2)


def reach(bins, start, law, tried, n, limit, foresight, answer):
    """Seconds from now until the top of the swings meets the limit, if the climb goes on along its law.

    Nothing is said where laws that fit as well say all sorts of times. Its first tenth is never later than that law,
    and the middle by a fifth at most: many climbs of the bench end just before the limit, and this one may not.
    """
    first, high = bins[0], bins[3]
    now = bins[1, first.size - 1]
    knots = foresight.shape[1] - 1
    since = now - 0.25 * (now - first[start])
    middle = ahead(first, high, start, now, since, law, limit)
    if not math.isfinite(middle):
        return
    seen = answer[CLIMB_S] if math.isfinite(answer[CLIMB_S]) else max(now - law[0], 1e-9)
    doubt = 0.0
    if middle > 0:
        doubt, middle = agreed(first, high, start, now, since, tried, n, limit, middle)
        if doubt > foresight[0, knots]:
            return
    for i in range(5):
        shift = corrected(foresight, i, seen, middle, doubt)
        answer[REACH_5 + i] = middle * math.exp(min(shift, 0.0) if i < 2 else min(shift, LATER) if i == 2 else shift)


def agreed(first, high, start, now, since, tried, n, limit, middle):
    """(logarithm of the ninth tenth over the first, the middle) of what all laws say, each weighing as it fits.

    A law weighs as its squares say, with a third of `n` points: neighbours resemble each other.
    """
    best = tried[:, 0].min()
    count, total = 0, 0.0
    weight, left = np.empty(LAWS), np.empty(LAWS)
    for i in range(LAWS):
        if not math.isfinite(tried[i, 0]):
            break
        share = math.exp(-(n / 6.0) * (tried[i, 0] - best))
        if share < 0.01:
            continue
        one = ahead(first, high, start, now, since, (tried[i, 1], tried[i, 2], tried[i, 3], tried[i, 4]), limit)
        if math.isfinite(one) and one > 0:
            weight[count], left[count] = share, one
            count += 1
            total += share
    if count == 0:
        return 0.0, middle
    passed, low, half, far = 0.0, -1.0, -1.0, -1.0
    for i in np.argsort(left[:count]):
        passed += weight[i] / total
        low = left[i] if low < 0 and passed >= 0.1 else low
        half = left[i] if half < 0 and passed >= 0.5 else half
        far = left[i] if far < 0 and passed >= 0.9 else far
    return math.log(max(far, half) / low), half


def ahead(first, high, start, now, since, law, limit):
    """Seconds from now until the limit along one law; NaN where it never gets there."""
    onset, power, base, gain = law
    size = first.size
    span = max(now - onset, 1e-9)
    above = 0.0
    for at in range(start, size):
        if first[at] >= since:
            above = max(above, high[at] - base - gain * bent((first[at] - onset) / span, power))
    room = limit - 0.9 * above - base
    if high[size - 1] >= limit:
        return 0.0
    if room <= gain:
        steep = power if power > 0 else -power * math.exp(-power) / math.expm1(-power)
        return max(0.0, (limit - high[size - 1]) / (gain * steep / span))
    if gain <= 1e-12 * room:
        return math.nan
    return (unbent(room / gain, power) - 1.0) * span


def corrected(foresight, quantile, seen, middle, doubt):
    """How far, as a logarithm, the truth lies from the law's answer: by how long the climb was seen beside it, and by
    how far laws that fit as well lie apart.
    """
    knots = foresight.shape[1] - 1
    if middle <= 0:
        return 0.0
    x = clipped(math.log(seen / middle), foresight[0, 0], foresight[0, knots - 1])
    at = 1
    while at < knots - 1 and foresight[0, at] < x:
        at += 1
    share = (x - foresight[0, at - 1]) / (foresight[0, at] - foresight[0, at - 1])
    low, high = foresight[1 + quantile, at - 1], foresight[1 + quantile, at]
    return low + share * (high - low) + foresight[1 + quantile, knots] * doubt
