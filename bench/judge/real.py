"""Real series from a file, as they are and with leaks grafted on the healthy ones."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
import polars as pl

from bench.judge import leaks
from bench.judge.case import Case, Truth
from bench.judge.components import HOUR, Life
from bench.judge.leaks import Growth
from bench.judge.seeds import generator, log_uniform
from oakum.model.series import Ending, Floats, Metric, Scope, Series, Unit, WorkloadSeries

MEBI = 2.0**20
SHORTEST_GRAFT_S = 6 * HOUR
HISTORY_SHARE = 0.25
GRAFTS = (Growth.LINEAR, Growth.ACCELERATING, Growth.EXPONENTIAL, Growth.STEPWISE)


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """One series of the file. ``onset_s`` and ``eval_from_s`` may be missing in the file: None."""

    name: str
    dataset: str
    at_s: Floats
    value: Floats
    unit: Unit
    leaks: bool
    onset_s: float | None
    eval_from_s: float | None

    @property
    def limit(self) -> float | None:
        return 100.0 if self.unit == "percent" else None


def recorded(path: Path) -> list[Recorded]:
    """Columns: dataset, series_id, ts, value, unit, label, leak_start_ts, eval_from_ts."""
    frame = pl.read_parquet(path).drop_nulls(["ts", "value"]).sort("dataset", "series_id", "ts")
    return [_one(rows) for _, rows in frame.group_by(["dataset", "series_id"], maintain_order=True)]


def _one(rows: pl.DataFrame) -> Recorded:
    unit = str(rows["unit"][0])
    at, first = np.unique(rows["ts"].to_numpy().astype(np.float64), return_index=True)
    value = rows["value"].to_numpy().astype(np.float64)[first] * (MEBI if unit == "MiB" else 1.0)
    return Recorded(
        name=str(rows["series_id"][0]),
        dataset=str(rows["dataset"][0]),
        at_s=at,
        value=value,
        unit="percent" if unit == "percent" else "bytes",
        leaks=rows["label"][0] == "leak",
        onset_s=rows["leak_start_ts"][0],
        eval_from_s=rows["eval_from_ts"][0],
    )


def as_recorded(one: Recorded) -> Case:
    truth = Truth(
        family=one.dataset,
        kind="recorded" if one.leaks else "",
        onset_s=one.onset_s,
        limit=one.limit,
    )
    start = float(one.at_s[0])
    begins = start if one.eval_from_s is None else one.eval_from_s
    return Case(f"real/{one.dataset}/{one.name}", "real", _series(one, one.value, one.limit), truth, begins)


def part_of(one: Recorded) -> str:
    """Half of the healthy series carry grafts for tuning, the other half never."""
    return "tune" if blake2b(one.name.encode(), digest_size=1).digest()[0] % 2 == 0 else "held"


def grafts(one: Recorded) -> list[Case]:
    """A healthy series that moves at all: as it is, and with a leak of each kind."""
    if one.leaks or float(one.value.max()) <= 0 or one.at_s[-1] - one.at_s[0] < SHORTEST_GRAFT_S:
        return []
    return [_plain(one), *(_grafted(one, growth) for growth in GRAFTS)]


def _plain(one: Recorded) -> Case:
    """The same healthy series without a leak, scored over the same time as its grafts."""
    part = f"{part_of(one)}-graft"
    begins = float(one.at_s[0]) + HISTORY_SHARE * float(one.at_s[-1] - one.at_s[0])
    truth = Truth(family=one.dataset, limit=one.limit)
    return Case(f"{part}/healthy/{one.dataset}/{one.name}", part, _series(one, one.value, one.limit), truth, begins)


def _grafted(one: Recorded, growth: Growth) -> Case:
    part = part_of(one)
    name = f"{part}-graft/{growth}/{one.dataset}/{one.name}"
    rng = generator(part, name)
    span = float(one.at_s[-1] - one.at_s[0])
    limit = one.limit if one.limit is not None else float(one.value.max()) * rng.uniform(1.5, 3.0)
    onset = rng.uniform(0.35, 0.75) * span
    takes = span - onset
    room = max(1 - float(np.median(one.value)) / limit, 0.05)
    reach = min(log_uniform(rng, 0.15, 1.2) if rng.random() < 0.8 else log_uniform(rng, 0.05, 0.15), 1.5 * room)
    reach = min(reach, 0.2 * takes / HOUR)
    leak = leaks.draw(rng, growth, reach=reach, takes_s=takes)
    since = one.at_s - one.at_s[0] - onset
    life = Life(one.at_s, one.at_s - one.at_s[0], np.ones(one.at_s.size), rng)
    grown = leak.grown(life, since)
    value = one.value + grown * limit
    full = np.flatnonzero(value >= limit)
    full = full[since[full] > 0]
    seen = int(full[0]) + 1 if full.size else value.size
    begins = float(one.at_s[0]) + HISTORY_SHARE * span
    before = one.value[(since <= 0) & (since > -3 * HOUR)]
    truth = Truth(
        family=one.dataset,
        kind=str(growth),
        patterns=leak.patterns(collected=False),
        onset_s=float(one.at_s[0]) + onset,
        crosses_s=(float(one.at_s[seen - 1]),) if full.size else (),
        grown_at_s=one.at_s[:seen],
        grown=grown[:seen],
        base=float(np.median(before)) / limit if before.size else 0.0,
        limit=limit,
        reach=float(grown[:seen].max()),
    )
    series = _series(one, np.minimum(value, limit), limit, seen)
    return Case(name, f"{part}-graft", series, truth, begins)


def _series(one: Recorded, value: Floats, limit: float | None, seen: int | None = None) -> WorkloadSeries:
    count = value.size if seen is None else seen
    limits = None if limit is None else np.full(count, limit)
    life = Series(one.at_s[:count], value[:count], limits, ending=Ending.RUNNING)
    node = one.unit == "percent"
    return WorkloadSeries(
        one.name,
        (life,),
        unit=one.unit,
        scope=Scope.NODE if node else Scope.CONTAINER,
        metric=Metric.HEAP_USED if one.dataset == "gc_logs" else Metric.UNKNOWN,
    )
