"""Where a process's memory goes, as evidence: one line for a person, and plain values."""

from __future__ import annotations

from oakum.model.division import FREE, HELD, OUTSIDE, Divided, Part
from oakum.model.units import format_rate, format_size

GROUPS = (("Python's objects", HELD), ("outside of them", OUTSIDE), ("free in allocators", FREE))


def division_told(divided: Divided) -> tuple[str, dict[str, object]]:
    """(title, facts)."""
    before, after = divided.before, divided.after
    parts = ", ".join(
        f"{name} {format_size(after.of(*group))} ({format_rate(divided.per_s(*group))})" for name, group in GROUPS
    )
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
