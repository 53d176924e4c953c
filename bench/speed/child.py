"""One measurement in a process of its own: ``python -m bench.speed.child METHOD SERIES CORES`` prints one JSON line."""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Self

import psutil

from bench.speed.measured import Measured, Started

MIB = 1 << 20
LOOKED_EVERY_S = 0.05


class Peak:
    """The highest resident memory of this process and its children together, looked at twenty times a second."""

    def __init__(self) -> None:
        self._own = psutil.Process()
        self._ended = threading.Event()
        self.most = 0
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        # Between two looks the kernel looks for us, at this process alone.
        self.most = max(self.most, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)

    def now(self) -> int:
        return sum(int(memory.rss) for memory in self._all("memory_info"))

    def cpu_s(self) -> float:
        return sum(float(spent.user + spent.system) for spent in self._all("cpu_times"))

    def _all(self, what: str) -> Iterator[Any]:
        for process in (self._own, *self._own.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                yield getattr(process, what)()

    def _look(self) -> None:
        while not self._ended.wait(LOOKED_EVERY_S):
            self.most = max(self.most, self.now())


def measured(name: str, series: int, cores: int) -> Measured:
    # Imported here: with cold caches, what this takes is measured from outside.
    from bench.speed.fleet import chunks  # noqa: PLC0415
    from bench.speed.methods import METHODS  # noqa: PLC0415

    method = next(one for one in METHODS if one.name == name)
    answer = method.ready(cores)
    seconds, cpu_s, answered = 0.0, 0.0, 0
    with Peak() as peak:
        resting = peak.now()
        for chunk in chunks(series):
            began, spent = time.perf_counter(), peak.cpu_s()
            answered += answer(chunk)
            seconds += time.perf_counter() - began
            cpu_s += peak.cpu_s() - spent
    if answered != series:
        raise SystemExit(f"bench: {name} answered {answered} of {series}")
    return Measured(name, series, cores, seconds, cpu_s, peak.most / MIB, resting / MIB)


def started() -> Started:
    began = time.perf_counter()
    from oakum.judge import judge, judge_many  # noqa: PLC0415

    imported = time.perf_counter() - began
    from bench.speed.fleet import chunks  # noqa: PLC0415

    series = list(next(chunks(8)).workloads())
    alone = [_spent(lambda: judge(series[0])) for _ in range(2)]
    many = [_spent(lambda: list(judge_many(series))) for _ in range(2)]
    return Started(imported, alone[0], alone[1], many[0], many[1])


def _spent(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main(arguments: list[str]) -> None:
    if arguments == ["start"]:
        print(json.dumps(asdict(started())))
        return
    name, series, cores = arguments
    print(json.dumps(asdict(measured(name, int(series), int(cores)))))


if __name__ == "__main__":
    main(sys.argv[1:])
