"""Counts over time in bounded memory: steps become twice as wide when there are too many."""

from __future__ import annotations

from typing import Final

from oakum.model.log import LogCounts

MOST_STEPS: Final = 720
MINUTE_S: Final = 60.0


class Tally:
    """``width``: of one step at first."""

    def __init__(self, width: float) -> None:
        self._width = width
        self._steps: dict[int, int] = {}

    def add(self, at: float) -> None:
        step = int(at // self._width)
        self._steps[step] = self._steps.get(step, 0) + 1
        while len(self._steps) > MOST_STEPS:
            self._width *= 2
            wider: dict[int, int] = {}
            for each, count in self._steps.items():
                wider[each // 2] = wider.get(each // 2, 0) + count
            self._steps = wider

    def counts(self) -> LogCounts:
        steps = sorted(self._steps)
        return LogCounts(self._width, tuple(step * self._width for step in steps), tuple(self._steps[s] for s in steps))
