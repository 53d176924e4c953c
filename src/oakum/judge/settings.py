"""What the judge may be told."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.judge.shape.kernels import SHORT_S


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """Defaults are meant for services that live for hours or longer."""

    short_history_s: float = SHORT_S
    """A history shorter than this, in seconds, alone is never a leak: most warm-ups take minutes."""

    least_samples: int = 6
    """With fewer samples nothing can be told."""

    horizon_s: float = 3600.0
    """While a climb that fills the room below the limit within so many seconds is not ruled out, nothing is healthy."""
