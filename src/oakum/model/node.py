"""A whole machine's memory at one moment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pressure:
    """PSI: shares of time in which some, or all, tasks waited for memory, over the last 10 s and 300 s; 0 to 1."""

    some_10s: float
    full_10s: float
    some_300s: float
    full_300s: float


@dataclass(frozen=True, slots=True)
class Room:
    """``left_bytes`` can be taken before ``boundary`` (in words) is reached."""

    left_bytes: int
    boundary: str


@dataclass(frozen=True, slots=True)
class NodeView:
    """Bytes. ``available``: what can be had without swapping, by the kernel's own estimate.

    ``pressure``, ``oom_kills`` (since it was started): None where the kernel does not count them.
    """

    at_s: float
    total_bytes: int
    available_bytes: int
    free_bytes: int
    cached_bytes: int
    anon_bytes: int
    swap_total_bytes: int
    swap_free_bytes: int
    pressure: Pressure | None = None
    oom_kills: int | None = None

    @property
    def used_bytes(self) -> int:
        """What cannot be had: page cache that can be dropped is no use."""
        return self.total_bytes - self.available_bytes

    @property
    def used_share(self) -> float:
        return self.used_bytes / self.total_bytes

    @property
    def swap_used_bytes(self) -> int:
        return self.swap_total_bytes - self.swap_free_bytes
