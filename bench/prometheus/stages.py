"""``python -m bench.prometheus.stages URL HOURS``: one scan, with a clock on each of its stages; prints JSON.

Processor time of the thread that does the stage, without what another stage took inside of it; what no stage has (HTTP,
the event loop, imports) is the rest.
"""
# ruff: noqa: SLF001  (clocks go where the stages are)

from __future__ import annotations

import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from bench.prometheus.fleet import END_S
from oakum import wiring
from oakum.judge import compiled
from oakum.loop import scan_prometheus as scanning
from oakum.loop.folded import Folded
from oakum.loop.progress import Silent
from oakum.model.metrics import QueryBudget
from oakum.model.policy import Policy
from oakum.prometheus import api, live
from oakum.render import scan_to_json
from oakum.sense.prometheus import reading

STAGES = ("JSON to arrays", "samples in order", "lifetimes", "kernels of the judge", "verdicts", "folding", "answer")


class Clock:
    """Seconds of processor by stage."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._open = threading.local()

    def on(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: Any, **named: Any) -> Any:
            stack = self._open.__dict__.setdefault("stack", [0.0])
            stack.append(0.0)
            begun_s = time.thread_time()
            try:
                return work(*given, **named)
            finally:
                took_s, inside_s = time.thread_time() - begun_s, stack.pop()
                stack[-1] += took_s
                self.spent[stage] += took_s - inside_s

        return timed


def main(url: str, hours: str) -> None:
    clock, told = Clock(), SimpleNamespace()
    decode, samples, lives, kernels, verdicts, folding, answer = STAGES
    api.decoded = clock.on(decode, api.decoded)
    live.samples_of = clock.on(samples, live.samples_of)
    reading._Reading._members = clock.on(lives, reading._Reading._members)
    compiled.judge_columns = clock.on(kernels, compiled.judge_columns)
    scanning._verdicts = clock.on(verdicts, scanning._verdicts)
    Folded.add, Folded.told = clock.on(folding, Folded.add), clock.on(folding, Folded.told)
    stock_of = scanning.take_stock

    async def take_stock(server: Any, wanted: Any) -> Any:
        begun_s = time.monotonic()
        stock = await stock_of(server, wanted)
        told.stock = {
            "seconds": time.monotonic() - begun_s,
            "bytes": server.asked.bytes,
            "requests": server.asked.requests,
        }
        return stock

    scanning.take_stock = take_stock
    budget = QueryBudget(seconds=3600, most_bytes=64 << 30)

    @asynccontextmanager
    async def opened() -> Any:
        async with wiring.prometheus(url, budget) as server:
            told.server = server
            yield server

    settings = scanning.HistorySettings.of(window_s=float(hours) * 3600, at=str(END_S), budget=budget)
    begun_s, before_s = time.monotonic(), time.process_time()
    scan = scanning.scan_prometheus(url, opened(), settings=settings, policy=Policy(), now_s=END_S, progress=Silent())
    scanned_s = time.monotonic() - begun_s
    encoded = clock.on(answer, lambda: json.dumps(scan_to_json(scan)))()
    cpu_s = time.process_time() - before_s
    asked = told.server.asked
    print(
        json.dumps(
            {
                "seconds": scanned_s,
                "cpu_s": cpu_s,
                "stages": dict(clock.spent),
                "bytes": asked.bytes,
                "requests": asked.requests,
                "refused": asked.refused,
                "stock": told.stock,
                "series": sum(int(series.labels.get("pods", "1")) for series, _ in scan.rows),
                "samples": sum(series.samples for series, _ in scan.rows),
                "answer_bytes": len(encoded),
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
