"""What a journey tells whoever watches it."""

from __future__ import annotations

from typing import Protocol

from oakum.model.series import WorkloadSeries
from oakum.model.verdict import Verdict


class Progress(Protocol):
    """A face implements it; a journey never knows which."""

    def stage(self, text: str) -> None:
        """A new stage begins; one line for a person."""

    def ask(self, question: str) -> bool | None:
        """Whether a person agrees. None: there is nobody who could be asked."""

    def watched(self, series: WorkloadSeries, verdict: Verdict, remaining_s: float) -> None:
        """The watch goes on: what it has seen, what the judge says of it, and how long it still takes at most."""

    def standing(self, text: str) -> None:
        """What holds now, in one line, for a face that can show it in the place of the last one."""


class Silent:
    """Tells nobody."""

    def stage(self, text: str) -> None:
        del text

    def ask(self, question: str) -> bool | None:
        del question
        return None

    def watched(self, series: WorkloadSeries, verdict: Verdict, remaining_s: float) -> None:
        del series, verdict, remaining_s

    def standing(self, text: str) -> None:
        del text
