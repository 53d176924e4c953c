"""One process in memory: what the kernel would tell of it, and its memory by address."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from oakum.host.memory import check_time
from oakum.model.errors import TargetError
from oakum.model.layout import Mapping
from oakum.model.process import Region
from oakum.model.surroundings import Connection

PAGE = 4096
MIB = 1 << 20


@dataclass(slots=True)
class FakeProcess:
    """One process; what a test may change while it runs is here. ``pieces``: its memory by address."""

    pid: int
    command: tuple[str, ...]
    parent_pid: int
    cgroup: str
    uid: int
    started_at_s: float
    anon_bytes: int
    file_bytes: int = 4 * MIB
    swap_bytes: int = 0
    executable: str = ""
    ended: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes | None] = field(default_factory=dict)
    pieces: dict[int, FakePiece] = field(default_factory=dict)
    may_be_read: bool = True
    carried_bytes_per_s: float | None = None
    state: str = "S"
    threads: int = 1
    mappings: tuple[Mapping, ...] | None = None
    """None: one heap, as large as its anonymous memory."""
    connections: tuple[Connection, ...] = ()


@dataclass(slots=True)
class FakePiece:
    """One mapping. ``absent``: numbers of its pages that are not in memory."""

    data: bytearray
    path: str = ""
    writable: bool = True
    absent: frozenset[int] = frozenset()
    executable: bool = False


class FakeMemory:
    """Port Memory."""

    def __init__(self, process: FakeProcess) -> None:
        self._process = process

    def _alive(self) -> FakeProcess:
        if self._process.ended:
            raise TargetError(f"pid {self._process.pid} has ended", next_step="oakum scan host")
        return self._process

    def regions(self) -> list[Region]:
        return [
            Region(
                start=start,
                end=start + len(piece.data),
                readable=True,
                writable=piece.writable,
                executable=piece.executable,
                private=True,
                offset=0,
                inode=1 if piece.path.startswith("/") else 0,
                path=piece.path,
            )
            for start, piece in sorted(self._alive().pieces.items())
        ]

    def present(self, start: int, end: int) -> np.ndarray:
        pages = np.zeros((end - start + PAGE - 1) // PAGE, np.bool_)
        for begin, piece in self._alive().pieces.items():
            for page in range(len(piece.data) // PAGE):
                at = (begin - start) // PAGE + page
                if 0 <= at < pages.size:
                    pages[at] = page not in piece.absent
        return pages

    def read_into(self, start: int, out: memoryview) -> int:
        for begin, piece in self._alive().pieces.items():
            if begin <= start < begin + len(piece.data):
                part = piece.data[start - begin : start - begin + len(out)]
                out[: len(part)] = part
                return len(part)
        return 0

    def present_in(self, spans) -> list[np.ndarray]:
        return [self.present(start, end) for start, end in spans]

    def carried_bytes_per_s(self) -> float | None:
        return self._process.carried_bytes_per_s

    def read_many(self, pieces, *, within_s: float | None = None) -> int:
        check_time(self._process.pid, time.monotonic(), within_s)
        return sum(self.read_into(start, out) for start, out in pieces)

    def read(self, start: int, size: int) -> bytes:
        buffer = bytearray(max(0, size))
        return bytes(buffer[: self.read_into(start, memoryview(buffer))]) if buffer else b""

    def read_present(self, start: int, size: int) -> bytes:
        raw = bytearray(self.read(start, size))
        for page, there in enumerate(self.present(start // PAGE * PAGE, start + max(0, size))):
            if not there:
                begin = max(0, page * PAGE - start % PAGE)
                end = min(len(raw), (page + 1) * PAGE - start % PAGE)
                raw[begin:end] = bytes(max(0, end - begin))
        return bytes(raw).ljust(max(0, size), b"\0")

    def mapped(self, region: Region, offset: int, size: int) -> bytes:
        piece = self._alive().pieces[region.start]
        return b"" if not region.inode else bytes(piece.data[offset : offset + max(0, size)])

    @contextmanager
    def stopped(self, max_s: float) -> Iterator[None]:
        self._alive()
        del max_s
        yield

    def close(self) -> None:
        """Nothing is held."""
