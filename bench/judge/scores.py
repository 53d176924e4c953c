"""Scores of many outcomes, with bootstrap intervals over series."""

from __future__ import annotations

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


def macro_f1(outcomes: Sequence[Outcome]) -> tuple[float, dict[str, tuple[float, int]]]:
    """Per pattern its F1 and how many series truly have it. A name that is also right counts as the first one."""
    pairs = [(one.patterns[0], one.patterns[0] if one.pattern in one.patterns else one.pattern)
             for one in outcomes if one.patterns]  # fmt: skip
    table: dict[str, tuple[float, int]] = {}
    for name in sorted({true for true, _ in pairs}):
        hits = sum(true == name and said == name for true, said in pairs)
        truly = sum(true == name for true, _ in pairs)
        said_so = sum(said == name for _, said in pairs)
        table[name] = (2 * hits / (truly + said_so), truly)
    mean = float(np.mean([value for value, _ in table.values()])) if table else float("nan")
    return mean, table


@dataclass(frozen=True, slots=True)
class Foresight:
    """Forecasts at one share of life. ``error``: absolute, as a share of what truly remained.

    ``within_80``, ``within_90``: how often the truth lay between p10 and p90, and between p5 and p95.
    ``width``: the median width of the p10-p90 interval as a share of what remained. ``given``: how many had a forecast.
    """

    life: float
    asked: int
    given: int
    error: float
    error_p90: float
    within_80: float
    within_90: float
    width: float


def foresight(outcomes: Sequence[Outcome]) -> list[Foresight]:
    rows = []
    for number, life in enumerate(LIVES):
        asked = [one for one in outcomes if one.leaks and np.isfinite(one.remaining_s[number])]
        given = [one for one in asked if np.isfinite(one.forecast[number][2])]
        quantiles = np.array([one.forecast[number] for one in given]).reshape(-1, 5)
        left = np.array([one.remaining_s[number] for one in given])
        p5, p10, p50, p90, p95 = quantiles.T
        error = np.abs(p50 - left) / left
        rows.append(
            Foresight(
                life,
                len(asked),
                len(given),
                _percentile(error, 50),
                _percentile(error, 90),
                _share((p10 <= left) & (left <= p90)),
                _share(((p5 <= left) & (left <= p95))[np.isfinite(p5) & np.isfinite(left)]),
                _percentile(((p90 - p10) / left)[np.isfinite(p90)], 50),
            )
        )
    return rows


def _percentile(value: Floats, percent: float) -> float:
    return float(np.percentile(value, percent)) if value.size else float("nan")


def _share(value: Floats | np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    return float(np.mean(value)) if value.size else float("nan")


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
