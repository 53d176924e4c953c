"""The rules that people write for Prometheus."""

from __future__ import annotations

import time

import numpy as np

from bench.judge.baselines.windows import lines, middles, trailing
from bench.judge.case import Case
from bench.judge.detector import Answers, only_alarms
from oakum.model.series import Floats

HOUR = 3600.0


class PredictLinear:
    """``predict_linear(v[6h], 24 * 3600) > limit``."""

    name = "predict_linear[6h] → 24h"
    least_step_s = 0.0

    def answers(self, case: Case, at_s: Floats) -> Answers:
        began = time.perf_counter()
        at, value, _ = case.flat()
        first, last = trailing(at, at_s, 6 * HOUR)
        slope, mean, _ = lines(at, value, first, last)
        ahead = mean + slope * (at_s + 24 * HOUR - middles(at, first, last))
        limit = np.inf if case.truth.limit is None else case.truth.limit
        score = np.nan_to_num(ahead / limit, nan=0.0) if np.isfinite(limit) else np.full(at_s.size, np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            reaches = np.where(slope > 0, (limit - ahead) / slope + 24 * HOUR, np.inf)
        alarm = np.nan_to_num(ahead, nan=-np.inf) > limit
        return only_alarms(at_s, alarm, score, time.perf_counter() - began, reaches_s=np.maximum(reaches, 0.0))


class Increase:
    """``increase(v[1h]) > 0``: on a gauge each fall counts as a reset, and so as an increase."""

    name = "increase[1h] > 0"
    least_step_s = 0.0

    def answers(self, case: Case, at_s: Floats) -> Answers:
        began = time.perf_counter()
        at, value, _ = case.flat()
        first, last = trailing(at, at_s, HOUR)
        resets = np.concatenate(([0.0], np.cumsum(np.where(np.diff(value) < 0, value[:-1], 0.0))))
        some = last - first >= 2
        low, high = np.where(some, first, 0), np.where(some, last - 1, 0)
        grown = np.where(some, value[high] - value[low] + resets[high] - resets[low], 0.0)
        return only_alarms(at_s, grown > 0, np.full(at_s.size, np.nan), time.perf_counter() - began)


class Derivative:
    """``deriv(v[6h]) > 0`` for six hours on end."""

    name = "deriv[6h] > 0 for 6h"
    least_step_s = 0.0

    def answers(self, case: Case, at_s: Floats) -> Answers:
        began = time.perf_counter()
        at, value, _ = case.flat()
        slope, _, _ = lines(at, value, *trailing(at, at_s, 6 * HOUR))
        rising = np.nan_to_num(slope, nan=0.0) > 0
        index = np.arange(rising.size)
        since = np.maximum.accumulate(np.where(rising, -1, index))
        pending = np.where(since >= 0, at_s - at_s[np.maximum(since, 0)], at_s - at_s[:1])
        alarm = rising & (pending >= 6 * HOUR)
        return only_alarms(at_s, alarm, np.full(at_s.size, np.nan), time.perf_counter() - began)
