"""Work of ours: beside, apart, and within the memory that there is for it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


class Scratch(Protocol):
    """Room for arrays that memory is too small for."""

    def array(self, count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        """``count`` zeros in a file without a name, which goes with them. Raises MachineError for a full disk."""

    @property
    def used_bytes(self) -> int:
        """All that was ever made."""


class OwnMemory(Protocol):
    """What this very process takes."""

    def watched(self) -> AbstractContextManager[Callable[[], int]]:
        """Inside of the block, the call gives the most bytes of its own (pages of files are not) that were seen."""


class Threads(Protocol):
    """Work side by side, for calls that let others run meanwhile."""

    @property
    def count(self) -> int: ...

    def each(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """What each call gives, in order. The first error is raised when all have ended."""


Request: TypeAlias = Mapping[str, str | int | Sequence[str]]
"""What is asked of a process apart: plain values."""


class Apart(Protocol):
    """Runs work on data that nobody vouches for in a process of its own."""

    def run(self, module: str, request: Request, *, memory_bytes: int, told: Callable[[str], None]) -> object:
        """What ``python -m module`` answers. Raises what it raised; DataError when it crashed.

        ``memory_bytes``: it may not take more for itself; mapped files are not counted.
        """

    def pour(
        self, module: str, request: Request, *, memory_bytes: int, told: Callable[[str], None]
    ) -> Generator[bytes, None, object]:
        """As ``run``, for work that gives bytes, piece by piece; its answer is the generator's value."""


class Rates(Protocol):
    """How fast work of one kind went on this machine."""

    def of(self, kind: str) -> float | None:
        """Units per second, None for a kind that was never seen."""

    def learn(self, kind: str, per_s: float) -> None:
        """Raises nothing."""


class Channel(Protocol):
    """The standard input and output of a program of ours that runs elsewhere."""

    def send(self, data: bytes) -> None:
        """Raises TargetError when it has ended, or cannot be reached any more."""

    def receive(self, within_s: float) -> bytes:
        """What it says next, never nothing. Raises TargetError as ``send``, SilentError when nothing comes in time."""
