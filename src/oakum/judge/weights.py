"""How much each fact weighs, as ``python -m bench.judge.fit`` found it on the tuning part; see docs/judging.md."""

from __future__ import annotations

import numpy as np

KNOWN = np.array([0.98, 1.01, 0.41, 0.34, 6.62, 4.92, 2.12, 0.74, 1.01, -1.82])
"""Where the past is as long as the window: how far above it, in shares of the capacity (log); how many windows of past
there are (log); its length in days (log); rising blocks beyond five; the largest step's share; the last quarter's
share; how finely it was sampled (log); growth beside what is usual (log); nearness to the limit; constant."""

FRESH = np.array([0.80, 2.72, 3.66, 4.79, 1.68, 7.67, -0.37])
"""Where there is less past: growth in shares of the capacity (log); the late half's share; the last quarter's share;
the largest step's share; how it bends; nearness to the limit; constant."""

SURE = (0.90, 1.90)
"""From evidence to probability: slope and constant of the logistic curve (Platt 1999)."""

LEAK_AT = 1.4
SUSPECT_AT = -0.5
"""Evidence from which on it is called a leak, or suspect."""

FORESIGHT = np.array(
    [
        [-3.00, -1.50, -0.50, 0.50, 1.50, 3.00],
        [-3.00, -1.04, -0.90, -0.36, -0.07, 0.00],
        [-2.30, -0.66, -0.65, -0.06, 0.00, 0.10],
        [0.00, 0.00, 0.01, 0.05, 0.33, 0.95],
        [0.30, 0.30, 0.59, 0.65, 1.50, 2.00],
        [0.50, 0.50, 1.01, 1.33, 2.60, 3.00],
    ]
)
"""Quantiles (5, 10, 50, 90, 95 %) of the logarithm of what truly remained over what the law says, by the logarithm of
how long the climb was seen over that (first row). Quantile regression (Koenker and Bassett 1978) on the tuning part."""
