"""Two captures of one heap, apart in time; each is decoded beside the watch that goes on."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Self

from oakum import heap
from oakum.model.absent import Absent, AbsentKind
from oakum.model.growth import HeapGrowth

if TYPE_CHECKING:
    from oakum.probe.python import HeapCapture, PythonProbe


class Captures:
    """Takes a capture when told to, decodes it on a thread of its own, and compares the first with the last."""

    def __init__(self, probe: PythonProbe, pid: int, *, stop: bool) -> None:
        self._probe = probe
        self._pid = pid
        self._stop = stop
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="oakum-heap")
        self._worker.submit(heap.warm_up)
        self._decoded: list[tuple[HeapCapture, Future[object]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._worker.shutdown(wait=kind is None, cancel_futures=True)
