"""Many series as flat columns: what the kernels take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from oakum.judge.ledger import Ints
from oakum.judge.restarts import checked, last_limit
from oakum.model.series import Ending, Floats, Series, WorkloadSeries

LEAST_BYTES = 4 * 2.0**20
"""Growth of less than this is nobody's problem tonight, unless the limit is as small."""


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
    dead: np.ndarray[tuple[int], np.dtype[np.bool_]]
    limit: Floats
    boundary: Floats
    least: Floats

    def __len__(self) -> int:
        return len(self.offset) - 1


def limits(workload: WorkloadSeries, lifetimes: Sequence[Series]) -> tuple[float, float, float]:
    """(limit in force, boundary of the forecast, least growth that matters); +inf where there is none."""
    found = last_limit(lifetimes[-1]) if lifetimes else None
    limit = float("inf") if found is None else found
    node = workload.node_limit
    boundary = node if found is None and node is not None and node > 0 else limit
    least = 0.0 if workload.unit == "percent" else min(LEAST_BYTES, 0.05 * limit)
    return limit, float(boundary), least


def loads(lifetime: Series) -> Floats:
    """Requests per second, 0 where none is known; a hole in it is filled from before."""
    if lifetime.load is None:
        return np.zeros(len(lifetime))
    good = np.isfinite(lifetime.load)
    if good.all():
        return lifetime.load
    if not good.any():
        return np.zeros(len(lifetime))
    return np.interp(lifetime.at_s, lifetime.at_s[good], lifetime.load[good])


def columns_of(workloads: Sequence[WorkloadSeries]) -> Columns:
    """Raises DataError for times that do not increase or values that are no numbers."""
    at, value, load, life, dead = [], [], [], [], []
    offset, lives, bounds = [0], [0], []
    for workload in workloads:
        lifetimes = checked(workload)
        for number, lifetime in enumerate(lifetimes):
            at.append(lifetime.at_s)
            value.append(lifetime.value)
            load.append(loads(lifetime))
            life.append(np.full(len(lifetime), number, np.int64))
            dead.append(lifetime.ending is Ending.OOM_KILLED)
        offset.append(offset[-1] + sum(len(lifetime) for lifetime in lifetimes))
        lives.append(len(dead))
        bounds.append(limits(workload, lifetimes))
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
