"""What one thread of a Node.js program says of its memory."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.model.errors import DataError

FIGURES = "process.memoryUsage()"


@dataclass(frozen=True, slots=True)
class Figures:
    """process.memoryUsage(), in bytes. ``rss_bytes`` is the process's, the others are the thread's own."""

    rss_bytes: int
    heap_total_bytes: int
    heap_used_bytes: int
    external_bytes: int
    array_buffers_bytes: int


def read_figures(told: object) -> Figures:
    """Raises DataError for a reply that is none."""
    names = ("rss", "heapTotal", "heapUsed", "external", "arrayBuffers")
    values = [told.get(name) if isinstance(told, dict) else None for name in names]
    if not all(isinstance(value, int | float) and 0 <= value < 2**53 for value in values):
        raise DataError(f"{FIGURES} is not what Node.js answers", why=repr(told)[:200])
    return Figures(*(int(str(value).partition(".")[0]) for value in values))
