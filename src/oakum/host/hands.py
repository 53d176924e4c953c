"""All through which a plan changes this machine."""

from __future__ import annotations

from pathlib import Path

from oakum.host.handover import LiveHandovers
from oakum.host.limits import LiveMemoryLimits
from oakum.host.programs import LivePrograms
from oakum.host.sightings import LiveSightings
from oakum.model.hands import Hands


def these_hands(folder: Path) -> Hands:
    """``folder``: where what was begun is marked; of this user alone."""
    return Hands(LiveSightings(), LiveMemoryLimits(), LiveHandovers(folder), LivePrograms())
