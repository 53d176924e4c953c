"""Traces recorded by our own lab: programs that leak and programs that do not, in memory cgroups. See record.py."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl

from bench.judge.case import Case, Truth
from oakum.model.series import Ending, Metric, Scope, Series, WorkloadSeries
from oakum.model.verdict import Pattern

TRACES = Path(__file__).with_name("recorded") / "traces.parquet"
COLUMNS = (
    "trace",
    "program",
    "label",
    "pattern",
    "onset_s",
    "lifetime",
    "started_s",
    "ending",
    "limit_bytes",
    "at_s",
    "anon_bytes",
)


def made() -> str:
    """When and on what they were recorded."""
    return pl.read_parquet_metadata(TRACES).get("made", "unknown")


@lru_cache(maxsize=1)
def cases() -> dict[str, Case]:
    frame = pl.read_parquet(TRACES, columns=list(COLUMNS))
    made = [_case(rows) for _, rows in frame.group_by("trace", maintain_order=True)]
    return {one.name: one for one in made}


def _case(rows: pl.DataFrame) -> Case:
    name = f"lab/{rows['trace'][0]}"
    limit = float(rows["limit_bytes"][0])
    lives = tuple(_life(part, limit) for _, part in rows.group_by("lifetime", maintain_order=True))
    leaks = rows["label"][0] == "leak"
    pattern = Pattern(rows["pattern"][0])
    killed = [life.ended_s for life in lives if life.ending is Ending.OOM_KILLED and life.ended_s is not None]
    top = max(float(life.value.max()) for life in lives)
    truth = Truth(
        family=str(rows["program"][0]),
        kind="recorded" if leaks else "",
        # A healthy program starts up and then stands, whatever else it does.
        patterns=(pattern,) if leaks else tuple(dict.fromkeys((pattern, Pattern.FLAT, Pattern.WARM_UP))),
        onset_s=rows["onset_s"][0],
        crosses_s=tuple(killed),
        base=float(lives[0].value[0]) / limit,
        limit=limit,
        reach=(top - float(lives[0].value[0])) / limit,
    )
    series = WorkloadSeries(name, lives, unit="bytes", scope=Scope.PROCESS, metric=Metric.ANON)
    return Case(name, "lab", series, truth, float(lives[0].at_s[0]))


def _life(rows: pl.DataFrame, limit: float) -> Series:
    at = rows["at_s"].to_numpy().astype(np.float64)
    ending = Ending(rows["ending"][0])
    return Series(
        at,
        rows["anon_bytes"].to_numpy().astype(np.float64),
        np.full(at.size, limit),
        started_s=rows["started_s"][0],
        ended_s=None if ending is Ending.RUNNING else float(at[-1]),
        ending=ending,
    )
