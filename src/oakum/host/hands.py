"""Plain threads, for work that lets others run meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

MOST_HANDS = 4
"""More would wait for the memory, not work."""


def _cores() -> int:
    return max(1, min(MOST_HANDS, len(os.sched_getaffinity(0))))


@dataclass(frozen=True, slots=True)
class LiveHands:
    """Port Hands. As many as there are cores that this process may use."""

    count: int = field(default_factory=_cores)

    def each(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        with ThreadPoolExecutor(self.count, thread_name_prefix="oakum-hand") as threads:
            return [done.result() for done in [threads.submit(call) for call in calls]]
