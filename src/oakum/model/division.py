"""Where a process's anonymous memory goes: what its runtime's objects explain of it, and what they do not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """Parts of a process's own memory; together they are all of it that was in memory, as far as it could be read."""

    OBJECTS = "objects"
    """Blocks that the runtime's own allocator gave to objects."""

    LARGE_OBJECTS = "large-objects"
    """Objects, and their tables, that the C library's allocator holds."""

    BUFFERS = "buffers"
    """What objects own by an address: the items of an array."""

    OBJECTS_FREE = "objects-free"
    """What the runtime's own allocator keeps, and gave to nobody."""

    NATIVE = "native"
    """Given out by the C library's allocator, and no object leads to it: libraries in C, and the runtime itself."""

    NATIVE_FREE = "native-free"
    """What the C library's allocator keeps, and gave to nobody."""

    STACKS = "stacks"
    STATIC = "static"
    OTHER = "other"
    """Mappings of other makers, and of allocators that are not read."""


FREE = (Part.OBJECTS_FREE, Part.NATIVE_FREE)
OUTSIDE = (Part.NATIVE, Part.OTHER)
HELD = (Part.OBJECTS, Part.LARGE_OBJECTS, Part.BUFFERS)


@dataclass(frozen=True, slots=True)
class Division:
    """Bytes in memory by part. ``arenas``: of the runtime's own allocator; ``native_arenas``: of the C library's.

    ``threads``: whose stacks were seen. ``allocator_read``: whether the C library's chunks could be told apart; where
    they could not, what they hold is in ``other``.
    """

    bytes: dict[Part, int]
    arenas: int
    native_arenas: int
    threads: int
    allocator_read: bool

    @property
    def total_bytes(self) -> int:
        """Without the data of libraries: pages of it that were never written to are the files' own."""
        return sum(size for part, size in self.bytes.items() if part is not Part.STATIC)

    def of(self, *parts: Part) -> int:
        return sum(self.bytes.get(part, 0) for part in parts)


@dataclass(frozen=True, slots=True)
class Divided:
    """Two captures of one process, ``seconds`` apart."""

    before: Division
    after: Division
    seconds: float

    def grown(self, *parts: Part) -> int:
        return self.after.of(*parts) - self.before.of(*parts)

    def per_s(self, *parts: Part) -> float:
        return self.grown(*parts) / max(self.seconds, 1e-9)

    @property
    def total_grown(self) -> int:
        return self.after.total_bytes - self.before.total_bytes
