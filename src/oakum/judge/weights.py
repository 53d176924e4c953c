"""How much each fact weighs, as ``python -m bench.judge.fit --write`` found it; see docs/judging.md."""

from __future__ import annotations

import numpy as np

KNOWN = np.array(
    [
        1.04,  # size: what stands above the past, as a share of the capacity (log)
        0.96,  # how much of the growth is new ground, and no recovery of what was lost (log)
        0.83,  # how many windows of past there are: a record in a short past is chance (log)
        1.31,  # days of past beyond the first: a day that was seen once is not known yet (log)
        0.38,  # blocks that rose, beyond five of seven
        27.48,  # no block has much more than its eighth of the growth: steps are no leaks
        3.01,  # no single step is most of it
        3.37,  # the last quarter goes on rising: a cache bends
        5.69,  # samples: sixteen prove nothing
        1.16,  # and some hundred prove more than some thirty
        8.02,  # growth beside moves that are usual (log)
        1.93,  # growth beside where it began (log)
        12.39,  # nearness to the limit: where no cache was made to end
        -0.15,  # constant
    ]
)
"""Where the past is as long as the window."""

FRESH = np.array(
    [
        1.26,  # size: growth as a share of the capacity, while it is small (log)
        0.48,  # the same, when it is a twentieth or more (log)
        1.00,  # the late half's share: a start bends
        2.01,  # the last quarter's share
        10.37,  # no block has much more than its eighth of the growth
        5.34,  # no single step is most of it
        3.19,  # it does not bend down
        1.03,  # samples (log)
        0.93,  # minutes are a start, an hour is not (log)
        1.38,  # how much older the lifetime is than the window (log)
        0.64,  # growth beside where it began (log)
        2.97,  # nearness to the limit, up to four fifths
        27.74,  # and above four fifths: what still rises there will not stop
        -0.80,  # constant
    ]
)
"""Where there is less past: a start, or a lifetime as old as the climb."""

SURE = (0.82, 1.60)
"""From evidence to probability: slope and constant of the logistic curve (Platt 1999)."""

LEAK_AT = 1.4
"""Evidence from which on it is called a leak: of all tenths the one with the greatest F1 on the tuning series."""

SUSPECT_AT = -0.3
"""Where the probability is 0.8 on the bench, of whose series about half leak."""

FORESIGHT = np.array(
    [
        [-3.00, -1.50, -0.50, 0.50, 1.50, 3.00],
        [-3.00, -1.16, -0.85, -0.54, -0.24, 0.22],
        [-2.51, -0.95, -0.52, -0.30, -0.08, 0.24],
        [0.00, 0.00, 0.00, 0.11, 0.23, 1.49],
        [0.00, 0.17, 0.45, 1.08, 1.70, 3.00],
        [0.25, 0.61, 0.85, 1.50, 2.16, 3.15],
    ]
)
"""Quantiles (5, 10, 50, 90, 95 %) of the logarithm of what truly remained over what the law says, by the logarithm of
how long the climb was seen over that (first row). Quantile regression (Koenker and Bassett 1978) on the tuning part."""
