"""Where evidence becomes a name, and a probability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize

from bench.judge.episodes import false_alarms, found_at
from bench.judge.fit.evidence import answers
from bench.judge.fit.learn import weight_of
from bench.judge.fit.sight import Sight
from oakum.model.series import Floats

SUSPECTED = 0.8
"""Half of the bench's series leak. Where one in twenty leaks, these odds are one in five: worth a look."""

MOMENTS = 50


def leak_at(sights: Sequence[Sight], found: Sequence[Floats]) -> float:
    """The evidence, in tenths, with the greatest F1: a series with a false alarm counts against the precision."""
    levels = np.arange(0.5, 3.0, 0.1).round(1).tolist()
    return float(max(levels, key=lambda level: (_f1(sights, found, level), level)))


def _f1(sights: Sequence[Sight], found: Sequence[Floats], level: float) -> float:
    """Every series weighs as it does in the fit; leaks that stay small are not asked for."""
    hits, false, leaks = 0.0, 0.0, 0.0
    for sight, one in zip(sights, found, strict=True):
        told, truth, weight = answers(sight, one, level), sight.case.truth, weight_of(sight)
        asked = truth.leaks and truth.fast
        leaks += weight * asked
        hits += weight * (asked and found_at(sight.case, told) is not None)
        false += weight * (false_alarms(sight.case, told) > 0)
    return 2 * hits / (hits + false + leaks)


def suspect_at(sure: tuple[float, float]) -> float:
    """The evidence, in tenths, of SUSPECTED."""
    return float(round((np.log(SUSPECTED / (1 - SUSPECTED)) - sure[1]) / sure[0], 1))


def sure(sights: Sequence[Sight], found: Sequence[Floats]) -> tuple[float, float]:
    """(slope, constant) of the logistic curve from evidence to probability (Platt 1999); every series weighs alike."""
    evidence, leaks, weight = (np.concatenate(column) for column in zip(*map(_moments, sights, found), strict=True))

    def loss(beta: Floats) -> float:
        logit = beta[0] * evidence + beta[1]
        return float((weight * (np.logaddexp(0, logit) - leaks * logit)).sum())

    slope, constant = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B").x
    return float(round(slope, 2)), float(round(constant, 2))


def _moments(sight: Sight, found: Floats) -> tuple[Floats, Floats, Floats]:
    """Of some fifty moments: evidence, whether it was leaking, weight."""
    thin = slice(None, None, max(1, found.size // MOMENTS))
    truth = sight.case.truth
    onset = truth.onset_s if truth.onset_s is not None else sight.case.eval_from_s
    leaks = np.logical_and(truth.leaks, sight.asked_s[thin] >= onset).astype(np.float64)
    return found[thin], leaks, np.full(leaks.size, weight_of(sight) / max(leaks.size, 1))
