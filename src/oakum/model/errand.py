"""A command of our own that runs beside us, as a process with its own memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Ended:
    """``code``: of its exit, negative for a signal. ``answer``: its standard output. ``said``: the end of the rest."""

    code: int
    answer: bytes
    said: str


class Errand(Protocol):
    """One that was started. It ends with us, whatever ends us."""

    def ended(self) -> Ended | None:
        """None: it still runs. Never waits."""

    def stop(self) -> None:
        """Ask it to end as Ctrl-C does, and wait a little; it is killed when it does not."""


class Errands(Protocol):
    """Starts commands of this very Oakum."""

    def start(self, arguments: Sequence[str], environment: Mapping[str, str]) -> Errand:
        """``environment``: added to ours. Raises MachineError."""
