"""Somebody's yes to a signal or a stop: asked for once, and it holds for who takes the target's place."""

from __future__ import annotations

from oakum.loop.progress import Progress
from oakum.model.absent import Absent, AbsentKind
from oakum.probe.node import HEAP


class Consent:
    """``agreed``: what was said beforehand; None: a person is asked."""

    def __init__(self, *, agreed: bool | None) -> None:
        self._agreed = agreed
        self.refused_beforehand = agreed is False

    @property
    def agreed(self) -> bool | None:
        """None: nobody has answered yet."""
        return self._agreed

    def denied(self, question: str, progress: Progress) -> str:
        """``question``: what would be done. Why it must not be, "" where somebody agreed."""
        progress.stage(question)
        if self._agreed is None:
            self._agreed = progress.ask("May Oakum do that?")
        if self._agreed:
            return ""
        return "nobody was there to be asked" if self._agreed is None else "it was declined"

    def refusal(self, question: str, command: str, progress: Progress) -> Absent | None:
        """As ``denied``. ``command``: that says yes. None where somebody agreed."""
        why = self.denied(question, progress)
        return Absent(HEAP, AbsentKind.NOT_YET, f"{question} {why}.", command) if why else None
