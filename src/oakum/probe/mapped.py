"""The files that a process has mapped, and marks in them: found in what is mapped, within a bound of bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from oakum.model.ports import Memory
from oakum.model.process import Region

CHUNK_BYTES: Final = 1 << 20
OVERLAP_BYTES: Final = 1 << 10
"""No mark with what surrounds it is longer than this."""

_DELETED: Final = " (deleted)"


@dataclass(frozen=True, slots=True)
class Mark:
    """``pattern`` is searched around ``needle``, from ``before`` bytes in front of it: a fixed text is found faster."""

    needle: bytes
    pattern: re.Pattern[bytes]
    before: int = 0

    def search(self, raw: bytes) -> re.Match[bytes] | None:
        """The first match that begins at the needle or before it."""
        at = raw.find(self.needle)
        while at >= 0:
            match = self.pattern.search(raw, max(0, at - self.before), at + OVERLAP_BYTES // 2)
            if match is not None and match.start() <= at:
                return match
            at = raw.find(self.needle, at + 1)
        return None


@dataclass(frozen=True, slots=True)
class Found:
    """``offset``: where the match begins in the file; ``region``: by which that part of it is mapped."""

    match: re.Match[bytes]
    offset: int
    region: Region

    @property
    def address(self) -> int:
        """Where it stands in the process."""
        return self.region.start + self.offset - self.region.offset

    def text(self, group: int = 1) -> str:
        return (self.match[group] or b"").decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class MappedFile:
    """One file with all its mappings, ascending."""

    path: str
    regions: tuple[Region, ...]

    @property
    def place(self) -> PurePosixPath:
        """Where it was when it was mapped."""
        return PurePosixPath(self.path.removesuffix(_DELETED))

    @property
    def name(self) -> str:
        return self.path.removesuffix(_DELETED).rpartition("/")[2]

    @property
    def replaced(self) -> bool:
        """It is no longer there: deleted, or another one has its name."""
        return self.path.endswith(_DELETED)

    @property
    def has_code(self) -> bool:
        return any(region.executable for region in self.regions)

    def find(self, memory: Memory, marks: Iterable[Mark], most_bytes: int) -> dict[Mark, Found]:
        """Constants are searched first, then data, and code where constants stand in it.

        Raises TargetError when the process has ended.
        """
        wanted, found = set(marks), dict[Mark, Found]()
        for region, offset, chunk in self._chunks(memory, most_bytes):
            for mark in sorted(wanted, key=lambda mark: mark.needle):
                if (match := mark.search(chunk)) is not None:
                    found[mark] = Found(match, offset + match.start(), region)
                    wanted.discard(mark)
            if not wanted:
                break
        return found

    def _chunks(self, memory: Memory, most_bytes: int) -> Iterator[tuple[Region, int, bytes]]:
        """(region, offset in the file, bytes); each begins with the end of the one before it."""
        left = most_bytes
        # Linkers that keep constants apart from code begin the file with a mapping that is not executable.
        together = any(region.executable and not region.offset for region in self.regions)
        searched = [region for region in self.regions if together or not region.executable]
        for region in sorted(searched, key=lambda region: (region.executable, region.writable, region.offset)):
            at, end, tail = region.offset, region.offset + region.size_bytes, b""
            while at < end and left > 0:
                piece = memory.mapped(region, at, min(CHUNK_BYTES, end - at, left))
                if not piece:
                    break
                yield region, at - len(tail), tail + piece
                tail = (tail + piece)[-OVERLAP_BYTES:]
                at += len(piece)
                left -= len(piece)


def mapped_files(regions: Sequence[Region]) -> list[MappedFile]:
    """In the order of their first mapping."""
    found: dict[tuple[str, int], list[Region]] = {}
    for region in regions:
        if region.inode and region.readable and region.path.startswith("/"):
            found.setdefault((region.path, region.inode), []).append(region)
    return [MappedFile(path, tuple(mappings)) for (path, _), mappings in found.items()]
