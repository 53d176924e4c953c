"""Work that was begun and may have been cut off: who does it, on which machine, since when."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that can be told from every other one, also after its pid is used again or the machine restarted."""

    host: str
    boot: str
    pid: int
    start_ticks: int


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work, written down before its first effect. ``again``: the command that does it anew or goes on."""

    kind: str
    subject: str
    again: str
    holder: Holder
    began_at_s: float
    number: int = 0
