"""The same question of files: a day of 100,000 series in Parquet, written once and kept."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl

from bench.prometheus.measured import Run, measured
from bench.speed.fleet import BLOCK, SAMPLES, SEED, chunks

IN_ONE = 5 * BLOCK
"""Series of one file."""


def scanned(series: int) -> tuple[Run, dict[str, int]]:
    """The run, and how many series had which verdict."""
    files = [str(path) for path in written(series)]
    run = measured(
        f"Oakum, {len(files)} files", [sys.executable, "-m", "oakum.cli.entry", "scan", *files, "-o", "json"]
    )
    counts: dict[str, int] = {}
    if run.exit in {0, 1}:
        for row in json.loads(run.out)["series"]:
            counts[row["verdict"]] = counts.get(row["verdict"], 0) + 1
    return run, counts


def written(series: int) -> Iterator[Path]:
    """Parquet files with series_id, ts, value and limit; each has whole series, in order."""
    kept = Path(tempfile.gettempdir()) / "oakum-bench-prometheus" / f"files-{SEED}-{SAMPLES}"
    kept.mkdir(parents=True, exist_ok=True)
    paths = [kept / f"{first:07d}.parquet" for first in range(0, series, IN_ONE)]
    if not all(path.exists() for path in paths):
        for number, chunk in enumerate(chunks(series, IN_ONE)):
            names = np.repeat([f"s{number * IN_ONE + row:07d}" for row in range(len(chunk))], SAMPLES)
            columns = {
                "series_id": names,
                "ts": chunk.at_s,
                "value": chunk.value,
                "limit": np.repeat(chunk.limit, SAMPLES),
            }
            half = paths[number].with_suffix(".half")
            with suppress(FileNotFoundError):
                half.unlink()
            pl.DataFrame(columns).write_parquet(half)
            half.rename(paths[number])
    yield from paths
