"""The online protocol: every detector is asked at every moment with earlier samples only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.judge.case import Case
from bench.judge.detector import LEAK, QUANTILES, SUSPECT, Answers, Detector
from bench.judge.episodes import false_alarms, found_at
from oakum.model.series import Floats

DAY = 86400.0
LIVES = (0.25, 0.50, 0.75)
BINS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What is kept of one detector on one series.

    ``delay_s``, ``headroom``: from the onset to the first alarm, and the share of the headroom lost; NaN unknown.
    ``suspected``: whether a leak was found or at least suspected, a healthy series suspected at any time.
    ``alarmed_s``: the first alarm, true or false, in seconds since the first sample; NaN where there was none.
    ``healthy_days``: how long a false alarm could have happened. ``alarmed_days``: how much of it was under alarm.
    ``highest``: the highest score while scored, for the precision-recall curve.
    ``forecast``: float64[3, 5], at LIVES; ``remaining_s``: float64[3], the truth; NaN where not given or not known.
    ``trusted``: float64[10, 3]: per bin of probability the number of answers, their sum, and how many were right.
    """

    detector: str
    name: str
    part: str
    family: str
    kind: str
    fast: bool
    found: bool
    suspected: bool
    early: int
    alarmed_s: float
    delay_s: float
    headroom: float
    healthy_days: float
    alarmed_days: float
    highest: float
    patterns: tuple[str, ...]
    pattern: str
    forecast: Floats
    remaining_s: Floats
    trusted: Floats
    spent_s: float
    asked: int

    @property
    def leaks(self) -> bool:
        return bool(self.kind)


def replay(case: Case, detector: Detector, every_s: float) -> Outcome:
    moments = case.times(max(every_s, detector.least_step_s))
    return outcome(case, detector.name, detector.answers(case, moments))


def outcome(case: Case, detector: str, answers: Answers) -> Outcome:
    truth = case.truth
    found = found_at(case, answers)
    onset = truth.onset_s if truth.onset_s is not None else case.eval_from_s
    until = onset if truth.leaks else case.end_s
    forecast, remaining = _forecasts(case, answers)
    after = answers.at_s >= onset if truth.leaks else np.ones(answers.at_s.size, bool)
    alarms = answers.at_s[answers.name == LEAK]
    healthy = answers.name[answers.at_s < until] == LEAK
    days = max(0.0, until - case.eval_from_s) / DAY
    return Outcome(
        detector=detector,
        name=case.name,
        part=case.part,
        family=truth.family,
        kind=truth.kind,
        fast=truth.fast,
        found=found is not None,
        suspected=bool(np.any(np.isin(answers.name, (SUSPECT, LEAK)) & after)),
        early=false_alarms(case, answers),
        alarmed_s=float(alarms[0]) - case.start_s if alarms.size else np.nan,
        delay_s=np.nan if found is None else max(0.0, found - max(onset, case.eval_from_s)),
        headroom=np.nan if found is None else _headroom(case, found, onset),
        healthy_days=days,
        alarmed_days=days * float(np.mean(healthy)) if healthy.size else 0.0,
        highest=float(np.nanmax(np.append(answers.probability[after], -np.inf))),
        patterns=tuple(str(pattern) for pattern in truth.patterns),
        pattern=_pattern(case, answers),
        forecast=forecast,
        remaining_s=remaining,
        trusted=_trusted(case, answers, onset),
        spent_s=answers.spent_s,
        asked=answers.asked,
    )


def _headroom(case: Case, found: float, onset: float) -> float:
    """How much of what was free at the onset was lost when the leak was found."""
    truth = case.truth
    if truth.grown is not None and truth.grown_at_s is not None:
        lost = float(np.interp(found, truth.grown_at_s, truth.grown))
        return lost / max(1.0 - truth.base, 1e-6)
    if truth.limit is None:
        return float("nan")
    at, value, _ = case.flat()
    before = value[(at <= onset) & (at > onset - 3 * 3600)]
    now = value[(at <= found) & (at > found - 1800)]
    if not before.size or not now.size:
        return float("nan")
    level = float(np.median(before))
    return max(0.0, float(np.median(now)) - level) / max(truth.limit - level, 1e-6)


def _pattern(case: Case, answers: Answers) -> str:
    """The shape named at the last alarm of a leak, at the end of a healthy series; "" where none was given."""
    if not case.truth.leaks:
        return answers.pattern[-1] if answers.pattern else ""
    alarms = np.flatnonzero(answers.name == LEAK)
    if alarms.size:
        return answers.pattern[int(alarms[-1])]
    return answers.pattern[-1] if answers.pattern else ""


def _forecasts(case: Case, answers: Answers) -> tuple[Floats, Floats]:
    """Life runs from the onset to the moment when usage reaches the limit for the first time."""
    forecast = np.full((len(LIVES), len(QUANTILES)), np.nan)
    remaining = np.full(len(LIVES), np.nan)
    truth = case.truth
    limits = case.flat()[2]
    if not truth.crosses_s or truth.onset_s is None or not np.isfinite(limits[-1]):
        return forecast, remaining
    end = truth.crosses_s[0]
    for row, share in enumerate(LIVES):
        moment = truth.onset_s + share * (end - truth.onset_s)
        index = int(np.searchsorted(answers.at_s, moment))
        if index < answers.at_s.size and answers.at_s[index] < end:
            remaining[row] = end - answers.at_s[index]
            forecast[row] = answers.forecast[index]
    return forecast, remaining


def _trusted(case: Case, answers: Answers, onset: float) -> Floats:
    """A probability was right when the series was leaking at that moment. Thinned to some fifty moments per series."""
    table = np.zeros((BINS, 3))
    if not np.all((answers.probability >= 0) & (answers.probability <= 1) | np.isnan(answers.probability)):
        # A score, not a probability.
        return table
    known = np.flatnonzero(np.isfinite(answers.probability))
    known = known[:: max(1, known.size // 50)]
    if not known.size:
        return table
    probability = answers.probability[known]
    right = np.logical_and(case.truth.leaks, answers.at_s[known] >= onset)
    which = np.clip((probability * BINS).astype(np.int64), 0, BINS - 1)
    for column, weight in enumerate((np.ones(known.size), probability, right.astype(np.float64))):
        np.add.at(table[:, column], which, weight / known.size)
    return table
