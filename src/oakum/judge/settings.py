"""What the judge may be told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """Defaults are meant for services that live for hours or longer."""

    short_history_s: float = 600.0
    """A history shorter than this, in seconds, alone is never a leak: most warm-ups take minutes."""

    floor_points: int = 48
    """The floor is read at about this many moments."""

    least_samples: int = 6
    """With fewer samples nothing can be told."""

    least_share: float = 0.01
    """Growth below this share of the level is noise of the allocator."""

    far_s: float = 30 * 86400.0
    """A limit that is further away than this, in seconds, is nobody's problem tonight."""
