"""What the engine sees of one case, at every moment with a new sample: the facts of its own kernels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray

from bench.judge import suite
from bench.judge.case import Case
from oakum.judge import compiled, kernels
from oakum.judge.bins.kernels import fold
from oakum.judge.columns import LEAST_BYTES, LEAST_POINTS, LEAST_SHARE, columns_of
from oakum.judge.evidence.kernels import FACTS, NOTHING, facts
from oakum.judge.floor.kernels import FINE, fine_floor
from oakum.judge.windows.kernels import ROW, SCALES, WINDOW
from oakum.model.series import Ending, Floats

LEAST_SAMPLES = 6
AT_ONCE = 256
TOLD = 3
RISES, CLIMBS, LIVED_S = range(TOLD)

assert compiled.judge_columns is not None  # loaded: from here on numba knows the kernels


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """``asked_s`` float64[m]; ``told`` float64[m, TOLD]: whether the floor rises, earlier climbs, age of the lifetime.

    One row per scale at which facts speak: ``fact`` float64[k, FACTS]; ``past`` int64[k], LONG_PAST or SHORT_PAST;
    ``window_s`` float64[k]; ``moment`` int64[k], ascending: whose it is.
    """

    case: Case
    asked_s: Floats
    told: Floats
    fact: Floats
    past: NDArray[np.int64]
    window_s: Floats
    moment: NDArray[np.int64]


def named(name: str, *, data: Path | None, every_s: float) -> Sight | None:
    """None where the name asks for a change that means nothing for the series. A changed series is asked less often."""
    try:
        case = suite.case(name, data)
    except KeyError:
        return None
    return sight(case, max(every_s, (case.end_s - case.eval_from_s) / 150) if "@" in name else every_s)


def sight(case: Case, every_s: float) -> Sight:
    columns = columns_of([case.series])
    asked = case.times(every_s)
    seen = np.searchsorted(columns.at_s, asked, side="right")
    new = (np.diff(seen, prepend=0) > 0) & (seen >= LEAST_SAMPLES)
    asked, seen = asked[new], seen[new].astype(np.int64)
    limit, least = _limits(case)
    dead = _deaths(case)[None, :] <= asked[:, None]
    told = np.empty((asked.size, TOLD))
    kept, others = [np.empty((0, FACTS))], [np.empty((0, 3))]
    fact, other = np.zeros((AT_ONCE * SCALES, FACTS)), np.zeros((AT_ONCE * SCALES, 3))
    samples = (columns.at_s, columns.value, columns.load, columns.life)
    for begin in range(0, seen.size, AT_ONCE):
        part = slice(begin, begin + AT_ONCE)
        now = seen[part] - 1
        count = _see(*samples, seen[part], limit[now], least[now], dead[part], told[part], fact, other)
        other[:count, 0] += begin
        kept.append(fact[:count].copy())
        others.append(other[:count].copy())
    row = np.concatenate(others)
    return Sight(
        case, asked, told, np.concatenate(kept), row[:, 1].astype(np.int64), row[:, 2], row[:, 0].astype(np.int64)
    )


def _limits(case: Case) -> tuple[Floats, Floats]:
    """At every sample: the limit in force, and the least growth that matters."""
    limit = case.flat()[2]
    limit = np.where(np.isfinite(limit) & (limit > 0), limit, np.inf)
    if case.series.unit == "percent":
        return np.where(np.isfinite(limit), limit, 100.0), np.full(limit.size, LEAST_POINTS)
    return limit, np.minimum(LEAST_BYTES, LEAST_SHARE * limit)


def _deaths(case: Case) -> Floats:
    """When each lifetime was killed for its memory; +inf where it was not."""
    lives = [one for one in case.series.lifetimes if len(one)]
    killed = [one.ended_s if one.ending is Ending.OOM_KILLED else None for one in lives]
    return np.array([np.inf if moment is None else moment for moment in killed])


@njit(nogil=True)  # not cached: numba would not see that a kernel changed
def _see(at, value, load, life, seen, limit, least, dead, told, fact, other):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0913, PLR0917
    """Fills ``told``, and per row ``fact`` and ``other``: moment, past, window. Returns how many rows."""
    bins, born = np.empty((8, at.size)), np.empty(at.size, np.int64)
    times, floor = np.empty(FINE), np.empty(FINE)
    rows = np.empty((SCALES, ROW))
    count = 0
    for i in range(seen.size):
        n = seen[i]
        k = fold(  # type: ignore[no-untyped-call]
            at[:n], value[:n], load[:n], life[:n],
            bins[0], bins[1], bins[2], bins[3], bins[4], bins[5], bins[6], bins[7], born,
        )  # fmt: skip
        own = bins[:, :k].copy()
        start, climbs, _, _, found = kernels.sighted(own, born[:k], limit[i], dead[i], rows)  # type: ignore[no-untyped-call]
        pieces = fine_floor(own[0], own[1], own[2], start, times, floor)
        lived = own[1, k - 1] - own[0, start]
        told[i, RISES] = floor[pieces - 1] > floor[0] + 0.02 * abs(floor[0])
        told[i, CLIMBS], told[i, LIVED_S] = climbs, lived
        for j in range(found):
            past = facts(rows[j], limit[i], least[i], lived, fact[count])  # type: ignore[no-untyped-call]
            if past != NOTHING:
                other[count, 0], other[count, 1], other[count, 2] = i, past, rows[j, WINDOW]
                count += 1
    return count
