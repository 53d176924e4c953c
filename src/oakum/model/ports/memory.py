"""The memory of living processes, read from outside."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from oakum.model.absent import Absent
from oakum.model.process import Region


class Memory(Protocol):
    """The memory of one live process, read from outside. The process is not stopped unless ``stopped`` is entered."""

    def regions(self) -> Sequence[Region]:
        """Its mappings, ascending."""

    def present(self, start: int, end: int) -> NDArray[np.bool_]:
        """bool[pages]: which pages are in memory. Others are not read: that would bring swap back in."""

    def read_into(self, start: int, out: memoryview) -> int:
        """Bytes read from ``start``; short where memory went away. Raises TargetError when refused or ended."""

    def read(self, start: int, size: int) -> bytes:
        """At most ``size`` bytes; shorter, or empty, where memory is not there."""

    def present_in(self, spans: Sequence[tuple[int, int]]) -> Sequence[NDArray[np.bool_]]:
        """As ``present``, of many at once: where memory is far away, each question costs a journey."""

    def read_many(self, pieces: Sequence[tuple[int, memoryview]], *, within_s: float | None = None) -> int:
        """As ``read_into`` of each, at once: bytes read of all.

        ``within_s``: for all of them. Raises RefusedError where that is over: what was read so far is of no use.
        """

    def carried_bytes_per_s(self) -> float | None:
        """How fast its bytes come over the network that they must cross: measured, once. None: they cross none."""

    def read_present(self, start: int, size: int) -> bytes:
        """As ``read``, with zeros for pages that are not in memory: nothing is brought in for it."""

    def mapped(self, region: Region, offset: int, size: int) -> bytes:
        """At most ``size`` bytes at ``offset`` of the file that ``region`` maps, as the file has them.

        Another root, a file that was deleted or replaced make no difference. Where the file itself may not be opened,
        what of it is in memory between the region's bounds, zeros elsewhere. Empty for what is no regular file.
        """

    def stopped(self, max_s: float) -> AbstractContextManager[None]:
        """All threads stand still inside. Released at exit, and by the kernel should Oakum die."""

    def close(self) -> None: ...


class Memories(Protocol):
    """Opens the memory of processes."""

    def open(self, pid: int) -> Memory | Absent:
        """Absent: not permitted (another user, yama, a container without the capability), and what would permit it."""
