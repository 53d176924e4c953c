"""Weights of the facts: logistic regression with no weight below 0, on the scales that decide.

A series is one bag of rows; which of them speak depends on the weights, so that choosing rows and fitting take turns
(Andrews, Tsochantaridis and Hofmann 2002 do so for support vectors). A healthy series is judged by its worst moments,
a leaking one by all moments after its onset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from bench.judge.fit.evidence import BEST, LONG, SHORT, Weights, evidence, ranked, scored
from bench.judge.fit.sight import Sight
from oakum.judge.evidence.kernels import LONG_PAST
from oakum.model.series import Floats, Scope

TURNS = 7
RIDGE = 3.0
SERIES = 2.0
"""What one healthy series weighs, and one leaking series, before its part's weight."""

BEFORE = 0.3
"""A window that opened this share of itself before the onset still shows the leak."""

MANY_CHANGES, ONE_CHANGE = 8.0, 2.0
"""A series of the file is there in all its changes, another in one at most."""

LOST = 0.03
"""Of the limit: what must have leaked before it can be seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """``leaks`` float64[k]: 1 where a row shows a leak, 0 where it shows none, NaN where nobody can tell."""

    sight: Sight
    leaks: Floats
    weight: float


def lesson(sight: Sight) -> Lesson:
    truth = sight.case.truth
    at = sight.asked_s[sight.moment]
    leaks = np.zeros(at.size)
    if truth.leaks:
        leaks[:] = np.nan
        if truth.onset_s is not None:
            leaks[at < truth.onset_s] = 0.0
            shown = (at >= truth.onset_s) & (at - sight.window_s >= truth.onset_s - BEFORE * sight.window_s)
            if truth.grown is not None and truth.grown_at_s is not None and truth.grown_at_s.size:
                shown &= np.interp(at, truth.grown_at_s, truth.grown) > LOST
            leaks[shown] = 1.0
    return Lesson(sight, leaks, weight_of(sight))


def weight_of(sight: Sight) -> float:
    """Whole production machines weigh most, what was made up least; a changed series less than the one it was."""
    part, again = sight.case.part, "@" in sight.case.name
    if part == "real":
        return (6.0 if sight.case.series.scope is Scope.NODE else 3.0) / (MANY_CHANGES if again else 1.0)
    return (2.0 if part.endswith("-graft") else 1.0) / (ONE_CHANGE if again else 1.0)


def learnt(lessons: Sequence[Lesson], *, turns: int = TURNS) -> Weights:
    weights = _beginning()
    for _ in range(turns):
        chosen = [_chosen(one, weights) for one in lessons]
        rows = [one.sight.fact[row] for one, (row, _) in zip(lessons, chosen, strict=True)]
        fact, weight = np.concatenate(rows), np.concatenate([weight for _, weight in chosen])
        leaks = np.concatenate([one.leaks[row] for one, (row, _) in zip(lessons, chosen, strict=True)])
        past = np.concatenate([one.sight.past[row] for one, (row, _) in zip(lessons, chosen, strict=True)])
        long = past == LONG_PAST
        weights = Weights(
            logistic(fact[long, :LONG], leaks[long], weight[long]),
            logistic(fact[~long, :SHORT], leaks[~long], weight[~long]),
        )
    return weights


def _beginning() -> Weights:
    """A first guess: size, the length of the past, and a rise without steps that goes on."""
    known, fresh = np.zeros(LONG + 1), np.zeros(SHORT + 1)
    known[[0, 2, 3]], known[[5, 6, 7]], known[-1] = 1.0, 4.0, 3.0
    fresh[[0, 1]], fresh[[3, 4, 5]] = 1.0, 4.0
    return Weights(known, fresh)


def _chosen(one: Lesson, weights: Weights) -> tuple[NDArray[np.int64], Floats]:
    """(rows, their weights): the best scales of each moment, of which the truth is known."""
    score = scored(one.sight, weights)
    order, rank = ranked(one.sight, score)
    rows = order[rank < BEST]
    rows = rows[np.isfinite(one.leaks[rows])]
    found = evidence(one.sight, score)[one.sight.moment[rows]]
    weight = np.ones(rows.size)
    leaks = one.leaks[rows] == 1
    if not leaks.all():
        worst = np.exp(np.maximum(found[~leaks] - found[~leaks].max(), -8.0))
        weight[~leaks] = SERIES * worst / worst.sum()
    if leaks.any():
        weight[leaks] = SERIES / leaks.sum()
    return rows, weight * one.weight


def logistic(fact: Floats, leaks: Floats, weight: Floats) -> Floats:
    """float64[facts + 1], the constant last; ridge on standardised facts, every weight of a fact at least 0."""
    middle, spread = fact.mean(axis=0), fact.std(axis=0) + 1e-9
    plain = (fact - middle) / spread
    count = fact.shape[1]

    def loss(beta: Floats) -> tuple[float, Floats]:
        logit = plain @ beta[:count] + beta[count]
        miss = weight * (1 / (1 + np.exp(-logit)) - leaks)
        value = float((weight * (np.logaddexp(0, logit) - leaks * logit)).sum())
        slope = np.append(plain.T @ miss + RIDGE * beta[:count], miss.sum())
        return value + RIDGE * float((beta[:count] ** 2).sum()) / 2, slope

    bounds = [(0.0, None)] * count + [(None, None)]
    best = minimize(loss, np.zeros(count + 1), jac=True, bounds=bounds, method="L-BFGS-B").x
    slope = best[:count] / spread
    return np.append(slope, best[count] - float(slope @ middle))
