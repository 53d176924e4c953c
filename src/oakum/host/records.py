"""A line of the kernel's log."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """``at_s``: UTC epoch."""

    at_s: float
    text: str
