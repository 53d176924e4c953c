"""How much each fact weighs, as ``python -m bench.judge.fit --write`` found it; see docs/judging.md."""

from __future__ import annotations

import numpy as np

KNOWN = np.array(
    [
        1.68,  # size: what stands above the past, as a share of the capacity (log)
        0.47,  # how much of the growth is new ground, and no recovery of what was lost (log)
        0.46,  # how many windows of past there are: a record in a short past is chance (log)
        1.05,  # days of past beyond the first: a day that was seen once is not known yet (log)
        0.32,  # blocks that rose, beyond five of seven
        15.69,  # no block has much more than its eighth of the growth: steps are no leaks
        3.76,  # no single step is most of it
        3.66,  # the last quarter goes on rising: a cache bends
        2.15,  # samples: sixteen prove nothing
        0.75,  # and some hundred prove more than some thirty
        6.48,  # growth beside moves that are usual (log)
        0.51,  # growth beside where it began (log)
        9.07,  # nearness to the limit: where no cache was made to end
        0.19,  # fewer than sixteen samples prove less still
        0.81,  # minutes, beside an hour: in a day there are many of them, and one is the highest (log)
        0.43,  # growth beyond the moves that are usual (log)
        2.94,  # constant
    ]
)
"""Where the past is as long as the window."""

FRESH = np.array(
    [
        1.37,  # size: growth as a share of the capacity, while it is small (log)
        0.20,  # the same, when it is a twentieth or more (log)
        1.55,  # the late half's share: a start bends
        1.95,  # the last quarter's share
        10.38,  # no block has much more than its eighth of the growth
        3.39,  # no single step is most of it
        1.59,  # it does not bend down
        0.66,  # samples (log)
        0.15,  # minutes are a start, an hour is not (log)
        1.63,  # how much older the lifetime is than the window (log)
        1.92,  # growth beside where it began (log)
        1.96,  # nearness to the limit, up to four fifths
        30.19,  # and above four fifths: what still rises there will not stop
        6.53,  # up to 20 minutes: a start, whatever it looks like (log)
        4.25,  # constant
    ]
)
"""Where there is less past: a start, or a lifetime as old as the climb."""

SURE = np.array(
    [
        [-4.00, -3.00, -2.00, -1.00, 0.00, 1.00, 2.00, 3.00, 5.00],
        [-1.95, -0.46, 0.02, 0.31, 0.89, 2.68, 2.84, 4.34, 6.98],
    ]
)
"""From evidence (first row) to the logit of the probability, lines between: logistic regression that never falls."""

LEAK_AT = 1.6
"""Evidence from which on it is called a leak: the least, in tenths, with at most 5 false episodes per 1,000
healthy days on the tuning series."""

SUSPECT_AT = 0.3
"""Where the probability is 0.8 on the bench, of whose series about half leak."""

FORESIGHT = np.array(
    [
        [-3.00, -1.50, -0.50, 0.50, 1.50, 3.00, 1.50],
        [-1.81, -1.04, -0.53, -0.32, -0.12, 0.19, -0.25],
        [-1.61, -0.81, -0.28, -0.14, 0.00, 0.21, -0.21],
        [0.00, 0.00, 0.00, 0.09, 0.18, 1.56, 0.07],
        [0.00, 0.03, 0.24, 0.77, 1.31, 2.29, 0.62],
        [0.00, 0.18, 0.41, 1.01, 1.61, 2.51, 0.68],
    ]
)
"""Quantiles (5, 10, 50, 90, 95 %) of the logarithm of what truly remained over what the law says, by the logarithm of
how long the climb was seen over that (first row). The last column is the most that laws which fit as well may lie apart
(logarithm of the ninth tenth over the first), and what each unit of it adds. Quantile regression (Koenker and Bassett
1978) on the tuning part."""
