"""The first bytes of an HPROF file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.model.errors import DataError

MAGIC = b"JAVA PROFILE 1.0."


@dataclass(frozen=True, slots=True)
class Header:
    """``version``: ``1.0.2``. ``id_bytes``: 4 or 8. ``taken_s``: UTC epoch. ``end``: where the first record begins."""

    version: str
    id_bytes: int
    taken_s: float
    end: int


def is_hprof(begin: bytes) -> bool:
    return begin.startswith(MAGIC)


def read_header(data: NDArray[np.uint8]) -> Header:
    """Raises DataError for what is no HPROF file, and for one that nobody could read."""
    begin = data[:64].tobytes()
    stop = begin.find(b"\0")
    if not is_hprof(begin) or stop < 0 or len(begin) < stop + 13:
        raise DataError("this is no HPROF file", why=f"it begins with {begin[:16]!r}", next_step="file FILE")
    version = begin[len(b"JAVA PROFILE ") : stop].decode("ascii", "replace")
    id_bytes = int.from_bytes(begin[stop + 1 : stop + 5], "big")
    if id_bytes not in {4, 8}:
        raise DataError(
            f"ids of {id_bytes} bytes cannot be read",
            why="JVMs write ids of 4 or 8 bytes: the header is broken, or its numbers are little-endian",
            next_step="take the dump again",
        )
    return Header(version, id_bytes, int.from_bytes(begin[stop + 5 : stop + 13], "big") / 1000, stop + 13)
