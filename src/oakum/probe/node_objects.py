"""How many objects a heap of a Node.js program has, by its inspector: what a snapshot costs goes by them.

V8 collects and gives each object a number, as it does for a snapshot, and forgets the numbers again.
Source: chromedevtools.github.io/devtools-protocol (v8), the HeapProfiler domain; v8,
src/inspector/v8-heap-profiler-agent-impl.cc.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from oakum.model.errors import OakumError
from oakum.probe.node_session import NodeSession
from oakum.probe.node_workers import Worker

ORIGIN: Final = "HeapProfiler.startTrackingHeapObjects"
TELLS_WITHIN_S: Final = 2.0
"""The figures come from a timer of the inspector, in seconds, once the objects have their numbers."""

LOOKED_EVERY_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Counted:
    """``pause_s``: from the question to the answer."""

    objects: int
    pause_s: float


def count_objects(session: NodeSession, *, within_s: float, worker: Worker | None = None) -> Counted | None:
    """None where it does not tell. Raises TargetError."""
    told: list[int] = []

    def heard(event: str, values: Mapping[str, object]) -> None:
        row = values.get("statsUpdate")
        if event == "HeapProfiler.heapStatsUpdate" and isinstance(row, list):
            # Of each span of numbers: its place, how many objects, their bytes.
            told.append(sum(count for count in row[1::3] if isinstance(count, int) and count > 0))

    session.hold(within_s + TELLS_WITHIN_S)
    clock = session.clock
    begun_s = clock.monotonic_s()
    try:
        session.ask(ORIGIN, {"trackAllocations": False}, within_s=within_s, worker=worker, heard=heard)
        pause_s = clock.monotonic_s() - begun_s
        until_s = clock.monotonic_s() + TELLS_WITHIN_S
        while not told and clock.monotonic_s() < until_s:
            clock.sleep_until(clock.monotonic_s() + LOOKED_EVERY_S)
            session.ask("Runtime.evaluate", {"expression": "0"}, within_s=within_s, worker=worker, heard=heard)
    finally:
        with suppress(OakumError):
            session.ask("HeapProfiler.disable", within_s=within_s, worker=worker)
    return Counted(told[0], pause_s) if told and told[0] else None
