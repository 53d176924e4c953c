"""Scores of many outcomes, with bootstrap intervals over series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.judge.replay import BINS, LIVES, Outcome
from oakum.model.series import Floats

DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and its 95 % interval; NaN where nothing was there to count."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if not np.isfinite(self.value):
            return "–"
        if not np.isfinite(self.low):
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f}–{self.high:.3f})"


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Of one detector on one set of series. An early alarm on a leak counts against the precision as well."""

    leaks: int
    healthy: int
    precision: Figure
    recall: Figure
    f1: Figure
    episodes: int
    healthy_days: float
    per_1000_days: Figure


def accuracy(outcomes: Sequence[Outcome], *, seed: int = 7) -> Accuracy:
    leaks = np.array([one.leaks for one in outcomes], bool)
    hits = np.array([one.found for one in outcomes], bool)
    early = np.array([one.early for one in outcomes], np.float64)
    days = np.array([one.healthy_days for one in outcomes])
    draws = np.random.default_rng(seed).integers(0, max(len(outcomes), 1), (DRAWS, len(outcomes)))
    table = np.column_stack([leaks, hits, early > 0, early, days]) if outcomes else np.zeros((0, 5))
    whole = _figures(table.sum(axis=0))
    drawn = _figures(table[draws].sum(axis=1)) if outcomes else whole
    precision, recall, f1, rate = (_figure(one, many) for one, many in zip(whole, drawn, strict=True))
    return Accuracy(
        int(leaks.sum()), int((~leaks).sum()), precision, recall, f1, int(early.sum()), float(days.sum()), rate
    )


