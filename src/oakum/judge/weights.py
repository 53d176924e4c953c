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

SPREAD = np.array([0.15, 1.0, 0.3, 0.0])
"""Width of a forecast, as a standard deviation of its logarithm: constant, share of noise, share of distance."""
