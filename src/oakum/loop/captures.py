"""Two captures of one heap, apart in time; each is decoded beside the watch that goes on."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from oakum import heap
from oakum.heap.formats.python.objects import PythonHeap
from oakum.loop.facts import Facts
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import TargetError
from oakum.model.growth import HeapGrowth
from oakum.model.runtime import Preflight
from oakum.model.units import format_count, format_duration, format_size
from oakum.probe.python import HEAP, HeapCapture, PythonProbe

MARGIN_S = 2.0
"""A capture is taken this long before the forecast's early case, in seconds, beside what it takes itself."""


class Captures:
    """Takes a capture when told to, decodes it on a thread of its own, and compares the first with the last."""

    def __init__(self, probe: PythonProbe | None, pid: int, *, stop: bool) -> None:
        self._probe, self._pid, self._stop = probe, pid, stop
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="oakum-heap")
        if probe is not None:
            self._worker.submit(heap.warm_up)
        self._taken: list[tuple[HeapCapture, Future[PythonHeap | Absent]]] = []
        self._begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._worker.shutdown(wait=kind is None, cancel_futures=True)

    @property
    def taken(self) -> int:
        return len(self._taken)

    @property
    def needs_s(self) -> float:
        """How long before the end the last capture must begin."""
        return MARGIN_S + 3 * max((capture.cost.seconds for capture, _ in self._taken), default=0.0)

    def preflight(self) -> Preflight | Absent | None:
        """None: there is nothing to capture with. A refusal is an Absent."""
        if self._probe is None:
            return None
        found = self._probe.preflight(self._pid, stop=self._stop)
        if isinstance(found, Preflight) and found.refusal:
            return Absent(
                HEAP, AbsentKind.TOO_DEAR, found.refusal, "oakum investigate --no-capture, or a larger machine"
            )
        return found

    def take(self, facts: Facts) -> None:
        """A target that ends meanwhile leaves the captures that were taken."""
        if self._probe is None:
            return
        self._begun = True
        try:
            capture = self._probe.capture(self._pid, stop=self._stop)
        except TargetError as exc:
            facts.miss(Absent(HEAP, AbsentKind.NOT_YET, f"the target ended: {exc.what}", "investigate its next life"))
            return
        if isinstance(capture, Absent):
            facts.miss(capture)
            return
        self._taken.append((capture, self._worker.submit(capture.decode)))
        pause = format_duration(capture.cost.pause_s) if capture.cost.pause_s else "none"
        facts.add(
            "capture",
            f"copied {format_size(capture.cost.bytes_read)} of its memory in {format_duration(capture.cost.seconds)},"
            f" pause: {pause}",
            "process memory",
            cost=capture.cost,
            facts={"skipped_bytes": capture.image.skipped_bytes},
        )

    def follow(self, pid: int, facts: Facts) -> None:
        """Another process took the target's place: its heap is another one, so what was captured is put aside."""
        self._pid = pid
        self._taken.clear()
        if self._begun:
            self.take(facts)

    def compare(self, facts: Facts) -> HeapGrowth | None:
        """None where two captures could not be had or read; then ``facts`` says why."""
        if len(self._taken) < 2:
            if self._taken:
                facts.miss(Absent(HEAP, AbsentKind.NOT_YET, "only one capture could be taken", "investigate again"))
            return None
        (first, decoding), (last, decoding_last) = self._taken[0], self._taken[-1]
        before, after = decoding.result(), decoding_last.result()
        for found in (before, after):
            if isinstance(found, Absent):
                facts.miss(found)
                return None
        if isinstance(before, Absent) or isinstance(after, Absent):
            return None
        growth = heap.compare(before, after, last.taken_s - first.taken_s)
        facts.add(
            "growth",
            f"{format_count(growth.objects_before)} → {format_count(growth.objects_after)} objects"
            f" in {format_duration(growth.seconds)}",
            "the two captures",
            facts={
                "objects": [growth.objects_before, growth.objects_after],
                "heap_bytes": [growth.heap_bytes_before, growth.heap_bytes_after],
            },
        )
        return growth
