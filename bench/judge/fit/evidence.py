"""From facts and weights to the evidence of every moment, as ``kernels.weigh`` does it, for all moments at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.judge.detector import HEALTHY, LEAK, QUANTILES, Answers
from bench.judge.fit.sight import CLIMBS, LIVED_S, RISES, Sight
from oakum.judge.evidence.kernels import LONG_PAST
from oakum.judge.kernels import AGAIN
from oakum.judge.settings import JudgeSettings
from oakum.model.series import Floats

LEAST = -4.0
LONG = 16
SHORT = 14
BEST = 2


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """``known`` float64[LONG + 1], ``fresh`` float64[SHORT + 1]: weights of the facts, and a constant at the end."""

    known: Floats
    fresh: Floats


def scored(sight: Sight, weights: Weights) -> Floats:
    """float64[k]: the evidence of each row."""
    known = sight.fact[:, :LONG] @ weights.known[:-1] + weights.known[-1]
    fresh = sight.fact[:, :SHORT] @ weights.fresh[:-1] + weights.fresh[-1]
    score: Floats = np.where(sight.past == LONG_PAST, known, fresh)
    return score


def ranked(sight: Sight, score: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(rows, rank): rows by moment and falling score, and which of its moment each is: 0 for the best."""
    order = np.lexsort((-score, sight.moment))
    moment = sight.moment[order]
    begins = np.flatnonzero(np.diff(moment, prepend=-1))
    return order, np.arange(order.size) - np.repeat(begins, np.diff(np.append(begins, order.size)))


def evidence(sight: Sight, score: Floats) -> Floats:
    """float64[m]: the two best scales, averaged, and what earlier climbs add."""
    order, rank = ranked(sight, score)
    total = np.full((BEST, sight.asked_s.size), LEAST)
    for place in range(BEST):
        rows = order[rank == place]
        total[place, sight.moment[rows]] = np.maximum(score[rows], LEAST)
    mean: Floats = total.mean(axis=0)
    again = (sight.told[:, CLIMBS] > 0) & (sight.told[:, RISES] > 0)
    return np.where(again, np.maximum(mean, -1.0) + AGAIN * np.minimum(sight.told[:, CLIMBS], 2), mean)


def answers(sight: Sight, found: Floats, leak_at: float, sure: Floats | None = None) -> Answers:
    """As the engine would answer. ``found``: the evidence of each moment; ``sure``: what makes it a probability."""
    logit = found if sure is None else np.interp(found, sure[0], sure[1])
    short = (sight.told[:, LIVED_S] < JudgeSettings().short_history_s) & (sight.told[:, CLIMBS] < 1)
    size = found.size
    return Answers(
        sight.asked_s,
        np.where((found >= leak_at) & ~short, LEAK, HEALTHY).astype(np.int8),
        1 / (1 + np.exp(-logit)),
        ("",) * size,
        np.full((size, len(QUANTILES)), np.nan),
        np.full(size, np.nan),
        0.0,
        size,
    )
