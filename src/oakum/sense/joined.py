"""Samples of one workload that were taken at different times, by different watches, as one series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    lives[-1] = replace(extended(last, life), started_s=life.started_s)


def extended(life: Series, more: Series) -> Series:
    """One lifetime with later samples of its own; how it ended is the later word."""
    return in_a_row([life, more.rows(more.at_s > (life.at_s[-1] if len(life) else -np.inf))])


def in_a_row(parts: Sequence[Series]) -> Series:
    """One lifetime's samples, in parts that follow each other: it began as the first says, and ended as the last."""
    limited = any(part.limit is not None for part in parts)
    return Series(
        np.concatenate([part.at_s for part in parts]),
        np.concatenate([part.value for part in parts]),
        np.concatenate([_limits(part) for part in parts]) if limited else None,
        started_s=parts[0].started_s,
        ended_s=parts[-1].ended_s,
        ending=parts[-1].ending,
    )


def _limits(life: Series) -> Floats:
    return np.full(len(life), np.inf) if life.limit is None else life.limit
