"""How many objects a heap of a Node.js program has, by its inspector: what a snapshot costs goes by them.

V8 collects and gives each object a number, as it does for a snapshot, and forgets the numbers again. It does so as it
is asked, and 50 ms later to tell how many there are; and every 50 ms from then on, until it is told to stop.
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
"""The figures come from a timer of the inspector, in seconds, beside what it stands still for that."""


@dataclass(frozen=True, slots=True)
class Counted:
    """``pause_s``: the longer of two, from the question to the answer and from there to the figures."""

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
        session.listen(lambda: bool(told), within_s=TELLS_WITHIN_S + 4 * pause_s, worker=worker, heard=heard)
        pause_s = max(pause_s, clock.monotonic_s() - begun_s - pause_s)
    finally:
        with suppress(OakumError):
            session.ask("HeapProfiler.disable", within_s=within_s, worker=worker)
    return Counted(told[0], pause_s) if told and told[0] else None
