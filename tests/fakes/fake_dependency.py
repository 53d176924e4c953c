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
    """Port Dependency. ``answers``: one per question, the last again and again; an error is raised."""

    def __init__(self, answers: Sequence[FakeSample | TargetError], place: str = "fake://db:1/shop") -> None:
        self.place = place
        self.asked: list[bool] = []
        self.closed = False
        self._answers = list(answers)

    async def sample(self, *, whole: bool) -> FakeSample:
        self.asked.append(whole)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, TargetError):
            raise answer
        return answer

    @asynccontextmanager
    async def opened(self):
        try:
            yield self
        finally:
            self.closed = True