def _figures(sums: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Precision, recall, F1, false episodes per 1,000 healthy days, from sums over series (last axis)."""
    leaks, hits, false, episodes, days = np.moveaxis(np.asarray(sums, np.float64), -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = hits / (hits + false)
        recall = hits / leaks
        f1 = 2 * hits / (hits + false + leaks)
        rate = 1000 * episodes / days
    return precision, recall, f1, rate


def _figure(value: Floats, drawn: Floats) -> Figure:
    good = np.atleast_1d(drawn)
    good = good[np.isfinite(good)]
    if not good.size:
        return Figure(float(value), float("nan"), float("nan"))
    low, high = np.percentile(good, (2.5, 97.5))
    return Figure(float(value), float(low), float(high))


def summary(value: Floats, *, seed: int = 7) -> tuple[Figure, float, int]:
    """Median with its interval, P90, and how many there were; NaN are left out."""
    good = value[np.isfinite(value)]
    if not good.size:
        return Figure(float("nan"), float("nan"), float("nan")), float("nan"), 0
    draws = np.random.default_rng(seed).integers(0, good.size, (DRAWS, good.size))
    middles = np.median(good[draws], axis=1)
    low, high = np.percentile(middles, (2.5, 97.5))
    return Figure(float(np.median(good)), float(low), float(high)), float(np.percentile(good, 90)), int(good.size)


def macro_f1(outcomes: Sequence[Outcome], *, seed: int = 7) -> tuple[Figure, dict[str, tuple[Figure, int]]]:
    """Per pattern its F1 and how many series truly have it. A name that is also right counts as the first one."""
    pairs = [(one.patterns[0], one.patterns[0] if one.pattern in one.patterns else one.pattern)
             for one in outcomes if one.patterns]  # fmt: skip
    names = sorted({true for true, _ in pairs})
    if not names:
        return Figure(float("nan"), float("nan"), float("nan")), {}
    truly = np.array([[true == name for name in names] for true, _ in pairs], np.float64)
    said = np.array([[word == name for name in names] for _, word in pairs], np.float64)
    weights = np.concatenate([np.ones((1, len(pairs))), _draws(len(pairs), seed)])
    hits, counts = weights @ (truly * said), weights @ truly
    with np.errstate(divide="ignore", invalid="ignore"):
        # A pattern that was not drawn has no F1 in that draw.
        f1 = np.where(counts > 0, 2 * hits / (counts + weights @ said), np.nan)
    table = {
        name: (_figure(f1[0, column], f1[1:, column]), int(counts[0, column])) for column, name in enumerate(names)
    }
    means = np.nanmean(f1, axis=1)
    return _figure(means[0], means[1:]), table


def share(flags: Sequence[bool], *, seed: int = 7) -> Figure:
    """How many of them are true, as a share."""
    right = np.array(flags, np.float64)
    if not right.size:
        return Figure(float("nan"), float("nan"), float("nan"))
    return _figure(right.mean(), _draws(right.size, seed) @ right / right.size)


def upper_bound(count: int) -> float:
    """The mean of a Poisson count that would give so few or fewer only once in twenty times."""
    low, high = float(count), count + 10.0 + 5.0 * math.sqrt(count + 1)
    for _ in range(60):
        middle = (low + high) / 2
        below = sum(math.exp(k * math.log(middle) - middle - math.lgamma(k + 1)) for k in range(count + 1))
        low, high = (middle, high) if below > 0.05 else (low, middle)
    return high


def _draws(size: int, seed: int) -> Floats:
    """float64[DRAWS, size]: how often each series is in each bootstrap draw."""
    return np.random.default_rng(seed).multinomial(size, np.full(size, 1.0 / size), DRAWS).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Foresight:
    """Forecasts at one share of life. ``error``: the median of the absolute one, as a share of what truly remained.

    ``within_80``, ``within_90``: how often the truth lay between p10 and p90, and between p5 and p95.
    ``width_80``, ``width_90``: the median widths of these as a share of what remained; NaN where none was given.
    ``given``: how many had a forecast.
    """

    life: float
    asked: int
    given: int
    error: Figure
    error_p90: float
    within_80: Figure
    within_90: Figure
    width_80: float
    width_90: float


def foresight(outcomes: Sequence[Outcome]) -> list[Foresight]:
    rows = []
    for number, life in enumerate(LIVES):
        asked = [one for one in outcomes if one.leaks and np.isfinite(one.remaining_s[number])]
        given = [one for one in asked if np.isfinite(one.forecast[number][2])]
        quantiles = np.array([one.forecast[number] for one in given]).reshape(-1, 5)
        left = np.array([one.remaining_s[number] for one in given])
        p5, p10, p50, p90, p95 = quantiles.T
        error, error_p90, _ = summary(np.abs(p50 - left) / left)
        rows.append(
            Foresight(
                life,
                len(asked),
                len(given),
                error,
                error_p90,
                _covered(p10, left, p90),
                _covered(p5, left, p95),
                summary(np.where(np.isfinite(p90), (p90 - p10) / left, np.nan))[0].value,
                summary(np.where(np.isfinite(p95), (p95 - p5) / left, np.nan))[0].value,
            )
        )
    return rows


def _covered(low: Floats, left: Floats, high: Floats) -> Figure:
    """Where both ends were given; an upper end of ``inf`` covers all that is later."""
    given = np.isfinite(low) & ~np.isnan(high)
    return share(((low <= left) & (left <= high))[given].tolist())


def reliability(outcomes: Sequence[Outcome]) -> Floats:
    """float64[10, 3]: weight, mean probability, share that was leaking, per bin."""
    table = np.sum([one.trusted for one in outcomes], axis=0) if outcomes else np.zeros((BINS, 3))
    weight = np.where(table[:, :1] > 0, table[:, :1], np.nan)
    return np.column_stack([table[:, 0], table[:, 1:] / weight])


def precision_recall(outcomes: Sequence[Outcome]) -> tuple[Floats, Floats]:
    """Recall and precision as the threshold on the highest score falls; empty where a detector gives no score."""
    known = [one for one in outcomes if np.isfinite(one.highest)]
    if not known:
        return np.empty(0), np.empty(0)
    score = np.array([one.highest for one in known])
    truth = np.array([one.leaks for one in known], bool)
    order = np.argsort(-score, kind="stable")
    hits, all_told = np.cumsum(truth[order]), np.arange(1, score.size + 1)
    last = np.append(np.diff(score[order]) != 0, True)
    leaks = max(sum(one.leaks for one in outcomes), 1)
    return hits[last] / leaks, hits[last] / all_told[last]


def microseconds(outcomes: Sequence[Outcome]) -> float:
    """Per answer, in the replay: series of all lengths."""
    asked = sum(one.asked for one in outcomes)
    return 1e6 * sum(one.spent_s for one in outcomes) / asked if asked else float("nan")
