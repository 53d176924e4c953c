"""How far the truth lies from the law's answer: quantiles, by how long the climb was seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linprog

from bench.judge.case import Case, prefix
from bench.judge.detector import QUANTILES
from bench.judge.fit.evidence import Weights
from oakum.judge import compiled
from oakum.judge.columns import columns_of
from oakum.judge.figures import ANSWER, CLIMB_S, EVIDENCE, REACH_50, REACH_95, SPAN
from oakum.model.series import Floats

MIDDLE = 0.50
KNOTS = np.array([-3.0, -1.5, -0.5, 0.5, 1.5, 3.0])
LIVES = np.arange(0.15, 0.95, 0.05)
"""Shares of the time from onset to limit at which a forecast is compared with the truth."""

MOST = 1e9
MOST_DOUBT = 1.5
"""Where laws that fit as well lie farther apart than e to this power, no forecast is given."""

FARTHEST = 3.0
FAR = -0.5
"""Up to this knot the climb was seen for less than the time that is left: there the middle stays with the law. That the
truth comes sooner in the middle of all leaks, because some bend later, is no reason to expect it of a straight one."""

STIFF = 8.0
"""What a bend of the curve costs, in observations: where few were made, it goes on straight."""


def misses(case: Case, weights: Weights, suspect_at: float) -> Floats:
    """float64[k, 3]: logarithms of time seen and of what truly remained, over the law's answer; how laws lie apart."""
    truth = case.truth
    if not truth.crosses_s or truth.onset_s is None or not np.isfinite(case.flat()[2][-1]):
        return np.empty((0, 3))
    moments = truth.onset_s + LIVES * (truth.crosses_s[0] - truth.onset_s)
    known = [prefix(case.series, moment) for moment in moments[moments >= case.start_s].tolist()]
    columns = columns_of([one for one in known if one.samples])
    figures = np.empty((len(columns), ANSWER))
    # What is corrected by nothing but, in the highest quantile, by the doubt itself tells both.
    flat = np.zeros((1 + len(QUANTILES), KNOTS.size + 1))
    flat[0, :-1], flat[0, -1], flat[-1, -1] = KNOTS, MOST, 1.0
    compiled.judge_columns(
        columns.offset, columns.at_s, columns.value, columns.load, columns.life, columns.lives, columns.dead,
        columns.limit, columns.boundary, columns.least, weights.known, weights.fresh, flat, 0, len(columns), figures,
    )  # fmt: skip
    law = figures[:, REACH_50]
    seen = np.where(np.isfinite(figures[:, CLIMB_S]), figures[:, CLIMB_S], figures[:, SPAN])
    left = truth.crosses_s[0] - columns.at_s[columns.offset[1:] - 1]
    good = np.isfinite(law) & (law > 0) & (left > 0) & (figures[:, EVIDENCE] >= suspect_at)
    law, doubt = law[good], np.log(figures[good, REACH_95] / law[good])
    told = np.column_stack([np.log(seen[good] / law), np.log(left[good] / law), doubt])
    kept: Floats = told[doubt <= MOST_DOUBT]
    return kept


def quantiles(rows: Sequence[Floats]) -> Floats:
    """float64[6, knots + 1], knots and MOST_DOUBT first: piecewise linear quantile regression, kept stiff."""
    weight = np.concatenate([np.full(len(one), 1 / max(len(one), 1)) for one in rows])
    table = np.concatenate(rows)
    at = np.clip(table[:, 0], KNOTS[0], KNOTS[-1])
    base = np.column_stack([*(np.interp(at, KNOTS, unit) for unit in np.eye(KNOTS.size)), table[:, 2]])
    miss = np.clip(table[:, 1], -FARTHEST, FARTHEST)
    found = np.array([_quantile(base, miss, weight / weight.mean(), share) for share in QUANTILES])
    # Quantiles do not cross.
    return np.vstack([np.append(KNOTS, MOST_DOUBT), np.sort(found, axis=0)]).round(2)


def _quantile(base: Floats, miss: Floats, weight: Floats, share: float) -> Floats:
    """A linear programme: above, below, and bends, each as two numbers from 0 on."""
    count, knots = base.shape[0], KNOTS.size
    bend = np.zeros((knots - 2, knots + 1))
    for row in range(knots - 2):
        before, after = KNOTS[row + 1] - KNOTS[row], KNOTS[row + 2] - KNOTS[row + 1]
        bend[row, row : row + 3] = 1 / before, -1 / before - 1 / after, 1 / after
    bends = knots - 2
    cost = np.concatenate(
        [np.zeros(knots + 1), share * weight, (1 - share) * weight, np.full(2 * bends, STIFF * weight.mean())]
    )
    left = np.vstack([base, bend])
    both = np.zeros((count + bends, 2 * count + 2 * bends))
    both[:count, :count], both[:count, count : 2 * count] = np.eye(count), -np.eye(count)
    both[count:, 2 * count : 2 * count + bends], both[count:, 2 * count + bends :] = np.eye(bends), -np.eye(bends)
    right = np.concatenate([miss, np.zeros(bends)])
    lower, upper = (0.0 if share >= MIDDLE else None), (0.0 if share <= MIDDLE else None)
    free = [(lower, upper) if knot <= FAR else (None, None) for knot in KNOTS.tolist()]
    bounds = [*free, (None, None), *[(0.0, None)] * (2 * count + 2 * bends)]
    found: Floats = linprog(cost, A_eq=np.hstack([left, both]), b_eq=right, bounds=bounds, method="highs").x
    return found[: knots + 1]
