"""A long path, as a person reads it: where it begins, and the last steps to what is held."""

from __future__ import annotations

from oakum.model.growth import PathStep

MOST_STEPS = 12
FIRST, LAST = 2, 7


def elided(path: tuple[PathStep, ...]) -> tuple[PathStep, ...]:
    """At most ``MOST_STEPS``; what stands between is counted. ``oakum heap paths`` and JSON tell every step."""
    if len(path) <= MOST_STEPS:
        return path
    between = len(path) - FIRST - LAST
    return (*path[:FIRST], PathStep(f"… {between} more steps", ""), *path[-LAST:])
