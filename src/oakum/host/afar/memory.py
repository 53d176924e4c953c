"""The memory of a process of a container, copied out by the agent in it while the process runs."""

from __future__ import annotations

import errno
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.host.afar.agent import PIECE_BYTES, Agent, Request, gone
from oakum.host.afar.carried import Carried
from oakum.host.afar.folder import GONE, REFUSED, AfarFolder, translated
from oakum.host.memory import PAGE, check_time, parse_region
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import RefusedError, TargetError
from oakum.model.process import Region

MAPS_BYTES: Final = 16 << 20
PAGES: Final = PIECE_BYTES // 8
"""The presence of so many pages is told in one answer."""


class AfarMemory:
    """Port Memory, but for a stop: only who runs beside a process can be sure to let it go again."""

    def __init__(self, agent: Agent, folder: AfarFolder, carried: Carried) -> None:
        """Takes over ``folder``. Raises OSError where memory may not be read."""
        self._agent, self._folder, self._carried, self.pid = agent, folder, carried, folder.pid
        first = next((region for region in self.regions() if region.readable and region.path == "[stack]"), None)
        if first is not None:
            agent.ask("present", folder.number, first.end - PAGE, 1)
            agent.ask("copy", folder.number, first.end - 8, 8)

    def regions(self) -> list[Region]:
        try:
            raw = self._folder.read("maps", MAPS_BYTES)
        except OSError as exc:
            raise self._translated(exc) from exc
        if not raw:
            raise gone(self.pid)
        return [region for line in raw.split(b"\n") if (region := parse_region(line)) is not None]

    def present(self, start: int, end: int) -> NDArray[np.bool_]:
        return self.present_in([(start, end)])[0]

    def present_in(self, spans: Sequence[tuple[int, int]]) -> list[NDArray[np.bool_]]:
        asked: list[Request] = []
        counts = []
        for start, end in spans:
            pages = (end - start + PAGE - 1) // PAGE
            counts.append(len(asked))
            asked += [
                ("present", self._folder.number, start + first * PAGE, min(PAGES, pages - first))
                for first in range(0, pages, PAGES)
            ]
        told = [self._whole(each) for each in self._agent.ask_all(asked)]
        ends = [*counts[1:], len(asked)]
        return [
            np.frombuffer(b"".join(told[first:last]), np.uint8) != 0 for first, last in zip(counts, ends, strict=True)
        ]

    def read_into(self, start: int, out: memoryview) -> int:
        return self.read_many([(start, out)])

    def carried_bytes_per_s(self) -> float:
        return self._carried.bytes_per_s()

    def read_many(self, pieces: Sequence[tuple[int, memoryview]], *, within_s: float | None = None) -> int:
        asked: list[Request] = []
        places: list[memoryview] = []
        for start, out in pieces:
            for at in range(0, len(out), PIECE_BYTES):
                place = out[at : at + PIECE_BYTES]
                asked.append(("copy", self._folder.number, start + at, len(place)))
                places.append(place)
        begun_s, done = time.monotonic(), 0
        check_time(self.pid, begun_s, within_s)
        with closing(self._agent.ask_each(asked)) as answers:
            for place, each in zip(places, answers, strict=True):
                check_time(self.pid, begun_s, within_s)
                told = self._whole(each)
                place[: len(told)] = told
                done += len(told)
        return done

    def read(self, start: int, size: int) -> bytes:
        buffer = bytearray(max(0, size))
        return bytes(buffer[: self.read_into(start, memoryview(buffer))]) if buffer else b""

    def read_present(self, start: int, size: int) -> bytes:
        asked: list[Request] = [
            ("held", self._folder.number, start + at, min(PIECE_BYTES, size - at))
            for at in range(0, max(0, size), PIECE_BYTES)
        ]
        return b"".join(self._whole(each) for each in self._agent.ask_all(asked))

    def mapped(self, region: Region, offset: int, size: int) -> bytes:
        if not region.inode or size <= 0:
            return b""
        where = (region.start, region.end, region.inode, region.path)
        asked: list[Request] = [
            ("mapped", self._folder.number, *where, offset + at, min(PIECE_BYTES, size - at))
            for at in range(0, size, PIECE_BYTES)
        ]
        parts = []
        for told in self._agent.ask_all(asked):
            if isinstance(told, OSError):
                if told.errno == errno.EINVAL:
                    return b""
                return self._inside(region, offset, size)
            parts.append(told)
        return b"".join(parts)

    def _inside(self, region: Region, offset: int, size: int) -> bytes:
        """What of the file is in memory, where the file itself may not be opened."""
        skipped = max(0, region.offset - offset)
        start = region.start + max(0, offset - region.offset)
        there = self.read_present(start, max(0, min(size - skipped, region.end - start)))
        return bytes(min(size, skipped)) + there

    def _whole(self, told: bytes | OSError) -> bytes:
        if isinstance(told, OSError):
            raise self._translated(told) from told
        return told

    def _translated(self, exc: OSError) -> TargetError:
        return translated(self.pid, exc)

    def stopped(self, max_s: float) -> AbstractContextManager[None]:
        """Raises RefusedError."""
        del max_s
        raise RefusedError(
            f"pid {self.pid} is not stopped from another machine",
            why="a connection that breaks would leave it standing still",
            next_step="leave --stop out, or run oakum on its node",
        )

    def close(self) -> None:
        self._folder.close()


class AfarMemories:
    """Port Memories."""

    def __init__(self, agent: Agent) -> None:
        self._agent, self._carried = agent, Carried(agent)

    def open(self, pid: int) -> AfarMemory | Absent:
        folder = AfarFolder.opened(self._agent, pid)
        try:
            return AfarMemory(self._agent, folder, self._carried)
        except OSError as exc:
            folder.close()
            if exc.errno in GONE:
                raise gone(pid) from exc
            if exc.errno not in REFUSED:
                raise translated(pid, exc) from exc
            return Absent(f"the memory of pid {pid}", AbsentKind.NOT_PERMITTED, self._why(), _GET)
        except TargetError as exc:
            folder.close()
            if isinstance(exc.__cause__, OSError) and exc.__cause__.errno in REFUSED:
                return Absent(f"the memory of pid {pid}", AbsentKind.NOT_PERMITTED, self._why(), _GET)
            raise

    def _why(self) -> str:
        greeting = self._agent.greeting
        if greeting.yama >= 1:
            return f"kernel.yama.ptrace_scope is {greeting.yama} on its node, and its container has no SYS_PTRACE"
        return f"a program in its container runs as user {greeting.uid}, and may not read it"


_GET: Final = "an ephemeral container with the capability SYS_PTRACE: --image"
