"""Which series a run looks at, and the run itself on two processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from bench.judge import generator, lab, real
from bench.judge.case import Case
from bench.judge.changed import changed
from bench.judge.detector import Detector
from bench.judge.replay import Outcome, replay

PARTS = ("tune", "held")
SOURCES = ("generated", "lab", "real")


@dataclass(frozen=True, slots=True)
class Suite:
    """``healthy`` series of each family, ``leaking`` of each kind on each base; ``every_s`` between two questions."""

    healthy: int
    leaking: int
    every_s: float
    data: Path | None
    parts: tuple[str, ...] = PARTS
    sources: tuple[str, ...] = SOURCES

    def names(self) -> list[str]:
        """Names of cases, as ``--explain`` takes them."""
        made = [
            f"{part}/{name}"
            for part in self.parts
            for name in generator.names(part, healthy=self.healthy, leaking=self.leaking)
            if "generated" in self.sources
        ]
        return made + [name for name, one in _recorded_cases(self.data).items() if self._wants(one)]

    def _wants(self, one: Case) -> bool:
        if one.part == "lab":
            return "lab" in self.sources
        return "real" in self.sources and (one.part == "real" or one.part.removesuffix("-graft") in self.parts)


def quick(data: Path | None, parts: tuple[str, ...] = PARTS) -> Suite:
    return Suite(healthy=3, leaking=1, every_s=1800.0, data=data, parts=parts)


def full(data: Path | None, parts: tuple[str, ...] = PARTS) -> Suite:
    return Suite(healthy=12, leaking=3, every_s=300.0, data=data, parts=parts)


def case(name: str, data: Path | None) -> Case:
    """Raises KeyError for a change (``NAME@CHANGE``) that leaves nothing of the series."""
    name, _, change = name.partition("@")
    if change:
        other = changed(case(name, data), change)
        if other is None:
            raise KeyError(change)
        return other
    part, _, rest = name.partition("/")
    if part in PARTS:
        return generator.case(part, rest)
    return _recorded_cases(data)[name]


@lru_cache(maxsize=1)
def _recorded_cases(data: Path | None) -> dict[str, Case]:
    if data is None:
        return lab.cases()
    series = real.recorded(data)
    cases = [real.as_recorded(one) for one in series] + [graft for one in series for graft in real.grafts(one)]
    return lab.cases() | {one.name: one for one in cases}


@dataclass(frozen=True, slots=True)
class _Task:
    name: str
    data: Path | None
    every_s: float
    detectors: tuple[Detector, ...]


Progress: TypeAlias = Callable[[int, int], None]
"""Told after each series: how many are done, of how many."""


def run(suite: Suite, detectors: Sequence[Detector], *, jobs: int, progress: Progress | None = None) -> list[Outcome]:
    """Outcomes in the order of the names, whatever the number of processes."""
    tasks = [_Task(name, suite.data, suite.every_s, tuple(detectors)) for name in suite.names()]
    done: list[Outcome] = []
    for number, many in enumerate(_worked(tasks, jobs), 1):
        done += many
        if progress is not None:
            progress(number, len(tasks))
    return done


def _worked(tasks: Sequence[_Task], jobs: int) -> Iterator[list[Outcome]]:
    if jobs <= 1:
        yield from map(_work, tasks)
        return
    # One thread each: two processes on two cores are enough.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(_work, tasks, chunksize=4)


def _work(task: _Task) -> list[Outcome]:
    one = case(task.name, task.data)
    return [replay(one, detector, task.every_s) for detector in task.detectors]
