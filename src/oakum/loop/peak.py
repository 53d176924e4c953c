"""What something costs a target in memory: its peak, sampled beside the work."""

from __future__ import annotations

from threading import Event, Thread
from types import TracebackType
from typing import Self

from oakum.model.ports import ProcessGauge

GAUGED_EVERY_S = 0.02


class Gauged:
    """A gauge for a block."""

    def __init__(self, gauge: ProcessGauge) -> None:
        self._gauge = gauge

    def __enter__(self) -> ProcessGauge:
        return self._gauge

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._gauge.close()


class Peak:
    """How far memory rises above where it was, sampled beside the work of the block."""

    def __init__(self, gauge: ProcessGauge) -> None:
        self._gauge = gauge
        self._done = Event()
        self._thread = Thread(target=self._run, name="oakum-peak", daemon=True)
        self._begin = self._most = self._now()

    @property
    def extra_bytes(self) -> int:
        return self._most - self._begin

    def _now(self) -> int:
        memory = self._gauge.sample()
        return memory.rss_bytes if memory is not None else 0

    def _run(self) -> None:
        while not self._done.wait(GAUGED_EVERY_S):
            self._most = max(self._most, self._now())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()
