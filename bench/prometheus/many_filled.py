"""``python -m bench.prometheus.many_filled FOLDER ADDRESS SERIES``: the same samples into files and into a server.

A process of its own: what it holds is not there while others are measured.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import orjson
import polars as pl

from bench.speed.fleet import EPOCH_S, SAMPLES, STEP_S, Chunk, chunks
from lab.metrics.servers import flushed, imported

IN_ONE = 1000
"""Series of one file, and of one import."""

NAMESPACES = 100
END_S = EPOCH_S + SAMPLES * STEP_S


def written(folder: Path, address: str, series: int) -> None:
    """``address``: of a VictoriaMetrics."""
    begun_s = time.monotonic()
    for number, chunk in enumerate(chunks(series, IN_ONE)):
        at_s = EPOCH_S + STEP_S * np.tile(np.arange(1, SAMPLES + 1), len(chunk))
        names = [_name(number * IN_ONE + row) for row in range(len(chunk))]
        path = folder / f"{number:05d}.parquet"
        columns = {
            "series_id": np.repeat(names, SAMPLES),
            "ts": at_s,
            "value": chunk.value,
            "limit": np.repeat(chunk.limit, SAMPLES),
        }
        pl.DataFrame(columns).write_parquet(path)
        imported(address, "/api/v1/import", b"\n".join(_lines(chunk, number)))
    flushed(address)
    print(f"{series:,} series written in {time.monotonic() - begun_s:.0f} s", flush=True)


def _name(number: int) -> str:
    return f"s{number:07d}"


def _lines(chunk: Chunk, number: int) -> Iterator[bytes]:
    """As VictoriaMetrics imports it: one line of JSON for each series."""
    times = orjson.dumps([round((EPOCH_S + STEP_S * step) * 1000) for step in range(1, SAMPLES + 1)])
    seldom = orjson.dumps([round((EPOCH_S + STEP_S * step) * 1000) for step in range(1, SAMPLES + 1, 30)])
    for row in range(len(chunk)):
        place = number * IN_ONE + row
        where = {"namespace": f"team-{place % NAMESPACES:03d}", "pod": _name(place), "container": "app"}
        value = chunk.value[chunk.offsets[row] : chunk.offsets[row + 1]].astype(np.int64)
        memory = {"__name__": "container_memory_rss", **where, "id": f"/kubepods/{place}"}
        yield _line(memory, orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY), times)
        limit = {"__name__": "kube_pod_container_resource_limits", **where, "resource": "memory"}
        yield _line(limit, orjson.dumps([int(chunk.limit[row])] * len(range(1, SAMPLES + 1, 30))), seldom)


def _line(labels: Mapping[str, str], values: bytes, times: bytes) -> bytes:
    return b'{"metric":%b,"values":%b,"timestamps":%b}' % (orjson.dumps(labels), values, times)


if __name__ == "__main__":
    written(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
