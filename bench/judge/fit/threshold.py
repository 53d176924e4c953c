"""Where evidence becomes a name, and a probability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize

from bench.judge.episodes import false_alarms
from bench.judge.fit.evidence import answers
from bench.judge.fit.learn import weight_of
from bench.judge.fit.sight import Sight
from bench.judge.replay import DAY
from oakum.model.series import Floats

FALSE_PER_1000_DAYS = 5.0
SUSPECTED = 0.8
"""Half of the bench's series leak. Where one in twenty leaks, these odds are one in five: worth a look."""

MOMENTS = 50


def leak_at(sights: Sequence[Sight], found: Sequence[Floats]) -> float:
    """The least evidence, in tenths, from which on false alarms are rare enough."""
    days = sum(healthy_days(sight) for sight in sights)
    for level in np.arange(-1.0, 6.0, 0.1).round(1).tolist():
        pairs = zip(sights, found, strict=True)
        false = sum(false_alarms(sight.case, answers(sight, one, level)) for sight, one in pairs)
        if 1000 * false <= FALSE_PER_1000_DAYS * days:
            return float(level)
    raise SystemExit("fit: no evidence is enough. Next: look at what it alarms on")


def healthy_days(sight: Sight) -> float:
    case, truth = sight.case, sight.case.truth
    onset = truth.onset_s if truth.onset_s is not None else case.eval_from_s
    until = onset if truth.leaks else case.end_s
    return max(0.0, until - case.eval_from_s) / DAY


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
