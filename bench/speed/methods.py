"""Who is timed. Each takes one chunk; what a method needs only once is done by ``ready``."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.pool import Pool
from typing import Protocol

import numpy as np

from bench.speed.fleet import Chunk, chunks
from oakum.judge import Columns, judge, judge_columns, judge_many
from oakum.judge.columns import LEAST_BYTES
from oakum.model.verdict import Verdict

WARM = 16
PRECOG_TRAINED = 0.25


class Method(Protocol):
    """``sizes``: how many series it is asked about."""

    @property
    def name(self) -> str: ...

    @property
    def sizes(self) -> Sequence[int]: ...

    def ready(self, cores: int) -> Callable[[Chunk], int]:
        """Something that answers for all series of a chunk and returns how many it answered."""


@dataclass(frozen=True)
class Together:
    """A function of many series that has workers of its own."""

    name: str
    sizes: tuple[int, ...]
    ask: Callable[[Chunk, int], int]

    def ready(self, cores: int) -> Callable[[Chunk], int]:
        self.ask(next(chunks(WARM)), cores)
        return lambda chunk: self.ask(chunk, cores)


@dataclass(frozen=True)
class EachAlone:
    """A function of one series, on one core or in a pool of processes."""

    name: str
    sizes: tuple[int, ...]
    ask: Callable[[Chunk], int]

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


def in_columns(chunk: Chunk, cores: int) -> int:
    """Columns in, columns out."""
    answers = judge_columns(as_columns(chunk), workers=cores)
    return int(np.count_nonzero(np.isfinite(answers[:, 0])))


def as_columns(chunk: Chunk) -> Columns:
    """Without requests, each series one life."""
    count = len(chunk)
    return Columns(
        offset=chunk.offsets,
        at_s=chunk.at_s,
        value=chunk.value,
        load=np.zeros(chunk.value.size),
        life=np.zeros(chunk.value.size, np.int64),
        lives=np.arange(count + 1, dtype=np.int64),
        dead=np.zeros(count, np.bool_),
        limit=chunk.limit,
        boundary=chunk.limit,
        least=np.minimum(LEAST_BYTES, 0.05 * chunk.limit),
    )


def in_words(chunk: Chunk, cores: int) -> int:
    """Whole verdicts with their reasons."""
    return sum(isinstance(answer, Verdict) for answer in judge_many(list(chunk.workloads()), workers=cores))


def one_by_one(chunk: Chunk) -> int:
    return sum(isinstance(judge(series), Verdict) for series in chunk.workloads())


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
    Together("Oakum, columns", (1_000, 10_000, 100_000), in_columns),
    Together("Oakum, verdicts", (1_000, 10_000, 100_000), in_words),
    EachAlone("Oakum, one by one", (1_000,), one_by_one),
    EachAlone("PrecogMF (our numpy form)", (1_000,), precog),
    EachAlone("pymannkendall + scipy Theil-Sen", (40,), mann_kendall),
)
