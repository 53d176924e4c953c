"""Oakum's judge as a detector: the only file here that calls it."""

from __future__ import annotations

import time

import numpy as np

from bench.judge.case import Case, prefix
from bench.judge.detector import CANNOT_TELL, HEALTHY, LEAK, QUANTILES, SUSPECT, Answers
from oakum.judge import judge, judge_many
from oakum.model.errors import DataError
from oakum.model.series import Floats, WorkloadSeries
from oakum.model.verdict import Verdict, VerdictName

_CODES = {
    VerdictName.HEALTHY: HEALTHY,
    VerdictName.SUSPECT: SUSPECT,
    VerdictName.LEAK: LEAK,
    VerdictName.CANNOT_TELL: CANNOT_TELL,
}
_FIELDS = ("p5_s", "p10_s", "p50_s", "p90_s", "p95_s")


class Oakum:
    """Asked with what was known at each moment. Between two samples nothing is new, and the answer is kept."""

    name = "Oakum"
    least_step_s = 0.0

    def answers(self, case: Case, at_s: Floats) -> Answers:
        prefixes: list[WorkloadSeries] = []
        which: list[int] = []
        for moment in at_s.tolist():
            known = prefix(case.series, moment)
            if not prefixes or known.samples != prefixes[-1].samples:
                prefixes.append(known)
            which.append(len(prefixes) - 1)
        began = time.perf_counter()
        answered = list(judge_many(prefixes))
        spent = time.perf_counter() - began
        verdicts = [answered[number] for number in which]
        return _columns(case, at_s, [_sound(verdict) for verdict in verdicts], spent, len(prefixes))


def explain(series: WorkloadSeries) -> Verdict:
    return judge(series)


def _sound(verdict: Verdict | DataError) -> Verdict:
    if isinstance(verdict, DataError):
        raise verdict
    return verdict


def _columns(case: Case, at_s: Floats, verdicts: list[Verdict], spent: float, asked: int) -> Answers:
    forecast = np.array([_forecast(verdict) for verdict in verdicts]).reshape(-1, len(QUANTILES))
    # A forecast counts from the last sample.
    at, _, _ = case.flat()
    last = at[np.maximum(np.searchsorted(at, at_s, side="right") - 1, 0)]
    return Answers(
        at_s,
        np.array([_CODES[verdict.name] for verdict in verdicts], np.int8),
        np.array([np.nan if verdict.probability is None else verdict.probability for verdict in verdicts]),
        tuple("" if verdict.pattern is None else str(verdict.pattern) for verdict in verdicts),
        np.maximum(0.0, forecast - (at_s - last)[:, None]),
        np.array([np.nan if verdict.rate_per_s is None else verdict.rate_per_s for verdict in verdicts]),
        spent,
        asked,
    )


def _forecast(verdict: Verdict) -> list[float]:
    """Quantiles of the first boundary that is the limit; those that the judge does not give are NaN."""
    for row in verdict.forecasts:
        if row.boundary != "node" or len(verdict.forecasts) == 1:
            return [float(getattr(row, field, np.nan)) for field in _FIELDS]
    return [np.nan] * len(_FIELDS)
