"""What Oakum itself costs the machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OwnCost:
    """Processor seconds of this process, and of those that it started and that have ended; bytes of this process.

    ``anon_bytes``: resident now, pages of files left out. ``peak_bytes``: the most that was resident, with them.
    """

    cpu_s: float
    children_cpu_s: float
    anon_bytes: int
    peak_bytes: int


class OwnCosts(Protocol):
    """Asked again and again."""

    def now(self) -> OwnCost: ...
