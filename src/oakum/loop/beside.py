"""Work done beside other work, on a thread of its own, that ends when nobody waits for it any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import TypeVar

from oakum.loop.progress import Progress, Silent
from oakum.model.series import WorkloadSeries
from oakum.model.verdict import Verdict

T = TypeVar("T")


@contextmanager
def beside(work: Callable[[Progress], T]) -> Iterator[Future[T]]:
    """``work`` runs while the block does; leaving the block ends its watch within about a second."""
    over = Event()
    with ThreadPoolExecutor(1, "oakum-beside") as threads:
        try:
            yield threads.submit(work, _UntilOver(over))
        finally:
            over.set()


class _OverError(Exception):
    """Whoever waited has gone."""


class _UntilOver(Silent):
    """Tells nobody. A watch tells of itself every second: there it ends."""

    def __init__(self, over: Event) -> None:
        self._over = over

    def watched(self, series: WorkloadSeries, verdict: Verdict, remaining_s: float) -> None:
        del series, verdict, remaining_s
        if self._over.is_set():
            raise _OverError
