"""Samples of one workload that were taken at different times, by different watches, as one series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from oakum.model.series import Floats, Series, WorkloadSeries

SAME_START_S = 2.0
"""Two lifetimes that began this close to each other are one, in seconds: starts are told by the wall clock."""


def joined(earlier: Iterable[Series], now: WorkloadSeries) -> WorkloadSeries:
    """``now`` with what was seen before it; a sample that is not later than the one before it is left out."""
    lives: list[Series] = []
    for life in (*earlier, *now.lifetimes):
        _join(lives, life)
    return replace(now, lifetimes=tuple(lives))


def _join(lives: list[Series], life: Series) -> None:
    """``life`` goes on from the last one, where that is the same, or comes after it."""
    if not len(life):
        return
    last = lives[-1] if lives else None
    if last is None or last.started_s is None or life.started_s is None:
        if last is None or life.at_s[0] > last.at_s[-1]:
            lives.append(life)
        return
    if abs(last.started_s - life.started_s) > SAME_START_S:
        if life.at_s[0] > last.at_s[-1]:
            lives.append(life)
        return
    fresh = life.at_s > last.at_s[-1]
    limit: Floats | None = None
    if last.limit is not None or life.limit is not None:
        limit = np.concatenate([_limits(last), _limits(life)[fresh]])
    lives[-1] = replace(
        life,
        at_s=np.concatenate([last.at_s, life.at_s[fresh]]),
        value=np.concatenate([last.value, life.value[fresh]]),
        limit=limit,
        load=None,
    )


def _limits(life: Series) -> Floats:
    return np.full(len(life), np.inf) if life.limit is None else life.limit
