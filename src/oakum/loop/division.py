"""Where a process's memory goes, as evidence: one line for a person, and plain values."""

from __future__ import annotations

from oakum.model.division import FREE, HELD, OUTSIDE, Divided, Part
from oakum.model.units import format_rate, format_size

GROUPS = (("Python's objects", HELD), ("outside of them", OUTSIDE), ("free in allocators", FREE))
TRIFLE_BYTES = 64 << 10
FAINT_SHARE = 0.01
"""Of what the group that grew most gained: with less than this, or than a trifle, a group is told without its rate."""


def division_told(divided: Divided) -> tuple[str, dict[str, object]]:
    """(title, facts)."""
    before, after = divided.before, divided.after
    parts = ", ".join(f"{name} {format_size(after.of(*group))}{_grew(divided, group)}" for name, group in GROUPS)
    facts: dict[str, object] = {
        "bytes": {part.value: [before.of(part), after.of(part)] for part in Part},
        "bytes_per_s": {part.value: divided.per_s(part) for part in Part},
        "total_bytes": [before.total_bytes, after.total_bytes],
        "python_arenas": [before.arenas, after.arenas],
        "malloc_arenas": [before.native_arenas, after.native_arenas],
        "threads": [before.threads, after.threads],
        "allocator_read": after.allocator_read,
    }
    return f"{format_size(after.total_bytes)} of its own memory: {parts}", facts


def _grew(divided: Divided, group: tuple[Part, ...]) -> str:
    """In brackets. Little of what all of them gained is in the values alone: a rate of it would be of chance."""
    most = max(abs(divided.per_s(*each)) for _, each in GROUPS)
    rate = divided.per_s(*group)
    grown = abs(divided.after.of(*group) - divided.before.of(*group))
    return f" ({format_rate(rate)})" if grown > TRIFLE_BYTES and abs(rate) > FAINT_SHARE * most else ""
