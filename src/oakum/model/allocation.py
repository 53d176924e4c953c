"""Where a program allocated what is still alive, by the runtime's own sampling."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.model.cause import CodePlace


@dataclass(frozen=True, slots=True)
class Allocation:
    """``bytes`` were allocated by the function at ``place`` while it was sampled, and are still alive at the end.

    An estimate: one allocation in so many bytes is looked at. ``line`` is where the function begins.
    """

    place: CodePlace
    bytes: int


@dataclass(frozen=True, slots=True)
class AllocationProfile:
    """``seconds`` of sampling; ``sites``: the application's own, most bytes first."""

    seconds: float
    total_bytes: int
    sites: tuple[Allocation, ...]
