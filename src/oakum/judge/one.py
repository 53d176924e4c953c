"""One series, whole: its verdict, and the lines that the verdict was read from. No compiler is waited for."""

from __future__ import annotations

import math

import numpy as np

from oakum.judge import figures
from oakum.judge.floor.kernels import FINE, fine_floor
from oakum.judge.lifetimes import checked
from oakum.judge.settings import JudgeSettings
from oakum.judge.state import state_of
from oakum.model.curve import Curve
from oakum.model.series import Floats, WorkloadSeries
from oakum.model.verdict import Verdict


def judge(workload: WorkloadSeries, settings: JudgeSettings | None = None) -> Verdict:
    """Raises DataError for times that do not increase or values that are no numbers."""
    return state_of(workload).verdict(settings)


def curve(workload: WorkloadSeries, settings: JudgeSettings | None = None) -> Curve | None:
    """None where there is too little to draw. Raises DataError as ``judge`` does."""
    chosen = settings or JudgeSettings()
    lifetimes = checked(workload)
    if not lifetimes or len(lifetimes[-1]) < chosen.least_samples:
        return None
    last = lifetimes[-1]
    answer = state_of(workload).figures()
    times, floor = np.empty(FINE), np.empty(FINE)
    n = fine_floor(last.at_s, last.at_s, last.value, 0, times, floor)
    now_s = float(last.at_s[-1])
    onset_s = float(answer[figures.ONSET]) if math.isfinite(answer[figures.ONSET]) else float(times[0])
    ahead_s = float(answer[figures.REACH_50])
    ahead_s = min(ahead_s, 2 * (now_s - onset_s)) if math.isfinite(ahead_s) else 0.0
    at_s = np.linspace(onset_s, max(now_s + ahead_s, onset_s + 1e-3), 80)
    if answer[figures.GAIN] > 0:
        u = np.maximum(at_s - onset_s, 0.0) / max(now_s - onset_s, 1e-9)
        fit = answer[figures.BASE] + answer[figures.GAIN] * _along(u, float(answer[figures.BEND]))
    else:
        fit = floor[n - 1] + answer[figures.RATE] * (at_s - times[n - 1])
    away_s = at_s - float(np.mean(times[:n]))
    low = (answer[figures.RATE_LOW] - answer[figures.RATE]) * away_s
    high = (answer[figures.RATE_HIGH] - answer[figures.RATE]) * away_s
    band = float(np.median(np.abs(np.diff(last.value))))
    return Curve(
        times[:n].copy(),
        floor[:n].copy(),
        at_s,
        fit,
        fit + np.minimum(low, high) - band,
        fit + np.maximum(low, high) + band,
    )


def _along(u: Floats, law: float) -> Floats:
    """``bent`` of the climb's kernels, of many."""
    bent: Floats = u**law if law > 0 else np.expm1(-law * u) / np.expm1(-law)
    return bent
