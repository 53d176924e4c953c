"""Many series at once: columns in, columns out, on machine code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from oakum.judge import figures, weights
from oakum.judge.columns import Columns, flattened
from oakum.judge.facts import Facts, facts_of
from oakum.judge.lifetimes import checked
from oakum.judge.settings import JudgeSettings
from oakum.judge.verdict import verdict_of
from oakum.model.errors import DataError
from oakum.model.series import Floats, Series, WorkloadSeries
from oakum.model.verdict import Verdict

AT_ONCE = 2_000_000
"""Samples that are flattened at once: bounds memory at about 100 MB."""


def judge_columns(columns: Columns, *, workers: int = 1) -> Floats:
    """float64[n, ANSWER]: the figures of each series, in the columns of ``figures.py``. ``workers``: threads."""
    from oakum.judge import compiled  # noqa: PLC0415  (loads a compiler: only where many series pay for it)

    answers = np.empty((len(columns), figures.ANSWER))
    edges = np.searchsorted(columns.offset, np.linspace(0, columns.offset[-1], workers * 4 + 1)[1:-1])
    parts = np.unique(np.concatenate([[0], edges, [len(columns)]])).tolist()

    def part(begin: int, end: int) -> None:
        compiled.judge_columns(
            columns.offset,
            columns.at_s,
            columns.value,
            columns.load,
            columns.life,
            columns.lives,
            columns.dead,
            columns.limit,
            columns.boundary,
            columns.least,
            weights.KNOWN,
            weights.FRESH,
            weights.FORESIGHT,
            begin,
            end,
            answers,
        )

    if workers <= 1 or len(parts) <= 2:
        part(0, len(columns))
        return answers
    part(0, 0)  # compiles here: threads would do it again, and an interrupt would wait for them
    with ThreadPoolExecutor(workers) as pool:
        for job in [pool.submit(part, begin, end) for begin, end in zip(parts, parts[1:], strict=False)]:
            job.result()
    return answers


def judge_many(
    workloads: Sequence[WorkloadSeries], settings: JudgeSettings | None = None, *, workers: int = 1
) -> Iterator[Verdict | DataError]:
    """As ``judge`` of each, in order; a series that cannot be judged gives its error. Memory is bounded by chunks."""
    chosen = settings or JudgeSettings()
    for chunk in _chunks(workloads):
        yield from _judged(chunk, chosen, workers)


def _judged(chunk: Sequence[WorkloadSeries], settings: JudgeSettings, workers: int) -> Iterator[Verdict | DataError]:
    found: list[Facts | DataError] = []
    lifetimes: list[list[Series]] = []
    for workload in chunk:
        try:
            lifetimes.append(checked(workload))
        except DataError as exc:
            found.append(exc)
        else:
            found.append(facts_of(workload))
    good = [known for known in found if isinstance(known, Facts)]
    answers = iter(judge_columns(flattened(lifetimes, good), workers=workers)) if good else iter(())
    for known in found:
        yield known if isinstance(known, DataError) else verdict_of(known, next(answers), settings)


def _chunks(workloads: Sequence[WorkloadSeries]) -> Iterator[Sequence[WorkloadSeries]]:
    begin, samples = 0, 0
    for number, workload in enumerate(workloads):
        if samples and samples + workload.samples > AT_ONCE:
            yield workloads[begin:number]
            begin, samples = number, 0
        samples += workload.samples
    if begin < len(workloads):
        yield workloads[begin:]
