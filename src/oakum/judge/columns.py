"""Many series as flat columns: what the kernels take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.judge.facts import LEAST_LIMIT, Facts, facts_of
from oakum.judge.ledger import Ints
from oakum.judge.lifetimes import checked, loads
from oakum.model.series import MOST, Ending, Floats, Series, Unit, WorkloadSeries

LEAST_BYTES = 4 * 2.0**20
"""Growth of less than this is nobody's problem tonight, unless the limit is as small."""

LEAST_SHARE = 0.05
"""Of a limit, the growth that matters in any case."""


LEAST_POINTS = 0.1
"""Where memory is told in percent: what is less cannot be told from rounding."""

LEAST_COUNT = 3.0
"""Of what is counted one by one, so many more are the least that is growth, unless the limit is as small."""

_LEAST: Final[dict[Unit, float]] = {"bytes": LEAST_BYTES, "connections": LEAST_COUNT}


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Ragged columns of n series.

    ``offset``: int64[n+1] into ``at_s``, ``value``, ``load`` (float64, seconds, unit of the series, requests per
    second or 0) and ``life`` (int64, the number of the lifetime in its series). ``lives``: int64[n+1] into ``dead``
    (bool: that lifetime was killed for its memory). Per series, float64[n]: ``limit`` in force, ``boundary`` that a
    forecast runs to, both +inf for none, and ``least`` growth that matters.
    """

    offset: Ints
    at_s: Floats
    value: Floats
    load: Floats
    life: Ints
    lives: Ints
    dead: NDArray[np.bool_]
    limit: Floats
    boundary: Floats
    least: Floats

    def __len__(self) -> int:
        return len(self.offset) - 1


def limits(facts: Facts) -> tuple[float, float, float]:
    """(limit in force, boundary of the forecast, least growth that matters); +inf where there is none."""
    limit = float("inf") if facts.limit is None else facts.limit
    least = LEAST_POINTS if facts.unit == "percent" else min(_LEAST[facts.unit], LEAST_SHARE * limit)
    return limit, facts.boundary[1], least


def columns_of(workloads: Sequence[WorkloadSeries]) -> Columns:
    """Raises DataError for times that do not increase or values that are no numbers."""
    return flattened([checked(workload) for workload in workloads], [facts_of(workload) for workload in workloads])


def flattened(lifetimes_of: Sequence[Sequence[Series]], facts: Sequence[Facts]) -> Columns:
    """Of lifetimes that ``checked`` passed, and the facts of each series."""
    at, value, load, life, dead = [], [], [], [], []
    offset, lives, bounds = [0], [0], []
    for lifetimes, known in zip(lifetimes_of, facts, strict=True):
        for number, lifetime in enumerate(lifetimes):
            at.append(lifetime.at_s)
            value.append(lifetime.value)
            load.append(loads(lifetime))
            life.append(np.full(len(lifetime), number, np.int64))
            dead.append(lifetime.ending is Ending.OOM_KILLED)
        offset.append(offset[-1] + sum(len(lifetime) for lifetime in lifetimes))
        lives.append(len(dead))
        bounds.append(limits(known))
    limit, boundary, least = np.array(bounds, np.float64).reshape(-1, 3).T
    none = np.empty(0)
    return Columns(
        np.array(offset, np.int64),
        np.concatenate([none, *at]),
        np.concatenate([none, *value]),
        np.concatenate([none, *load]),
        np.concatenate([np.empty(0, np.int64), *life]),
        np.array(lives, np.int64),
        np.array(dead, np.bool_),
        np.ascontiguousarray(limit),
        np.ascontiguousarray(boundary),
        np.ascontiguousarray(least),
    )


def plain_columns(offset: Ints, at_s: Floats, value: Floats, limit: Floats | None = None, *, unit: Unit) -> Columns:
    """Of series of one lifetime each, without load: int64[n+1], float64[offset[n]] twice, float64[n] or None.

    Nothing is checked: times increase within a series, values are numbers from 0 on.
    """
    count = len(offset) - 1
    told = np.full(count, np.inf) if limit is None else np.where((limit > LEAST_LIMIT) & (limit < MOST), limit, np.inf)
    if unit == "percent":
        told = np.where(np.isfinite(told), told, 100.0)
    least = np.full(count, LEAST_POINTS) if unit == "percent" else np.minimum(_LEAST[unit], LEAST_SHARE * told)
    return Columns(
        offset,
        at_s,
        value,
        np.zeros(len(at_s)),
        np.zeros(len(at_s), np.int64),
        np.arange(count + 1, dtype=np.int64),
        np.zeros(count, np.bool_),
        told,
        told,
        least,
    )
