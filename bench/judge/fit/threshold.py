"""Where evidence becomes a name, and a probability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize

from bench.judge.fit.evidence import answers
from bench.judge.fit.sight import Sight
from bench.judge.replay import outcome
from oakum.model.series import Floats

SUSPECTED = 0.8
"""Half of the bench's series leak. Where one in twenty leaks, these odds are one in five: worth a look."""

MOST_FALSE = 5.0
"""Per 1,000 healthy days: what is asked of the judge."""

KNOTS = np.array([-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 5.0])
"""Of evidence: between them the logit of the probability is a line."""

MOMENTS = 50


def leak_at(sights: Sequence[Sight], found: Sequence[Floats]) -> float:
    """The least evidence, in tenths, with at most MOST_FALSE false episodes per 1,000 healthy days."""
    levels = np.arange(0.5, 4.0, 0.1).round(1).tolist()
    return float(next((level for level in levels if _false(sights, found, level) <= MOST_FALSE), levels[-1]))


def _false(sights: Sequence[Sight], found: Sequence[Floats], level: float) -> float:
    """False episodes per 1,000 healthy days; changed series are left out: they would count twice."""
    episodes, days = 0, 0.0
    for sight, one in zip(sights, found, strict=True):
        if "@" in sight.case.name:
            continue
        got = outcome(sight.case, "fit", answers(sight, one, level))
        episodes += got.early
        days += got.healthy_days
    return 1000 * episodes / days


def suspect_at(sure: Floats) -> float:
    """The evidence, in tenths, of SUSPECTED."""
    return float(np.interp(np.log(SUSPECTED / (1 - SUSPECTED)), sure[1], sure[0]).round(1))


def sure(sights: Sequence[Sight], found: Sequence[Floats]) -> Floats:
    """float64[2, knots]: evidence, and the logit of the probability there, which never falls. Series weigh alike."""
    evidence, leaks, weight = (np.concatenate(column) for column in zip(*map(_moments, sights, found), strict=True))
    at = np.clip(evidence, KNOTS[0], KNOTS[-1])
    base = np.column_stack([np.interp(at, KNOTS, unit) for unit in np.eye(KNOTS.size)])
    rises = base @ np.tri(KNOTS.size)

    def loss(beta: Floats) -> tuple[float, Floats]:
        logit = rises @ beta
        value = float((weight * (np.logaddexp(0, logit) - leaks * logit)).sum())
        return value, rises.T @ (weight * (1 / (1 + np.exp(-logit)) - leaks))

    bounds = [(None, None)] + [(0.01, None)] * (KNOTS.size - 1)
    first = np.concatenate([[-2.0], np.full(KNOTS.size - 1, 0.5)])
    found_rises = minimize(loss, first, jac=True, bounds=bounds, method="L-BFGS-B").x
    return np.vstack([KNOTS, np.cumsum(found_rises)]).round(2)


def _moments(sight: Sight, found: Floats) -> tuple[Floats, Floats, Floats]:
    """Of some fifty moments: evidence, whether it was leaking, weight."""
    thin = slice(None, None, max(1, found.size // MOMENTS))
    truth = sight.case.truth
    onset = truth.onset_s if truth.onset_s is not None else sight.case.eval_from_s
    leaks = np.logical_and(truth.leaks, sight.asked_s[thin] >= onset).astype(np.float64)
    return found[thin], leaks, np.full(leaks.size, 1.0 / max(leaks.size, 1))
