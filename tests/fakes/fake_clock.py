"""A clock that stands still until somebody sleeps; what is due on the way happens on the way."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable


class FakeClock:
    """Port Clock. ``wall_s`` may be stepped; monotonic time only goes on."""

    def __init__(self, wall_s: float = 1_700_000_000.0, monotonic_s: float = 5_000.0) -> None:
        self._monotonic_s, self._wall_less_monotonic_s = monotonic_s, wall_s - monotonic_s
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._number = itertools.count()

    def now_s(self) -> float:
        return self._monotonic_s + self._wall_less_monotonic_s

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def sleep_until(self, monotonic_s: float) -> None:
        while self._due and self._due[0][0] <= monotonic_s:
            at_s, _, happen = heapq.heappop(self._due)
            self._monotonic_s = max(self._monotonic_s, at_s)
            happen()
        self._monotonic_s = max(self._monotonic_s, monotonic_s)

    def after(self, seconds: float, happen: Callable[[], object]) -> None:
        """``happen`` is called when the clock has gone on by ``seconds``."""
        heapq.heappush(self._due, (self._monotonic_s + seconds, next(self._number), happen))

    def pass_by(self, seconds: float) -> None:
        self.sleep_until(self._monotonic_s + seconds)

    def step_wall(self, seconds: float) -> None:
        """Somebody set the clock."""
        self._wall_less_monotonic_s += seconds

    def wall_of(self, monotonic_s: float) -> float:
        """A past moment by today's wall clock, as the kernel's stamps are told."""
        return monotonic_s + self._wall_less_monotonic_s
