"""Somebody's yes to a signal or a stop: asked for once, and it holds for who takes the target's place."""

from __future__ import annotations

from oakum.loop.progress import Progress
from oakum.model.absent import Absent, AbsentKind
from oakum.probe.node import HEAP


class Consent:
    """``agreed``: what was said beforehand; None: a person is asked."""

    def __init__(self, *, agreed: bool | None) -> None:
        self._agreed = agreed

    def refusal(self, question: str, pid: int, progress: Progress) -> Absent | None:
        """``question``: what would be done to ``pid``. None where somebody agreed."""
        progress.stage(question)
        if self._agreed is None:
            self._agreed = progress.ask("May Oakum do that?")
        if self._agreed:
            return None
        why = "nobody was there to be asked" if self._agreed is None else "it was declined"
        return Absent(HEAP, AbsentKind.NOT_YET, f"{question} {why}.", f"oakum investigate pid/{pid} --inspect")
