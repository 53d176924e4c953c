"""Plain threads, for work that lets others run meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

MOST_THREADS = 4
"""More would wait for the memory, not work."""


def _cores() -> int:
    return max(1, min(MOST_THREADS, len(os.sched_getaffinity(0))))


@dataclass(frozen=True, slots=True)
class LiveThreads:
    """Port Threads. As many as there are cores that this process may use."""

    count: int = field(default_factory=_cores)

    def each(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        with ThreadPoolExecutor(self.count, thread_name_prefix="oakum-thread") as pool:
            return [done.result() for done in [pool.submit(call) for call in calls]]
