"""Which rollout a growth began with: the runs of each revision judged apart. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from oakum.judge.one import judge
from oakum.model.errors import DataError
from oakum.model.rollout import Rollout
from oakum.model.series import Series, WorkloadSeries
from oakum.model.verdict import Verdict, VerdictName

MOST: Final = 6
"""Revisions that are looked at, the latest."""

CALM: Final = 0.5
"""Of the pace of the whole: who surely rises more slowly, and is healthy, does not grow as it does."""

TELLING: Final = 8
"""Samples of a life that is judged by itself."""

ACCUSED: Final = frozenset({VerdictName.LEAK, VerdictName.SUSPECT})


def rollout_of(series: WorkloadSeries, verdict: Verdict) -> Rollout | None:
    """``verdict``: on the whole. None where it accuses nobody, where there was one revision alone, where the last one
    does not grow, and where those before say nothing for sure.

    Whoever rolls back takes up an older revision: it stands twice then, for its pods are others.
    """
    blocks = [tuple(lives) for _, lives in groupby(series.lifetimes, key=lambda life: life.revision)]
    blocks = [block for block in blocks[-MOST:] if any(len(life) for life in block)]
    if verdict.name not in ACCUSED or len(blocks) < 2 or not all(block[0].revision for block in blocks):
        return None
    last = _judged(series, blocks[-1])
    if last is None or last.name not in ACCUSED:
        return None
    grew, later = blocks[-1], list[Verdict]()
    for before in reversed(blocks[:-1]):
        found = _judged(series, before)
        if found is not None and _calm(found, verdict) and all(_calm_alone(series, life, verdict) for life in before):
            since = len(later)
            return Rollout(grew[0].revision, before[0].revision, _first_s(grew), True, _span_s(before), since=since)
        if found is None or found.name not in ACCUSED:
            break
        later.append(found)
        grew = before
    if not later:
        # It may have begun with this rollout, or with an older one.
        return None
    now, before = blocks[-1], blocks[-2]
    return Rollout(now[0].revision, before[0].revision, _first_s(now), False, _span_s(before), later[0].rate_per_s)


def _calm(found: Verdict, whole: Verdict) -> bool:
    """Whether it is healthy, and its samples rule out a climb as fast as half of the whole's."""
    if found.name is not VerdictName.HEALTHY or found.rate_interval is None:
        return False
    return found.rate_interval[1] < CALM * (whole.rate_per_s or 0.0)


def _calm_alone(series: WorkloadSeries, life: Series, whole: Verdict) -> bool:
    """One life of several: the last does not speak for the others. A short one says nothing."""
    if len(life) < TELLING:
        return True
    found = _judged(series, (life,))
    return found is not None and _calm(found, whole)


def _judged(series: WorkloadSeries, lives: Sequence[Series]) -> Verdict | None:
    try:
        return judge(replace(series, lifetimes=tuple(lives), taken=None, killed=None))
    except DataError:
        return None


def _first_s(lives: Sequence[Series]) -> float:
    return next(float(life.at_s[0]) for life in lives if len(life))


def _span_s(lives: Sequence[Series]) -> float:
    last_s = next(float(life.at_s[-1]) for life in reversed(lives) if len(life))
    return last_s - _first_s(lives)
