"""Whether a libuv program handles a signal itself: its handles are looked for in its memory, which is only read.

The kernel tells that a signal is caught, not by whom. Node.js catches SIGUSR1 by itself, without a handle; a listener
of the application (``process.on("SIGUSR1", …)``) has one. Its layout is part of libuv's stable interface (uv.h, 1.x,
64 bit): data, loop, type, close_cb, queue[2], u[4], next_closing, flags, then signal_cb, signum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.model.ports import Memory
from oakum.model.process import Region

PIECE_BYTES: Final = 8 << 20
MOST_BYTES: Final = 1 << 30
"""More memory than this is not looked through."""

PAGE: Final = 4096
_WORDS: Final = 19
"""sizeof(uv_signal_t) in words of 8 bytes."""

_LOOP, _TYPE, _FLAGS, _CALL, _NUMBER = 1, 2, 11, 12, 13
_SIGNAL_TYPE, _ACTIVE = 16, 4
_LOW: Final = np.uint64(0xFFFF_FFFF)


def handles(memory: Memory, number: int) -> bool | None:
    """Whether an active handle for signal ``number`` was found; None where not all could be looked through.

    Raises TargetError when the process has ended. About 1 GB/s.
    """
    regions = memory.regions()
    left = MOST_BYTES
    for region in _heaps(regions):
        for words in _pieces(memory, region, left):
            left -= words.nbytes
            if any(_is_real(words, at, regions) for at in _candidates(words, number)):
                return True
        if left <= 0:
            return None
    return False


def _heaps(regions: Sequence[Region]) -> list[Region]:
    """Where malloc keeps small blocks: the program break first, then anonymous memory, small pieces first."""
    own = [region for region in regions if region.readable and region.writable and region.private and not region.inode]
    fit = [region for region in own if region.path in {"", "[heap]"}]
    return sorted(fit, key=lambda region: (region.path != "[heap]", region.size_bytes))


def _pieces(memory: Memory, region: Region, most: int) -> Iterator[NDArray[np.uint64]]:
    """What is in memory, each piece with the begin of the next: a handle may lie across. Other pages read as zeros."""
    for begin in range(region.start, region.end, PIECE_BYTES):
        if most <= 0:
            return
        end = min(begin + PIECE_BYTES + PAGE, region.end)
        present = memory.present(begin, end)
        edges = np.flatnonzero(np.diff(np.concatenate(([False], present, [False])).astype(np.int8)))
        if not edges.size:
            continue
        buffer = np.zeros((end - begin) // 8, np.uint64)
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # numpy arrays are buffers
        for first, last in edges.reshape(-1, 2).tolist():
            memory.read_into(begin + first * PAGE, view[first * PAGE : min(last * PAGE, end - begin)])
        most -= buffer.nbytes
        yield buffer


def _candidates(words: NDArray[np.uint64], number: int) -> list[int]:
    rows = words.size - _WORDS
    if rows <= 0:
        return []
    low = words & _LOW
    fits = (low[_TYPE : _TYPE + rows] == _SIGNAL_TYPE) & (low[_NUMBER : _NUMBER + rows] == number)
    fits &= (low[_FLAGS : _FLAGS + rows] & _ACTIVE) != 0
    found: list[int] = np.flatnonzero(fits).tolist()
    return found


def _is_real(words: NDArray[np.uint64], at: int, regions: Sequence[Region]) -> bool:
    """Its loop is data and its callback is code."""
    loop, call = int(words[at + _LOOP]), int(words[at + _CALL])
    data = any(region.start <= loop < region.end and region.writable for region in regions)
    return data and any(region.start <= call < region.end and region.executable for region in regions)
