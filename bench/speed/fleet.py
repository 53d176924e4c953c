"""A fleet in chunks: one day of samples of each container, eight shapes in turn. Seeds are fixed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from oakum.model.series import Floats, Metric, Scope, Series, WorkloadSeries

SEED = 20_240_612
SAMPLES = 1440
STEP_S = 60.0
BLOCK = 200
CHUNK = 25 * BLOCK
PAGE = 4096
EPOCH_S = 1_700_006_400.0
LIMIT_BYTES = 2.0**31
SHAPES = ("flat", "daily", "warm-up", "sawtooth", "step", "wandering", "linear leak", "exponential leak")


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Ragged columns. ``offsets``: int64[n+1]; ``at_s``, ``value``: float64[sum]; ``limit``: float64[n], bytes."""

    offsets: np.ndarray[tuple[int], np.dtype[np.int64]]
    at_s: Floats
    value: Floats
    limit: Floats

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def workloads(self) -> Iterator[WorkloadSeries]:
        """The same series one by one."""
        for number in range(len(self)):
            rows = slice(int(self.offsets[number]), int(self.offsets[number + 1]))
            limit = np.full(rows.stop - rows.start, self.limit[number])
            life = Series(self.at_s[rows], self.value[rows], limit)
            yield WorkloadSeries(f"s{number}", (life,), scope=Scope.CONTAINER, metric=Metric.ANON)


def chunks(series: int, size: int = CHUNK) -> Iterator[Chunk]:
    """The first ``series`` of the fleet; one chunk is in memory at a time. ``size`` is a multiple of BLOCK."""
    for first in range(0, series, size):
        yield _chunk(first // BLOCK, min(size, series - first))


def _chunk(block: int, count: int) -> Chunk:
    """Made block by block, so that a small fleet is the beginning of a large one."""
    at, value = np.empty((count, SAMPLES)), np.empty((count, SAMPLES))
    for number, first in enumerate(range(0, count, BLOCK)):
        rng = np.random.default_rng((SEED, block + number))
        rows = slice(first, min(first + BLOCK, count))
        size = rows.stop - rows.start
        value[rows] = _block(rng)[:size]
        at[rows] = (EPOCH_S + np.arange(SAMPLES) * STEP_S + np.round(rng.uniform(0, STEP_S, (BLOCK, 1)), 3))[:size]
    offsets = np.arange(count + 1, dtype=np.int64) * SAMPLES
    return Chunk(offsets, at.reshape(-1), value.reshape(-1), np.full(count, LIMIT_BYTES))


def _block(rng: np.random.Generator) -> Floats:
    """float64[BLOCK, samples]: bytes, in whole pages."""
    u = np.arange(SAMPLES) / SAMPLES
    share = np.empty((BLOCK, SAMPLES))
    for number, shape in enumerate(SHAPES):
        share[number :: len(SHAPES)] = _shaped(shape, BLOCK // len(SHAPES), u, rng)
    share += rng.standard_normal(share.shape) * rng.uniform(5e-4, 5e-3, (BLOCK, 1))
    pages: Floats = np.rint(np.maximum(share, 0.0) * (LIMIT_BYTES / PAGE)) * PAGE
    return pages


def _shaped(shape: str, count: int, u: Floats, rng: np.random.Generator) -> Floats:
    """float64[count, samples]: shares of the limit without noise."""
    base, size = rng.uniform(0.1, 0.4, (count, 1)), rng.uniform(0.05, 0.35, (count, 1))
    at = rng.uniform(0.1, 0.9, (count, 1))
    out: Floats = np.broadcast_to(base, (count, u.size))
    if shape == "daily":
        out = base + size * (0.5 + 0.5 * np.cos(2 * np.pi * (u - at)))
    elif shape == "warm-up":
        out = base + size * -np.expm1(-u / (0.02 + 0.2 * at))
    elif shape == "sawtooth":
        out = base + size * np.mod(u * (5 + 40 * at), 1.0)
    elif shape == "step":
        out = base + size * (u >= at)
    elif shape == "wandering":
        walk = np.cumsum(rng.standard_normal((count, u.size)), axis=1)
        walk -= walk.mean(axis=1, keepdims=True)
        out = base + 0.2 + 0.05 * walk / np.abs(walk).max(axis=1, keepdims=True)
    elif shape == "linear leak":
        out = base + size * np.maximum(0.0, u - 0.7 * at) * 2
    elif shape == "exponential leak":
        out = base + size * np.expm1(5 * np.maximum(0.0, u - 0.4 * at)) / np.expm1(3)
    return out
