"""Who is timed. Each takes one chunk; what a method needs only once is done by ``ready``."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.pool import Pool
from typing import Any, Protocol

import numpy as np

import oakum.judge
from bench.speed.fleet import Chunk, chunks

WARM = 16
PRECOG_TRAINED = 0.25


class Method(Protocol):
    """``sizes``: how many series it is asked about."""

    @property
    def name(self) -> str: ...

    @property
    def sizes(self) -> Sequence[int]: ...

    def there(self) -> bool: ...

    def ready(self, cores: int) -> Callable[[Chunk], int]:
        """Something that answers for all series of a chunk and returns how many it answered."""


@dataclass(frozen=True)
class Batch:
    """Oakum's answer to many series in columns."""

    name = "Oakum judge_batch"
    sizes = (1_000, 10_000, 100_000)

    def there(self) -> bool:
        return judge_batch() is not None

    def ready(self, cores: int) -> Callable[[Chunk], int]:
        batch = judge_batch()
        if batch is None:
            raise SystemExit("bench: oakum.judge has no judge_batch")

        def answer(chunk: Chunk) -> int:
            batch(chunk.offsets, chunk.at_s, chunk.value, chunk.limit, workers=cores)
            return len(chunk)

        answer(next(chunks(WARM)))
        return answer


@dataclass(frozen=True)
class EachAlone:
    """A function of one series, on one core or in a pool of processes."""

    name: str
    sizes: tuple[int, ...]
    ask: Callable[[Chunk], int]

    def there(self) -> bool:
        return True

    def ready(self, cores: int) -> Callable[[Chunk], int]:
        self.ask(next(chunks(WARM)))
        if cores == 1:
            return self.ask
        pool = _pool(cores, self.ask)

        def answer(chunk: Chunk) -> int:
            return sum(pool.map(self.ask, _pieces(chunk, cores * 8), chunksize=1))

        return answer


def _pool(cores: int, ask: Callable[[Chunk], int]) -> Pool:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    pool = multiprocessing.get_context("spawn").Pool(cores)
    pool.map(ask, [next(chunks(WARM))] * cores * 4, chunksize=1)
    return pool


def _pieces(chunk: Chunk, count: int) -> list[Chunk]:
    edges = np.unique(np.linspace(0, len(chunk), count + 1).astype(np.int64))
    made = []
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        rows = slice(int(chunk.offsets[first]), int(chunk.offsets[last]))
        offsets = chunk.offsets[first : last + 1] - chunk.offsets[first]
        made.append(Chunk(offsets, chunk.at_s[rows], chunk.value[rows], chunk.limit[first:last]))
    return made


def judge_batch() -> Callable[..., Any] | None:
    """None where this version has none yet."""
    return getattr(oakum.judge, "judge_batch", None)


def oakum_alone(chunk: Chunk) -> int:
    return sum(oakum.judge.judge(series) is not None for series in chunk.workloads())


def mann_kendall(chunk: Chunk) -> int:
    """The test of pymannkendall and the slope of scipy, of the raw samples."""
    # Only here: what Oakum needs in memory is measured too.
    import pymannkendall  # noqa: PLC0415
    from scipy import stats  # noqa: PLC0415

    answered = 0
    for series in chunk.workloads():
        life = series.lifetimes[0]
        test = pymannkendall.original_test(life.value)
        slope = stats.theilslopes(life.value, life.at_s - life.at_s[0])
        answered += bool(np.isfinite(test.z) and np.isfinite(slope[0]))
    return answered


def precog(chunk: Chunk) -> int:
    """Trained on the first quarter, asked once about the rest: our numpy form of it, all that one answer needs."""
    from bench.judge.baselines.precog import alarmed, smooth, train  # noqa: PLC0415

    answered = 0
    for number, series in enumerate(chunk.workloads()):
        life = series.lifetimes[0]
        percent = 100 * life.value / chunk.limit[number]
        cut = int(PRECOG_TRAINED * len(life))
        trained = train(*smooth(life.at_s[:cut], percent[:cut]))
        answered += alarmed(trained, *smooth(life.at_s[cut:], percent[cut:])) in {True, False}
    return answered


METHODS: tuple[Method, ...] = (
    Batch(),
    EachAlone("Oakum judge", (1_000, 10_000), oakum_alone),
    EachAlone("PrecogMF (our numpy form)", (1_000,), precog),
    EachAlone("pymannkendall + scipy Theil-Sen", (40,), mann_kendall),
)
