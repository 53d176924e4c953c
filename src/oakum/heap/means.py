"""What an analysis may use: memory up to a promise, files for what does not fit, and threads that work side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from oakum.model.errors import MachineError
from oakum.model.ports import Scratch, Threads
from oakum.model.units import format_size

T = TypeVar("T")

LEAST_STEPS = 1 << 20
"""Work of fewer steps is not divided: to start a thread would cost more."""


OWN_MIB = 256
"""Added to what is asked for: what the program itself takes."""


class Part(IntEnum):
    """What an array is for, in the order in which they are moved out of memory."""

    COLUMNS = 0
    """Of every object: place, class, size. Walks over the graph leave them alone."""

    EDGES = 1
    """Rows of references: read in order mostly."""

    RESULTS = 2
    """The dominator tree."""

    WORK = 3
    """What an algorithm needs while it runs, and reads in no order."""


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes that the arrays of one graph take at most at once. ``always``: what stays in memory however little it is.

    ``columns``, ``edges``, ``results``: while all of them are kept. ``work``: beside the results; ``numbering``: beside
    half of the results, before they are complete.
    """

    always: int
    columns: int
    edges: int
    results: int
    work: int
    numbering: int

    def peak(self, spilled: int) -> int:
        """With the first ``spilled`` parts in files."""
        kept = self.always + (self.columns if spilled < 1 else 0) + (self.edges if spilled < 2 else 0)
        results = self.results if spilled < 3 else 0
        late, early = results + self.work, results * 3 // 4 + self.numbering
        return kept + (max(late, early) if spilled < 4 else 0)


def need(nodes: int, edges: int, *, columns: int, index: int = 0) -> Need:
    """``columns``: bytes of them per node; ``index``: bytes that stay in memory. In Python's numbers: nothing wraps."""
    row = row_bytes(edges)
    return Need(
        # What is reached, an order of equal contents, and what sums over them take.
        always=index + 8 * nodes,
        columns=columns * nodes,
        edges=row * nodes + 4 * edges,
        results=16 * nodes,
        work=16 * nodes,
        # Semi-dominators, labels, ancestors, and the edges that must be turned round: seldom half of them.
        numbering=(12 + row) * nodes + 2 * edges,
    )


def row_bytes(edges: int) -> int:
    """Of a number that counts so many edges."""
    return 4 if edges < 2**31 else 8


def bytes_of_none(path: str) -> bytes:
    """Where no files are to be had."""
    del path
    return b""


@dataclass(slots=True, eq=False)
class Means:
    """``memory_bytes``: for arrays; None: as much as there is. ``scratch``: where the rest goes; None: nowhere.

    ``spilled``: so many parts are kept in files by now. ``files``: the contents of a file that a core says was mapped,
    empty where it is not to be had.
    """

    memory_bytes: int | None = None
    scratch: Scratch | None = None
    threads: Threads | None = None
    spilled: int = 0
    files: Callable[[str], bytes] = bytes_of_none

    def plan(self, wanted: Need) -> None:
        """Decide what is kept in files, before the arrays are made. Raises MachineError where nothing would do."""
        if self.memory_bytes is None:
            return
        parts = len(Part) if self.scratch is not None else 0
        for spilled in range(parts + 1):
            if wanted.peak(spilled) <= self.memory_bytes:
                self.spilled = max(self.spilled, spilled)
                return
        least = wanted.peak(parts)
        raise too_little(least, self.memory_bytes)

    def array(self, count: int, dtype: DTypeLike, part: Part) -> NDArray[Any]:
        """Of any contents. Raises MachineError where a disk has no room."""
        if self.scratch is None or part >= self.spilled or not count:
            return np.empty(count, dtype)
        return self.scratch.array(count, np.dtype(dtype))

    def move(self, array: NDArray[Any], part: Part) -> NDArray[Any]:
        """The array, or a copy in a file where a later plan wants it there. ``array``: whole, no view of another."""
        if self.scratch is None or part >= self.spilled or not array.size or array.base is not None:
            return array
        moved = self.scratch.array(array.size, array.dtype)
        moved[:] = array
        return moved

    def shares(self, steps: int) -> int:
        """Into how many parts work of so many steps is divided."""
        return self.threads.count if self.threads is not None and steps >= LEAST_STEPS else 1

    def each(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """What each call gives, in order; side by side where there are threads."""
        if self.threads is None or len(calls) < 2:
            return [call() for call in calls]
        return self.threads.each(calls)


ALL = Means()
"""Whatever this machine has, without files and threads."""


def too_little(least: int, given: int) -> MachineError:
    return MachineError(
        f"{format_size(given)} of memory for arrays are too little for this dump",
        why=f"even with all else in files {format_size(least)} must be in memory at once",
        next_step=f"oakum heap analyze --memory {OWN_MIB + -(-2 * least // 2**20)}MiB FILE",
    )


def bounds(count: int, shares: int) -> list[tuple[int, int]]:
    """(begin, end) of so many parts of 0 … count, about equal; at least one, none empty but the only one."""
    shares = max(1, min(shares, count))
    cuts = [count * share // shares for share in range(shares + 1)]
    return list(zip(cuts, cuts[1:], strict=False))
