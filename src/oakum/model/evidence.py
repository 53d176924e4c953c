"""Facts with their origin, time and what they cost the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Cost:
    """What one piece of evidence cost. ``pause_s``: how long the target stood still; 0 when it was never stopped."""

    pause_s: float = 0.0
    seconds: float = 0.0
    bytes_read: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact. ``facts`` holds plain values (text, numbers) ready for JSON; ``title`` is one line for a person."""

    id: str
    title: str
    origin: str
    at_s: float
    cost: Cost = Cost()
    facts: Mapping[str, object] = field(default_factory=dict)
