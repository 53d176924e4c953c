"""Alarms: moments of ``leak`` merged into episodes."""

from __future__ import annotations

from bench.judge.case import Case
from bench.judge.detector import LEAK, Answers

MERGED_WITHIN_S = 6 * 3600.0


def episodes(answers: Answers) -> list[tuple[float, float]]:
    """First and last moment of each run of alarms; two that are less than six hours apart are one."""
    found: list[tuple[float, float]] = []
    for moment in answers.at_s[answers.name == LEAK].tolist():
        if found and moment - found[-1][1] <= MERGED_WITHIN_S:
            found[-1] = (found[-1][0], moment)
        else:
            found.append((moment, moment))
    return found


def false_alarms(case: Case, answers: Answers) -> int:
    """On a healthy series every episode; on a leak those that ended before the onset, or began six hours before it."""
    onset = case.truth.onset_s
    found = episodes(answers)
    if not case.truth.leaks:
        return len(found)
    if onset is None:
        return 0
    return sum(first < onset - MERGED_WITHIN_S or last < onset for first, last in found)


def found_at(case: Case, answers: Answers) -> float | None:
    """The first ``leak`` after the onset."""
    if not case.truth.leaks:
        return None
    onset = case.truth.onset_s if case.truth.onset_s is not None else case.eval_from_s
    later = answers.at_s[(answers.name == LEAK) & (answers.at_s >= onset)]
    return float(later[0]) if later.size else None
