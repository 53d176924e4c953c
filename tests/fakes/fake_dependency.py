"""A dependency in memory: what it tells is what a test wrote down."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from oakum.model.errors import TargetError
from oakum.model.evidence import Cost


@dataclass(frozen=True, slots=True)
class FakeSample:
    at_s: float
    level: float
    limit: float | None = 100.0
    started_s: float | None = 1.0
    cost: Cost = field(default_factory=Cost)


class FakeDependency:
    """Port Dependency. ``answers``: to the first question and to the last one; those between get what stands between,
    and the last of that again and again. An error is raised.
    """

    def __init__(self, answers: Sequence[FakeSample | TargetError], place: str = "fake://db:1/shop") -> None:
        self.place = place
        self.asked: list[bool] = []
        self.closed = False
        self._first, *between, self._last = answers if len(answers) > 1 else (answers[0], answers[0])
        self._between = between or [self._first]

    async def sample(self, *, whole: bool) -> FakeSample:
        self.asked.append(whole)
        if whole:
            answer = self._first if len(self.asked) == 1 else self._last
        else:
            answer = self._between.pop(0) if len(self._between) > 1 else self._between[0]
        if isinstance(answer, TargetError):
            raise answer
        return answer

    @asynccontextmanager
    async def opened(self):
        try:
            yield self
        finally:
            self.closed = True
